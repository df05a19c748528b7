"""Any thread may use an isolate, one at a time; isolates run in parallel."""

from __future__ import annotations

import threading
from typing import Any

import isthmus as ist
import pytest
from conftest import in_threads


def test_eight_threads_in_one_isolate(isolate: ist.Isolate, context: ist.Context) -> None:
    context["back"] = lambda value: value + 1
    context.eval("var count = 0; function add(n) { count++; return back(n) }")
    add = context["add"]

    def body(i: int) -> None:
        with isolate.context() as own:
            for n in range(300):
                assert add(n) == n + 1
                assert own.eval(f"var x = {n} * {i}; x") == n * i
                assert context.eval(f"({{a: [{n}]}})")["a"][0] == n
                with pytest.raises(ist.JSError, match=f"Error: {i} {n}"):
                    own.eval(f"throw new Error('{i} {n}')")

    in_threads(8, body)
    assert context.eval("count") == 2400


@pytest.mark.slow
def test_isolates_run_in_parallel() -> None:
    # None of them goes on before the other has begun. A busy machine may keep one from going on all
    # the same, but not every time.
    meeting = threading.Barrier(2)
    times: list[Any] = []

    def body(i: int) -> None:
        with ist.Isolate() as isolate, isolate.context() as context:
            context["meet"] = meeting.wait
            times.append(
                context.eval(
                    "meet(); const begin = Date.now(); let n = 0;"
                    "while (Date.now() < begin + 200) n++; `${begin} ${Date.now()}`"
                )
            )

    for _ in range(20):
        times.clear()
        in_threads(2, body)
        (begin, end), (other_begin, other_end) = (map(int, each.split()) for each in times)
        if begin < other_end and other_begin < end:
            return
    pytest.fail("one has always ended before the other went on")


def test_eight_isolates_in_threads() -> None:
    def body(i: int) -> None:
        for _ in range(5):
            with ist.Isolate(timeout=20) as isolate, isolate.context() as context:
                context["f"] = lambda x: x * 2
                assert (
                    context.eval("let s = 0; for (let i = 0; i < 500; i++) s += f(i); s") == 249500
                )

    in_threads(8, body)


def test_an_isolate_made_on_a_thread_that_has_ended() -> None:
    made: list[ist.Context] = []
    thread = threading.Thread(target=lambda: made.append(ist.Isolate().context()))
    thread.start()
    thread.join()
    context = made[0]
    assert context.eval("1 + 1") == 2
    context.isolate.close()


def test_closing_ends_what_another_thread_runs() -> None:
    for loop in ("for (;;);", "sleep(); for (;;);"):
        isolate = ist.Isolate()
        context = isolate.context()
        begun = threading.Event()
        context["sleep"] = begun.set
        context["begin"] = begun.set
        seen: list[Any] = []

        def run(context: ist.Context = context, loop: str = loop, seen: list[Any] = seen) -> None:
            try:
                context.eval("begin();" + loop)
            except BaseException as problem:
                seen.append(problem)

        thread = threading.Thread(target=run)
        thread.start()
        begun.wait()
        isolate.close()
        thread.join()
        assert type(seen[0]) in (ist.JSTerminated, ist.ClosedError)


def test_threads_wait_for_one_another_in_callbacks(context: ist.Context) -> None:
    """A callback may wait for a thread that does not need the isolate."""

    def work() -> list[int]:
        got: list[int] = []
        thread = threading.Thread(target=lambda: got.append(sum(range(1000))))
        thread.start()
        thread.join()
        return got

    context["work"] = work
    assert context.eval("work()[0]") == 499500


def test_an_isolate_that_is_held_keeps_others_waiting(
    isolate: ist.Isolate, context: ist.Context
) -> None:
    order: list[str] = []
    held = threading.Event()

    def other() -> None:
        held.wait()
        context.eval("1")
        order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with isolate.entered():
        held.set()
        for _ in range(200):
            context.eval("1")
        order.append("holder")
    thread.join()
    assert order == ["holder", "other"]
