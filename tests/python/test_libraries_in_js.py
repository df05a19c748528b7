"""JavaScript gets a C library by `Context.load`: as much of it as was granted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import isthmus as ist
import pytest


@pytest.fixture
def idl() -> Path:
    return Path(__file__).parents[2] / "idl" / "zlib.idl"


def test_an_installed_one(context: ist.Context) -> None:
    context["zlib"] = context.load("zlib")
    assert context.eval("zlib.crc32(0, new Uint8Array([1, 2, 3]))") == 0x55BC801D
    assert context.load("zlib").crc32(0, b"\1\2\3") == 0x55BC801D


def test_by_its_path(context: ist.Context, idl: Path) -> None:
    for path in (idl, str(idl)):
        assert context.load(path).crc32(0, b"\1\2\3") == 0x55BC801D


def test_a_library_for_many_contexts(isolate: ist.Isolate) -> None:
    library = ist.CLibrary("zlib")
    assert library.name == "zlib"
    assert repr(library) == "<isthmus.CLibrary zlib>"
    for _ in range(3):
        with isolate.context() as context:
            assert context.load(library).crc32(0, b"\1\2\3") == 0x55BC801D


def test_by_its_text_and_by_its_descriptor(context: ist.Context, idl: Path, build: Path) -> None:
    context.load(ist.CLibrary.from_text(idl.read_text(), str(idl)))
    made = subprocess.run(
        [build / "isthmus", "gen", "--descriptor", idl],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    with context.isolate.context() as other:
        exports = other.load(ist.CLibrary.from_descriptor(made))
        assert exports.crc32(0, b"\1\2\3") == 0x55BC801D
    with pytest.raises(ist.InterfaceError, match="mine:1"):
        ist.CLibrary.from_text("nothing of the kind", "mine")
    with pytest.raises(ist.InterfaceError):
        ist.CLibrary.from_descriptor("{}")


def test_folders_come_first(context: ist.Context, tmp_path: Path, idl: Path) -> None:
    (tmp_path / "mine.idl").write_text(idl.read_text())
    with pytest.raises(ist.NotFoundError):
        context.load("mine")
    assert context.load("mine", dirs=[tmp_path]).crc32(0, b"\1\2\3") == 0x55BC801D


def test_its_exports_are_frozen(context: ist.Context) -> None:
    context["zlib"] = context.load("zlib")
    assert context.eval("Object.isFrozen(zlib)")


def test_tags(context: ist.Context) -> None:
    with pytest.raises(ist.NotFoundError):
        context.load("zlib", tags=["no such tag"])
    with pytest.raises(TypeError, match="tags must be an iterable of names, not one str"):
        context.load("zlib", tags="read")


def test_what_is_not_there(context: ist.Context) -> None:
    with pytest.raises(ist.NotFoundError, match="nosuchlibrary"):
        context.load("nosuchlibrary")
    with pytest.raises(ist.NotFoundError):
        context.load("/no/such/file.idl")


def test_an_interface_with_errors(context: ist.Context, tmp_path: Path) -> None:
    path = tmp_path / "bad.idl"
    path.write_text("this is no interface")
    with pytest.raises(ist.InterfaceError, match=r"bad\.idl"):
        context.load(path)


def test_errors_of_the_library(context: ist.Context) -> None:
    context["zlib"] = context.load("zlib")
    with pytest.raises(ist.JSError, match="crc32"):
        context.eval("zlib.crc32('no number')")


def test_a_frozen_context_takes_none(isolate: ist.Isolate) -> None:
    with pytest.raises(ist.StateError):
        isolate.context(frozen=True).load("zlib")
