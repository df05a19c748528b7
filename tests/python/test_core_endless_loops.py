"""JavaScript that never ends is ended by a limit or another thread, while other threads go on."""

from __future__ import annotations

import threading
import time
from typing import Any

import isthmus as ist
import pytest

LOOPS = {
    "statement": "for (;;);",
    "regexp": "/(a*)*b/.test('a'.repeat(100))",
    "promise": "(function f() { return Promise.resolve().then(f) })()",
    "getter": "({get x() { for (;;); }}).x",
    "sort": "[1, 2, 3].sort(() => { for (;;); })",
    "json": "JSON.stringify({toJSON() { for (;;); }})",
    "proxy": "Object.keys(new Proxy({}, {ownKeys() { for (;;); }}))",
    "catches": "for (;;) try { for (;;); } catch { }",
    "finally": "(function f() { try { for (;;); } finally { f() } })()",
    "wait": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
    "generator": "[...(function* () { for (;;) yield* []; })()]",
}


@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_a_timeout_ends_it(context: ist.Context, loop: str) -> None:
    with pytest.raises(ist.JSTimeoutError, match="the time limit of 50 ms was reached"):
        context.eval(loop, timeout=0.05)
    assert context.eval("1 + 1") == 2


@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_another_thread_ends_it(isolate: ist.Isolate, context: ist.Context, loop: str) -> None:
    begun = threading.Event()
    context["begin"] = lambda: begun.set()

    def end() -> None:
        begun.wait()
        # It may be ended before the loop is reached, but not before it has begun.
        isolate.terminate()

    thread = threading.Thread(target=end)
    thread.start()
    with pytest.raises(ist.JSTerminated):
        context.eval("begin();" + loop)
    thread.join()
    assert context.eval("1 + 1") == 2


def test_processor_time_ends_it_and_waiting_costs_none(context: ist.Context) -> None:
    with pytest.raises(ist.JSTimeoutError):
        context.eval("for (;;);", cpu_timeout=0.05)
    context["sleep"] = lambda: time.sleep(0.1)
    assert context.eval("sleep(); 1", cpu_timeout=0.05) == 1


def test_other_threads_go_on(context: ist.Context) -> None:
    begun = threading.Event()
    context["begin"] = begun.set

    def turn() -> None:
        begun.wait()
        for _ in range(100):
            time.sleep(0.001)
        context.isolate.terminate()

    thread = threading.Thread(target=turn)
    thread.start()
    with pytest.raises(ist.JSTerminated):
        context.eval("begin(); for (;;);", timeout=50)
    thread.join()


def test_terminate_without_anything_running(isolate: ist.Isolate, context: ist.Context) -> None:
    for _ in range(100):
        isolate.terminate()
        assert context.eval("40 + 2") == 42


def test_a_timeout_within_a_callback(context: ist.Context) -> None:
    context["inner"] = lambda: context.eval("for (;;);", timeout=0.05)
    with pytest.raises(ist.JSTimeoutError):
        context.eval("inner()", timeout=20)
    assert context.eval("try { inner() } catch (e) { 'caught ' + e.name }", timeout=20) in (
        "caught TimeoutError",
        "caught JSTimeoutError",
    )


def test_an_outer_timeout_ends_what_is_within(context: ist.Context) -> None:
    seen: list[Any] = []

    def inner() -> None:
        try:
            context.eval("for (;;);", timeout=20)
        except BaseException as problem:
            seen.append(problem)
            raise

    context["inner"] = inner
    with pytest.raises(ist.JSTimeoutError, match="the time limit of 500 ms was reached"):
        context.eval("inner()", timeout=0.5)
    assert isinstance(seen[0], ist.JSError)
    assert context.eval("1 + 1") == 2


def test_a_callback_that_goes_on_after_the_time(context: ist.Context) -> None:
    # Python is not ended by the time limit of JavaScript, which ends when Python is back.
    context["slow"] = lambda: time.sleep(0.2) or "done"
    with pytest.raises(ist.JSTimeoutError):
        context.eval("slow(); for (;;);", timeout=0.1)
    assert context.eval("slow()") == "done"


@pytest.mark.slow
def test_limits_around_many_calls(isolate: ist.Isolate, context: ist.Context) -> None:
    step = context.eval("() => { const e = Date.now() + 10; while (Date.now() < e); }")
    count = 0
    with pytest.raises(ist.JSTimeoutError), isolate.limits(timeout=1):
        for _ in range(1000):
            step()
            count += 1
    assert 0 < count < 1000
    step()


@pytest.mark.slow
def test_an_isolate_s_own_timeout() -> None:
    with ist.Isolate(timeout=0.5) as isolate, isolate.context() as context:
        function = context.eval("() => { for (;;); }")
        for use in (
            lambda: context.eval("for (;;);"),
            lambda: function(),
            lambda: context.eval("({get x() { for (;;); }})")["x"],
        ):
            with pytest.raises(ist.JSTimeoutError):
                use()
        assert context.eval("1") == 1
        with pytest.raises(ist.JSTimeoutError, match="the time limit of 100 ms"):
            context.eval("for (;;);", timeout=0.1)
