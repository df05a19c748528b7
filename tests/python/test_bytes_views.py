"""Typed arrays, DataViews and ArrayBuffers come as memoryviews of their very memory."""

from __future__ import annotations

import gc
from typing import Any

import isthmus as ist
import pytest

numpy = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("source", "code", "values"),
    [
        ("new Int8Array([-1, 2])", "b", [-1, 2]),
        ("new Uint8Array([1, 255])", "B", [1, 255]),
        ("new Uint8ClampedArray([1, 300])", "B", [1, 255]),
        ("new Int16Array([-300])", "h", [-300]),
        ("new Uint16Array([65535])", "H", [65535]),
        ("new Int32Array([-70000])", "i", [-70000]),
        ("new Uint32Array([2 ** 32 - 1])", "I", [2**32 - 1]),
        ("new Float32Array([1.5])", "f", [1.5]),
        ("new Float64Array([0.1, NaN])", "d", None),
        ("new BigInt64Array([-(2n ** 63n)])", "q", [-(2**63)]),
        ("new BigUint64Array([2n ** 64n - 1n])", "Q", [2**64 - 1]),
        ("new DataView(new Uint8Array([1, 2, 3]).buffer, 1)", "B", [2, 3]),
        ("new Uint8Array([1, 2]).buffer", "B", [1, 2]),
        ("new Float64Array(0)", "d", []),
        ("new ArrayBuffer(0)", "B", []),
    ],
)
def test_formats(context: ist.Context, source: str, code: str, values: Any) -> None:
    view = context.eval(source)
    assert isinstance(view, memoryview) and view.format == code and not view.readonly
    if values is not None:
        assert view.tolist() == values
    assert numpy.asarray(view).dtype == numpy.dtype(code)


def test_writes_of_each_are_seen_by_the_other(context: ist.Context) -> None:
    view = context.eval("globalThis.a = new Float64Array([1, 2, 3])")
    numpy.asarray(view)[1] = 7
    assert context.eval("a[1]") == 7
    context.eval("a[2] = 8")
    assert view[2] == 8


def test_the_same_object_comes_back(context: ist.Context) -> None:
    context.eval("globalThis.a = new Uint8ClampedArray(4); globalThis.b = new ArrayBuffer(4);")
    context.eval("globalThis.v = new DataView(b, 1)")
    for name in ("a", "b", "v"):
        view = context[name]
        assert context[name] is view
        assert context.eval(f"x => x === {name}")(view)


def test_parts_of_it_are_views_on_the_same_buffer(context: ist.Context) -> None:
    view = context.eval("globalThis.a = new Float64Array([1, 2, 3, 4])")
    same = context.eval(
        "x => x.buffer === a.buffer && x.constructor.name + x.byteOffset + '/' + x.length"
    )
    assert same(view[1:3]) == "Float64Array8/2"
    assert same(view.cast("B")) == "Uint8Array0/32"
    assert same(view.cast("B").cast("i")[2:]) == "Int32Array8/6"
    assert same(view[2:2]).startswith("Float64Array")
    part = context.eval("globalThis.p = new Uint8Array(a.buffer, 8, 8)")
    assert same(part[4:]) == "Uint8Array12/4"
    clamped = context.eval("new Uint8ClampedArray(4)")
    assert context.eval("x => x.constructor.name")(clamped[1:]) == "Uint8ClampedArray"


def test_it_stays_valid_after_its_isolate() -> None:
    with ist.Isolate() as isolate, isolate.context() as context:
        view = context.eval("new Uint8Array([1, 2, 3])")
        other = context.eval("new Uint8Array(1 << 20).fill(5)")
    gc.collect()
    assert view.tolist() == [1, 2, 3] and other[-1] == 5
    view[0] = 9
    with ist.Isolate() as isolate, isolate.context() as context:
        assert context.eval("x => x[0]")(view) == 9


def test_it_stays_valid_after_its_buffer(context: ist.Context, isolate: ist.Isolate) -> None:
    view = context.eval("globalThis.a = new Uint8Array([1, 2, 3])")
    context.eval("structuredClone(a, { transfer: [a.buffer] })")
    assert view.tolist() == [1, 2, 3]
    again = context.eval("new Uint8Array(1000)")
    context.eval("for (let i = 0; i < 100; i++) new Uint8Array(1 << 16)")
    isolate.collect()
    assert sum(again) == 0


def test_released_ones_are_made_anew(context: ist.Context) -> None:
    context.eval("globalThis.a = new Uint8Array([1])")
    with context["a"] as view:
        assert view[0] == 1
    assert context["a"][0] == 1
    with pytest.raises(ist.ConversionError, match="no memory of memoryview can be had"):
        context["b"] = view


def test_detached_and_shared_buffers(context: ist.Context) -> None:
    gone = context.eval("a = new Uint8Array(4); structuredClone(a, { transfer: [a.buffer] }); a")
    assert isinstance(gone, ist.JSObject) and gone.length == 0
    shared = context.eval("globalThis.s = new Int32Array(new SharedArrayBuffer(8)); s")
    shared[1] = 5
    assert context.eval("s[1]") == 5 and context.eval("x => x === s")(shared)


def test_bytes_of_a_tree_are_copies(context: ist.Context) -> None:
    made = context.eval(
        "({ u: new Uint8Array([1]), f: new Float64Array([1.5]), b: new Uint8Array([2]).buffer })"
    ).to_python()
    assert made["u"] == b"\1" and made["b"] == b"\2"
    assert made["f"].typecode == "d" and made["f"].tolist() == [1.5]


def test_many_that_come_and_go_take_no_memory(
    context: ist.Context, isolate: ist.Isolate, flat: Any
) -> None:
    make = context.eval("() => new Uint8Array(100)")
    flat(lambda i: make()[1:], rounds=30000, isolate=isolate, most=2 << 20)
    assert not __import__("isthmus._bytes", fromlist=["x"])._views
