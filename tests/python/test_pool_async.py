"""Pools from asyncio, by `amap` and `aoutcomes`, and by futures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError, as_completed
from typing import Any

import isthmus as ist
import pytest


@pytest.fixture(scope="module")
def pool() -> Iterator[ist.Pool]:
    with ist.Pool(threads=2) as made:
        yield made


async def numbers(count: int) -> AsyncIterator[int]:
    for i in range(count):
        if i % 7 == 0:
            await asyncio.sleep(0)
        yield i


def test_amap_of_an_iterable(pool: ist.Pool) -> None:
    async def main() -> list[Any]:
        return [value async for value in pool.amap("input + 1", range(2000))]

    assert asyncio.run(main()) == list(range(1, 2001))


def test_amap_of_an_asynchronous_iterable(pool: ist.Pool) -> None:
    async def main() -> list[Any]:
        return [value async for value in pool.amap("input + 1", numbers(500), window=10)]

    assert asyncio.run(main()) == list(range(1, 501))


def test_the_loop_goes_on() -> None:
    with ist.Pool(threads=2, timeout=50) as pool:

        async def work() -> None:
            async for _ in pool.amap("for (;;);", range(4)):
                pass

        async def main() -> None:
            task = asyncio.ensure_future(work())
            for _ in range(50):
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())


def test_errors_and_outcomes(pool: ist.Pool) -> None:
    program = "if (input == 1) throw new RangeError('one'); input"

    async def main() -> None:
        with pytest.raises(ist.JSError, match="RangeError: one"):
            async for value in pool.amap(program, range(3)):
                assert value == 0
        got = [each async for each in pool.amap(program, [0, 1, object], return_exceptions=True)]
        assert got[0] == 0 and str(got[1]) == "RangeError: one"
        assert isinstance(got[2], ist.ConversionError)
        outcomes = [each async for each in pool.aoutcomes(program, numbers(3))]
        assert [(each.index, each.value) for each in outcomes] == [(0, 0), (1, None), (2, 2)]

    asyncio.run(main())


def test_refused_inputs_keep_their_place(pool: ist.Pool) -> None:
    async def inputs() -> AsyncIterator[Any]:
        for i in range(50):
            yield object() if i % 5 == 2 else i
            await asyncio.sleep(0)

    async def main() -> list[Any]:
        return [each async for each in pool.amap("input", inputs(), return_exceptions=True)]

    got = asyncio.run(main())
    assert [i for i, each in enumerate(got) if isinstance(each, ist.ConversionError)] == list(
        range(2, 50, 5)
    )
    assert all(each == i for i, each in enumerate(got) if i % 5 != 2)


def test_what_asynchronous_inputs_raise(pool: ist.Pool) -> None:
    async def inputs() -> AsyncIterator[int]:
        yield 1
        raise LookupError("no more")

    async def main() -> list[Any]:
        got = []
        with pytest.raises(LookupError, match="no more"):
            async for value in pool.amap("input", inputs()):
                got.append(value)
        return got

    assert asyncio.run(main()) == [1]


def test_cancelling_the_task_ends_what_runs(pool: ist.Pool) -> None:
    closed = False

    async def inputs() -> AsyncIterator[int]:
        nonlocal closed
        try:
            for i in range(1000):
                yield i
        finally:
            closed = True

    async def main() -> None:
        begun = asyncio.Event()

        async def work() -> None:
            async for _ in pool.amap("if (input) for (;;); 0", inputs(), window=2):
                begun.set()

        task = asyncio.ensure_future(work())
        await begun.wait()
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert closed
    assert list(pool.map("input", range(10))) == list(range(10))


def test_many_at_a_time(pool: ist.Pool) -> None:
    async def one(n: int) -> int:
        total = 0
        async for value in pool.amap("input + 1", range(n)):
            total += value
        return total

    async def main() -> list[int]:
        return list(await asyncio.gather(*(one(n) for n in range(40))))

    assert asyncio.run(main()) == [n * (n + 1) // 2 for n in range(40)]


def test_submit(pool: ist.Pool) -> None:
    futures = {pool.submit("input * 2", i): i for i in range(50)}
    assert {future.result(): i for future, i in futures.items()} == {2 * i: i for i in range(50)}
    with pytest.raises(ist.JSError, match="Error: no"):
        pool.submit("throw new Error('no')").result()
    with pytest.raises(ist.ConversionError, match="has no form in JavaScript"):
        pool.submit("1", object())


def test_a_slow_future_does_not_hold_up_others() -> None:
    with ist.Pool(threads=2, timeout=50) as pool:
        slow = pool.submit("for (;;);")
        quick = pool.submit("'quick'")
        assert next(as_completed([slow, quick])) is quick
        assert quick.result() == "quick"
        assert not slow.done()


def test_futures_can_be_awaited(pool: ist.Pool) -> None:
    async def main() -> Any:
        return await asyncio.wrap_future(pool.submit("input + 1", 41))

    assert asyncio.run(main()) == 42


def test_closing_the_pool_cancels_futures() -> None:
    with ist.Pool(threads=1) as pool:
        futures = [pool.submit("for (;;);") for _ in range(5)]
    for future in futures:
        with pytest.raises((CancelledError, ist.ClosedError)):
            future.result()
    with pytest.raises(ist.ClosedError, match="the pool is closed"):
        pool.submit("1")
