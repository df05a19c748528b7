"""Numbers, booleans, enums and text, both ways. A value that a type cannot hold is refused, never
rounded or cut."""

from __future__ import annotations

import math
import numbers
import operator
import struct
from typing import Any

from . import abi
from .descriptor import Field, Type
from .texts import Site

_CODES = {
    (1, True): "b",
    (1, False): "B",
    (2, True): "h",
    (2, False): "H",
    (4, True): "i",
    (4, False): "I",
    (8, True): "q",
    (8, False): "Q",
}
_FLOAT_MOST = 3.4028235677973366e38  # what rounds to infinity
ENCODINGS = {"utf8": "utf-8", "latin1": "latin-1", "utf16": "utf-16-le"}


def code_of(kind: Type) -> str:
    """The letter that `struct` and memoryviews have for a scalar or pointer."""
    if kind.kind == "float":
        return "f" if kind.size == 4 else "d"
    if kind.kind == "bool":
        return _CODES[kind.size, False] if kind.size > 1 else "?"
    if kind.kind in ("int", "enum"):
        return _CODES[kind.size, kind.signed]
    return "Q"


_packers: dict[str, struct.Struct] = {}


def packer(kind: Type) -> struct.Struct:
    """How a scalar or pointer lies in memory."""
    code = code_of(kind)
    known = _packers.get(code)
    if known is None:
        known = _packers[code] = struct.Struct("<" + code)
    return known


# ---- from Python ----


def integer_of(site: Site, kind: Type, value: Any) -> int:
    """An integer that the type holds."""
    if type(value) is not int:
        if isinstance(value, (bool, type)) or not hasattr(type(value), "__index__"):
            raise site.wrong(TypeError, kind, False, value)
        # Exactly an int: a class of the caller's could compare as it likes.
        value = int.__index__(operator.index(value))
    if kind.minimum <= value <= kind.maximum:
        return int(value)
    raise site.wrong(OverflowError, kind, False, value)


def _enum_has(kind: Type, value: int) -> bool:
    if kind.open:
        return True
    if kind.flags:
        known = 0
        for one in kind.values:
            known |= one["value"]
        return value & ~known == 0
    return any(one["value"] == value for one in kind.values)


def float_of(site: Site, kind: Type, value: Any) -> float:
    """A number that the type holds; a float takes what does not become infinite."""
    if type(value) is not float:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise site.wrong(TypeError, kind, False, value)
        try:
            value = float(value)
        except OverflowError:
            raise site.expected(OverflowError, "a number that a double can hold", value) from None
    if kind.size == 4 and abs(value) >= _FLOAT_MOST and not math.isinf(value):
        raise site.expected(OverflowError, "a number that a float can hold", value)
    return float(value)


def lower_scalar(site: Site, kind: Type, value: Any) -> Any:
    """The raw value of an int, enum, float or bool. TypeError, OverflowError, ValueError."""
    if kind.kind == "int":
        return integer_of(site, kind, value)
    if kind.kind == "float":
        return float_of(site, kind, value)
    if kind.kind == "bool":
        if type(value) is not bool:
            raise site.wrong(TypeError, kind, False, value)
        return value
    if kind.kind == "enum":
        number = integer_of(site, kind, value)
        if not _enum_has(kind, number):
            raise site.wrong(ValueError, kind, False, value)
        return number
    raise site.error(TypeError, "cannot be set from Python")


def lower_bits(site: Site, field: Field, value: Any) -> int:
    """The bits of a bit-field."""
    number = int(lower_scalar(site, field.type, value))
    width = field.bit_width
    if field.type.kind != "bool":
        low = -(1 << (width - 1)) if field.type.signed else 0
        high = (1 << (width - field.type.signed)) - 1
        if not low <= number <= high:
            raise site.expected(OverflowError, f"an integer from {low} to {high}", value)
    return number & ((1 << width) - 1)


