"""Bytes that are given to JavaScript again.

What is read-only is copied. But when the same large bytes object comes a second time, it is copied
into memory that can be mapped, and from then on each time JavaScript gets a mapping of that: what
it writes there is its own. The last such object is kept for it, with the memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

from ._core import OBJECT, Dropped
from ._extension import ffi, lib

if TYPE_CHECKING:
    from ._context import Context

SMALLEST = 1 << 18
"""Bytes: below that a copy is as fast."""
_LARGEST = 1 << 24


class _File:
    """A bytes object and the file that its copy is in; whoever has this can map it."""

    __slots__ = ("number", "value")

    def __init__(self, value: bytes, number: int) -> None:
        self.value = value
        self.number = number

    def __del__(self, free: Callable[[int], None] = lib.ipy_file_free) -> None:
        # A default, since the module may be gone when the interpreter ends.
        free(self.number)


_last: Optional[_File] = None
# The object that was copied last, which is not kept: where it was, and some of what it was.
_seen = (0, 0, 0)


def _file_of(value: bytes) -> Optional[_File]:
    """The file of an object that has come before."""
    global _last, _seen
    last = _last
    if last is not None and last.value is value:
        return last
    length = len(value)
    mark = (id(value), length, hash(value[:: length >> 8]))
    if mark != _seen:
        _seen = mark
        return None
    number = lib.ipy_file_new(ffi.from_buffer(value), length)
    if number < 0:
        return None
    _last = last = _File(value, number)
    return last


def lower_mapped(context: Context, value: bytes, item: Any, keep: list[Any]) -> bool:
    """Puts a mapping of large bytes into an item; False when they are to be copied."""
    if len(value) > _LARGEST:
        return False
    file = _file_of(value)
    if file is None:
        return False
    core = context._core
    frame = core.frame()
    args = (context._at, file.number, len(value), frame.at)
    answer = lib.ipy_map(*args)
    if answer < 0:
        core.again(answer, frame, context, lib.ipy_map, *args)
    item.tag = OBJECT
    item.integer = number = frame.result.integer
    keep.append(Dropped(number))
    core.frames.append(frame)
    return True
