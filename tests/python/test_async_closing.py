"""Whoever awaits something of an isolate or context that is closed is told."""

from __future__ import annotations

import asyncio
import gc
import threading

import isthmus as ist
import pytest
from conftest import Alone

WAIT = "new Promise((resolve) => setTimeout(resolve, 100_000))"


@pytest.mark.parametrize("what", ["isolate", "context"])
def test_closed_meanwhile(what: str) -> None:
    async def main() -> None:
        isolate = ist.Isolate()
        context = isolate.context()
        closing = isolate if what == "isolate" else context
        asyncio.get_running_loop().call_later(0.01, closing.close)
        with pytest.raises(ist.ClosedError, match=f"the {what} is closed"):
            await context.eval_async(WAIT)
        isolate.close()

    asyncio.run(main())


def test_closed_by_another_thread() -> None:
    async def main() -> None:
        isolate = ist.Isolate()
        context = isolate.context()
        thread = threading.Timer(0.01, isolate.close)
        thread.start()
        with pytest.raises(ist.ClosedError, match="the isolate is closed"):
            await context.eval_async(WAIT)
        thread.join()

    asyncio.run(main())


def test_closed_while_somebody_waits_without_asyncio() -> None:
    isolate = ist.Isolate()
    context = isolate.context()
    thread = threading.Timer(0.05, isolate.close)
    thread.start()
    with pytest.raises(ist.ClosedError, match="the isolate is closed"):
        context.run(WAIT)
    thread.join()


def test_a_promise_of_a_closed_context(isolate: ist.Isolate) -> None:
    context = isolate.context()
    promise = context.eval("Promise.resolve(1)")
    context.close()
    with pytest.raises(ist.ClosedError, match="the context is closed"):
        promise.result()
    with pytest.raises(ist.ClosedError, match="the context is closed"):
        asyncio.run(context.eval_async("1"))


def test_closed_while_a_coroutine_runs() -> None:
    async def main() -> None:
        isolate = ist.Isolate()
        context = isolate.context()

        async def close() -> None:
            await asyncio.sleep(0)
            isolate.close()

        context["close"] = close
        with pytest.raises(ist.ClosedError, match="the isolate is closed"):
            await context.eval_async("close()")
        await asyncio.sleep(0.01)

    asyncio.run(main())


def test_nothing_of_the_loop_stays_behind() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with ist.Isolate() as isolate:
            context = isolate.context()
            await context.eval_async("new Promise((resolve) => setTimeout(resolve, 1))")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            extra = isolate._core.extra
            assert extra.pumps == {}
            assert extra.tasks == set()
        assert loop.is_running()

    asyncio.run(main())


def test_the_interpreter_ends_while_something_is_awaited(alone: Alone) -> None:
    said = alone(
        """
        import asyncio
        import isthmus as ist
        isolate = ist.Isolate()
        context = isolate.context()
        async def slow():
            await asyncio.sleep(100)
        context["slow"] = slow
        async def main():
            asyncio.ensure_future(context.eval_async("slow()"))
            promise = context.eval("new Promise((resolve) => setTimeout(resolve, 1e6))")
            asyncio.ensure_future(promise)
            await asyncio.sleep(0.01)
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        print("end")
        """
    )
    assert said == "end\n"


def test_in_any_order_of_collection() -> None:
    async def main() -> None:
        isolate = ist.Isolate()
        context = isolate.context()
        promise = context.eval("new Promise((resolve) => setTimeout(() => resolve(5), 5))")
        del isolate, context
        gc.collect()
        assert await promise == 5

    asyncio.run(main())
