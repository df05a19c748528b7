"""Memory stays flat over promises, coroutines, timers and what is never awaited."""

from __future__ import annotations

import asyncio
from typing import Any

import isthmus as ist
import pytest
from conftest import Flat

pytestmark = pytest.mark.slow


def test_promises(context: ist.Context, flat: Flat) -> None:
    make = context.eval("(value) => new Promise((resolve) => queueMicrotask(() => resolve(value)))")
    loop = asyncio.new_event_loop()

    async def body(i: int) -> None:
        assert await make(i) == i

    flat(lambda i: loop.run_until_complete(body(i)), rounds=20_000, isolate=context.isolate)
    loop.close()


def test_promises_and_timers(context: ist.Context, flat: Flat) -> None:
    make = context.eval("() => new Promise((resolve) => setTimeout(resolve, 0))")
    loop = asyncio.new_event_loop()

    async def body(i: int) -> None:
        await asyncio.gather(*(make() for _ in range(20)))

    flat(lambda i: loop.run_until_complete(body(i)), rounds=1000, isolate=context.isolate)
    loop.close()


def test_coroutines(context: ist.Context, flat: Flat) -> None:
    async def twice(value: int) -> int:
        await asyncio.sleep(0)
        return value * 2

    context["twice"] = twice
    call = context.eval("async (value) => await twice(value) + 1")
    loop = asyncio.new_event_loop()

    async def body(i: int) -> None:
        assert await call(i) == 2 * i + 1

    flat(lambda i: loop.run_until_complete(body(i)), rounds=5000, isolate=context.isolate)
    loop.close()


def test_rejections(context: ist.Context, flat: Flat) -> None:
    make = context.eval("async () => { throw new Error('no') }")
    context.isolate.on_uncaught = lambda problem: None

    def body(i: int) -> Any:
        promise = make()
        if i % 2:
            with pytest.raises(ist.JSError):
                promise.result()

    flat(body, rounds=5000, isolate=context.isolate)


def test_promises_that_are_never_settled(context: ist.Context, flat: Flat) -> None:
    make = context.eval("() => new Promise(() => {})")

    loop = asyncio.new_event_loop()

    async def body(i: int) -> None:
        task = asyncio.ensure_future(make())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    flat(lambda i: loop.run_until_complete(body(i)), rounds=2000, isolate=context.isolate)
    loop.close()


def test_asynchronous_generators(context: ist.Context, flat: Flat) -> None:
    async def numbers() -> Any:
        yield 1
        yield 2

    add = context.eval(
        "async (numbers) => { let sum = 0; for await (const n of numbers) sum += n; return sum; }"
    )
    loop = asyncio.new_event_loop()

    async def body(i: int) -> None:
        assert await add(numbers()) == 3

    flat(lambda i: loop.run_until_complete(body(i)), rounds=1000, isolate=context.isolate)
    loop.close()
