"""Any thread may use a pool; runs go on in parallel, and other Python threads go on meanwhile."""

from __future__ import annotations

import threading
import time

import isthmus as ist
import pytest
from conftest import in_threads


def test_eight_threads_with_maps_of_their_own() -> None:
    with ist.Pool(threads=2) as pool:

        def body(i: int) -> None:
            for _ in range(5):
                got = list(pool.map("input[0] * 1000 + input[1]", ((i, n) for n in range(200))))
                assert got == [i * 1000 + n for n in range(200)]

        in_threads(8, body)
        assert pool.statistics().runs == 8 * 5 * 200


def test_other_threads_go_on_while_one_waits() -> None:
    with ist.Pool(threads=1, timeout=0.5) as pool:
        waiting = threading.Event()
        turns = 0

        def turn() -> None:
            nonlocal turns
            while waiting.is_set():
                turns += 1

        waiting.set()
        thread = threading.Thread(target=turn)
        thread.start()
        with pytest.raises(ist.JSTimeoutError):
            list(pool.map("for (;;);", [0]))
        waiting.clear()
        thread.join()
        # Python alone needs more than a hundred steps for each of these.
        assert turns > 10_000


@pytest.mark.slow
def test_runs_are_in_parallel() -> None:
    program = "const begin = Date.now(); while (Date.now() < begin + 200); [begin, Date.now()]"
    with ist.Pool(threads=2) as pool:
        # A busy machine may keep a thread from beginning, but not every time.
        for _ in range(20):
            (begin, end), (other_begin, other_end) = pool.map(program, [0, 1])
            if begin < other_end and other_begin < end:
                return
    pytest.fail("one run has always ended before the other began")


@pytest.mark.slow
def test_the_waiting_thread_uses_no_processor() -> None:
    with ist.Pool(threads=1, timeout=0.5) as pool:
        before = time.thread_time()
        (outcome,) = pool.outcomes("for (;;);", [0])
        assert time.thread_time() - before < outcome.wall / 2


def test_closing_while_others_wait() -> None:
    for _ in range(20):
        pool = ist.Pool(threads=1)
        begun = threading.Barrier(5)

        def body(i: int, pool: ist.Pool = pool, begun: threading.Barrier = begun) -> None:
            values = pool.map("for (;;);", range(10))
            begun.wait()
            if i == 4:
                pool.close()
            with pytest.raises(ist.ClosedError, match="the pool is closed"):
                next(values)

        in_threads(5, body)


def test_use_after_close() -> None:
    pool = ist.Pool(threads=1)
    values = pool.map("input", range(3))
    assert next(values) == 0
    pool.close()
    pool.close()
    assert pool.closed and repr(pool) == "<isthmus.Pool closed>"
    for use in (
        lambda: pool.map("1", []),
        lambda: pool.outcomes("1", []),
        lambda: pool.submit("1"),
        lambda: pool.statistics(),
        lambda: next(pool.map("1", [1])),
    ):
        with pytest.raises(ist.ClosedError, match="the pool is closed"):
            use()
