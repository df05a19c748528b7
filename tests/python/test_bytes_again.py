"""Large bytes that are given to JavaScript again are not copied again; what JavaScript writes into
them is its own all the same.
"""

from __future__ import annotations

import gc
import os
from typing import Any

import isthmus as ist

LARGE = 1 << 20


def large(first: int = 0) -> bytes:
    """Bytes that are made anew, with something of their own at the beginning and the end."""
    return bytes([first]) + os.urandom(LARGE - 2) + bytes([first])


def test_each_time_all_of_it_comes(context: ist.Context) -> None:
    back = context.eval("x => x.slice()")
    value = large(7)
    for _ in range(5):
        assert bytes(back(value)) == value


def test_what_javascript_writes_is_its_own(context: ist.Context) -> None:
    write = context.eval("(x, to) => { x[0] = to; x[x.length - 1] = to; return x }")
    value = large(7)
    given = [write(value, i) for i in range(5)]
    assert value[0] == value[-1] == 7
    assert [view[0] for view in given] == [view[-1] for view in given] == [0, 1, 2, 3, 4]
    same = context.eval("(a, b) => a === b || a.buffer === b.buffer")
    assert not same(given[3], given[4])


def test_other_bytes_between_them(context: ist.Context) -> None:
    ends = context.eval("x => x[0] * 256 + x[x.length - 1]")
    first, second = large(1), large(2)
    for value in (first, first, second, first, second, second, first, first):
        assert ends(value) == value[0] * 257


def test_other_bytes_at_the_same_place(context: ist.Context) -> None:
    ends = context.eval("x => x[0] * 256 + x[x.length - 1]")
    for i in range(100):
        value = large(i)
        assert ends(value) == ends(value) == i * 257
        del value


def test_it_outlives_its_name_and_its_isolate() -> None:
    value = large(5)
    with ist.Isolate() as isolate, isolate.context() as context:
        keep = context.eval("x => globalThis.kept = x")
        views = [keep(value) for _ in range(3)]
        expected = bytes(value)
        del value
        gc.collect()
        assert context.eval("kept[0]") == 5
    assert all(bytes(view) == expected for view in views)


def test_in_each_isolate(context: ist.Context) -> None:
    value = large(9)
    with ist.Isolate() as isolate, isolate.context() as other:
        for made in (context, other, context, other):
            write = made.eval("x => { const was = x[0]; x[0] = 1; return was }")
            assert write(value) == 9


def test_ones_that_come_and_go_take_no_memory(
    context: ist.Context, isolate: ist.Isolate, flat: Any
) -> None:
    length = context.eval("x => x.length")
    value = large()
    before = len(os.listdir("/proc/self/fd"))
    flat(lambda i: length(value), rounds=2000, isolate=isolate, most=2 << 20)
    for i in range(50):
        value = large(i)
        assert length(value) + length(value) == 2 * LARGE
    assert len(os.listdir("/proc/self/fd")) <= before + 1
