"""The part of the package that lends memory is loaded when it is first needed; another thread may
be in the midst of that."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, types
import isthmus as ist
with ist.Isolate() as isolate, isolate.context() as ctx:
    take = ctx.eval("(x) => x.constructor.name")
    sys.modules["isthmus._bytes"] = types.ModuleType("isthmus._bytes")
    print(take(lambda: None))
    del sys.modules["isthmus._bytes"]
    print(take(bytearray(3)))
"""


def test_a_part_that_is_being_loaded():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stdout.split() == ["Function", "Uint8Array"], done.stderr
