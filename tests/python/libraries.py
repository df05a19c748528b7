"""The C libraries that the tests of `isthmus.load` call: the fixture, and real ones."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

from isthmus import load

ROOT = Path(__file__).resolve().parents[2]


def fixture(name: str, **options: Any) -> Any:
    """A part of libfixture.so, by its interface file in tests/fixture."""
    # The interface files name the library without a folder: it is found since it is there.
    ctypes.CDLL(str(Path(os.environ["ISTHMUS_BUILD"]) / "tests" / "libfixture.so"))
    return load(ROOT / "tests" / "fixture" / f"{name}.idl", **options)


def own(name: str, folder: Path) -> Any:
    """The same for a test that closes it: by a copy in `folder`, which nobody else has."""
    fixture(name)
    copy = folder / f"{name}.idl"
    if not copy.exists():
        copy.write_bytes((ROOT / "tests" / "fixture" / copy.name).read_bytes())
    return load(copy)


def real(name: str) -> Any:
    """A library of this machine, by its interface file in idl."""
    return load(name, dirs=ROOT / "idl")


def preamble() -> str:
    """What a program that runs alone needs to do the same."""
    return f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from libraries import fixture, real
"""
