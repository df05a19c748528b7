"""A coroutine that JavaScript is given is a promise: it runs as a task of asyncio's."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Any

import isthmus as ist
import pytest


async def twice(value: Any) -> Any:
    await asyncio.sleep(0)
    if value is None:
        raise ValueError("nothing to double")
    return value * 2


def test_javascript_awaits_a_coroutine(context: ist.Context) -> None:
    context["twice"] = twice
    source = "(async () => await twice(4) + await twice(1))()"
    assert asyncio.run(context.eval_async(source)) == 10


def test_its_exception_comes_back_as_itself(context: ist.Context) -> None:
    context["twice"] = twice
    with pytest.raises(ValueError, match="nothing to double"):
        asyncio.run(context.eval_async("twice(null)"))


def test_javascript_catches_its_exception(context: ist.Context) -> None:
    context["twice"] = twice
    source = "twice(null).catch((error) => `${error.name}: ${error.message}`)"
    assert asyncio.run(context.eval_async(source)) == "ValueError: nothing to double"


def test_a_result_without_form_rejects(context: ist.Context) -> None:
    async def strange() -> Any:
        return object()

    context["strange"] = strange
    with pytest.raises(ist.ConversionError, match="has no form in JavaScript"):
        asyncio.run(context.eval_async("strange()"))


def test_promises_and_coroutines_interleave(context: ist.Context) -> None:
    async def outer(function: Any) -> Any:
        return await function(1) + 1

    context["outer"] = outer
    context["twice"] = twice
    source = "outer(async (value) => await twice(value) + 10)"
    assert asyncio.run(context.eval_async(source)) == 13


def test_many_at_a_time(context: ist.Context) -> None:
    context["twice"] = twice
    source = "Promise.all(Array.from({length: 500}, (_, i) => twice(i))).then((all) => all.length)"
    assert asyncio.run(context.eval_async(source)) == 500


def test_a_future_is_one_promise(context: ist.Context) -> None:
    async def main() -> Any:
        future = asyncio.get_running_loop().create_future()
        context["first"] = future
        context["second"] = future
        asyncio.get_running_loop().call_later(0.001, future.set_result, "done")
        assert context.eval("first === second")
        return await context.eval_async("first")

    assert asyncio.run(main()) == "done"


def test_an_awaitable_object(context: ist.Context) -> None:
    class Later:
        def __await__(self) -> Any:
            yield from asyncio.sleep(0).__await__()
            return 6

    async def main() -> Any:
        context["later"] = Later()
        return await context.eval_async("later.then((value) => value + 1)")

    assert asyncio.run(main()) == 7


def test_without_asyncio_it_is_refused(context: ist.Context) -> None:
    context["twice"] = twice
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ist.StateError, match="only where asyncio runs"):
            context.eval("twice(1)")
        gc.collect()


def test_javascript_sees_the_refusal(context: ist.Context) -> None:
    context["twice"] = twice
    source = "try { twice(1) } catch (error) { error.name }"
    assert context.eval(source) == "StateError"


def test_a_task_that_is_cancelled_rejects(context: ist.Context) -> None:
    async def endless() -> None:
        await asyncio.Event().wait()

    async def main() -> Any:
        task = asyncio.ensure_future(endless())
        context["task"] = task
        asyncio.get_running_loop().call_later(0.001, task.cancel)
        return await context.eval_async("task.catch((error) => error.name)")

    assert asyncio.run(main()) == "CancelledError"


def test_it_goes_on_when_javascript_does_not_wait(context: ist.Context) -> None:
    done: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append(1)

    async def main() -> None:
        context["work"] = work
        context.eval("work(); 0")
        gc.collect()
        while not done:
            await asyncio.sleep(0.001)

    asyncio.run(main())
    assert done == [1]


def test_context_variables_are_the_callers(context: ist.Context) -> None:
    import contextvars

    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")

    async def read() -> str:
        return variable.get()

    async def main() -> Any:
        variable.set("mine")
        context["read"] = read
        return await context.eval_async("read()")

    assert asyncio.run(main()) == "mine"


def test_a_loop_that_ends_first(context: ist.Context) -> None:
    async def slow() -> None:
        await asyncio.sleep(3600)

    async def main() -> None:
        context["slow"] = slow
        context.eval("slow().catch((error) => { globalThis.said = error.name }); 0")
        await asyncio.sleep(0)

    asyncio.run(main())
    assert asyncio.run(context.eval_async("new Promise((resolve) => setTimeout(resolve, 1))")) is (
        ist.undefined
    )
    assert context.eval("1 + 1") == 2
