"""Memory that JavaScript has already is not lent anew: it is the same typed array, unless the
object or JavaScript has changed what it is.
"""

from __future__ import annotations

import array
import gc

import isthmus as ist
import pytest


def test_it_is_the_same_typed_array(context: ist.Context) -> None:
    same = context.eval("(a, b) => a === b")
    for memory in (bytearray(8), array.array("d", [1.5]), memoryview(bytearray(8))):
        assert same(memory, memory)
        kept = context.eval("x => globalThis.kept = x")
        kept(memory)
        assert context.eval("x => x === kept")(memory)


def test_another_object_at_the_same_place_is_another(context: ist.Context) -> None:
    first = context.eval("x => x[0]")
    for value in range(200):
        assert first(bytearray([value])) == value
        gc.collect(0)


def test_a_change_of_its_elements_is_seen(context: ist.Context) -> None:
    numpy = pytest.importorskip("numpy")
    name = context.eval("x => x.constructor.name")
    memory = numpy.zeros(4)
    assert [name(memory), name(memory)] == ["Float64Array"] * 2
    memory.dtype = numpy.int64
    assert [name(memory), name(memory)] == ["BigInt64Array"] * 2
    memory.dtype = numpy.float64
    assert [name(memory), name(memory)] == ["Float64Array"] * 2


def test_memory_that_has_become_read_only_is_copied(context: ist.Context) -> None:
    numpy = pytest.importorskip("numpy")
    write = context.eval("x => { x[0] = 7 }")
    memory = numpy.zeros(4)
    write(memory)
    assert memory[0] == 7
    memory[0] = 0
    memory.flags.writeable = False
    write(memory)
    assert memory[0] == 0


def test_what_javascript_has_given_away_is_lent_anew(context: ist.Context) -> None:
    memory = bytearray(b"abc")
    length = context.eval("x => x.length")
    assert length(memory) == 3
    context.eval("x => { structuredClone(x.buffer, { transfer: [x.buffer] }) }")(memory)
    assert length(memory) == 3 and context.eval("x => x[2]")(memory) == ord("c")


def test_each_isolate_has_its_own(context: ist.Context) -> None:
    memory = bytearray(4)
    write = context.eval("x => { x[0] += 1; return x[0] }")
    with ist.Isolate() as isolate, isolate.context() as other:
        write_other = other.eval("x => { x[0] += 1; return x[0] }")
        assert [write(memory), write_other(memory), write(memory), write_other(memory)] == [
            1,
            2,
            3,
            4,
        ]


def test_a_view_that_comes_again_is_the_same(context: ist.Context) -> None:
    out = context.eval("globalThis.bytes = new Uint8Array([1, 2, 3]); () => bytes")
    view = out()
    assert out() is view
    part = view[1:]
    del view
    gc.collect()
    again = out()
    assert out() is again and bytes(part) == b"\2\3"
    part[0] = 9
    assert again[1] == 9
    del part
    gc.collect()
    assert out() is again
