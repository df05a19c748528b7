"""What nobody in JavaScript catches is reported: to a function, or to sys.unraisablehook."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import isthmus as ist
import pytest


@pytest.fixture
def reported(isolate: ist.Isolate) -> list[BaseException]:
    made: list[BaseException] = []
    isolate.on_uncaught = made.append
    return made


def test_a_rejection_within_javascript(context: ist.Context, reported: list[BaseException]) -> None:
    context.eval("Promise.reject(new TypeError('lost')); 0", filename="lost.js")
    (problem,) = reported
    assert isinstance(problem, ist.JSError)
    assert str(problem) == "TypeError: lost"
    assert problem.filename == "lost.js"


def test_a_rejection_that_is_handled(context: ist.Context, reported: list[BaseException]) -> None:
    context.eval("Promise.reject(new TypeError('lost')).catch(() => {}); 0")
    assert reported == []


def test_what_a_timer_throws(context: ist.Context, reported: list[BaseException]) -> None:
    context.eval("setTimeout(() => { throw new RangeError('late') }, 1)")
    context.isolate.run_loop()
    assert [str(problem) for problem in reported] == ["RangeError: late"]


def test_what_a_job_throws(context: ist.Context, reported: list[BaseException]) -> None:
    context.eval("queueMicrotask(() => { throw new RangeError('job') })")
    assert [str(problem) for problem in reported] == ["RangeError: job"]


def test_a_python_exception_is_itself(context: ist.Context, reported: list[BaseException]) -> None:
    problem = KeyError("mine")

    def fail() -> None:
        raise problem

    context["fail"] = fail
    context.eval("setTimeout(fail, 1)")
    context.isolate.run_loop()
    assert reported == [problem]


def test_python_has_the_promise(context: ist.Context, reported: list[BaseException]) -> None:
    promise = context.eval("Promise.reject(new TypeError('seen'))")
    gc.collect()
    assert reported == []
    with pytest.raises(ist.JSError, match="seen"):
        promise.result()
    del promise
    gc.collect()
    assert reported == []


def test_python_forgets_the_promise(context: ist.Context, reported: list[BaseException]) -> None:
    promise = context.eval("Promise.reject(new TypeError('forgotten'))")
    assert promise.state == "rejected"
    assert reported == []
    del promise
    gc.collect()
    assert [str(problem) for problem in reported] == ["TypeError: forgotten"]


def test_an_async_function_that_is_awaited(
    context: ist.Context, reported: list[BaseException]
) -> None:
    function = context.eval("async () => { throw new TypeError('at once') }")

    async def main() -> None:
        with pytest.raises(ist.JSError, match="at once"):
            await function()
        with pytest.raises(ist.JSError, match="at once"):
            await context.eval_async("(async () => { throw new TypeError('at once') })()")

    asyncio.run(main())
    gc.collect()
    assert reported == []


def test_without_a_function_it_is_unraisable(
    context: ist.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", told.append)
    context.eval("Promise.reject(new TypeError('nobody')); 0")
    monkeypatch.undo()
    assert [str(each.exc_value) for each in told] == ["TypeError: nobody"]
    assert "uncaught_in_javascript" in repr(told[0].object)


def test_a_function_that_fails(context: ist.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", told.append)

    def fail(problem: BaseException) -> None:
        raise ValueError("worse")

    context.isolate.on_uncaught = fail
    context.eval("Promise.reject(1); 0")
    monkeypatch.undo()
    assert [str(each.exc_value) for each in told] == ["worse"]


def test_the_constructor_takes_one() -> None:
    reported: list[BaseException] = []
    with ist.Isolate(on_uncaught=reported.append) as isolate:
        isolate.context().eval("Promise.reject(new Error('x')); 0")
    assert len(reported) == 1
    with pytest.raises(TypeError, match="on_uncaught must be a callable or None, not int"):
        ist.Isolate(on_uncaught=5)  # type: ignore[arg-type]


def test_a_reporter_may_use_the_isolate(context: ist.Context) -> None:
    said: list[Any] = []
    context.isolate.on_uncaught = lambda problem: said.append(context.eval("6 * 7"))
    context.eval("Promise.reject(1); 0")
    assert said == [42]