def encode(site: Site, encoding: str, text: str, counted: bool) -> bytes:
    """The bytes of a text, without its terminator. `counted`: NUL may be inside."""
    try:
        data = str.encode(text, ENCODINGS[encoding])
    except UnicodeEncodeError:
        if encoding == "latin1":
            raise site.expected(ValueError, "a string of Latin-1 characters", text) from None
        if encoding == "utf16":
            data = str.encode(text, ENCODINGS[encoding], "surrogatepass")
        else:
            raise site.error(ValueError, "expected a string without lone surrogates") from None
    if not counted and str.__contains__(text, "\0"):
        raise site.error(ValueError, "expected a string without NUL characters")
    return data


def terminator(encoding: str) -> bytes:
    """What ends a text."""
    return b"\0\0" if encoding == "utf16" else b"\0"


# ---- from C ----


def lift_scalar(kind: Type, raw: Any) -> Any:
    """The Python value of a raw one."""
    if kind.kind == "enum" and kind.bound is not None:
        return kind.bound(raw)
    if kind.kind == "bool":
        return bool(raw)
    return raw


def lift_text(encoding: str, address: int) -> str:
    """A copy of a text that NUL ends."""
    if encoding == "utf16":
        units = abi.text_length(encoding, address)
        return decode(encoding, bytes(abi.memory_at(address, 2 * units)))
    data: bytes = abi.string(abi.cast("char *", address))
    return decode(encoding, data)


def decode(encoding: str, data: bytes) -> str:
    """Text from bytes; what is not valid becomes U+FFFD. Lone surrogates of UTF-16 stay."""
    if encoding == "utf16":
        return data.decode("utf-16-le", "surrogatepass")
    return data.decode(ENCODINGS[encoding], "replace")


def bounded(encoding: str, address: int, most: int) -> bytes:
    """The bytes of a text of at most so many units, up to its NUL; nothing behind that is read."""
    if encoding == "utf16":
        units = abi.cast("uint16_t *", address)
        count = 0
        while count < most and units[count]:
            count += 1
        return bytes(abi.memory_at(address, 2 * count))
    return bytes(abi.string(abi.cast("char *", address), most)) if most else b""


# ---- memory ----


def load(kind: Type, address: int) -> Any:
    """The raw value of a scalar or pointer in memory."""
    return abi.cast(abi.scalar_name(kind) + " *", address)[0]


def store(kind: Type, memory: Any, offset: int, raw: Any) -> None:
    """Puts a raw scalar or pointer into a buffer."""
    if kind.kind not in ("float", "bool") and not kind.signed:
        raw &= (1 << (8 * (kind.size or 8))) - 1
    packer(kind).pack_into(memory, offset, raw)


def load_bits(field: Field, memory: Any) -> int:
    """The value of a bit-field."""
    first, last = field.bit_offset // 8, (field.bit_offset + field.bit_width + 7) // 8
    bits = int.from_bytes(memory[first:last], "little") >> (field.bit_offset % 8)
    bits &= (1 << field.bit_width) - 1
    if field.type.signed and bits >> (field.bit_width - 1):
        bits -= 1 << field.bit_width
    return bits


def store_bits(field: Field, memory: Any, bits: int) -> None:
    """Puts the bits of a bit-field into a buffer."""
    first, last = field.bit_offset // 8, (field.bit_offset + field.bit_width + 7) // 8
    shift = field.bit_offset % 8
    whole = int.from_bytes(memory[first:last], "little")
    mask = ((1 << field.bit_width) - 1) << shift
    whole = (whole & ~mask) | (bits << shift)
    memory[first:last] = whole.to_bytes(last - first, "little")


def allocate(size: int, align: int) -> tuple[Any, int, Any]:
    """Zeroed memory: what keeps it, its address, and a buffer over it."""
    room = max(size, 1)
    if align <= 8:
        keep = abi.new("char[]", room)
        return keep, abi.address_of(keep), abi.buffer(keep, size)
    keep = abi.new("char[]", room + align)
    address = abi.address_of(keep)
    skipped = -address % align
    # A pointer into the memory keeps nothing; the function that would free it does.
    inside = abi.ffi.gc(keep + skipped, lambda pointer, keep=keep: None)
    return keep, address + skipped, abi.buffer(inside, size)
