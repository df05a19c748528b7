"""Limits, signals and ends hold while something is awaited."""

from __future__ import annotations

import asyncio
import threading

import isthmus as ist
import pytest
from conftest import Alone

BEGIN = """
import asyncio
import isthmus as ist
isolate = ist.Isolate()
context = isolate.context()
context["ready"] = lambda: print("ready", flush=True)
"""


def test_the_time_of_the_script(context: ist.Context) -> None:
    with pytest.raises(ist.JSTimeoutError):
        asyncio.run(context.eval_async("for (;;);", timeout=0.05))


def test_the_time_of_what_follows(context: ist.Context) -> None:
    with pytest.raises(ist.JSTimeoutError):
        asyncio.run(context.eval_async("(async () => { await 0; for (;;); })()", timeout=0.05))
    timer = "new Promise(() => { setTimeout(() => { for (;;); }, 1) })"
    with pytest.raises(ist.JSTimeoutError):
        asyncio.run(context.eval_async(timer, timeout=0.05))
    assert context.eval("1 + 1") == 2


def test_the_time_of_waiting(context: ist.Context) -> None:
    source = "new Promise((resolve) => setTimeout(resolve, 100_000))"
    with pytest.raises(ist.JSTimeoutError, match="the time limit was reached"):
        asyncio.run(context.eval_async(source, timeout=0.05))


def test_processor_time(context: ist.Context) -> None:
    timer = "new Promise(() => { setTimeout(() => { for (;;); }, 1) })"
    with pytest.raises(ist.JSTimeoutError):
        asyncio.run(context.eval_async(timer, cpu_timeout=0.05))


def test_the_isolates_own_limit_is_for_each_turn() -> None:
    with ist.Isolate(timeout=0.5) as isolate:
        context = isolate.context()
        timer = "new Promise(() => { setTimeout(() => { for (;;); }, 1) })"
        with pytest.raises(ist.JSTimeoutError):
            asyncio.run(context.eval_async(timer))
        assert context.eval("1 + 1") == 2


def test_others_go_on(context: ist.Context) -> None:
    async def main() -> None:
        late = context.eval_async("new Promise(() => { setTimeout(() => {}, 1e6) })", timeout=0.05)
        other = context.eval_async("new Promise((resolve) => setTimeout(resolve, 200, 4))")
        results = await asyncio.gather(late, other, return_exceptions=True)
        assert isinstance(results[0], ist.JSTimeoutError)
        assert results[1] == 4

    asyncio.run(main())


def test_memory() -> None:
    with ist.Isolate(heap_limit=16 << 20) as isolate:
        context = isolate.context()
        source = """new Promise(() => {
          setTimeout(() => { const all = []; for (;;) all.push(new Array(1000).fill(0)); }, 1);
        })"""
        with pytest.raises(ist.JSMemoryError):
            asyncio.run(context.eval_async(source))
        assert isolate.spent
        with pytest.raises(ist.JSMemoryError):
            context.eval("1")


def test_terminate(context: ist.Context) -> None:
    started = threading.Event()
    context["started"] = started.set

    def stop() -> None:
        started.wait()
        context.isolate.terminate()

    thread = threading.Thread(target=stop)
    thread.start()
    source = "new Promise(() => { setTimeout(() => { started(); for (;;); }, 1) })"
    with pytest.raises(ist.JSTerminated):
        asyncio.run(context.eval_async(source))
    thread.join()
    assert context.eval("2") == 2


@pytest.mark.parametrize(
    "source",
    [
        "ready(); for (;;);",
        "(async () => { await null; ready(); for (;;); })()",
        "new Promise(() => { setTimeout(() => { ready(); for (;;); }, 1) })",
        "new Promise(() => { setTimeout(ready, 1); setTimeout(() => {}, 1e6) })",
    ],
)
def test_a_signal_ends_it(alone: Alone, source: str) -> None:
    program = f"""{BEGIN}
try:
    asyncio.run(context.eval_async({source!r}))
except KeyboardInterrupt:
    print("interrupted", context.eval("1 + 1"))
"""
    assert alone(program, interrupt_after="ready") == "ready\ninterrupted 2\n"


@pytest.mark.parametrize(
    "source",
    [
        "(async () => { await null; ready(); for (;;); })()",
        "new Promise(() => { setTimeout(() => { ready(); for (;;); }, 1) })",
        "new Promise(() => { setTimeout(ready, 1); setTimeout(() => {}, 1e6) })",
    ],
)
def test_a_signal_ends_waiting_without_asyncio(alone: Alone, source: str) -> None:
    program = f"""{BEGIN}
try:
    context.run({source!r})
except KeyboardInterrupt:
    print("interrupted", context.eval("1 + 1"))
"""
    assert alone(program, interrupt_after="ready") == "ready\ninterrupted 2\n"
