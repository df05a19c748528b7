"""Whole trees between Python and JavaScript as CBOR, the form that docs/cbor.md describes.

`dumps` and `loads` of cbor2 serve plain data; `encode` and `decode` here know everything that both
languages have more than that, and refuse what has no form in the other one: nothing is lost without
an error. Nothing in this module needs V8.
"""

from __future__ import annotations

import dataclasses
import re
import struct
import sys
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime, timedelta, timezone
from typing import Any, Callable, Optional

from cbor2 import dumps, loads

from ._errors import ConversionError, ErrorDetails, JSError, LimitError
from ._undefined import undefined

__all__ = ["decode", "dumps", "encode", "loads"]

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MOST_HOLES = 1 << 24

_FORMATS = {
    72: "b",
    68: "B",
    77: "h",
    69: "H",
    78: "i",
    70: "I",
    79: "q",
    71: "Q",
    85: "f",
    86: "d",
}
_KINDS = {"b": "i", "h": "i", "i": "i", "l": "i", "q": "i", "B": "u", "H": "u", "I": "u"}
_KINDS.update({"L": "u", "Q": "u", "f": "f", "d": "f"})
_TAGS = {"i1": 72, "i2": 77, "i4": 78, "i8": 79, "u2": 69, "u4": 70, "u8": 71, "f4": 85, "f8": 86}
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


# ---- From Python ---------------------------------------------------------------------------------


class _CycleError(Exception):
    pass


