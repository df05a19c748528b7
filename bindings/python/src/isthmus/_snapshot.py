"""Start-up snapshots: contexts that begin with what scripts have made."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Union

from ._core import check
from ._extension import ffi, lib
from ._grant import CLibrary, opened
from ._source import Source, fill, taken

Script = Union[str, bytes, Source, "os.PathLike[str]"]


def pointer_of(snapshot: Snapshot) -> Any:
    """The `ist_snapshot *`.

    Raises:
        TypeError: it is no Snapshot.
    """
    if not isinstance(snapshot, Snapshot):
        raise TypeError(f"snapshot must be a Snapshot or None, not {type(snapshot).__name__}")
    return snapshot._ptr


class Snapshot:
    """The state of a context after scripts have run in it, which contexts of other isolates start
    from: `Isolate(snapshot=…)`.

    Args:
        scripts: run in this order. Each is a text, a Source, or the path of a file (os.PathLike); a
            single text or path is one script.
        libraries: C libraries, each granted whole as a global of its name before the scripts run:
            names of installed ones, paths of interface files, or each a CLibrary.

    Raises:
        JSSyntaxError: a script does not parse.
        JSError: one threw, or left a rejection that nothing has handled.
        StateError: they leave what cannot be kept.
    """

    def __init__(
        self,
        scripts: Union[Script, Iterable[Script]] = (),
        *,
        libraries: Iterable[Union[str, os.PathLike[str], CLibrary]] = (),
    ) -> None:
        if isinstance(scripts, (str, bytes, Source, os.PathLike)):
            scripts = [scripts]
        keep: list[Any] = []
        texts = list(scripts)
        records = ffi.new("ist_source[]", len(texts))
        for number, (record, script) in enumerate(zip(records, texts), 1):
            if isinstance(script, os.PathLike):
                with open(script, "rb") as file:
                    script = Source(file.read(), os.fspath(script))
            if not isinstance(script, Source):
                script = Source(script, f"<snapshot {number}>")
            fill(record, keep, script.text, script.url or f"<snapshot {number}>", script.cache)
        granted = [opened(library) for library in libraries]
        pointers = ffi.new("ist_library *[]", [library._ptr for library in granted])
        options = ffi.new("ist_snapshot_options *")
        options.size = ffi.sizeof("ist_snapshot_options")
        options.scripts = records
        options.script_count = len(texts)
        options.libraries = pointers
        options.library_count = len(granted)
        made, problem = ffi.new("ist_snapshot **"), ffi.new("ist_error **")
        check(lib.ist_snapshot_new(options, made, problem), problem)
        self._ptr = ffi.gc(made[0], lib.ist_snapshot_free)
        self._libraries = granted

    def to_bytes(self) -> bytes:
        """The snapshot as bytes. They belong to this release of the package, its V8, and the
        libraries. They are believed when they are read: keep them where programs are kept."""
        return taken(lambda data, size: check(lib.ist_snapshot_write(self._ptr, data, size)))

    @classmethod
    def from_bytes(
        cls, data: bytes, *, libraries: Iterable[Union[str, os.PathLike[str], CLibrary]] = ()
    ) -> Snapshot:
        """A snapshot from bytes.

        Args:
            data: from `to_bytes`.
            libraries: those that it was made with, in the same order.

        Raises:
            StateError: it belongs to another release or V8, or the libraries differ.
            Error: the bytes are no snapshot, or damaged.
        """
        granted = [opened(library) for library in libraries]
        pointers = ffi.new("ist_library *[]", [library._ptr for library in granted])
        made, problem = ffi.new("ist_snapshot **"), ffi.new("ist_error **")
        bytes_ = ffi.from_buffer("uint8_t[]", data)
        check(
            lib.ist_snapshot_read(bytes_, len(bytes_), pointers, len(granted), made, problem),
            problem,
        )
        snapshot = cls.__new__(cls)
        snapshot._ptr = ffi.gc(made[0], lib.ist_snapshot_free)
        snapshot._libraries = granted
        return snapshot
