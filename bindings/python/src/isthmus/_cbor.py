"""Whole trees between Python and JavaScript without an isolate, as the CBOR of docs/cbor.md.

What can only live in an isolate (functions, proxies) is refused; everything else that both
languages know goes, and comes back as itself: nothing is lost without an error.
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any, Union

from . import _calls, _convert
from ._convert import _find, _head, _Hook, _place, _Tree, milliseconds
from ._errors import ConversionError, ErrorDetails, JSError, LimitError
from ._undefined import undefined

__all__ = ["decode", "encode"]

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MOST_HOLES = 1 << 24

_FORMATS = {72: "b", 68: "B", 77: "h", 69: "H", 78: "i", 70: "I", 79: "q", 71: "Q"}
_FORMATS.update({85: "f", 86: "d"})
_KINDS = {"b": "i", "h": "i", "i": "i", "l": "i", "q": "i", "B": "u", "H": "u", "I": "u"}
_KINDS.update({"L": "u", "Q": "u", "f": "f", "d": "f"})
_TAGS = {"i1": 72, "i2": 77, "i4": 78, "i8": 79, "u1": 64, "u2": 69, "u4": 70, "u8": 71}
_TAGS.update({"f4": 85, "f8": 86})
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_LITTLE = sys.byteorder == "little"


# ---- From Python ---------------------------------------------------------------------------------


class _Lone(_Tree):
    """What is written of values that are not plain, where there is no isolate."""

    def __init__(self) -> None:
        pass

    def other(self, value: Any) -> tuple[int, Any]:
        if isinstance(value, date):
            return 0, b"\xc1" + struct.pack(">Bd", 0xFB, milliseconds(value) / 1000)
        if isinstance(value, re.Pattern):
            return 0, _pattern(value)
        if isinstance(value, BaseException):
            return 0, _error(value)
        if isinstance(value, (str, Mapping)):
            return super().other(value)
        found = _convert._LOWER.get(type(value)) or _find(value)
        if isinstance(found, _Hook) or found in _PLAIN:
            return super().other(value)
        if found is _convert._lower_numpy_scalar:
            return 2, value.item()
        try:
            view = memoryview(value)
        except TypeError:
            kind = _convert._name(type(value))
            raise ConversionError(f"a {kind} has no form outside of an isolate") from None
        return 0, _buffer(view)


_PLAIN = {
    _convert._lower_int,
    _convert._lower_enum,
    _convert._lower_float,
    _convert._lower_bytes,
    _convert._lower_integral,
    _convert._lower_tree,
}


def _tag(number: int, content: bytes) -> bytes:
    return _head(6, number) + content


def _pattern(value: re.Pattern[Any]) -> bytes:
    if not isinstance(value.pattern, str):
        raise ConversionError("a pattern of bytes has no form in JavaScript")
    flags = "".join(letter for letter, flag in _FLAGS.items() if value.flags & flag)
    return _tag(21066, encode([value.pattern, flags]))


def _error(value: BaseException) -> bytes:
    if isinstance(value, JSError):
        name: Any = undefined if value.name is None else value.name
        parts = ["Error", name, value.message, value.stack or undefined]
    else:
        parts = ["Error", type(value).__name__, str(value), undefined]
    return _tag(27, encode(parts))


def _buffer(view: memoryview) -> bytes:
    form = "@" + view.format
    order, code = form[-2], form[-1]
    foreign = order in ("<", ">", "!") and (order == "<") != _LITTLE
    if code not in _KINDS or foreign or view.ndim != 1:
        shape = f"the format {view.format!r} and {view.ndim} dimensions"
        raise ConversionError(f"a buffer of {shape} has no form in JavaScript")
    data = view.tobytes()
    tag = _TAGS[f"{_KINDS[code]}{view.itemsize}"]
    if not _LITTLE and view.itemsize > 1:
        tag -= 4
    return _tag(tag, _head(2, len(data)) + data)


def encode(value: Any) -> bytes:
    """The CBOR of a tree.

    Raises:
        ConversionError: there is none for something in it; the text says where.
        LimitError: it is nested too deeply.
    """
    trail: list[Any] = []
    try:
        return _calls.encode(value, undefined, _other, trail, _convert.DEEPEST)
    except RecursionError as problem:
        raise LimitError(f"a tree is too deep for JavaScript: {problem}") from None
    except ConversionError as problem:
        if trail:
            raise ConversionError(f"{_place(trail)}: {problem}") from problem
        raise


_other = _Lone().other


# ---- To Python -----------------------------------------------------------------------------------


def _refuse(what: str) -> ConversionError:
    return ConversionError(f"{what} has no form in Python")


def _date(seconds: float) -> datetime:
    try:
        return EPOCH + timedelta(milliseconds=round(seconds * 1000))
    except ValueError:
        raise _refuse("an invalid Date") from None
    except OverflowError:
        raise _refuse("a Date outside of the years 1 to 9999") from None


def _class(parts: list[Any]) -> Any:
    """What tag 27 stands for."""
    kind = parts[0]
    if kind == "Array":
        if parts[1] > MOST_HOLES:
            raise LimitError(f"an array of {parts[1]} elements, most of them missing, is too large")
        array = [undefined] * parts[1]
        for index, value in parts[2].items():
            array[int(index)] = value
        return array
    if kind == "Error":
        details = ErrorDetails()
        details.stack = parts[3] if isinstance(parts[3], str) else None
        cause = parts[4] if len(parts) > 4 else None
        details.cause = cause if isinstance(cause, JSError) else None
        name = parts[1] if isinstance(parts[1], str) else None
        return JSError(parts[2] if isinstance(parts[2], str) else "", name, details)
    return parts[1]


def _tagged(tag: int, value: Any) -> Any:
    if tag == 2:
        return int.from_bytes(value, "big")
    if tag == 3:
        return -1 - int.from_bytes(value, "big")
    if tag == 1:
        return _date(value)
    if tag == 273:
        return str(value, "utf-8", "surrogatepass")
    if tag == 31:
        return undefined
    if tag == 27:
        return _class(value)
    if tag == 21066:
        return f"/{value[0]}/{value[1]}"
    form = _FORMATS.get(tag if _LITTLE or tag in (68, 72) else tag + 4)
    if form is None:
        raise _refuse(f"a value of the tag {tag}")
    return memoryview(value).cast(form)  # type: ignore[call-overload]


def _key(value: Any) -> Any:
    raise _refuse("an object as a Map's key or in a Set")


def decode(data: Union[bytes, Any]) -> Any:
    """The Python form of what the library has written.

    Numbers, texts, arrays and objects become int, float, str, list and dict; BigInts int; a Date an
    aware datetime; a Map dict; a Set set; bytes (Uint8Array, ArrayBuffer, DataView) bytes; other
    typed arrays a memoryview of their format; an Error a JSError; a RegExp its text; holes and
    undefined `undefined`.

    Raises:
        ConversionError: something in it has no form in Python.
        LimitError: it is nested too deeply, or has too many holes.
    """
    try:
        return _calls.decode(data, undefined, [], _tagged, _key)
    except RecursionError:
        raise LimitError("the value is nested too deeply for Python") from None
