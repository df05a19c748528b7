"""Whole trees out of JavaScript: one crossing, whatever is in them.

What a value becomes is the same whether its tree comes out of a context or out of a pool.
"""

from __future__ import annotations

import array
import datetime
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from . import _calls
from ._convert import DEEPEST, _head, fix
from ._core import CBOR
from ._errors import ConversionError, ErrorDetails, JSError, LimitError
from ._extension import ffi, lib
from ._undefined import undefined

if TYPE_CHECKING:
    from ._context import Context
    from ._proxies import JSObject

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
# By the tags of RFC 8746: the type codes of array.array.
_TYPED = {72: "b", 68: "B", 77: "h", 69: "H", 78: "i", 70: "I", 79: "q", 71: "Q", 85: "f", 86: "d"}
# An array with more holes than this is not made a list.
_LONGEST = 1 << 24


class RegExp(NamedTuple):
    """A regular expression of JavaScript's, as a value: its pattern and its flags."""

    source: str
    """The pattern, without slashes."""
    flags: str = ""
    """Such as "gi"."""


def datetime_of(number: float) -> datetime.datetime:
    """The datetime of a Date, in UTC.

    Raises:
        ConversionError: it is invalid, or in no year from 1 to 9999.
    """
    try:
        return _EPOCH + datetime.timedelta(milliseconds=number)
    except (ValueError, OverflowError) as problem:
        what = "an invalid Date" if number != number else "a Date beyond the years 1 to 9999"
        raise ConversionError(f"{what} has no form in Python") from problem


def _tagged(tag: int, value: Any) -> Any:
    """What stands for a value with a tag."""
    if tag == 1:
        # Seconds; a Date counts whole milliseconds.
        return datetime_of(round(value * 1000) if abs(value) < 1e13 else value)
    if tag in (2, 3):
        number = int.from_bytes(value, "big")
        return ~number if tag == 3 else number
    if tag == 273:
        return value.decode("utf-8", "surrogatepass")
    if tag in _TYPED:
        made = array.array(_TYPED[tag], value)
        if sys.byteorder == "big":
            made.byteswap()
        return made
    if tag == 31:
        return undefined
    if tag == 21066:
        return RegExp(*value)
    if tag == 27 and value[0] in ("ArrayBuffer", "DataView"):
        return value[1]
    if tag == 27 and value[0] == "Error":
        return _error(value)
    if tag == 27 and value[0] == "Array":
        return _sparse(value[1], value[2])
    if tag in (258, 259):
        what = "members of a Set" if tag == 258 else "keys of a Map"
        raise ConversionError(f"{what} are equal in Python, such as 1 and true")
    raise ConversionError(f"a value with the tag {tag} has no form in Python")


def _error(parts: list[Any]) -> JSError:
    name, message, stack = (part if isinstance(part, str) else None for part in parts[1:4])
    details = ErrorDetails()
    details.stack = stack
    cause = parts[4] if len(parts) > 4 else None
    details.cause = cause if isinstance(cause, JSError) else None
    return JSError(message or "", name, details)


def _sparse(length: int, elements: dict[int, Any]) -> list[Any]:
    if length > _LONGEST:
        raise LimitError(f"an array of {length} elements, most of them missing, is too large")
    made: list[Any] = [undefined] * length
    for index, value in elements.items():
        made[index] = value
    return made


def _hashable(key: Any) -> Any:
    """What stands for a key of a Map, or a member of a Set, that cannot be hashed: an array is a
    tuple.
    """
    if isinstance(key, list):
        try:
            made = tuple(part if not isinstance(part, list) else _hashable(part) for part in key)
            hash(made)
            return made
        except TypeError:
            pass
    raise ConversionError(
        "an object that is a key of a Map or a member of a Set cannot be hashed as a"
        f" {type(key).__name__}: take the entries one by one instead"
    )


def decode(data: Any, references: list[Any]) -> Any:
    """The Python form of a tree that the library has written.

    Args:
        data: its CBOR.
        references: what stands for the values in it that can only live in an isolate.

    Raises:
        ConversionError: something in it has no form in Python.
        LimitError: it is nested too deeply, or an array has too many holes.
    """
    try:
        return _calls.decode(data, undefined, references, _tagged, _hashable)
    except RecursionError:
        raise LimitError("the value is nested too deeply for Python") from None


def to_python(about: JSObject, depth: Optional[int]) -> Any:
    """See JSObject.to_python."""
    from ._proxies import lift_many

    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int)):
        raise TypeError(f"depth must be an int or None, not {type(depth).__name__}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth must be 0 or more, not {depth}")
    if depth == 0:
        return about
    context = about._context
    core = context._core
    frame = core.frame()
    args = (context._at, about._id, min(depth or DEEPEST, 2**31), depth is not None, frame.at)
    answer = lib.ipy_write_tree(*args)
    if answer < 0:
        core.again(answer, frame, context, lib.ipy_write_tree, *args)
    data, length = frame.args[0].data, frame.args[0].length
    try:
        references = lift_many(context, frame)
        return decode(ffi.buffer(data, length), references)
    finally:
        lib.ist_free(data)
        lib.ipy_frame_reset(frame.c)
        core.frames.append(frame)


def _lower_regexp(context: Context, value: RegExp, item: Any, keep: list[Any]) -> None:
    data = regexp_bytes(value)
    item.tag = CBOR
    item.data = pointer = ffi.from_buffer(data)
    item.length = len(data)
    keep.append(pointer)


def regexp_bytes(value: RegExp) -> bytes:
    """A RegExp as CBOR.

    Raises:
        ConversionError: it has half a character in it, which a pattern can write as an escape.
    """
    try:
        source, flags = (text.encode() for text in value)
    except UnicodeEncodeError as problem:
        raise ConversionError(f"{value!r} has no form in JavaScript: {problem}") from None
    return b"\xd9\x52\x4a\x82" + _head(3, len(source)) + source + _head(3, len(flags)) + flags


fix(RegExp, _lower_regexp)

__all__ = ["RegExp", "datetime_of", "decode", "regexp_bytes", "to_python"]
