"""`Context.call` calls functions by name or as themselves, with a receiver and limits."""

from __future__ import annotations

import isthmus as ist
import pytest


def test_a_name_of_the_global_object_or_of_a_script(context: ist.Context) -> None:
    context.eval("var twice = (n) => 2 * n; const thrice = (n) => 3 * n")
    assert context.call("twice", 2) == 4
    assert context.call("thrice", 2) == 6
    assert context.call("Math.max", 1, 5, 3) == 5


def test_the_object_before_the_dot_is_this(context: ist.Context) -> None:
    context.eval("var order = { rate: 2, total(n) { return this.rate * n } }")
    assert context.call("order.total", 4) == 8
    assert context.call("order.total", 4, this={"rate": 3}) == 12


def test_functions_themselves(context: ist.Context) -> None:
    add = context.eval("(a, b) => a + b")
    assert context.call(add, 1, 2) == 3
    named = context.eval("(function () { 'use strict'; return this })")
    assert context.call(named) is ist.undefined
    assert context.call(named, this="me") == "me"


def test_values_cross_as_in_any_call(context: ist.Context) -> None:
    marker = lambda: None  # noqa: E731
    assert context.call("((x) => x)", marker) is marker
    assert context.call("((...all) => all.length)", *range(20)) == 20


def test_a_limit_of_time(context: ist.Context) -> None:
    context.eval("function spin() { for (;;); }")
    with pytest.raises(
        ist.JSTimeoutError, match=r"^TimeoutError: the time limit of 20 ms was reac"
    ):
        context.call("spin", timeout=0.02)
    with pytest.raises(ist.JSTimeoutError, match=r"the processor time limit of 20 ms was reached"):
        context.call("spin", cpu_timeout=0.02)
    assert context.call("Math.abs", -1) == 1


def test_what_is_no_function(context: ist.Context) -> None:
    with pytest.raises(ist.JSError, match=r"^ReferenceError: nothing is not defined$"):
        context.call("nothing")
    with pytest.raises(ist.JSError, match=r"^TypeError: 7 is not a function$"):
        context.call("7")
    with pytest.raises(ist.JSSyntaxError, match=r"^SyntaxError: "):
        context.call("a b")


def test_without_code_from_strings(isolate: ist.Isolate) -> None:
    with isolate.context(eval_allowed=False) as context:
        assert context.call("Math.max", 1, 2) == 2
