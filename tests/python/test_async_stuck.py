"""Waiting for what never comes is an error as soon as that is certain, and no hang."""

from __future__ import annotations

import isthmus as ist
import pytest
from conftest import Alone

NEVER = "the promise is never settled: nothing is left to happen in the isolate"

BEGIN = """
import asyncio, threading
import isthmus as ist
isolate = ist.Isolate()
context = isolate.context()
"""


def test_without_asyncio(context: ist.Context) -> None:
    with pytest.raises(ist.StateError, match=NEVER):
        context.run("new Promise(() => {})")
    with pytest.raises(ist.StateError, match=NEVER):
        context.run("new Promise(() => { setTimeout(() => {}, 5) })")
    assert context.run("Promise.resolve(1)") == 1


def test_with_asyncio(alone: Alone) -> None:
    said = alone(
        BEGIN
        + """
try:
    asyncio.run(context.eval_async("new Promise(() => {})"))
except ist.StateError as error:
    print(error)
print(asyncio.run(context.eval_async("new Promise((resolve) => setTimeout(resolve, 1, 5))")))
"""
    )
    assert said.startswith(NEVER)
    assert said.endswith("\n5\n")


def test_every_task_is_told(alone: Alone) -> None:
    said = alone(
        BEGIN
        + """
async def main():
    promises = [context.eval_async("new Promise(() => {})") for _ in range(3)]
    results = await asyncio.gather(*promises, return_exceptions=True)
    print([type(result).__name__ for result in results])
asyncio.run(main())
"""
    )
    assert said == "['StateError', 'StateError', 'StateError']\n"


def test_not_while_asyncio_has_something_to_do(alone: Alone) -> None:
    said = alone(
        BEGIN
        + """
async def main():
    context.eval("globalThis.promise = new Promise((resolve) => { globalThis.settle = resolve })")
    asyncio.get_running_loop().call_later(0.6, context["settle"], 9)
    print(await context["promise"])
    context.eval("globalThis.promise = new Promise((resolve) => { globalThis.settle = resolve })")
    with isolate.under_way():
        threading.Timer(0.6, context["settle"], (10,)).start()
        print(await context["promise"])
asyncio.run(main())
"""
    )
    assert said == "9\n10\n"


def test_when_asyncio_has_nothing_more_to_do(alone: Alone) -> None:
    said = alone(
        BEGIN
        + """
async def main():
    asyncio.get_running_loop().call_later(0.4, print, "the last thing")
    try:
        await context.eval_async("new Promise(() => {})")
    except ist.StateError as error:
        print(type(error).__name__)
asyncio.run(main())
"""
    )
    assert said == "the last thing\nStateError\n"


def test_two_isolates_do_not_keep_each_other_waiting(alone: Alone) -> None:
    said = alone(
        BEGIN
        + """
other = ist.Isolate().context()
async def main():
    results = await asyncio.gather(
        context.eval_async("new Promise(() => {})"),
        other.eval_async("new Promise(() => {})"),
        return_exceptions=True)
    print([type(result).__name__ for result in results])
asyncio.run(main())
"""
    )
    assert said == "['StateError', 'StateError']\n"


def test_within_asyncio_one_awaits(context: ist.Context) -> None:
    import asyncio

    async def main() -> None:
        promise = context.eval("new Promise((resolve) => setTimeout(resolve, 1))")
        with pytest.raises(ist.StateError, match="asyncio runs on this thread"):
            promise.result()
        with pytest.raises(ist.StateError, match="asyncio runs on this thread"):
            context.isolate.run_loop()
        await promise

    asyncio.run(main())


def test_within_a_callback(context: ist.Context) -> None:
    context["wait"] = lambda: context.eval("new Promise(() => {})").result()
    with pytest.raises(ist.StateError, match="JavaScript has called this function"):
        context.eval("wait()")
