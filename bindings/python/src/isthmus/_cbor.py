"""Whole trees between Python and JavaScript without an isolate, as the CBOR of docs/cbor.md.

What can only live in an isolate (functions, proxies) is refused; everything else that both
languages know goes.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any, Union

from . import _convert, _trees
from ._convert import _find, _head, _Hook, _Tree, milliseconds
from ._errors import ConversionError, JSError
from ._undefined import undefined

__all__ = ["decode", "encode"]

_KINDS = {"b": "i", "h": "i", "i": "i", "l": "i", "q": "i", "B": "u", "H": "u", "I": "u"}
_KINDS.update({"L": "u", "Q": "u", "f": "f", "d": "f"})
_TAGS = {"i1": 72, "i2": 77, "i4": 78, "i8": 79, "u1": 64, "u2": 69, "u4": 70, "u8": 71}
_TAGS.update({"f4": 85, "f8": 86})
_LITTLE = sys.byteorder == "little"


class _Lone(_Tree):
    """What is written of values that are not plain, where there is no isolate."""

    def __init__(self) -> None:
        pass

    def other(self, value: Any) -> tuple[int, Any]:
        if isinstance(value, date):
            return 0, b"\xc1" + struct.pack(">Bd", 0xFB, milliseconds(value) / 1000)
        if isinstance(value, _trees.RegExp):
            return 0, _trees.regexp_bytes(value)
        if isinstance(value, BaseException):
            return 0, _error(value)
        if isinstance(value, (str, Mapping)):
            return super().other(value)
        found = _convert._LOWER.get(type(value)) or _find(value)
        if isinstance(found, _Hook) or found in _PLAIN:
            return super().other(value)
        try:
            view = memoryview(value)
        except TypeError:
            kind = _convert._name(type(value))
            raise ConversionError(f"type {kind} has no form outside of an isolate") from None
        return 0, _buffer(view)


_PLAIN = {
    _convert._lower_int,
    _convert._lower_enum,
    _convert._lower_float,
    _convert._lower_bytes,
    _convert._lower_integral,
    _convert._lower_numpy_scalar,
    _convert._lower_tree,
}


def _tag(number: int, content: bytes) -> bytes:
    return _head(6, number) + content


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


encode = _Lone().encode


def decode(data: Union[bytes, memoryview]) -> Any:
    """The Python form of a tree that the library has written; see `_trees.decode`."""
    return _trees.decode(data, [])
