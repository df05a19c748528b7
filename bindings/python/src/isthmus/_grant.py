"""C libraries for JavaScript: opening what an interface file describes, and granting it to a
context."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union

from ._core import Hold, check, text_of
from ._extension import ffi, lib
from ._source import name_of, utf8

if TYPE_CHECKING:
    from ._context import Context
    from ._proxies import JSObject

_IDL = Path(__file__).parent / "_native" / "idl"


class CLibrary:
    """A C library that an interface file describes, opened once for every isolate of the process.

    Args:
        which: the name of an installed one ("zlib"), or the path of an interface file (os.PathLike,
            or a text with a "/" or the ending ".idl").
        dirs: folders that a name is looked for in first.

    Raises:
        InterfaceError: the interface file has errors.
        NotFoundError: it, the shared object or a symbol is not there.
    """

    def __init__(
        self,
        which: Union[str, os.PathLike[str]],
        dirs: Iterable[Union[str, os.PathLike[str]]] = (),
    ) -> None:
        made, problem = ffi.new("ist_library **"), ffi.new("ist_error **")
        path = os.fspath(which)
        name = name_of(path, "the library")
        if isinstance(which, os.PathLike) or "/" in path or path.endswith(".idl"):
            check(lib.ist_library_open_file(name, made, problem), problem)
        else:
            folders = [ffi.new("char[]", name_of(folder, "a folder")) for folder in [*dirs, _IDL]]
            array = ffi.new("const char *[]", [*folders, ffi.NULL])
            check(lib.ist_library_open_name(name, array, made, problem), problem)
        self._ptr = ffi.gc(made[0], lib.ist_library_free)

    @classmethod
    def from_text(cls, text: Union[str, bytes], filename: str = "<interface>") -> CLibrary:
        """A library by the text of its interface file.

        Args:
            text: the text.
            filename: names it in messages, and is what its relative paths start from.

        Raises:
            InterfaceError, NotFoundError: as by its file.
        """
        data = ffi.from_buffer(utf8(text, "the interface"))
        made, problem = ffi.new("ist_library **"), ffi.new("ist_error **")
        file = name_of(filename, "the filename")
        check(lib.ist_library_open_text(file, data, len(data), made, problem), problem)
        return cls._owning(made[0])

    @classmethod
    def from_descriptor(cls, json: Union[str, bytes]) -> CLibrary:
        """A library by the descriptor that `isthmus gen` makes of its interface file.

        Raises:
            InterfaceError: it is no descriptor.
            NotFoundError: the shared object or a symbol is not there.
        """
        data = ffi.from_buffer(utf8(json, "the descriptor"))
        made, problem = ffi.new("ist_library **"), ffi.new("ist_error **")
        check(lib.ist_library_open_descriptor(data, len(data), made, problem), problem)
        return cls._owning(made[0])

    @classmethod
    def _owning(cls, pointer: Any) -> CLibrary:
        library = cls.__new__(cls)
        library._ptr = ffi.gc(pointer, lib.ist_library_free)
        return library

    @property
    def name(self) -> str:
        """What the interface file calls it."""
        return text_of(lib.ist_library_name(self._ptr)) or ""

    def __repr__(self) -> str:
        return f"<isthmus.CLibrary {self.name}>"


def opened(
    which: Union[str, os.PathLike[str], CLibrary],
    dirs: Iterable[Union[str, os.PathLike[str]]] = (),
) -> CLibrary:
    """A library by name or path, or itself."""
    return which if isinstance(which, CLibrary) else CLibrary(which, dirs)


def load(
    context: Context,
    which: Union[str, os.PathLike[str], CLibrary],
    tags: Optional[Iterable[str]],
    dirs: Iterable[Union[str, os.PathLike[str]]],
) -> JSObject:
    """`Context.load`."""
    library = opened(which, dirs)
    array: Any = ffi.NULL
    if tags is not None:
        if isinstance(tags, str):
            raise TypeError("tags must be an iterable of names, not one str")
        names = [ffi.new("char[]", name_of(tag, "a tag")) for tag in tags]
        array = ffi.new("const char *[]", [*names, ffi.NULL])
    with Hold(context) as hold:
        exports, problem = ffi.new("ist_value *"), ffi.new("ist_error **")
        hold.check(
            lib.ist_context_grant(context._ptr, library._ptr, array, exports, problem), problem
        )
        made: JSObject = hold.lift(exports[0])
        return made
