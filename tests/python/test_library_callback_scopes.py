"""Callbacks that outlive their call: once, until, for ever; and what C gets after their end."""

from __future__ import annotations

import gc
import re
import weakref
from typing import Any, Callable

import isthmus as ist
import pytest
from libraries import fixture
from library_checks import refused

callbacks = fixture("callbacks")
Emitter = callbacks.Emitter

# What C calls after its end is answered, and reported.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def raising(error: BaseException) -> Callable[[int], Any]:
    def function(number: int) -> Any:
        raise error

    return function


def test_once_ends_after_its_first_call() -> None:
    seen: list[int] = []
    callbacks.once_set(seen.append)
    assert callbacks.once_fire(5) == 1
    assert seen == [5]
    assert callbacks.stale_fire(6) == 1
    assert seen == [5]


def test_until_another_call_and_until_replaced() -> None:
    emitter, seen = Emitter(), []
    emitter.on(lambda n: seen.append(f"a{n}"))
    assert emitter.emit(1) == 1
    emitter.on(lambda n: seen.append(f"b{n}"))
    assert callbacks.stale_fire(9) == 1
    assert emitter.emit(2) == 1
    emitter.off()
    assert emitter.emit(3) == 0
    assert callbacks.stale_fire(9) == 1
    assert seen == ["a1", "b2"]
    emitter.on(None)
    emitter.free()


def test_the_end_of_its_parent_ends_it() -> None:
    emitter, seen = Emitter(), []
    emitter.on(seen.append)
    emitter.free()
    assert callbacks.stale_fire(1) == 1
    assert seen == []


def test_those_of_different_parents_do_not_replace_each_other() -> None:
    with Emitter() as a, Emitter() as b:
        seen: list[str] = []
        a.on(lambda n: seen.append(f"a{n}"))
        b.on(lambda n: seen.append(f"b{n}"))
        a.emit(1)
        b.emit(2)
        b.off()
        a.emit(3)
        assert seen == ["a1", "b2", "a3"]


def test_a_kept_one_survives_collections_and_is_forgotten_after_its_end() -> None:
    class Counts:
        def __init__(self) -> None:
            self.count = 0

        def __call__(self, number: int) -> None:
            self.count += 1

    with Emitter() as emitter:
        all_of_them = [Counts() for _ in range(50)]
        watched = [weakref.ref(each) for each in all_of_them]
        last = all_of_them[-1]
        for each in all_of_them:
            emitter.on(each)
        del all_of_them, each
        gc.collect()
        emitter.emit(1)
        assert last.count == 1
        assert sum(watch() is not None for watch in watched) == 1


def test_destroy_notices() -> None:
    emitter, seen = Emitter(), []
    before = callbacks.destroyed()
    emitter.register(0, lambda n: seen.append(f"x{n}"))
    emitter.register(1, lambda n: seen.append(f"y{n}"))
    emitter.call(0, 1)
    emitter.call(1, 2)
    emitter.register(0, lambda n: seen.append(f"z{n}"))
    assert callbacks.destroyed() == before + 1
    emitter.call(0, 3)
    emitter.register(1, None)
    assert callbacks.destroyed() == before + 2
    assert emitter.call(1, 4) == 0
    emitter.free()
    assert callbacks.destroyed() == before + 3
    assert seen == ["x1", "y2", "z3"]


def test_one_that_gets_its_own_handle_back() -> None:
    seen: list[Any] = []
    with Emitter() as emitter:
        emitter.on_self(lambda *arguments: seen.append(arguments))
        emitter.emit(7)
        assert seen == [(emitter, 7)]
        assert seen[0][0] is emitter


def test_what_a_kept_one_raises_comes_out_of_the_call_that_led_to_it() -> None:
    boom = ValueError("from inside")
    with Emitter() as emitter:
        emitter.on(raising(boom))
        with pytest.raises(ValueError, match="from inside") as caught:
            emitter.emit(1)
        assert caught.value is boom
        emitter.off()
        callbacks.once_set(raising(KeyError("once")))
        with pytest.raises(KeyError, match="once"):
            callbacks.once_fire(1)


def test_replaced_and_ended_from_inside_itself() -> None:
    emitter, seen = Emitter(), []

    def replaces(number: int) -> None:
        seen.append(f"old{number}")
        emitter.on(lambda n: seen.append(f"new{n}"))

    def ends(number: int) -> None:
        seen.append(f"off{number}")
        emitter.off()

    def frees(number: int) -> None:
        refused(
            emitter.free,
            ist.StateError,
            re.compile(r"in use by callbacks\.Emitter\.emit$"),
        )
        seen.append("in use")

    emitter.on(replaces)
    emitter.emit(1)
    emitter.emit(2)
    emitter.on(ends)
    emitter.emit(3)
    emitter.emit(4)
    emitter.on(frees)
    emitter.emit(5)
    assert seen == ["old1", "new2", "off3", "in use"]
    emitter.free()


def test_forgotten_emitters_end_theirs() -> None:
    gc.collect()
    before = callbacks.emitters_alive()
    for i in range(2000):
        Emitter().on(lambda number, i=i: i)
    gc.collect()
    assert callbacks.emitters_alive() == before


def test_ten_thousand_that_died_called_and_not_called() -> None:
    emitter, count = Emitter(), []
    for i in range(10000):
        emitter.on(count.append)
        if i % 2000 == 0:
            callbacks.stale_fire(i)
    emitter.emit(1)
    assert count == [1]
    emitter.free()
    callbacks.stale_fire(1)
    assert count == [1]


def test_a_once_that_sets_the_next() -> None:
    seen: list[str] = []

    def first(number: int) -> None:
        seen.append("first")
        callbacks.once_set(lambda n: seen.append("second"))

    callbacks.once_set(first)
    callbacks.once_fire(1)
    callbacks.once_fire(1)
    callbacks.stale_fire(1)
    assert seen == ["first", "second"]
