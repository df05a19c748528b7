"""What has no form as a copy goes through trees alive: functions, proxies, instances, buffers."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest


@ist.expose
class Thing:
    """A class that JavaScript knows."""

    name: str = "thing"


def test_functions_and_objects_within_trees(context: ist.Context) -> None:
    def add(a: int, b: int = 1) -> int:
        return a + b

    about, symbol = context.eval("globalThis.o = {}; o"), ist.JSSymbol.new(context, "s")
    memory, thing = bytearray(3), Thing()
    made = context.eval("x => { x.memory[1] = 7; return x }")(
        {"add": add, "list": [add, about, symbol], "memory": memory, "thing": (thing,)}
    )
    assert context.eval("x => x.add(1) + x.list[0](2, 3)")(made) == 7
    assert (
        context.eval("x => x.add === x.list[0] && x.list[1] === o && x.thing[0].name")(made)
        == "thing"
    )
    assert made.add is add and made["list"][1] is about and made["list"][2] == symbol
    assert memory[1] == 7 and made.memory is memory and made.thing[0] is thing


def test_many_of_them(context: ist.Context) -> None:
    functions = [lambda i=i: i for i in range(1000)]
    assert context.eval("l => l.reduce((s, f) => s + f(), 0)")(functions) == 499500
    views = [memoryview(bytearray(2)) for _ in range(100)]
    assert context.eval("l => l.pop() === 'x' && l.every(v => v.length === 2)")([*views, "x"])


def test_what_is_alive_stays_so_in_copies(context: ist.Context) -> None:
    about = context.eval(
        "class A { constructor() { this.x = 1 } }; globalThis.a = new A;"
        "({ a, f() { return 1 }, s: Symbol.iterator, p: Promise.resolve(), deep: [[a]] })"
    )
    copy = about.to_python()
    assert copy["a"] is context["a"] and copy["deep"][0][0] is context["a"]
    assert copy["f"]() == 1 and copy["s"] == ist.JSSymbol.known(context, "iterator")
    assert isinstance(copy["p"], ist.JSPromise)


def test_python_objects_are_themselves_in_copies(context: ist.Context) -> None:
    thing = Thing()
    copy = context.eval("(thing, f) => ({ thing, f })")(thing, print).to_python()
    assert copy == {"thing": thing, "f": print}


def test_depth(context: ist.Context) -> None:
    about = context.eval("({ a: { b: { c: 1 } }, l: [[1]], n: 1 })")
    assert about.to_python(depth=0) is about
    one = about.to_python(depth=1)
    assert type(one) is dict and one["n"] == 1
    assert one["a"] is about["a"] and one["l"] is about["l"]
    two = about.to_python(depth=2)
    assert two["a"]["b"] is about["a"]["b"] and two["l"] == [about["l"][0]]
    assert (
        about.to_python(depth=10**9)
        == about.to_python()
        == {"a": {"b": {"c": 1}}, "l": [[1]], "n": 1}
    )
    for depth, kind in ((-1, ValueError), (True, TypeError), ("1", TypeError), (1.0, TypeError)):
        with pytest.raises(kind, match="depth must be"):
            about.to_python(depth=depth)


def test_what_cannot_be_copied_is_an_error(context: ist.Context) -> None:
    for source, reason in (
        ("[new Date(NaN)]", "an invalid Date has no form in Python"),
        ("[new Date(8.64e15)]", "a Date beyond the years 1 to 9999 has no form in Python"),
        ("new Map([[{}, 1]])", "cannot be hashed as a dict: take the entries one by one instead"),
        ("new Set([new Map])", "cannot be hashed as a dict: take the entries one by one instead"),
    ):
        with pytest.raises(ist.ConversionError, match=reason):
            context.eval(source).to_python()
    with pytest.raises(ist.JSError, match="RangeError: thrown"):
        context.eval("({ get a() { throw new RangeError('thrown') } })").to_python()
    with pytest.raises(ist.LimitError):
        context.eval(
            "let deep = []; for (let i = 0; i < 100000; i++) deep = [deep]; deep"
        ).to_python()


def test_other_kinds_of_objects_in_copies(context: ist.Context) -> None:
    copy = context.eval(
        "({ r: /a\\/b/gi, e: new TypeError('no', { cause: new Error('why') }) })"
    ).to_python()
    assert copy["r"] == ist.RegExp("a\\/b", "gi")
    error: Any = copy["e"]
    assert isinstance(error, ist.JSError) and (error.name, error.message) == ("TypeError", "no")
    assert error.cause.message == "why"
    assert context.eval("r => r instanceof RegExp && r.test('xA/B')")(copy["r"])
    assert context.eval("x => x[0].flags")([copy["r"], print]) == "gi"
