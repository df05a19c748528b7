"""Asynchronous iteration goes both ways: `async for` and `for await`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import isthmus as ist
import pytest


async def collect(iterable: Any) -> list[Any]:
    return [value async for value in iterable]


@pytest.mark.parametrize(
    "source",
    [
        "(async function* () { yield 1; await null; yield Promise.resolve(2); })()",
        "[1, Promise.resolve(2)]",
        "({async *[Symbol.asyncIterator]() { yield 1; yield 2; }})",
        "new Set([1, 2])",
    ],
)
def test_async_for(context: ist.Context, source: str) -> None:
    assert asyncio.run(collect(context.eval(f"globalThis.it = {source}; it"))) == [1, 2]


def test_timers_between_values(context: ist.Context) -> None:
    source = """(async function* () {
      for (let i = 0; i < 3; i++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield i;
      }
    })()"""
    assert asyncio.run(collect(context.eval(source))) == [0, 1, 2]


def test_what_it_throws(context: ist.Context) -> None:
    async def main() -> None:
        seen = []
        with pytest.raises(ist.JSError, match="TypeError: enough"):
            async for value in context.eval(
                "(async function* () { yield 1; throw new TypeError('enough') })()"
            ):
                seen.append(value)
        assert seen == [1]

    asyncio.run(main())


def test_what_is_not_iterable(context: ist.Context) -> None:
    with pytest.raises(ist.JSError, match="TypeError: the object is not iterable"):
        asyncio.run(collect(context.eval("({})")))


def test_a_result_that_is_no_object(context: ist.Context) -> None:
    source = "({[Symbol.asyncIterator]: () => ({next: () => 5})})"
    with pytest.raises(ist.JSError, match="the iterator's result is not an object"):
        asyncio.run(collect(context.eval(source)))


def test_ending_it_early(context: ist.Context) -> None:
    async def main() -> None:
        iterator = context.eval(
            """(async function* () {
              try { yield 1; yield 2 } finally { globalThis.ended = true }
            })()"""
        ).__aiter__()
        assert await iterator.__anext__() == 1
        await iterator.aclose()
        with pytest.raises(StopAsyncIteration):
            await iterator.__anext__()

    asyncio.run(main())
    assert context["ended"] is True


async def numbers(count: int) -> AsyncIterator[int]:
    for i in range(count):
        await asyncio.sleep(0)
        yield i


SUM = "(async (numbers) => { let sum = 0; for await (const n of numbers) sum += n; return sum; })"


def test_for_await(context: ist.Context) -> None:
    async def main() -> Any:
        return await context.eval(SUM)(numbers(10))

    assert asyncio.run(main()) == 45


def test_for_await_over_any_object(context: ist.Context) -> None:
    class Countdown:
        def __init__(self) -> None:
            self.left = 3

        def __aiter__(self) -> Countdown:
            return self

        async def __anext__(self) -> int:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    async def main() -> Any:
        return await context.eval(SUM)(Countdown())

    assert asyncio.run(main()) == 3


def test_an_exception_within(context: ist.Context) -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise KeyError("broken")

    async def main() -> None:
        with pytest.raises(KeyError, match="broken"):
            await context.eval(SUM)(broken())

    asyncio.run(main())


def test_javascript_ends_it_early(context: ist.Context) -> None:
    said: list[str] = []

    async def watched() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            said.append("closed")

    async def main() -> Any:
        return await context.eval(
            "(async (numbers) => { for await (const n of numbers) return n; })"
        )(watched())

    assert asyncio.run(main()) == 1
    assert said == ["closed"]


def test_values_are_sent_and_thrown_in(context: ist.Context) -> None:
    async def echo() -> Any:
        sent = yield "first"
        while True:
            try:
                sent = yield sent
            except Exception as problem:
                sent = f"caught {problem}"

    async def main() -> Any:
        return await context.eval(
            """(async (echo) => [
              (await echo.next()).value,
              (await echo.next("second")).value,
              (await echo.throw("third")).value,
            ].join())"""
        )(echo())

    assert asyncio.run(main()) == "first,second,caught third"


def test_identity(context: ist.Context) -> None:
    generator = numbers(3)
    context["first"] = generator
    context["second"] = generator
    assert context["first"] is generator
    assert context.eval("first === second")
    assert asyncio.run(collect(context["second"])) == [0, 1, 2]


def test_without_asyncio_it_is_refused(context: ist.Context) -> None:
    context["numbers"] = numbers(3)
    with pytest.raises(ist.StateError, match="only where asyncio runs"):
        context.run(f"{SUM}(numbers)")
