"""The details of an error are there when they are asked for, also when its isolate has gone."""

from __future__ import annotations

import gc
import pickle
from typing import Any

import isthmus as ist
import pytest

SOURCE = "function f() { throw new TypeError('outer', {cause: new RangeError('inner')}) }\nf()"


def failing(context: Any) -> ist.JSError:
    with pytest.raises(ist.JSError) as caught:
        context.eval(SOURCE, filename="rules.js")
    return caught.value


def check(error: ist.JSError) -> None:
    assert str(error) == "TypeError: outer"
    assert repr(error) == "JSError('TypeError: outer')"
    assert error.name == "TypeError"
    assert error.message == "outer"
    assert error.filename == "rules.js"
    assert (error.line, error.column, error.end_column) == (1, 22, 23)
    assert error.source_line == SOURCE.split("\n", maxsplit=1)[0]
    assert error.stack == "TypeError: outer\n    at f (rules.js:1:22)\n    at rules.js:2:1"
    assert [frame.function for frame in error.frames] == ["f", ""]
    assert str(error.cause) == "RangeError: inner"
    assert error.format().startswith("rules.js:1:22: TypeError: outer\n")


def test_while_the_isolate_lives() -> None:
    with ist.Isolate() as isolate, isolate.context() as context:
        error = failing(context)
        check(error)
        assert error.value["message"] == "outer"


@pytest.mark.parametrize("close", ["context", "isolate", "both", "collected"])
def test_after_the_end(close: str) -> None:
    isolate = ist.Isolate()
    context = isolate.context()
    errors = [failing(context) for _ in range(3)]
    if close in ("context", "both"):
        context.close()
    if close in ("isolate", "both"):
        isolate.close()
    del isolate, context
    gc.collect()
    for error in errors:
        check(error)
    if close != "collected":
        with pytest.raises(ist.ClosedError):
            errors[0].value  # noqa: B018


def test_after_the_end_of_a_function_call() -> None:
    with ist.Isolate() as isolate, isolate.context() as context:
        function = context.eval(SOURCE.replace("\nf()", "; f"), filename="rules.js")
        with pytest.raises(ist.JSError) as caught:
            function()
    assert caught.value.line == 1
    assert caught.value.filename == "rules.js"


def test_a_stack_that_is_formatted_for_ever() -> None:
    isolate = ist.Isolate()
    context = isolate.context()
    context.eval("Error.prepareStackTrace = () => { for (;;); }")
    error = failing(context)
    isolate.close()
    assert str(error) == "TypeError: outer"
    assert error.line in (0, 1)


def test_pickling() -> None:
    with ist.Isolate() as isolate, isolate.context() as context:
        error = failing(context)
        again = pickle.loads(pickle.dumps(error))
    assert type(again) is ist.JSError
    check(again)
    assert again.value is None


def test_what_is_thrown_may_be_anything() -> None:
    with ist.Isolate() as isolate, isolate.context() as context:
        with pytest.raises(ist.JSError) as caught:
            context.eval("\nthrow 3", filename="rules.js")
        error = caught.value
        assert (error.name, error.message, error.line, error.value) == (None, "3", 2, 3)
