"""The repr of a proxy is what a console shows, and runs nothing of the program's."""

from __future__ import annotations

import isthmus as ist
import pytest


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("({})", "{}"),
        ("({ a: 1, 'b c': 'x', [Symbol('s')]: null })", "{ a: 1, 'b c': 'x', [Symbol(s)]: null }"),
        (
            "({ a: -0, b: 5n, c: 1.5, d: NaN, e: 1e300 })",
            "{ a: -0, b: 5n, c: 1.5, d: NaN, e: 1e+300 }",
        ),
        ('({ a: "it\'s", b: \'"\', c: "\\n" })', "{ a: \"it's\", b: '\"', c: '\\n' }"),
        ("[1, , , 'x', undefined]", "[ 1, <2 empty items>, 'x', undefined ]"),
        ("({ a: { b: { c: { d: 1 } } } })", "{ a: { b: { c: [Object] } } }"),
        ("[[[[1]]]]", "[ [ [ [Array] ] ] ]"),
        ("new (class Point { constructor() { this.x = 1 } })", "Point { x: 1 }"),
        ("new (class List extends Array {})", "List(0) []"),
        ("new Map([[{ a: 1 }, 'x']])", "Map(1) { { a: 1 } => 'x' }"),
        ("new Set([1, 'a'])", "Set(2) { 1, 'a' }"),
        ("() => 1", "[Function (anonymous)]"),
        ("Object.assign(function f() {}, { a: 1 })", "[Function: f] { a: 1 }"),
        ("({ get a() { throw 1 }, set b(x) {}, get c() { throw 1 }, set c(x) {} })", None),
        ("/a\\/b/gi", "/a\\/b/gi"),
        ("new RangeError('no')", "[RangeError: no]"),
        ("new Date(NaN)", "Invalid Date"),
        ("Promise.resolve({ a: 1 })", "Promise { { a: 1 } }"),
        ("new Promise(() => {})", "Promise { <pending> }"),
        ("new Proxy({}, { get() { throw 1 }, ownKeys() { throw 1 } })", "[Proxy]"),
        ("o = {}; o.self = o; o.list = [o]; o", "{ self: [Circular], list: [ [Circular] ] }"),
        ("Object.create(null)", "{}"),
        ("({ u: new Uint8Array(2), f: new Float64Array([1.5]) })", None),
    ],
)
def test_what_is_shown(context: ist.Context, source: str, shown: str) -> None:
    special = {
        "({ get a()": "{ a: [Getter], b: [Setter], c: [Getter/Setter] }",
        "({ u: new ": "{ u: Uint8Array(2) [ 0, 0 ], f: Float64Array(1) [ 1.5 ] }",
    }
    assert repr(context.eval(source)) == (shown or special[source[:10]])


def test_long_things_are_cut(context: ist.Context) -> None:
    text = repr(context.eval("Array.from({ length: 150 }, (_, i) => i)"))
    assert "... 50 more items" in text and max(map(len, text.split("\n"))) < 80
    assert "... 20 more items" in repr(
        context.eval("new Set(Array.from({ length: 120 }, (_, i) => i))")
    )
    assert "more characters" in repr(context.eval("['x'.repeat(5000)]"))
    assert "(400001 bits)" in repr(context.eval("[1n << 400000n]"))
    wide = repr(context.eval("({ first: 'x'.repeat(40), second: 'y'.repeat(40) })"))
    assert wide.split("\n")[0] == "{" and wide.split("\n")[-1] == "}"


def test_nothing_is_run(context: ist.Context) -> None:
    about = context.eval(
        "globalThis.runs = 0;"
        "({ get a() { runs++ }, toString() { runs++ }, toJSON() { runs++ },"
        " [Symbol.toPrimitive]() { runs++ }, get constructor() { runs++ },"
        " nested: new Proxy({}, { getOwnPropertyDescriptor() { runs++ }, get() { runs++ } }) })"
    )
    repr(about)
    assert context["runs"] == 0