class _Writer:
    """Writes one tree; with `shared`, objects that are met again are references to the first."""

    def __init__(self, shared: bool) -> None:
        self.out = bytearray()
        self.shared = shared
        self.numbers: dict[int, int] = {}
        self.path: list[str] = ["$"]
        self.above: set[int] = set()
        # What was made on the way must live as long as its id() is known.
        self.keep: list[Any] = []

    def head(self, major: int, number: int) -> None:
        out = self.out
        major <<= 5
        if number < 24:
            out.append(major | number)
        elif number < 1 << 8:
            out += bytes((major | 24, number))
        elif number < 1 << 16:
            out += struct.pack(">BH", major | 25, number)
        elif number < 1 << 32:
            out += struct.pack(">BI", major | 26, number)
        else:
            out += struct.pack(">BQ", major | 27, number)

    def integer(self, value: int) -> None:
        if value < 0:
            self.big(1, -1 - value)
        else:
            self.big(0, value)

    def big(self, major: int, number: int) -> None:
        if number < 1 << 64:
            self.head(major, number)
            return
        self.head(6, 2 + major)
        self.binary(number.to_bytes((number.bit_length() + 7) // 8, "big"))

    def text(self, value: str) -> None:
        try:
            data = value.encode()
            self.head(3, len(data))
        except UnicodeEncodeError:
            # Two halves of one character that stand together are that character.
            whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
            data = whole.encode("utf-8", "surrogatepass")
            self.head(6, 273)
            self.head(2, len(data))
        self.out += data

    def binary(self, data: Any) -> None:
        self.head(2, len(data))
        self.out += data

    def numbers_of(self, view: memoryview) -> None:
        form = "@" + (view.format or "B")
        order, code = form[-2], form[-1]
        kind = _KINDS.get(code)
        if kind is None or (order in "<>!" and (order == "<") != (sys.byteorder == "little")):
            self.refuse(f"a buffer of the format {view.format!r}")
        if view.ndim != 1:
            self.refuse(f"a buffer of {view.ndim} dimensions")
        data = view.tobytes()
        tag = _TAGS.get(f"{kind}{view.itemsize}")
        if tag is not None:
            self.head(6, tag if sys.byteorder == "little" or view.itemsize == 1 else tag - 4)
        self.binary(data)

    def refuse(self, what: str) -> None:
        raise ConversionError(f"{''.join(self.path)}: {what} has no form in JavaScript")

    def put(self, value: Any) -> None:
        """Writes any object."""
        if value is None:
            self.out.append(0xF6)
        elif value is undefined:
            self.out.append(0xF7)
        elif value is True or value is False:
            self.out.append(0xF5 if value else 0xF4)
        elif isinstance(value, int):
            self.integer(int(value))
        elif isinstance(value, float):
            self.out += struct.pack(">Bd", 0xFB, value)
        elif isinstance(value, str):
            self.text(value)
        elif isinstance(value, (bytes, bytearray)):
            self.binary(value)
        elif isinstance(value, datetime):
            self.head(6, 1)
            self.put(self.seconds(value))
        elif isinstance(value, date):
            self.head(6, 1)
            self.integer((value - EPOCH.date()).days * 86400)
        elif isinstance(value, re.Pattern):
            self.pattern(value)
        else:
            self.container(value)

    @staticmethod
    def seconds(value: datetime) -> Any:
        if value.tzinfo is None:
            value = value.astimezone()
        since = value - EPOCH
        milliseconds = since // timedelta(milliseconds=1)
        return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000

    def pattern(self, value: Any) -> None:
        if not isinstance(value.pattern, str):
            self.refuse("a pattern of bytes")
        flags = "".join(letter for letter, flag in _FLAGS.items() if value.flags & flag)
        self.head(6, 21066)
        self.head(4, 2)
        self.text(value.pattern)
        self.text(flags)

    def container(self, value: Any) -> None:
        """What may hold others, or be held by itself."""
        here = id(value)
        if self.shared:
            if here in self.numbers:
                self.head(6, 29)
                self.head(0, self.numbers[here])
                return
        elif here in self.above:
            raise _CycleError
        write = self.way(value)
        if self.shared and write is not self.buffer:
            self.head(6, 28)
            self.numbers[here] = len(self.numbers)
            self.keep.append(value)
        self.above.add(here)
        write(value)
        self.above.discard(here)

    def way(self, value: Any) -> Callable[[Any], None]:
        if isinstance(value, (list, tuple)):
            return self.array
        if isinstance(value, Mapping):
            return self.mapping
        if isinstance(value, Set):
            return self.collection
        if isinstance(value, BaseException):
            return self.error
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self.record
        try:
            memoryview(value)
        except TypeError:
            pass
        else:
            return self.buffer
        if isinstance(value, Sequence):
            return self.array
        kind = type(value)
        self.refuse(f"a {kind.__module__}.{kind.__qualname__}")
        raise AssertionError

    def array(self, value: Any) -> None:
        self.head(4, len(value))
        self.path.append("")
        for index, each in enumerate(value):
            self.path[-1] = f"[{index}]"
            self.put(each)
        self.path.pop()

    def mapping(self, value: Any) -> None:
        self.head(5, len(value))
        self.path.append("")
        for key, each in value.items():
            self.path[-1] = f".{key}" if isinstance(key, str) else f"[{key!r}]"
            self.put(key)
            self.put(each)
        self.path.pop()

    def collection(self, value: Any) -> None:
        self.head(6, 258)
        self.array(list(value))

    def record(self, value: Any) -> None:
        self.mapping(
            {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        )

    def error(self, value: BaseException) -> None:
        name = value.name if isinstance(value, JSError) else type(value).__name__
        message = value.message if isinstance(value, JSError) else str(value)
        self.head(6, 27)
        self.head(4, 4)
        self.text("Error")
        self.put(undefined if name is None else name)
        self.text(message)
        self.put(value.stack or undefined if isinstance(value, JSError) else undefined)

    def buffer(self, value: Any) -> None:
        self.numbers_of(memoryview(value))


def encode(value: Any) -> bytes:
    """The CBOR of any tree that JavaScript has a form for.

    Raises:
        ConversionError: there is none for something in it; the text says where.
        RecursionError: it is nested too deeply.
    """
    writer = _Writer(False)
    try:
        writer.put(value)
    except _CycleError:
        writer = _Writer(True)
        writer.put(value)
    return bytes(writer.out)


# ---- To Python -----------------------------------------------------------------------------------


class _Reader:
    """Reads what the library has written: well-formed, definite lengths."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.shared: list[Any] = []

    def head(self) -> tuple[int, int, int]:
        first = self.data[self.at]
        self.at += 1
        more = first & 31
        if more < 24:
            return first >> 5, more, more
        size = 1 << (more - 24)
        number = int.from_bytes(self.data[self.at : self.at + size], "big")
        self.at += size
        return first >> 5, more, number

    def bytes(self, length: int) -> bytes:
        start, self.at = self.at, self.at + length
        return self.data[start : self.at]

    def item(self, slot: Optional[int] = None) -> Any:
        """The next item; `slot` is where others look for it."""
        major, more, number = self.head()
        if major == 0:
            return number
        if major == 1:
            return -1 - number
        if major == 2:
            return self.bytes(number)
        if major == 3:
            return str(self.bytes(number), "utf-8")
        if major == 4:
            array: list[Any] = []
            self.share(slot, array)
            for _ in range(number):
                array.append(self.item())
            return array
        if major == 5:
            return self.fill({}, number, slot)
        if major == 6:
            return self.tagged(number, slot)
        if more == 25:
            return struct.unpack(">e", number.to_bytes(2, "big"))[0]
        if more == 26:
            return struct.unpack(">f", number.to_bytes(4, "big"))[0]
        if more == 27:
            return struct.unpack(">d", number.to_bytes(8, "big"))[0]
        return {20: False, 21: True, 22: None, 23: undefined}[number]

    def share(self, slot: Optional[int], value: Any) -> None:
        if slot is not None:
            self.shared[slot] = value

    def fill(self, mapping: dict[Any, Any], count: int, slot: Optional[int]) -> dict[Any, Any]:
        self.share(slot, mapping)
        for _ in range(count):
            key = self.item()
            value = self.item()
            try:
                mapping[key] = value
            except TypeError:
                raise _no_form("a Map with objects as keys") from None
        return mapping

    def tagged(self, tag: int, slot: Optional[int]) -> Any:
        if tag == 28:
            self.shared.append(undefined)
            mine = len(self.shared) - 1
            value = self.item(mine)
            self.shared[mine] = value
            return value
        if tag == 29:
            return self.shared[self.item()]
        if tag == 259:
            return self.fill({}, self.head()[2], slot)
        if tag == 258:
            elements: set[Any] = set()
            self.share(slot, elements)
            try:
                elements.update([self.item() for _ in range(self.head()[2])])
            except TypeError:
                raise _no_form("a Set with objects as elements") from None
            return elements
        value = self.item()
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
        form = _FORMATS.get(tag if sys.byteorder == "little" or tag <= 72 else tag + 4)
        if form is None:
            raise _no_form(f"a value of the tag {tag}")
        return memoryview(value).cast(form)  # type: ignore[call-overload]


def _no_form(what: str) -> ConversionError:
    return ConversionError(f"{what} has no form in Python")


def _date(seconds: float) -> datetime:
    try:
        return EPOCH + timedelta(milliseconds=round(seconds * 1000))
    except ValueError:
        raise _no_form("an invalid Date") from None
    except OverflowError:
        raise _no_form("a Date outside of the years 1 to 9999") from None


def _class(parts: list[Any]) -> Any:
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
        name, message = parts[1], parts[2]
        return JSError(
            message if isinstance(message, str) else "",
            name if isinstance(name, str) else None,
            details,
        )
    return parts[1]


def decode(data: bytes) -> Any:
    """The Python form of a value that the library has written.

    Numbers, texts, arrays and objects become int, float, str, list and dict; BigInts int; a Date
    becomes an aware datetime; a Map dict; a Set set; bytes (Uint8Array, ArrayBuffer, DataView)
    bytes; other typed arrays a memoryview of their format; an Error a JSError; a RegExp its text;
    holes and undefined `undefined`.

    Raises:
        ConversionError, LimitError: something in it has no form in Python.
        RecursionError: it is nested too deeply.
    """
    return _Reader(data).item()
