"""Writable memory of Python's is lent to JavaScript, not copied, as long as JavaScript has it."""

from __future__ import annotations

import array
import gc
import mmap
from typing import Any

import isthmus as ist
import pytest

numpy = pytest.importorskip("numpy")


def collected(isolate: ist.Isolate) -> None:
    """Lets JavaScript forget what it does not use."""
    gc.collect()
    isolate.collect()
    isolate.collect()
    with isolate.entered():
        pass


def test_writes_of_each_are_seen_by_the_other(context: ist.Context) -> None:
    memory = bytearray(b"abc")
    context["m"] = memory
    context.eval("m[0] = 65")
    assert memory == b"Abc"
    memory[1] = 66
    assert context.eval("String.fromCharCode(...m)") == "ABc"
    assert context.eval("m.constructor === Uint8Array && m.byteLength === 3")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("b", "Int8Array"),
        ("B", "Uint8Array"),
        ("h", "Int16Array"),
        ("H", "Uint16Array"),
        ("i", "Int32Array"),
        ("I", "Uint32Array"),
        ("f", "Float32Array"),
        ("d", "Float64Array"),
        ("q", "BigInt64Array"),
        ("Q", "BigUint64Array"),
    ],
)
def test_formats_are_typed_arrays(context: ist.Context, code: str, name: str) -> None:
    for memory in (
        array.array(code, [1, 2, 3]),
        numpy.array([1, 2, 3], dtype=code),
        memoryview(bytearray(24)).cast(code),  # type: ignore[call-overload]
    ):
        assert context.eval("x => x.constructor.name")(memory) == name
        context.eval("x => { x[2]++; x[2] += typeof x[2] === 'bigint' ? 3n : 3 }")(memory)
        assert memory[2] in (7, 4)
        assert context.eval("x => x")(memory) is memory


def test_it_is_the_same_typed_array_each_time(context: ist.Context, isolate: ist.Isolate) -> None:
    memory = bytearray(8)
    assert context.eval("(a, b) => a === b")(memory, memory)
    context.eval("x => { globalThis.view = x; x.tag = 1 }")(memory)
    collected(isolate)
    assert context.eval("x => x === view && x.tag === 1")(memory)
    assert context["view"] is memory
    assert context.eval("f => f(view)")(lambda given: given is memory)
    context.eval("globalThis.buffer = view.buffer; delete globalThis.view")
    collected(isolate)
    assert context.eval("x => x.buffer === buffer && x.tag === undefined")(memory)


def test_it_cannot_be_resized_meanwhile(context: ist.Context, isolate: ist.Isolate) -> None:
    memory = bytearray(8)
    context["m"] = memory
    with pytest.raises(BufferError):
        memory.append(1)
    del context["m"]
    collected(isolate)
    memory.append(1)
    assert len(memory) == 9


def test_detach_ends_it_early(context: ist.Context) -> None:
    memory = bytearray(b"abc")
    context["m"] = memory
    context.eval("globalThis.part = new Uint8Array(m.buffer, 1)")
    ist.detach(memory)
    assert context.eval("m.length + part.length") == 0
    memory += b"d"
    ist.detach(memory)
    assert context.eval("x => String.fromCharCode(...x)")(memory) == "abcd"
    assert context.eval("x => x")(memory) is memory


def test_detach_ends_it_in_each_isolate(context: ist.Context) -> None:
    memory = array.array("d", [1.0])
    with ist.Isolate() as isolate, isolate.context() as other:
        context["m"] = other["m"] = memory
        context.eval("m[0] = 5")
        assert other.eval("m[0]") == 5
        ist.detach(memory)
        assert context.eval("m.length") == other.eval("m.length") == 0
        memory.append(2.0)


