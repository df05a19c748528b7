"""What stands under the rows of the python suite: `floor.py FOLDER [ROW...]`.

`floor` is one copy of the same bytes from warm memory to warm memory, or the loop in C; what V8
alone takes for a call is measured in bench/embed/floor.cc. `cffi` is a function of C, called
through an extension that cffi has compiled in FOLDER; `cffi-abi` and `ctypes` call it uncompiled.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import cffi
from measure import MEGABYTE, NUMBERS, Run, Side, repeat, repeat_sum

CALLBACK = 'extern "Python" double floor_callback(double a, double b);'
LIBRARY = """
unsigned long compressBound(unsigned long length);
unsigned long crc32(unsigned long crc, const unsigned char *bytes, unsigned length);
"""
CRC32 = 0x10ED71CA
"""Of the sixteen bytes."""


def extension(folder: Path) -> Any:
    """The compiled floor.c, which is compiled again when it has changed."""
    here = Path(__file__).parent
    declarations, source = (here / "floor.h").read_text(), (here / "floor.c").read_text()
    ffi = cffi.FFI()
    ffi.cdef(declarations + CALLBACK + LIBRARY)
    ffi.set_source(
        "_floor",
        source,
        include_dirs=[str(here)],
        libraries=["z"],
        extra_compile_args=["-O2"],
    )
    ffi.compile(tmpdir=str(folder))
    sys.path.insert(0, str(folder))
    return import_module("_floor")


def repeat_bound(function: Callable[[int], Any]) -> Run:
    """Calls `function` with an integer."""

    def run(n: int) -> None:
        for _ in range(n):
            function(1000)

    return run


def repeat_crc32(function: Callable[[int, Any, int], Any], value: Any) -> Run:
    """Calls `function` with an integer, sixteen bytes and their length."""

    def run(n: int) -> None:
        for _ in range(n):
            function(0, value, 16)

    return run


def copies(side: Side, ffi: Any) -> None:
    """One copy of as many bytes as the rows move."""
    megabyte, row = bytearray(range(256)) * (MEGABYTE // 256), bytearray(len(NUMBERS) * 8)
    for names, source in (
        (("string_1m_in", "string_1m_out"), megabyte),
        (("bytearray_1m_in", "bytearray_1m_out", "bytes_1m_in", "bytes_1m_in_new"), megabyte),
        (("numpy_10k_out", "numpy_10k_in"), row),
    ):
        target = bytearray(len(source))
        to, of, size = ffi.from_buffer(target), ffi.from_buffer(source), len(source)

        def copy(to: Any = to, of: Any = of, size: int = size) -> None:
            ffi.memmove(to, of, size)

        for name in names:
            side.row(name, repeat(copy))


def library(side: Side, name: str, functions: Any, value: Any) -> None:
    """The rows that call zlib."""
    side.who = name
    side.row(
        "library_bound",
        repeat_bound(functions.compressBound),
        (functions.compressBound, 1000),
        1013,
    )
    crc32 = functions.crc32
    side.row("library_crc32", repeat_crc32(crc32, value), (crc32, 0, value, 16), CRC32)


def main(folder: str, wanted: list[str]) -> None:
    """Measures all columns, one after another."""
    side = Side("floor", wanted)
    built = extension(Path(folder))
    ffi, lib = built.ffi, built.lib
    text = b"sixteen letters."
    side.start("import", "pass")
    copies(side, ffi)
    side.row("library_bound", lib.floor_bound)
    side.row("library_crc32", lambda n: lib.floor_crc32(n, text, 16))

    ffi.def_extern(name="floor_callback")(lambda a, b: a + b)
    callback = lib.floor_callback
    side.who = "cffi"
    side.row("call_0", repeat(lib.floor_one), (lib.floor_one,), 1)
    side.row("call_2", repeat_sum(lib.floor_add), (lib.floor_add, 1.5, 2.5), 4)
    side.row(
        "callback_2", lambda n: lib.floor_call(callback, n), (lib.floor_call, callback, 10), 70
    )
    side.start("import", "import _cffi_backend")
    library(side, "cffi", lib, text)

    late = cffi.FFI()
    late.cdef(LIBRARY)
    library(side, "cffi-abi", late.dlopen("libz.so.1"), text)

    loaded = ctypes.CDLL("libz.so.1")
    loaded.compressBound.argtypes = [ctypes.c_ulong]
    loaded.compressBound.restype = ctypes.c_ulong
    loaded.crc32.argtypes = [ctypes.c_ulong, ctypes.c_char_p, ctypes.c_uint]
    loaded.crc32.restype = ctypes.c_ulong
    side.start("import", "import ctypes")
    library(side, "ctypes", loaded, text)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
