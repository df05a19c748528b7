"""An exception that Python gives to JavaScript is the Error that a callback's would be."""

from __future__ import annotations

import dataclasses
from typing import Any

import isthmus as ist
import pytest


@pytest.mark.parametrize(
    "problem", [ValueError("no"), KeyboardInterrupt("no"), ist.StateError("no")], ids=repr
)
def test_it_is_an_error(context: ist.Context, problem: BaseException) -> None:
    about = context.eval("(e) => [e instanceof Error, e.name, e.message]")
    assert list(about(problem)) == [True, type(problem).__name__, "no"]


def test_thrown_it_is_itself_again(context: ist.Context) -> None:
    problem = ValueError("mine")
    with pytest.raises(ValueError) as caught:
        context.eval("(e) => { throw e }")(problem)
    assert caught.value is problem


def test_as_a_global_a_result_and_a_part_of_a_tree(context: ist.Context) -> None:
    context["problem"] = KeyError("x")
    assert context.eval("problem.name + problem.message") == "KeyError'x'"
    context["give"] = lambda: LookupError("given")
    assert context.eval("String(give())") == "LookupError: given"
    name = context.eval("(all) => all.list[1].name")
    assert name({"list": [1, OSError("deep")]}) == "OSError"


def test_what_javascript_threw_is_that_very_value(context: ist.Context) -> None:
    with pytest.raises(ist.JSError) as caught:
        context.eval("globalThis.kept = {n: 1}; throw kept")
    assert context.eval("(e) => e === kept")(caught.value) is True


def test_what_another_isolate_threw_is_told_of(context: ist.Context) -> None:
    with ist.Isolate() as isolate, pytest.raises(ist.JSError) as caught:
        isolate.context().eval("throw new RangeError('far')")
    assert context.eval("(e) => `${e.name}|${e.message}`")(caught.value) == (
        "JSError|RangeError: far"
    )


def test_of_any_class(context: ist.Context) -> None:
    @dataclasses.dataclass
    class Refused(Exception):
        code: int

    about: Any = context.eval("(e) => e.name")
    assert about(Refused(3)) == "Refused"
