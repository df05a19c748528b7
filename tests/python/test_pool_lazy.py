"""A map takes inputs only as its values are taken, no further ahead than the window."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterator
from typing import Any

import isthmus as ist
import pytest


@pytest.fixture(scope="module")
def pool() -> Iterator[ist.Pool]:
    with ist.Pool(threads=2) as made:
        yield made


class Counted:
    """Endless inputs, and how many were taken."""

    def __init__(self) -> None:
        self.count = 0

    def __iter__(self) -> Iterator[int]:
        for i in itertools.count():
            self.count = i + 1
            yield i


@pytest.mark.parametrize("window", [1, 3, 100, 1000])
def test_no_further_than_the_window(pool: ist.Pool, window: int) -> None:
    inputs = Counted()
    values = pool.map("input", inputs, window=window)
    assert inputs.count == 0
    for i in range(2000):
        assert next(values) == i
        assert inputs.count <= i + 1 + window
    values.close()  # type: ignore[attr-defined]


def test_what_the_inputs_raise_comes_after_the_values_before_it(pool: ist.Pool) -> None:
    def inputs() -> Iterator[int]:
        yield 1
        yield 2
        raise LookupError("no more")

    got = []
    with pytest.raises(LookupError, match="no more"):
        for value in pool.map("input", inputs()):
            got.append(value)
    assert got == [1, 2]


def test_what_inputs_wait_for_may_be_earlier_values(pool: ist.Pool) -> None:
    got: list[int] = []

    def inputs() -> Iterator[int]:
        yield 1
        for _ in range(20):
            yield got[-1] + 1

    for value in pool.map("input", inputs(), window=1):
        got.append(value)
    assert got == list(range(1, 22))


def test_closing_the_iterator_ends_what_runs(pool: ist.Pool) -> None:
    values: Any = pool.map("if (input == 1) for (;;); input", range(10))
    assert next(values) == 0
    values.close()
    # The threads are free again.
    assert list(pool.map("input", range(10))) == list(range(10))


def test_collecting_the_iterator_ends_what_runs(pool: ist.Pool) -> None:
    values = pool.map("if (input) for (;;); input", range(10))
    assert next(values) == 0
    del values
    gc.collect()
    assert list(pool.map("input", range(10))) == list(range(10))


def test_an_iterator_that_was_never_begun(pool: ist.Pool) -> None:
    inputs = Counted()
    pool.map("input", inputs)
    gc.collect()
    assert inputs.count == 0


def test_maps_in_one_another(pool: ist.Pool) -> None:
    outer = pool.map("input", pool.map("input + 1", pool.map("input * 2", range(500))))
    assert list(outer) == [2 * i + 1 for i in range(500)]


def test_inputs_and_values_larger_than_a_harvest(pool: ist.Pool) -> None:
    texts = [chr(97 + i) * (1 << 20) for i in range(12)]
    assert list(pool.map("input.toUpperCase()", texts)) == [text.upper() for text in texts]


def test_memory_is_flat(flat: Any) -> None:
    # A small heap, since what V8 keeps for a while comes and goes.
    pool = ist.Pool(threads=1, memory=8 << 20)
    program = "if (input % 10 == 9) throw new Error('ninth'); ({list: [input, 'x'.repeat(100)]})"

    def body(i: int) -> None:
        count = sum(1 for _ in pool.map(program, range(100), return_exceptions=True))
        assert count == 100
        pool.map(program, [1, 2, 3])
        next(pool.map(program, [1, 2, 3]))

    flat(body, rounds=200, most=4 << 20)
    pool.close()
