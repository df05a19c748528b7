"""Promises, timers and jobs work without asyncio: who waits runs the isolate's loop."""

from __future__ import annotations

import threading

import isthmus as ist
import pytest


def test_run_waits_for_the_result(context: ist.Context) -> None:
    assert context.run("new Promise((resolve) => setTimeout(() => resolve('late'), 5))") == "late"
    assert context.run("6 * 7") == 42


def test_a_rejection_is_raised(context: ist.Context) -> None:
    with pytest.raises(ist.JSError, match="RangeError: too far"):
        context.run("(async () => { await null; throw new RangeError('too far') })()")


def test_result_of_a_promise(context: ist.Context) -> None:
    promise = context.eval("new Promise((resolve) => setTimeout(() => resolve(3), 1))")
    assert promise.state == "pending"
    assert promise.result() == 3
    assert promise.result() == 3


def test_result_takes_a_time(context: ist.Context) -> None:
    promise = context.eval("new Promise((resolve) => setTimeout(() => resolve(3), 100_000))")
    with pytest.raises(ist.JSTimeoutError, match="the time limit was reached"):
        promise.result(timeout=0.01)


def test_run_limits_all_of_it(context: ist.Context) -> None:
    with pytest.raises(ist.JSTimeoutError):
        context.run("(async () => { await null; for (;;); })()", timeout=0.05)
    with pytest.raises(ist.JSTimeoutError):
        context.run("new Promise((resolve) => setTimeout(resolve, 100_000))", timeout=0.05)
    assert context.run("1") == 1


def test_run_loop_until_nothing_is_left(context: ist.Context) -> None:
    context.eval(
        "globalThis.count = 0;"
        "const timer = setInterval(() => { if (++count === 5) clearInterval(timer) }, 1)"
    )
    context.isolate.run_loop()
    assert context["count"] == 5


def test_run_loop_takes_a_time(context: ist.Context) -> None:
    context.eval("setInterval(() => {}, 1)")
    with pytest.raises(ist.JSTimeoutError):
        context.isolate.run_loop(timeout=0.05)


def test_posts_of_other_threads(context: ist.Context) -> None:
    isolate = context.isolate
    context.eval("globalThis.said = []")

    def other() -> None:
        for i in range(10):
            isolate.post(lambda i=i: context.eval(f"said.push({i})"))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    isolate.run_loop()
    assert context.eval("said.join()") == "0,1,2,3,4,5,6,7,8,9"


def test_microtasks_of_python(context: ist.Context) -> None:
    said: list[int] = []
    context.queue_microtask(lambda: said.append(1))
    assert said == []
    context.isolate.run_microtasks()
    assert said == [1]


def test_an_interrupt_comes_in_the_midst(context: ist.Context) -> None:
    isolate = context.isolate
    started = threading.Event()
    context["started"] = started.set

    def stop() -> None:
        started.wait()
        isolate.interrupt(isolate.terminate)

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(ist.JSTerminated):
        context.eval("started(); for (;;);")
    thread.join()


def test_what_is_posted_must_be_callable(context: ist.Context) -> None:
    with pytest.raises(TypeError, match="expected a callable, not int"):
        context.isolate.post(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a callable, not int"):
        context.isolate.interrupt(5)  # type: ignore[arg-type]


def test_another_thread_uses_the_isolate_meanwhile(context: ist.Context) -> None:
    promise = context.eval("new Promise((resolve) => { globalThis.settle = resolve })")
    settled = threading.Thread(target=lambda: context["settle"](11))
    with context.isolate.under_way():
        timer = threading.Timer(0.02, settled.start)
        timer.start()
        assert promise.result() == 11
    timer.join()
    settled.join()
