"""Awaiting a promise can be given up; JavaScript goes on without being told."""

from __future__ import annotations

import asyncio

import isthmus as ist
import pytest


def test_a_task_that_awaits_is_cancelled(context: ist.Context) -> None:
    async def main() -> None:
        source = (
            "new Promise((resolve) => setTimeout(() => { globalThis.ran = true; resolve() }, 5))"
        )
        task = asyncio.ensure_future(context.eval_async(source))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await context.eval_async("new Promise((resolve) => setTimeout(resolve, 30))")

    asyncio.run(main())
    assert context["ran"] is True


def test_asyncio_limits_the_waiting(context: ist.Context) -> None:
    async def main() -> None:
        promise = context.eval("new Promise((resolve) => { globalThis.settle = resolve })")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(promise, 0.01)
        context["settle"](1)
        assert await promise == 1

    asyncio.run(main())


def test_a_coroutine_called_by_javascript_is_told_of_cancellation(context: ist.Context) -> None:
    said: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            said.append("cancelled")
            raise

    async def main() -> None:
        context["slow"] = slow
        context.eval("globalThis.promise = slow(); promise.catch(() => {}); 0")
        await asyncio.sleep(0)

    # asyncio.run cancels what is left.
    asyncio.run(main())
    assert said == ["cancelled"]


def test_thousands_of_cancelled_tasks(context: ist.Context) -> None:
    async def main() -> None:
        for _ in range(20):
            tasks = [
                asyncio.ensure_future(context.eval_async("new Promise(() => {})"))
                for _ in range(100)
            ]
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)

    asyncio.run(main())
    assert context.eval("1") == 1
