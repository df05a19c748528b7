"""`Pool.map` gives the values of a program over inputs, in their order, whatever they are."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import isthmus as ist
import pytest


@pytest.fixture(scope="module")
def pool() -> Iterator[ist.Pool]:
    with ist.Pool(threads=2) as made:
        yield made


def test_gives_values_in_the_order_of_the_inputs(pool: ist.Pool) -> None:
    # The first ones take longest.
    program = "let n = 0; for (let i = 0; i < (100 - input) * 1000; i++) n ^= i; input * 2"
    assert list(pool.map(program, range(100))) == [2 * i for i in range(100)]


def test_many_inputs(pool: ist.Pool) -> None:
    inputs = [{"a": [i, i + 1], "b": str(i)} for i in range(5000)]
    wanted = [2 * i + 1 + len(str(i)) for i in range(5000)]
    assert list(pool.map("input.a[0] + input.a[1] + input.b.length", inputs)) == wanted


def test_no_inputs(pool: ist.Pool) -> None:
    assert list(pool.map("input", [])) == []


def test_what_a_promise_is_fulfilled_with(pool: ist.Pool) -> None:
    assert list(pool.map("Promise.resolve(input).then((n) => n + 1)", [1, 2])) == [2, 3]


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        ist.undefined,
        0,
        -1,
        2**53 - 1,
        2**53,
        2**64,
        -(2**200),
        1.5,
        -0.0,
        math.inf,
        "",
        "\0ä€😀",
        "\ud800 alone",
        b"\0\xff",
        [],
        [1, [2, [None, ist.undefined]]],
        {},
        {"a": {"b": [1.5]}, "__proto__": 1},
        {1: "one", "two": 2},
        {"x", "y"},
        datetime(2024, 2, 29, 12, 30, 0, 125000, tzinfo=timezone.utc),
        [[[[[[[["deep"]]]]]]]],
    ],
    ids=ascii,
)
def test_values_come_back_as_they_went(pool: ist.Pool, value: Any) -> None:
    (got,) = pool.map("input", [value])
    assert got == value
    assert type(got) is type(value)
    assert math.copysign(1, got) == -1 if value == 0 and isinstance(value, float) else True


def test_nan(pool: ist.Pool) -> None:
    (got,) = pool.map("input", [math.nan])
    assert math.isnan(got)


def test_what_inputs_are_in_javascript(pool: ist.Pool) -> None:
    kind = "Object.prototype.toString.call(input).slice(8, -1)"
    inputs = [2**53, b"x", {1: 2}, {"a": 2}, {3}, datetime.now(timezone.utc), (1, 2), ist.undefined]
    wanted = ["BigInt", "Uint8Array", "Map", "Object", "Set", "Date", "Array", "Undefined"]
    assert list(pool.map(kind, inputs)) == wanted


def test_what_values_are_in_python(pool: ist.Pool) -> None:
    programs: dict[str, Any] = {
        "10n ** 30n": 10**30,
        "new Map([[1, 'a'], ['b', 2]])": {1: "a", "b": 2},
        "new Set([1, 'b'])": {1, "b"},
        "new Uint8Array([1, 2])": b"\1\2",
        "new Uint8Array([1, 2]).buffer": b"\1\2",
        "[1, , 3]": [1, ist.undefined, 3],
        "new Set([[1, 2]])": {(1, 2)},
        "/a+/gi": ist.RegExp("a+", "gi"),
        "new Date(1500)": datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=timezone.utc),
        "var sparse = []; sparse[70000] = 1; sparse.length": 70001,
    }
    for program, wanted in programs.items():
        assert list(pool.map(program, [0])) == [wanted], program


def test_typed_arrays_are_arrays(pool: ist.Pool) -> None:
    assert list(pool.map("new Float64Array([1.5, -2])", [0])) == [array("d", [1.5, -2.0])]
    (got,) = pool.map("new Int16Array([1, -2])", [0])
    assert (got.typecode, got.tolist()) == ("h", [1, -2])
    assert list(pool.map("`${input.constructor.name} ${input}`", [got])) == ["Int16Array 1,-2"]


def test_regular_expressions(pool: ist.Pool) -> None:
    program = "[input instanceof RegExp, input.test('BA'), input]"
    expression = ist.RegExp("^b", "i")
    assert list(pool.map(program, [expression])) == [[True, True, expression]]


def test_numpy_arrays_are_typed_arrays(pool: ist.Pool) -> None:
    numpy = pytest.importorskip("numpy")
    (got,) = pool.map("input.map((x) => x * 2)", [numpy.array([1.5, 2.5])])
    assert numpy.asarray(got).tolist() == [3.0, 5.0]
    assert list(pool.map("input + 1", [numpy.int64(1), numpy.float32(0.5)])) == [2, 1.5]
    with pytest.raises(ist.ConversionError, match=r"type numpy\.datetime64 has no form"):
        list(pool.map("input", [numpy.datetime64("2024-01-01", "ns")]))


def test_errors_as_values(pool: ist.Pool) -> None:
    (got,) = pool.map("new RangeError('far', {cause: new Error('near')})", [0])
    assert isinstance(got, ist.JSError)
    assert (str(got), str(got.cause)) == ("RangeError: far", "Error: near")


def test_circles(pool: ist.Pool) -> None:
    circle: list[Any] = [1]
    circle.append(circle)
    (got,) = pool.map("input.push(input[1] === input); input", [circle])
    assert got[0] == 1 and got[1] is got and got[2] is True


def test_dataclasses_are_objects(pool: ist.Pool) -> None:
    program = ist.Program("input.source + input.line_offset")
    assert list(pool.map("input.source + input.line_offset", [program])) == [program.source + "0"]


def test_runs_know_nothing_of_each_other(pool: ist.Pool) -> None:
    program = "globalThis.seen = (globalThis.seen || 0) + 1"
    assert list(pool.map(program, range(50))) == [1] * 50


@pytest.mark.parametrize("isolation", ["shared", "compartment", "context", "isolate", "process"])
def test_every_isolation(isolation: Any) -> None:
    with ist.Pool(threads=1, isolation=isolation) as pool:
        assert list(pool.map("input + 1", range(10))) == list(range(1, 11))
        assert pool.isolation == isolation and pool.threads == 1