def test_memory_outlives_its_name_and_its_isolate() -> None:
    with ist.Isolate() as isolate, isolate.context() as context:
        context["m"] = bytearray(b"xyz")
        gc.collect()
        kept = bytearray(b"kept")
        context["kept"] = kept
        view = context.eval("kept.subarray(1)")
        assert context.eval("String.fromCharCode(...m)") == "xyz"
    assert bytes(view) == b"ept"
    with pytest.raises(BufferError):
        kept.append(1)
    del view
    gc.collect()
    kept.append(1)


def test_when_javascript_has_transferred_it(context: ist.Context) -> None:
    memory = bytearray(b"abc")
    context["m"] = memory
    context.eval("globalThis.moved = structuredClone(m.buffer, { transfer: [m.buffer] })")
    assert context.eval("m.length") == 0 and context["m"] is memory
    assert context.eval("x => x.length")(memory) == 3
    context.eval("new Uint8Array(moved)[0] = 65")
    assert memory == b"Abc"


def test_empty_memory(context: ist.Context) -> None:
    for memory in (bytearray(), array.array("d"), numpy.zeros(0)):
        assert context.eval("x => x.length")(memory) == 0
        assert context.eval("x => x")(memory) is memory


def test_what_is_read_only_is_copied(context: ist.Context) -> None:
    data = b"abc"
    frozen = numpy.arange(3.0)
    frozen.flags.writeable = False
    for given in (data, memoryview(data), memoryview(b"axbxc")[::2]):
        back = context.eval("x => { x[0] = 65; return x }")(given)
        assert isinstance(back, memoryview) and back.tobytes() == b"Abc" and data == b"abc"
    assert context.eval("x => { x[0] = 7; return x.constructor.name + x }")(frozen) == (
        "Float64Array7,1,2"
    )
    assert frozen[0] == 0


def test_what_cannot_be_lent_is_refused(context: ist.Context) -> None:
    whole = numpy.zeros((4, 4))
    for given, reason in (
        (whole[:, 1], "is not contiguous: give a copy"),
        (memoryview(bytearray(4))[::2], "is not contiguous: give a copy"),
        (numpy.array([True]), r"format '\?' has no typed array .*: its view as uint8 has one"),
        (numpy.zeros(1, dtype=">f8"), "format '>d' has no typed array"),
        (numpy.zeros(1, dtype="f2"), "format 'e' has no typed array"),
        (numpy.zeros(1, dtype="c16"), "format 'Zd' has no typed array"),
        (numpy.array([object()]), "format 'O' has no typed array"),
    ):
        with pytest.raises(ist.ConversionError, match=reason):
            context.eval("x => x")(given)
    assert context.eval("x => x.length")(whole) == 16


def test_scalars_of_numpy_are_numbers(context: ist.Context) -> None:
    back = context.eval("x => x")
    for given in (
        numpy.float64(1.5),
        numpy.float32(1.5),
        numpy.int64(-3),
        numpy.uint8(3),
        numpy.bool_(True),
    ):
        assert back(given) == given.item() and type(back(given)) is type(given.item())
        assert list(back([given, "x"])) == [given.item(), "x"]
    assert back(numpy.int64(2**62)) == 2**62
    with pytest.raises(ist.ConversionError, match=r"numpy\.datetime64 has no form"):
        back(numpy.datetime64("2020-01-01"))


def test_a_mapped_file_is_lent(context: ist.Context) -> None:
    with mmap.mmap(-1, 4096) as memory:
        context.eval("x => { x[5] = 9 }")(memory)
        assert memory[5] == 9
        ist.detach(memory)


def test_memory_that_is_closed_is_refused(context: ist.Context) -> None:
    memory = memoryview(bytearray(3))
    memory.release()
    with pytest.raises(ist.ConversionError, match="no memory of memoryview can be had"):
        context.eval("x => x")(memory)


def test_many_that_come_and_go_take_no_memory(
    context: ist.Context, isolate: ist.Isolate, flat: Any
) -> None:
    length = context.eval("x => x.length")
    flat(lambda i: length(bytearray(100)), rounds=30000, isolate=isolate, most=2 << 20)
