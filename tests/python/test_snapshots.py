"""Contexts begin with what scripts have made, in this process or another."""

from __future__ import annotations

from pathlib import Path

import isthmus as ist
import pytest
from conftest import Alone


def test_contexts_begin_with_it() -> None:
    snapshot = ist.Snapshot("globalThis.table = Array.from({length: 100}, (_, i) => i * i)")
    with ist.Isolate(snapshot=snapshot) as isolate:
        contexts = [isolate.context() for _ in range(2)]
        contexts[0].eval("table[3] = 'changed'")
        assert [context.eval("table[3]") for context in contexts] == ["changed", 9]


def test_several_scripts(tmp_path: Path) -> None:
    path = tmp_path / "third.js"
    path.write_text("globalThis.said += 'c'")
    snapshot = ist.Snapshot(["globalThis.said = 'a'", ist.Source("said += 'b'", "second.js"), path])
    with ist.Isolate(snapshot=snapshot) as isolate:
        assert isolate.context()["said"] == "abc"


def test_none() -> None:
    with ist.Isolate(snapshot=ist.Snapshot()) as isolate:
        assert isolate.context().eval("1 + 1") == 2


def test_bytes() -> None:
    data = ist.Snapshot("globalThis.x = 5").to_bytes()
    with ist.Isolate(snapshot=ist.Snapshot.from_bytes(data)) as isolate:
        assert isolate.context()["x"] == 5


def test_bytes_in_another_process(tmp_path: Path, alone: Alone) -> None:
    path = tmp_path / "snapshot"
    path.write_bytes(ist.Snapshot("globalThis.x = 6").to_bytes())
    said = alone(
        """
        import sys
        import isthmus as ist
        snapshot = ist.Snapshot.from_bytes(open(sys.argv[1], "rb").read())
        print(ist.Isolate(snapshot=snapshot).context()["x"])
        """,
        str(path),
    )
    assert said == "6\n"


def test_libraries() -> None:
    snapshot = ist.Snapshot("globalThis.sum = zlib.crc32(0, new Uint8Array(3))", libraries=["zlib"])
    again = ist.Snapshot.from_bytes(snapshot.to_bytes(), libraries=[ist.CLibrary("zlib")])
    for each in (snapshot, again):
        with ist.Isolate(snapshot=each) as isolate:
            context = isolate.context()
            assert context.eval("zlib.crc32(0, new Uint8Array(3)) === sum")
    with pytest.raises(ist.StateError):
        ist.Snapshot.from_bytes(snapshot.to_bytes())


def test_scripts_that_fail() -> None:
    with pytest.raises(ist.JSSyntaxError) as syntax:
        ist.Snapshot(ist.Source("let let", "bad.js"))
    assert syntax.value.filename == "bad.js"
    with pytest.raises(ist.JSError, match="RangeError: no") as thrown:
        ist.Snapshot(["1", "throw new RangeError('no')"])
    assert thrown.value.filename == "<snapshot 2>"
    with pytest.raises(ist.JSError, match="TypeError: lost"):
        ist.Snapshot("Promise.reject(new TypeError('lost'))")


@pytest.mark.parametrize("damage", [b"", b"no snapshot", b"\0" * 4096])
def test_bytes_that_are_none(damage: bytes) -> None:
    with pytest.raises(ist.Error, match="not well-formed"):
        ist.Snapshot.from_bytes(damage)


def test_damaged_bytes() -> None:
    data = bytearray(ist.Snapshot("globalThis.x = 5").to_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(ist.Error):
        ist.Snapshot.from_bytes(bytes(data))


def test_the_snapshot_may_go_first() -> None:
    isolate = ist.Isolate(snapshot=ist.Snapshot("globalThis.x = 7"))
    assert isolate.context()["x"] == 7
    isolate.close()
