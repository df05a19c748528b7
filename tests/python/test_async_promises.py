"""A promise is an awaitable: its value comes back, or why it was rejected is raised."""

from __future__ import annotations

import asyncio
from typing import Any

import isthmus as ist
import pytest


def test_a_value_that_is_there(context: ist.Context) -> None:
    async def main() -> None:
        assert await context.eval("Promise.resolve(5)") == 5
        assert await context.eval_async("Promise.resolve('text')") == "text"

    asyncio.run(main())


def test_a_result_that_is_no_promise(context: ist.Context) -> None:
    assert asyncio.run(context.eval_async("1 + 1")) == 2


def test_a_value_that_comes_later(context: ist.Context) -> None:
    source = "new Promise((resolve) => setTimeout(() => resolve({a: 1}), 5))"
    assert asyncio.run(context.eval_async(source)).a == 1


def test_timers_fire_in_their_order(context: ist.Context) -> None:
    source = """
        const order = [];
        new Promise((resolve) => {
          setTimeout(() => { order.push("late"); resolve(order.join()); }, 20);
          setTimeout(() => order.push("early"), 1);
          queueMicrotask(() => order.push("job"));
        })"""
    assert asyncio.run(context.eval_async(source)) == "job,early,late"


def test_other_tasks_run_meanwhile(context: ist.Context) -> None:
    async def main() -> list[str]:
        said: list[str] = []

        async def other() -> None:
            said.append("other")

        task = asyncio.ensure_future(other())
        await context.eval_async("new Promise((resolve) => setTimeout(resolve, 20))")
        said.append("promise")
        await task
        return said

    assert asyncio.run(main()) == ["other", "promise"]


def test_a_rejection_is_raised(context: ist.Context) -> None:
    source = "(async () => { await null;\n null.x; })()"
    with pytest.raises(ist.JSError, match="Cannot read properties of null") as caught:
        asyncio.run(context.eval_async(source, filename="rules.js"))
    assert caught.value.name == "TypeError"
    assert caught.value.filename == "rules.js"
    assert caught.value.line == 2
    assert caught.value.source_line == " null.x; })()"


def test_a_rejection_by_what_is_no_error(context: ist.Context) -> None:
    with pytest.raises(ist.JSError) as caught:
        asyncio.run(context.eval_async("Promise.reject(42)"))
    assert caught.value.value == 42


def test_a_python_exception_comes_back_as_itself(context: ist.Context) -> None:
    problem = LookupError("mine")

    def fail() -> None:
        raise problem

    context["fail"] = fail
    with pytest.raises(LookupError) as caught:
        asyncio.run(context.eval_async("(async () => { await null; fail(); })()"))
    assert caught.value is problem


def test_the_second_time_it_is_a_copy(context: ist.Context) -> None:
    def fail() -> None:
        raise LookupError("mine", 5)

    context["fail"] = fail
    promise = context.eval("(async () => fail())()")
    problems = []
    for _ in range(3):
        with pytest.raises(LookupError) as caught:
            promise.result()
        problems.append(caught.value)
    assert [problem.args for problem in problems] == [("mine", 5)] * 3
    assert problems[0] is not problems[1]


def test_await_more_than_once(context: ist.Context) -> None:
    async def main() -> tuple[Any, Any]:
        promise = context.eval("new Promise((resolve) => setTimeout(() => resolve(7), 1))")
        return await asyncio.gather(promise, promise)

    assert asyncio.run(main()) == [7, 7]


def test_then_takes_python_functions(context: ist.Context) -> None:
    async def main() -> Any:
        doubled = context.eval("Promise.resolve(4)").then(lambda value: value * 2)
        caught = context.eval("Promise.reject(new Error('no'))").then(
            None, lambda reason: reason.message
        )
        return await doubled, await caught

    assert asyncio.run(main()) == (8, "no")


def test_state(context: ist.Context) -> None:
    assert context.eval("new Promise(() => {})").state == "pending"
    assert context.eval("Promise.resolve()").state == "fulfilled"
    rejected = context.eval("Promise.reject(1)")
    assert rejected.state == "rejected"
    with pytest.raises(ist.JSError):
        rejected.result()


def test_programs_that_change_promises_do_not_matter(context: ist.Context) -> None:
    context.eval("Promise.prototype.then = () => { throw new Error('changed') }; Promise = null")
    source = "(async () => { await 0; return 1; })()"
    assert asyncio.run(context.eval_async(source)) == 1


def test_without_a_running_loop(context: ist.Context) -> None:
    waiting = context.eval("new Promise(() => {})").__await__()
    with pytest.raises(RuntimeError, match="no running event loop"):
        next(waiting)


def test_a_settled_promise_is_awaited_at_once(context: ist.Context) -> None:
    waiting = context.eval("Promise.resolve(3)").__await__()
    with pytest.raises(StopIteration) as ended:
        next(waiting)
    assert ended.value.value == 3


def test_stop_iteration_is_told_as_asyncio_does(context: ist.Context) -> None:
    def stop(_: object) -> None:
        raise StopIteration

    context["stop"] = stop
    source = "new Promise((resolve) => setTimeout(resolve, 1)).then(stop)"
    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(context.eval_async(source))
