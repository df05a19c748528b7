"""Source texts and where they come from, and the code that V8 keeps of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable, Optional, Union

from . import _calls
from ._extension import ffi, lib


@dataclass(frozen=True)
class Source:
    """The text of a module or script."""

    text: Union[str, bytes]
    """JavaScript or JSON; bytes are UTF-8."""
    url: Optional[str] = None
    """What it is known by: in errors, as import.meta.url, as the referrer of its imports, and as
    the same module when it is imported again. None: the specifier, taken relative to the
    referrer."""
    type: Optional[str] = None
    """ "js" or "json"; None: "json" when the import says so or the url ends with ".json", else
    "js"."""
    cache: Optional[bytes] = None
    """From `Module.cache` or `Script.cache` for this very text and url."""


def utf8(text: Union[str, bytes], what: str) -> bytes:
    """A text as isthmus.h takes it; lone surrogates become U+FFFD.

    Raises:
        TypeError: it is neither str nor bytes.
    """
    if isinstance(text, bytes):
        return text[3:] if text.startswith(b"\xef\xbb\xbf") else text
    if not isinstance(text, str):
        raise TypeError(f"{what} must be str or bytes, not {type(text).__name__}")
    return _calls.utf8(text, what)


def name_of(text: Union[str, os.PathLike[str]], what: str) -> bytes:
    """A name that ends with NUL in C.

    Raises:
        TypeError, ValueError: it is no text, or has a NUL in it.
    """
    path = os.fspath(text)
    if not isinstance(path, str):
        raise TypeError(f"{what} must be a text, not {type(text).__name__}")
    if "\0" in path:
        raise ValueError(f"{what} cannot contain NUL: {path!r}")
    return path.encode("utf-8", "surrogateescape")


def offset(count: int, what: str) -> int:
    """How many lines or units stand before a text.

    Raises:
        TypeError, ValueError: it is no integer from 0 to 2^31 - 1.
    """
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"{what} must be an int, not {type(count).__name__}")
    if not 0 <= count < 2**31:
        raise ValueError(f"{what} must be from 0 to 2147483647, not {count}")
    return count


def fill(
    record: Any,
    keep: list[Any],
    text: Union[str, bytes],
    name: Union[str, os.PathLike[str]],
    cache: Optional[bytes] = None,
    line_offset: int = 0,
    column_offset: int = 0,
) -> None:
    """Fills an `ist_source`; what it points to is in `keep`."""
    data = ffi.from_buffer(utf8(text, "the source"))
    file = ffi.new("char[]", name_of(name, "the filename"))
    keep += [data, file]
    record.size = ffi.sizeof("ist_source")
    record.text = data
    record.length = len(data)
    record.file = file
    record.line_offset = offset(line_offset, "line_offset")
    record.column_offset = offset(column_offset, "column_offset")
    if cache is not None:
        if isinstance(cache, str):
            raise TypeError("cache must be bytes or None, not str")
        code = ffi.from_buffer("uint8_t[]", cache)
        keep.append(code)
        record.cache = code
        record.cache_length = len(code)


def taken(give: Callable[[Any, Any], None]) -> bytes:
    """The bytes that a function of isthmus.h gives to be freed: `give(bytes_pp, length_p)` calls
    it, and raises."""
    data, length = ffi.new("uint8_t **"), ffi.new("size_t *")
    give(data, length)
    try:
        return bytes(ffi.buffer(data[0], length[0]))
    finally:
        lib.ist_free(data[0])
