"""After close() every call into the library is an error, and nothing crashes, whatever is held."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Callable

import isthmus as ist
import pytest
from libraries import own
from library_checks import refused

Own = Callable[[str], Any]


@pytest.fixture(name="own")
def _own(tmp_path: Path) -> Own:
    return lambda name: own(name, tmp_path)


def test_functions_and_objects(own: Own) -> None:
    handles = own("handles")
    counter = handles.Counter(3)
    cursor = handles.Cursor(counter)
    last_freed = handles.last_freed
    handles.close()
    closed = ist.ClosedError
    refused(last_freed, closed, "handles.last_freed: the library is closed")
    refused(counter.value, closed, "handles.Counter.value: the library is closed")
    refused(lambda: counter.add(1), closed, "handles.Counter.add: the library is closed")
    for call in (lambda: handles.Counter(1), cursor.close, counter.free):
        with pytest.raises(closed, match=r"the library is closed$"):
            call()
    gc.collect()


def test_structs_and_callbacks_that_are_kept(own: Own) -> None:
    structs, callbacks = own("structs"), own("callbacks")
    point = structs.Point(x=1)
    emitter = callbacks.Emitter()
    emitter.on(lambda value: None)
    structs.close()
    refused(
        lambda: structs.point_length(point),
        ist.ClosedError,
        "structs.point_length: the library is closed",
    )
    structs.close()
    callbacks.close()
    with pytest.raises(ist.ClosedError, match=r"the library is closed$"):
        emitter.emit(1)


def test_loaded_again_it_works_again(own: Own) -> None:
    first = own("numbers")
    first.close()
    second = own("numbers")
    assert second is not first
    assert second.answer() == 42
    refused(first.answer, ist.ClosedError, "numbers.answer: the library is closed")


def test_closed_from_inside_a_callback(own: Own) -> None:
    callbacks = own("callbacks")
    seen = []

    def visit(number: int) -> int:
        seen.append(number)
        callbacks.close()
        with pytest.raises(ist.ClosedError, match=r"the library is closed$"):
            callbacks.visit(0, 1, visit)
        return 1

    callbacks.visit(0, 3, visit)
    assert seen[0] == 0
    refused(
        lambda: callbacks.visit(0, 1, visit),
        ist.ClosedError,
        "callbacks.visit: the library is closed",
    )
