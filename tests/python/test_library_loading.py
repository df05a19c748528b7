"""Loading: by name and by path, the same object each time, narrowed by tags, and what is not
there.
"""

from __future__ import annotations

import os
from pathlib import Path

import isthmus as ist
import pytest
from libraries import ROOT, fixture

FOLDER = ROOT / "tests" / "fixture"
names = fixture("names")


def test_the_same_object_each_time_until_the_file_changes(tmp_path: Path) -> None:
    assert fixture("names") is names
    assert ist.load(str(FOLDER / "names.idl")) is names
    assert ist.load("names", dirs=[FOLDER]) is names
    assert ist.load("names", dirs=str(FOLDER)) is names
    file = tmp_path / "mine.idl"
    file.write_text('library mine;\nlink "libc.so.6";\nint abs(int n);\n')
    mine = ist.load(file)
    assert ist.load(file) is mine
    file.write_text('library mine;\nlink "libc.so.6";\nint abs(int n);\nlong labs(long n);\n')
    assert ist.load(file) is not mine
    assert ist.load(file).labs(-5) == 5
    assert mine.abs(-4) == 4


def test_a_relative_path_and_a_symbolic_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)
    assert ist.load("names.idl") is names
    assert ist.load("./names.idl") is names
    link = tmp_path / "link.idl"
    link.symlink_to(FOLDER / "names.idl")
    assert ist.load(link) is names


def test_it_says_what_it_is() -> None:
    assert repr(names).startswith("<library 'names'")
    assert names.__name__ == "isthmus.library.names"
    assert names.__file__ == str(FOLDER / "names.idl")
    assert names.__doc__.startswith("Names: renamed, prefixed")


def test_what_does_not_exist() -> None:
    with pytest.raises(
        ist.NotFoundError, match=r"^Cannot find library 'ffi:nowhere': no nowhere\.idl in /"
    ):
        ist.load("nowhere")
    with pytest.raises(ist.NotFoundError, match=r"nowhere\.idl"):
        ist.load("/nowhere/nowhere.idl")
    with pytest.raises(ist.NotFoundError, match=r"no names\.idl in /elsewhere"):
        ist.load("names", dirs=["/elsewhere"])


def test_what_is_no_name() -> None:
    for name in ("", ".", "..", "names\n", "9", "x y", "x" * 100000):
        with pytest.raises(ist.Error):
            ist.load(name)
    for path in ("../names", "/etc/passwd", "a/b", "/dev/zero", "/"):
        with pytest.raises((ist.Error, OSError)):
            ist.load(path)
    for value in (None, 5, b"names", ["names"]):
        with pytest.raises(TypeError):
            ist.load(value)  # type: ignore[arg-type]
    with pytest.raises((ist.Error, ValueError)):
        ist.load("names\0")


def test_an_interface_file_with_errors(tmp_path: Path) -> None:
    file = tmp_path / "bad.idl"
    file.write_text("library bad;\nint f(void *p);\nint g(nothing n);\n")
    with pytest.raises(ist.InterfaceError) as caught:
        ist.load(file)
    assert "the interface file has 2 errors:\n" in str(caught.value)
    assert f"{file}:2:13: error: " in str(caught.value)
    assert f"{file}:3:7: error: unknown type 'nothing'" in str(caught.value)


def test_a_shared_object_or_symbol_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "gone.idl"
    file.write_text('library gone;\nlink "libgone.so.7";\nint f(int n);\n')
    with pytest.raises(ist.Error, match=r"libgone\.so\.7"):
        ist.load(file)
    file.write_text('library gone;\nlink "libc.so.6";\nint gone_for_ever(int n);\n')
    with pytest.raises(ist.Error, match=r"gone_for_ever"):
        ist.load(file)


def test_functions_by_tags() -> None:
    reads = fixture("unions", tags=["read"])
    assert reads.read(3) == 4
    assert not hasattr(reads, "write")
    assert not hasattr(reads, "plain")
    assert hasattr(reads, "Word")
    both = fixture("unions", tags=["read", "write"])
    assert (both.read(3), both.write(4)) == (4, 6)
    assert fixture("unions", tags=("write", "read")) is both
    with pytest.raises(
        ist.NotFoundError, match=r'unions has no function with the tag "raed".*did you mean "read"'
    ):
        fixture("unions", tags=["raed"])
    with pytest.raises(TypeError, match=r"tags: expected a list of strings"):
        fixture("unions", tags="read")


def test_what_is_unsafe_is_asked_for() -> None:
    unions = fixture("unions")
    assert not hasattr(unions, "address")
    assert not hasattr(unions, "move")
    risky = fixture("unions", unsafe=True)
    assert risky.address(0x1234) == 0x1234
    assert risky.move(0x1000, -16) == 0xFF0
    assert risky.plain(1) == unions.plain(1)


def test_a_folder_is_no_interface_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder.idl"
    folder.mkdir()
    with pytest.raises(ist.InterfaceError, match=r"Is a directory"):
        ist.load(folder)
    pipe = tmp_path / "pipe.idl"
    os.mkfifo(pipe)
    with pytest.raises(ist.InterfaceError, match=r"cannot read it"):
        ist.load(pipe)
