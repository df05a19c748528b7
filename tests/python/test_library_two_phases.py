"""Arguments convert in two phases: first all that can run Python code, argument by argument, each
item once; then handles, buffers and lengths are checked, and nothing runs until C does.
"""

from __future__ import annotations

import array
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Callable

import isthmus as ist
import pytest
from libraries import ROOT, fixture
from library_checks import refused

structs, buffers, handles = fixture("structs"), fixture("buffers"), fixture("handles")
callbacks, pointers, texts = fixture("callbacks"), fixture("pointers"), fixture("texts")


class Spy(Mapping[str, Any]):
    """A mapping that says what is read of it, and runs what it finds for a key."""

    def __init__(self, log: list[str], name: str, **items: Any) -> None:
        self.log, self.name, self.items_ = log, name, items

    def __getitem__(self, key: str) -> Any:
        value = self.items_[key]
        self.log.append(f"{self.name}.{key}")
        return value() if callable(value) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.items_)

    def __len__(self) -> int:
        return len(self.items_)


class Index:
    """An integer that runs code when it is asked for its value."""

    def __init__(self, run: Callable[[], int]) -> None:
        self.run = run

    def __index__(self) -> int:
        return self.run()


def test_every_item_once_argument_by_argument() -> None:
    log: list[str] = []
    total = structs.point_add(Spy(log, "a", y=1, x=2), Spy(log, "b", y=3, x=4))
    assert (total.x, total.y) == (6, 4)
    assert log == ["a.y", "a.x", "b.y", "b.x"]


def test_nested_items_once_each() -> None:
    log: list[str] = []
    a, b = Spy(log, "a", y=1, x=1), Spy(log, "b", y=1, x=1)
    structs.seg_id(Spy(log, "s", tag=bytes(8), id=1, b=b, a=a))
    assert log[:4] == ["s.tag", "s.id", "s.b", "s.a"]
    assert sorted(log[4:]) == ["a.x", "a.y", "b.x", "b.y"]


def test_what_raises_stops_everything_and_c_is_not_entered() -> None:
    boom, log = KeyError("first"), []

    def fail() -> float:
        raise boom

    with pytest.raises(KeyError) as caught:
        structs.point_add(Spy([], "a", x=fail, y=1), Spy(log, "b", x=fail, y=1))
    assert caught.value is boom
    assert log == []
    made = handles.counters_made()
    with pytest.raises(KeyError):
        handles.Counter(Index(lambda: int(fail())))
    assert handles.counters_made() == made


def test_an_argument_that_ends_a_handle_of_the_same_call() -> None:
    counter, other = handles.Counter(1), handles.Counter(2)

    def end() -> int:
        counter.free()
        return 1

    refused(
        lambda: counter.add(Index(end)),
        ist.ClosedError,
        re.compile(r"^handles\.Counter\.add: .*the Counter is closed"),
    )

    class Ends(list):  # type: ignore[type-arg]
        def __iter__(self) -> Iterator[Any]:
            yield other
            other.free()
            yield other

    with pytest.raises((ist.ClosedError, TypeError), match=r"^handles\.counter_sum: list"):
        handles.counter_sum(Ends([other, other]))
    assert handles.counters_misused() == 0


def test_an_argument_that_shrinks_a_buffer_of_the_same_call() -> None:
    source, target = bytearray(b"\1\2\3\4"), bytearray(8)

    def shrink() -> bytes:
        # It is lent to C already, or is shorter when C gets it: never in between.
        source.clear()
        return b""

    class Into(dict):  # type: ignore[type-arg]
        def __getitem__(self, key: str) -> Any:
            shrink()
            return super().__getitem__(key)

        def get(self, key: str, default: Any = None) -> Any:
            shrink()
            return super().get(key, default)

        def items(self) -> Any:
            shrink()
            return super().items()

    try:
        came = bytes(buffers.twice(source, into=Into(to=target)))
    except (BufferError, ValueError, TypeError):
        came = None
    assert came in (None, b"", b"\1\2\3\4\1\2\3\4")
    source.extend(b"free again")


def test_a_counted_field_whose_bytes_are_lent_cannot_shrink() -> None:
    photo = bytearray(b"\1\2\3")

    def size() -> int:
        photo.extend(b"\4")
        return 3

    try:
        total = pointers.person_photo_sum(Spy([], "p", photo=photo, photo_size=size))
        assert total == 6
    except (BufferError, ValueError, TypeError):
        pass
    photo.extend(b"\5")


def test_a_list_that_shrinks_while_it_is_read() -> None:
    class Shrinks(str):
        pass

    names: list[Any] = ["a", "b", "c"]

    class Evil(list):  # type: ignore[type-arg]
        def __iter__(self) -> Iterator[Any]:
            yield "a"
            self.clear()
            yield "x"

    evil = Evil(names)
    assert texts.text_join_length(evil) in (2, 3)


def test_an_argument_that_closes_the_library(tmp_path: Path) -> None:
    copy = tmp_path / "structs.idl"
    copy.write_text((ROOT / "tests/fixture/structs.idl").read_text())
    own = ist.load(copy)

    def close() -> float:
        own.close()
        return 1.0

    refused(
        lambda: own.point_length(Spy([], "p", x=close, y=1)),
        ist.ClosedError,
        "structs.point_length: the library is closed",
    )


def test_an_argument_that_calls_the_same_function() -> None:
    def inner() -> float:
        x: float = callbacks.spot_map({"x": 5}, lambda spot: spot).x
        return x

    assert callbacks.spot_map(Spy([], "s", x=inner), lambda spot: spot).x == 5


def test_both_lengths_of_a_call_are_those_that_were_checked() -> None:
    a, b = array.array("d", [1, 2]), array.array("d", [3, 4])

    class Grows:
        def __index__(self) -> int:
            try:
                a.extend([0.0] * 1000)
            except BufferError:
                pass
            return 2

    assert buffers.dot(a, b) == 11
    assert buffers.matrix_sum(a, Grows(), 1) in (3.0, 3)
