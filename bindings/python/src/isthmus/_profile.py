"""Where time goes and what fills the heap, in the forms that Chrome DevTools opens."""

from __future__ import annotations

import json
import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, Optional, Union

from ._core import Held, check, nanoseconds
from ._errors import ClosedError, StateError
from ._extension import ffi, lib
from ._loop import interrupted, thing_of

if TYPE_CHECKING:
    from ._isolate import Isolate

File = Union[str, "os.PathLike[str]", BinaryIO]


def into(file: File, write: Callable[[Callable[[bytes], Any]], None]) -> None:
    """Has a document written to a file that is opened for it, or to one that is open."""
    if isinstance(file, (str, os.PathLike)):
        with open(file, "wb") as opened:
            write(opened.write)
    else:
        write(file.write)


class _Writer:
    """Takes the pieces of a document; what `write` raises ends the writing."""

    __slots__ = ("problem", "write")

    def __init__(self, write: Callable[[bytes], Any]) -> None:
        self.write = write
        self.problem: Optional[BaseException] = None


@ffi.def_extern(error=False, onerror=interrupted)  # type: ignore[untyped-decorator]
def ipy_on_write(key: int, host: int, data: Any, length: int) -> bool:
    """Passes a piece on."""
    writer = thing_of(key, host)
    if writer is None:
        return False
    try:
        writer.write(ffi.buffer(data, length)[:])
    except BaseException as problem:
        writer.problem = problem
        return False
    return True


def write_document(
    isolate: Isolate, function: Callable[[Any, Any, Any], int], write: Callable[[bytes], Any]
) -> None:
    """Calls a function of isthmus.h that writes a document."""
    core = isolate._core
    writer = _Writer(write)
    with Held(core):
        hook = core.hook(writer)
        try:
            status = function(isolate._pointer(), ffi.addressof(lib, "ipy_write"), hook)
        finally:
            lib.ipy_hook_forget(hook)
    if writer.problem is not None:
        raise writer.problem
    check(status)


def write_heap(isolate: Isolate, file: File) -> None:
    """`Isolate.write_heap`."""
    into(file, lambda write: write_document(isolate, lib.ist_isolate_write_heap, write))


class Profile:
    """A record of where time goes, made by `Isolate.profile`: a context manager that records what
    the thread runs in the isolate, and has the record afterwards."""

    def __init__(self, isolate: Isolate, interval: float) -> None:
        self._isolate = isolate
        self._interval = max(1, nanoseconds(interval, "interval") // 1000)
        if self._interval >= 2**32:
            raise ValueError(f"interval must be less than an hour, not {interval!r}")
        self._data: Optional[bytes] = None

    def __enter__(self) -> Profile:
        with Held(self._isolate._core):
            status = lib.ist_profile_start(self._isolate._pointer(), self._interval)
        if status == lib.IST_ERR_STATE:
            raise StateError("the isolate is being profiled already")
        check(status)
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        pieces: list[bytes] = []
        try:
            write_document(self._isolate, lib.ist_profile_stop, pieces.append)
        except ClosedError:
            # What was raised within says more.
            if value is None:
                raise
            return
        self._data = b"".join(pieces)

    def to_bytes(self) -> bytes:
        """The record as the contents of a .cpuprofile file.

        Raises:
            StateError: it is not over.
        """
        if self._data is None:
            raise StateError("the profile is not over: leave its `with` first")
        return self._data

    def to_dict(self) -> dict[str, Any]:
        """The record: `nodes`, `samples`, `timeDeltas`, `startTime` and `endTime`, in
        microseconds."""
        record: dict[str, Any] = json.loads(self.to_bytes())
        return record

    def write(self, file: File) -> None:
        """Writes the record to a path or a binary file, by custom with the ending ".cpuprofile"."""
        data = self.to_bytes()
        into(file, lambda write: write(data))
