"""Functions: called, called on an object, called as constructors; and Python's in JavaScript."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest


def test_a_function_that_was_read_from_an_object_has_it_as_this(context: ist.Context) -> None:
    about = context.eval("globalThis.o = { n: 1, add(x) { this.n += x; return this } }; o")
    assert about.add(2).add(3) is about and about.n == 6
    method = about.add
    assert isinstance(method, ist.JSMethod) and method(4).n == 10
    with pytest.raises(ist.JSError, match="TypeError"):
        context.eval("'use strict'; (f => f(1))")(
            context.eval("'use strict'; (function () { this.n })")
        )


def test_a_method_is_equal_to_its_function(context: ist.Context) -> None:
    about = context.eval("globalThis.o = { f() {} }; o")
    assert about.f == about.f == about["f"] and hash(about.f) == hash(about["f"])
    assert about["f"] is about["f"] and not isinstance(about["f"], ist.JSMethod)
    assert context.eval("f => f === o.f")(about.f)
    assert about.f.name == "f" and about.f.length == 0


def test_call_and_bind_are_javascripts(context: ist.Context) -> None:
    function = context.eval("(function (x) { return [this.n, x] })")
    assert function.call({"n": 1}, 2) == [1, 2]
    assert function.apply({"n": 1}, [3]) == [1, 3]
    assert function.bind({"n": 5})(6) == [5, 6]


@pytest.mark.parametrize("count", [0, 1, 8, 9, 100])
def test_any_number_of_arguments(context: ist.Context, count: int) -> None:
    values = [i if i % 2 else f"{i}" for i in range(count)]
    assert context.eval("(...all) => all")(*values) == values
    assert context.eval("({ f(...all) { return all } })").f(*values) == values
    assert context.eval("(f, ...all) => f(...all)")(lambda *all: list(all), *values) == values


def test_new_makes_objects(context: ist.Context) -> None:
    made = context.eval("globalThis.P = class P { constructor(x) { this.x = x } }; P").new(3)
    assert made.x == 3 and context.eval("p => p instanceof P")(made)
    assert context.eval("Map").new([[1, 2]]) == {1: 2}
    with pytest.raises(ist.JSError, match="is not a constructor"):
        context.eval("() => 1").new()
    with pytest.raises(ist.JSError, match="RangeError"):
        context.eval("Array").new(-1)


def test_keywords_are_refused(context: ist.Context) -> None:
    with pytest.raises(TypeError, match="takes no keyword arguments"):
        context.eval("() => 1")(x=1)


def test_python_callables_are_functions(context: ist.Context) -> None:
    class Adder:
        def __call__(self, a: int, b: int) -> int:
            return a + b

    add = Adder()
    for function, name in (
        (add, ""),
        (max, "max"),
        (str.upper, "upper"),
        (lambda a, b: a + b, "<lambda>"),
    ):
        assert context.eval("f => typeof f + f.name")(function) == f"function{name}"
        assert context.eval("x => x")(function) is function
    assert context.eval("f => f(1, 2)")(add) == 3
    assert context.eval("(f, g) => f === g")(add, add)
    assert context.eval("f => f('abc')")(str.upper) == "ABC"


def test_what_python_raises_is_raised_again(context: ist.Context) -> None:
    problem = KeyError("lost")

    def fail(*args: Any) -> None:
        raise problem

    with pytest.raises(KeyError) as caught:
        context.eval("f => { f() }")(fail)
    assert caught.value is problem
    assert context.eval("f => { try { f() } catch (e) { return e.name } }")(fail) == "KeyError"


def test_arguments_that_cannot_go_over_call_nothing(context: ist.Context) -> None:
    context.eval("globalThis.calls = 0")
    count = context.eval("() => { calls++ }")
    about = context.eval("({ f() { calls++ } })")
    for call in (count, about.f, context.eval("(class { constructor() { calls++ } })").new):
        with pytest.raises(ist.ConversionError, match="has no form in JavaScript"):
            call(1, "text", bytearray(1), object())
    assert context["calls"] == 0


def test_more_arguments_than_a_call_takes(context: ist.Context) -> None:
    count = context.eval("(...all) => all.length")
    assert count(*range(60_000)) == 60_000
    with pytest.raises(ist.LimitError) as caught:
        count(*range(65_536))
    assert str(caught.value) == "a call takes at most 65535 arguments, not 65536"
