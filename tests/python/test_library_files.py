"""Interface files: names and paths, errors in them, missing libraries, tags, and closing."""

from __future__ import annotations

import gc
from pathlib import Path

import isthmus as ist
import pytest
from isthmus import close, load
from libraries import ROOT, fixture, own, real


def test_names_and_paths() -> None:
    by_path = load(ROOT / "idl" / "zlib.idl")
    assert by_path is load(str(ROOT / "idl" / "zlib.idl")) is real("zlib")
    assert by_path is load("zlib", dirs=[ROOT / "idl"])
    with pytest.raises(ist.NotFoundError, match=r"Cannot find library 'ffi:zlip': no zlip.idl in "):
        load("zlip", dirs=ROOT / "idl")
    with pytest.raises(ist.NotFoundError, match=r"Cannot find the interface file 'nowhere.idl'"):
        load("nowhere.idl")
    with pytest.raises(ist.Error):
        load("no/../name")
    with pytest.raises(TypeError):
        load(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"tags: expected a list of strings, got a string"):
        load("zlib", tags="read")


def test_errors_in_an_interface_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.idl"
    bad.write_text('library bad;\nlink "";\nvoid f(int *x);\n')
    with pytest.raises(ist.InterfaceError, match=r"bad.idl:3:.*does not say what C does with it"):
        load(bad)
    bad.write_text("\0\xff")
    with pytest.raises(ist.InterfaceError):
        load(bad)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    file = tmp_path / "gone.idl"
    file.write_text('library gone;\nlink "libgone.so.1", "./libgone.so";\nint f(void);\n')
    said = r"^gone: cannot be opened: libgone\.so\.1: .*; .*libgone\.so: "
    with pytest.raises(ist.InterfaceError, match=said):
        load(file)
    file.write_text('library gone;\nlink "";\nint no_such_symbol_at_all(void);\n')
    said = r"^gone: the process has no symbol no_such_symbol_at_all$"
    with pytest.raises(ist.InterfaceError, match=said):
        load(file)
    file.write_text('library gone;\nlink "";\n[[name(pid)]] int getpid(void);\n')
    assert load(file).pid() > 0  # a changed file is another library


def test_tags() -> None:
    every, read = fixture("unions"), fixture("unions", tags=["read"])
    assert hasattr(every, "plain") and not hasattr(every, "address")
    assert read.read(3) == every.read(3) and hasattr(read, "Word")
    for name in ("plain", "write", "address"):
        assert not hasattr(read, name)
    source = read.Source.leveled(4)
    assert source.level() == 4
    assert not hasattr(source, "raise_") and not hasattr(source, "ask")
    source.free()
    with pytest.raises(TypeError, match=r"^unions.Source: its constructor was not granted$"):
        read.Source()
    unsafe = fixture("unions", unsafe=True)
    assert unsafe.move(100, 5) == 105 and unsafe.address(7) == 7
    said = r"p: expected an integer from 0 to 18446744073709551615, got -1"
    with pytest.raises(OverflowError, match=said):
        unsafe.address(-1)
    said = r'^unions has no function with the tag "raed": did you mean "read"\?'
    with pytest.raises(ist.NotFoundError, match=said):
        fixture("unions", tags=["raed"])


def test_close(tmp_path: Path) -> None:
    handles = own("handles", tmp_path)
    alive = handles.counters_alive()
    c = handles.Counter(1)
    add, leaf = c.add, c.leaf(0)
    handles.close()
    for use in (add, c.free, leaf.value, handles.counters_alive, lambda: handles.Counter(2)):
        with pytest.raises(ist.ClosedError, match=r"the library is closed"):
            use()
    assert repr(handles) == "<library 'handles': closed>"
    again = own("handles", tmp_path)
    assert again is not handles and again.counters_alive() == alive + 1
    with pytest.raises(TypeError, match=r"list\[0\]: expected a Counter, got a Counter"):
        again.counter_sum([c])
    del c, add, leaf, use
    gc.collect()
    assert again.counters_alive() == alive
    close(handles)


def test_closing_from_a_callback(tmp_path: Path) -> None:
    callbacks = own("callbacks", tmp_path)

    def end(value: int) -> int:
        callbacks.close()
        with pytest.raises(ist.ClosedError, match=r"the library is closed"):
            callbacks.visit(0, 1, lambda v: 1)
        return 3

    assert callbacks.visit(0, 1, end) == 3


def test_names_that_are_words_of_python() -> None:
    unions = fixture("unions")
    assert unions.Value(as_={"number": 1.5}).as_.number == 1.5
    assert getattr(unions.Value({"as": {"int32": 7}}), "as").int32 == 7
