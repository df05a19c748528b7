"""Conversions leave nothing behind, whatever they carry."""

from __future__ import annotations

import datetime
from typing import Any, Callable

import isthmus as ist
import pytest

numpy = pytest.importorskip("numpy")

VALUES: dict[str, Callable[[int], Any]] = {
    "text": lambda i: f"text {i}",
    "wide text": lambda i: f"\u4e2d {i}",
    "bigint": lambda i: (1 << 200) + i,
    "date": lambda i: datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc),
    "bytes": lambda i: b"bytes",
    "numbers": lambda i: [float(i), 2.5, 3],
    "tree": lambda i: {"a": [i, {"b": f"{i}"}], "s": {1, 2}},
    "shared": lambda i: [VALUES] and (lambda part: [part, part, {"p": part}])([i]),
    "function": lambda i: lambda: i,
    "functions in a tree": lambda i: [{"f": lambda: i}],
    "generator": lambda i: (j for j in (1, 2)),
    "array": lambda i: numpy.zeros(10),
}


@pytest.mark.parametrize("kind", list(VALUES))
def test_to_javascript_and_back(
    context: ist.Context, isolate: ist.Isolate, flat: Any, kind: str
) -> None:
    same, make = context.eval("x => x"), VALUES[kind]
    flat(lambda i: same(make(i)), rounds=8000, isolate=isolate, most=2 << 20)


@pytest.mark.parametrize("kind", list(VALUES))
def test_out_of_callbacks(context: ist.Context, isolate: ist.Isolate, flat: Any, kind: str) -> None:
    make = VALUES[kind]
    context["give"] = lambda i: make(i)
    loop = context.eval("n => { for (let i = 0; i < n; i++) give(i) }")
    flat(lambda i: loop(100), rounds=60, isolate=isolate, most=2 << 20)


def test_proxies(context: ist.Context, isolate: ist.Isolate, flat: Any) -> None:
    make = context.eval(
        "i => ({ i, list: [i, 'x', {}], map: new Map([[i, {}]]),"
        " f() { return this }, s: Symbol() })"
    )

    def use(i: int) -> None:
        about = make(i)
        about.list.append(i)
        assert about.f() is about and about.list[-1] == i and list(about.map) == [i]
        about["x"] = {"y": about}
        repr(about)
        about.to_python()
        list(about.list)
        _ = about.s.description

    flat(use, rounds=1500, isolate=isolate, most=2 << 20)


def test_what_fails(context: ist.Context, isolate: ist.Isolate, flat: Any) -> None:
    same = context.eval("x => x")
    thrower = context.eval("() => { throw new Error('no') }")

    def use(i: int) -> None:
        with pytest.raises(ist.ConversionError):
            same([bytearray(2), lambda: 1, object()])
        with pytest.raises(ist.ConversionError):
            same(bytearray(1), lambda: 1, object())
        with pytest.raises(ist.JSError):
            thrower(bytearray(1), [lambda: 1], {"a": i})
        with pytest.raises(KeyError):
            context.eval("({})")["x"]

    flat(use, rounds=1500, isolate=isolate, most=2 << 20)


def test_a_million_conversions(context: ist.Context, isolate: ist.Isolate, flat: Any) -> None:
    same = context.eval("(a, b, c) => b")
    flat(lambda i: same(i, 2.5, None), rounds=300000, isolate=isolate)
