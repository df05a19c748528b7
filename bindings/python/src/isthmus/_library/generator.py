"""The interface compiler: finding interface files, and getting descriptors and declarations.

It lies in a small library of its own, which knows nothing of V8. The wheel has it beside this
package; `ISTHMUS_GEN` names another one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import cffi

from .._errors import InterfaceError, NotFoundError
from .abi import NULL
from .descriptor import Json

_DECLARATIONS = """
    uint32_t ist_gen_abi_version(void);
    int ist_gen_find(const char *name, const char *const *folders, char **path, char **message);
    int ist_gen_descriptor_file(const char *path, const char *const *folders, char **text,
                                char **message);
    int ist_gen_cdef_file(const char *path, const char *const *folders, char **text,
                          char **message);
    void ist_gen_free(char *text);
"""
_NOT_FOUND, _MEMORY = 1, 4
_LIBRARY = "libisthmus-gen.so.0"
_SUFFIX = ".idl"


class Generator:
    """The opened compiler."""

    def __init__(self, path: str) -> None:
        self._ffi: Any = cffi.FFI()
        self._ffi.cdef(_DECLARATIONS)
        self._library: Any
        try:
            self._library = self._ffi.dlopen(path)
        except OSError as error:
            raise InterfaceError(f"the interface compiler cannot be opened: {error}") from None
        if self._library.ist_gen_abi_version() != 1:
            raise InterfaceError(f"{path} is another version's")

    def _ask(self, function: Any, text: str, folders: Sequence[str]) -> str:
        ffi = self._ffi
        names = [ffi.new("char[]", os.fsencode(folder)) for folder in folders]
        listed = ffi.new("char *[]", [*names, NULL])
        found, message = ffi.new("char **"), ffi.new("char **")
        status = function(ffi.new("char[]", os.fsencode(text)), listed, found, message)
        if status == 0:
            return self._take(found[0])
        words = self._take(message[0]) or f"{text}: cannot be compiled"
        if status == _MEMORY:
            raise MemoryError(words)
        raise (NotFoundError if status == _NOT_FOUND else InterfaceError)(words)

    def _take(self, text: Any) -> str:
        if not text:
            return ""
        words: bytes = self._ffi.string(text)
        self._library.ist_gen_free(text)
        return words.decode("utf-8", "replace")

    def find(self, name: str, folders: Sequence[str]) -> str:
        """The path of the interface file of a name. NotFoundError."""
        return self._ask(self._library.ist_gen_find, name, folders)

    def descriptor(self, path: str, folders: Sequence[str]) -> Json:
        """The descriptor of a file. NotFoundError, InterfaceError."""
        text = self._ask(self._library.ist_gen_descriptor_file, path, folders)
        made: Json = json.loads(text)
        return made

    def declarations(self, path: str, folders: Sequence[str]) -> str:
        """The declarations of a file for cffi's ABI mode."""
        return self._ask(self._library.ist_gen_cdef_file, path, folders)


_generator: Generator | None = None


def generator() -> Generator:
    """The compiler of this package. InterfaceError when it is not there."""
    global _generator
    if _generator is None:
        _generator = Generator(_path())
    return _generator


def _path() -> str:
    given = os.environ.get("ISTHMUS_GEN")
    if given:
        return given
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    beside = os.path.join(package, "_native", _LIBRARY)
    return beside if os.path.exists(beside) else _LIBRARY


def locate(name_or_path: str, folders: Sequence[str]) -> str:
    """The interface file that a name or path means."""
    if name_or_path.endswith(_SUFFIX) or os.sep in name_or_path:
        return os.path.abspath(name_or_path)
    return generator().find(name_or_path, _installed(folders))


def _installed(folders: Sequence[str]) -> list[str]:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return [*folders, os.path.join(package, "_native", "idl")]
