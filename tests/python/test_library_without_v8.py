"""C libraries need no V8: neither libnode, nor libisthmus, nor the extension is loaded."""

from __future__ import annotations

from conftest import Alone
from libraries import preamble


def test_nothing_of_v8_is_mapped(alone: Alone) -> None:
    said = alone(
        preamble()
        + """
import isthmus
zlib, callbacks = real("zlib"), fixture("callbacks")
assert zlib.crc32(0, b"abc") == 891568578
assert callbacks.visit(0, 1, lambda v: 7) == 7
with zlib.Deflate() as d:
    pass
maps = open("/proc/self/maps").read()
assert "libz.so" in maps, maps
of_v8 = ("libnode", "libv8", "libisthmus.so", "_v8.abi3", "_calls.abi3")
print([name for name in of_v8 if name in maps])
print([name for name in sys.modules if name in ("numpy", "dask", "isthmus._v8", "isthmus._core")])
"""
    )
    assert said == "[]\n[]\n"


def test_no_compiler_is_run(alone: Alone) -> None:
    said = alone(
        preamble()
        + """
import os, subprocess
def no(*a, **k):
    raise AssertionError("a process was started")
subprocess.Popen.__init__ = os.system = os.posix_spawn = os.execve = no
structs = fixture("structs")
print(structs.point_add({"x": 1}, {"x": 2}).x)
""",
        environment={"PATH": "/nonexistent"},
    )
    assert said == "3.0\n"
