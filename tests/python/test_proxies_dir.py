"""`dir` of a proxy lists what can be read as an attribute, also what is inherited."""

from __future__ import annotations

import rlcompleter

import isthmus as ist
import pytest


@pytest.mark.parametrize(
    ("source", "there", "not_there"),
    [
        ("({ a: 1, 'b-c': 2, 3: 4 })", ["a", "to_python"], ["b-c", "3", "hasOwnProperty"]),
        ("Object.create(null, { a: { value: 1 } })", ["a"], []),
        ("[1, 2]", ["append", "map", "length", "slice"], ["0"]),
        ("new Map([[1, 2]])", ["keys", "size", "has", "forEach"], []),
        ("(class { static make() {} })", ["make", "new", "call", "bind"], []),
        ("new (class A { #x = 1; y = 2; get z() { throw 1 } run() {} })", ["y", "z", "run"], ["x"]),
        ("new Proxy({}, { ownKeys() { throw 1 } })", ["to_python"], []),
    ],
)
def test_names(context: ist.Context, source: str, there: list[str], not_there: list[str]) -> None:
    names = dir(context.eval(source))
    assert set(there) <= set(names) and not set(not_there) & set(names)
    assert names == sorted(names)


def test_completion(context: ist.Context) -> None:
    completer = rlcompleter.Completer({"a": context.eval("[3, 1, 2]")})
    assert completer.complete("a.sli", 0) == "a.slice("


def test_of_what_is_closed(isolate: ist.Isolate) -> None:
    about = isolate.context().eval("({ a: 1 })")
    isolate.close()
    assert "to_python" in dir(about) and "a" not in dir(about)


def test_a_frozen_context(isolate: ist.Isolate) -> None:
    assert "a" in dir(isolate.context(frozen=True).eval("({ a: 1 })"))
