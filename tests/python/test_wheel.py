"""What the wheel is: typed, for every CPython from 3.9 on, with all that it needs of the
library.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import isthmus

PACKAGE = Path(isthmus.__file__).parent


def test_is_typed() -> None:
    assert (PACKAGE / "py.typed").read_text() == ""


def test_serves_every_python_by_the_stable_abi() -> None:
    about = metadata.distribution("isthmus").read_text("WHEEL")
    assert about and "Tag: cp39-abi3-" in about
    assert sorted(path.name for path in PACKAGE.glob("*.so")) == ["_calls.abi3.so", "_v8.abi3.so"]


def test_carries_the_library_the_command_and_the_interface_files() -> None:
    native = PACKAGE / "_native"
    carried = {path.name for path in native.iterdir()}
    assert {"libisthmus.so.0", "isthmus", "idl"} <= carried
    assert (native / "isthmus").stat().st_mode & 0o111 == 0o111
    assert {"isthmus.idl", "libc.idl", "zlib.idl"} <= {
        path.name for path in (native / "idl").iterdir()
    }


def test_is_licensed() -> None:
    files = metadata.files("isthmus") or []
    assert any(path.name == "LICENSE" for path in files)
