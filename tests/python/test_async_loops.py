"""One asyncio loop serves several isolates, and loops of several threads serve one isolate."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import isthmus as ist
import pytest

LATER = "new Promise((resolve) => setTimeout(() => resolve({value}), {delay}))"


def later(value: int, delay: int) -> str:
    return LATER.replace("{value}", str(value)).replace("{delay}", str(delay))


def test_several_isolates_in_one_loop() -> None:
    async def main() -> list[Any]:
        isolates = [ist.Isolate() for _ in range(4)]
        contexts = [isolate.context() for isolate in isolates]
        try:
            return await asyncio.gather(
                *(context.eval_async(later(i, 10 - i)) for i, context in enumerate(contexts))
            )
        finally:
            for isolate in isolates:
                isolate.close()

    assert asyncio.run(main()) == [0, 1, 2, 3]


def test_several_loops_on_one_isolate(isolate: ist.Isolate) -> None:
    context = isolate.context()
    results: dict[int, Any] = {}

    async def main(number: int) -> None:
        got = [await context.eval_async(later(number * 100 + i, 1)) for i in range(20)]
        results[number] = got

    threads = [threading.Thread(target=asyncio.run, args=(main(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [number * 100 + i for i in range(20)] for number in range(4)}


def test_one_loop_after_another(context: ist.Context) -> None:
    for value in range(20):
        assert asyncio.run(context.eval_async(later(value, 1))) == value


def test_a_promise_that_another_thread_settles(isolate: ist.Isolate) -> None:
    context = isolate.context()
    context.eval("globalThis.promise = new Promise((resolve) => { globalThis.settle = resolve })")
    waiting = threading.Event()

    def other() -> None:
        waiting.wait()
        context["settle"]("from there")

    async def main() -> Any:
        with isolate.under_way():
            asyncio.get_running_loop().call_later(0.001, waiting.set)
            return await context["promise"]

    thread = threading.Thread(target=other)
    thread.start()
    assert asyncio.run(main()) == "from there"
    thread.join()


def test_asyncio_settles_it(context: ist.Context) -> None:
    async def main() -> Any:
        context.eval(
            "globalThis.promise = new Promise((resolve) => { globalThis.settle = resolve })"
        )
        asyncio.get_running_loop().call_later(0.01, context["settle"], 8)
        return await context["promise"]

    assert asyncio.run(main()) == 8


def test_while_another_thread_runs_javascript(isolate: ist.Isolate) -> None:
    context = isolate.context()
    started, stop = threading.Event(), threading.Event()

    def look() -> bool:
        started.set()
        return stop.is_set()

    context["look"] = look
    thread = threading.Thread(target=lambda: context.eval("while (!look());"))

    async def main() -> tuple[Any, int]:
        promise = context.eval(later(5, 1))
        turns = 0
        thread.start()

        async def count() -> None:
            nonlocal turns
            while not started.is_set() or turns < 3:
                turns += 1
                await asyncio.sleep(0.001)
            stop.set()

        value, _ = await asyncio.gather(promise, count())
        return value, turns

    value, turns = asyncio.run(main())
    thread.join()
    assert value == 5
    assert turns >= 3


def test_uvloop(context: ist.Context) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def twice(value: int) -> int:
        await asyncio.sleep(0.001)
        return value * 2

    async def main() -> Any:
        context["twice"] = twice
        return await context.eval_async(f"{later(21, 5)}.then(twice)")

    loop = uvloop.new_event_loop()
    try:
        assert loop.run_until_complete(main()) == 42
    finally:
        loop.close()
