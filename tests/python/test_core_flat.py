"""Memory does not grow with the number of calls, callbacks, errors, scripts, objects, isolates."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest


def calls(context: ist.Context) -> Any:
    function = context.eval("(a, b) => a + b")
    return lambda i: function(i, 1.5)


def callbacks(context: ist.Context) -> Any:
    context["back"] = lambda x: x
    function = context.eval("(a) => back(a) + back(1)")
    return lambda i: function(i)


def new_callbacks(context: ist.Context) -> Any:
    def body(i: int) -> None:
        context["back"] = lambda: i
        context.eval("back()")

    return body


def errors(context: ist.Context) -> Any:
    function = context.eval("(i) => { throw new Error('number ' + i) }")

    def body(i: int) -> None:
        with pytest.raises(ist.JSError) as caught:
            function(i)
        assert caught.value.stack

    return body


def python_errors(context: ist.Context) -> Any:
    def fail() -> None:
        raise LookupError("no")

    context["fail"] = fail
    function = context.eval("() => { try { fail() } catch {} fail() }")

    def body(i: int) -> None:
        with pytest.raises(LookupError):
            function()

    return body


def scripts(context: ist.Context) -> Any:
    return lambda i: context.eval(f"var x = {i % 100}; x + 1")


def objects(context: ist.Context) -> Any:
    function = context.eval("() => ({a: {b: [1, 2, 3]}})")

    def body(i: int) -> None:
        assert function()["a"]["b"][2] == 3

    return body


def trees(context: ist.Context) -> Any:
    def body(i: int) -> None:
        context["tree"] = {"a": [i, {"b": "text"}], "c": None}

    return body


def texts(context: ist.Context) -> Any:
    function = context.eval("(s) => s + s")
    return lambda i: function("text äöü €" * (i % 50))


KINDS = [calls, callbacks, new_callbacks, errors, python_errors, scripts, objects, trees, texts]


@pytest.mark.parametrize("kind", KINDS)
def test_few_rounds(isolate: ist.Isolate, context: ist.Context, flat: Any, kind: Any) -> None:
    flat(kind(context), rounds=3000, isolate=isolate, most=3 << 20)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_rounds(isolate: ist.Isolate, context: ist.Context, flat: Any, kind: Any) -> None:
    rounds = 500_000 if kind in (calls, callbacks) else 10_000
    flat(kind(context), rounds=rounds, isolate=isolate, most=4 << 20)


def test_contexts(isolate: ist.Isolate, flat: Any) -> None:
    def body(i: int) -> None:
        with isolate.context() as context:
            context["back"] = lambda: i
            assert context.eval("back()") == i

    flat(body, rounds=50, isolate=isolate, most=8 << 20)


def test_isolates(flat: Any) -> None:
    def body(i: int) -> None:
        with ist.Isolate() as isolate, isolate.context() as context:
            context["back"] = lambda: i
            assert context.eval("back()") == i

    flat(body, rounds=100, most=16 << 20)


@pytest.mark.slow
def test_a_thousand_isolates_at_a_time_and_one_after_the_other() -> None:
    for _ in range(1000):
        with ist.Isolate() as isolate, isolate.context() as context:
            assert context.eval("6 * 7") == 42
    made = [ist.Isolate() for _ in range(100)]
    for isolate in made:
        assert isolate.context().eval("6 * 7") == 42
    for isolate in made:
        isolate.close()
