"""Ctrl-C ends whatever JavaScript does; handlers of signals run while it runs, and may raise."""

from __future__ import annotations

from typing import Any

import pytest

LOOPS = {
    "statement": "begin(); for (;;);",
    "regexp": "begin(); /(a*)*b/.test('a'.repeat(100))",
    "wait": "begin(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
    "microtasks": "begin(); (function f() { return Promise.resolve().then(f) })()",
    "sort": "begin(); for (;;) [3, 2, 1].sort()",
    "catches": "begin(); for (;;) try { for (;;); } catch { }",
    "sleep": "begin(); sleep()",
    "sleeps": "begin(); for (;;) nap()",
    "nested": "begin(); inner()",
    "parse": "begin(); for (;;) JSON.parse('[' + '1,'.repeat(1e6) + '1]')",
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
@pytest.mark.parametrize("way", ["eval", pytest.param("call", marks=pytest.mark.slow)])
def test_ctrl_c(alone: Any, loop: str, way: str) -> None:
    said = alone(
        """
        import isthmus as ist, sys, time
        loop, way = sys.argv[1:]
        with ist.Isolate() as isolate, isolate.context() as context:
            context["begin"] = lambda: print("begun", flush=True)
            context["sleep"] = lambda: time.sleep(1000)
            context["nap"] = lambda: time.sleep(0.001)
            context["inner"] = lambda: context.eval("for (;;);")
            function = context.eval("() => { " + loop + " }")
            try:
                if way == "eval":
                    context.eval(loop)
                else:
                    function()
                print("went on")
            except KeyboardInterrupt:
                print("interrupted")
            print(context.eval("6 * 7"))
        """,
        loop,
        way,
        interrupt_after="begun",
    )
    assert said == "begun\ninterrupted\n42\n"
    assert alone.errors == ""


def test_ctrl_c_while_another_thread_has_the_isolate(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, threading
        with ist.Isolate() as isolate, isolate.context() as context:
            begun = threading.Event()
            context["begin"] = begun.set
            def run():
                try:
                    context.eval("begin(); for (;;);")
                except ist.JSTerminated:
                    print("ended")
            thread = threading.Thread(target=run)
            thread.start()
            begun.wait()
            try:
                print("begun", flush=True)
                context.eval("1")
            except KeyboardInterrupt:
                print("interrupted", flush=True)
            isolate.terminate()
            thread.join()
        """,
        interrupt_after="begun",
    )
    assert said == "begun\ninterrupted\nended\n"


def test_ctrl_c_when_another_thread_was_first(alone: Any) -> None:
    said = alone(
        """
        import threading
        made = []
        def make():
            import isthmus as ist
            made.append(ist.Isolate().context())
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        made[0]["begin"] = lambda: print("begun", flush=True)
        try:
            made[0].eval("begin(); for (;;);")
        except KeyboardInterrupt:
            print("interrupted")
        """,
        interrupt_after="begun",
    )
    assert said == "begun\ninterrupted\n"


def test_ctrl_c_without_a_handler_ends_python(alone: Any) -> None:
    alone(
        """
        import isthmus as ist
        context = ist.Isolate().context()
        context["begin"] = lambda: print("begun", flush=True)
        context.eval("begin(); for (;;);")
        """,
        code=-2,
        interrupt_after="begun",
    )
    assert alone.errors.rstrip().endswith("KeyboardInterrupt")


def test_handlers_run_while_javascript_loops(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, signal
        count = 0
        def handle(*_):
            global count
            count += 1
            if count < 3:
                signal.setitimer(signal.ITIMER_REAL, 0.02)
            else:
                isolate.terminate()
        signal.signal(signal.SIGALRM, handle)
        with ist.Isolate() as isolate, isolate.context() as context:
            context["begin"] = lambda: signal.setitimer(signal.ITIMER_REAL, 0.02)
            try:
                context.eval("begin(); for (;;);", timeout=50)
            except ist.JSTerminated:
                print("terminated")
            print(count)
        """
    )
    assert said == "terminated\n3\n"


def test_a_handler_may_use_the_isolate_that_runs(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, signal
        seen = []
        def handle(*_):
            seen.append(context.eval("count++; count"))
            if len(seen) < 5:
                signal.setitimer(signal.ITIMER_REAL, 0.02)
            else:
                context.eval("go = false")
        signal.signal(signal.SIGALRM, handle)
        with ist.Isolate() as isolate, isolate.context() as context:
            context.eval("var count = 0, go = true")
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            context.eval("while (go);")
            print(seen)
        """
    )
    assert said == "[1, 2, 3, 4, 5]\n"


def test_what_a_handler_raises_ends_javascript_and_is_raised(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, signal
        class Enough(Exception):
            pass
        def handle(*_):
            raise Enough("enough")
        signal.signal(signal.SIGALRM, handle)
        with ist.Isolate() as isolate, isolate.context() as context:
            context["begin"] = lambda: signal.setitimer(signal.ITIMER_REAL, 0.05)
            for loop in ("for (;;);", "for (;;) try { for (;;); } catch { }"):
                for i in range(3):
                    try:
                        context.eval("begin();" + loop)
                    except Enough as error:
                        print(error)
            print(context.eval("6 * 7"))
        """
    )
    assert said == "enough\n" * 6 + "42\n"


def test_signals_while_many_calls_are_made(alone: Any) -> None:
    """A handler that raises may come between any two steps of an operation, and nothing is lost."""
    said = alone(
        """
        import isthmus as ist, signal, sys
        class Enough(Exception):
            pass
        # Whoever arms the handler is told once, and none is told outside of the try: the timer goes
        # on, since what is raised in a finalizer ends there, and a later signal ends the round.
        armed = False
        def handle(*_):
            global armed
            if armed:
                armed = False
                raise Enough
        signal.signal(signal.SIGALRM, handle)
        # Python tells of what is raised in a finalizer, and goes on.
        sys.unraisablehook = lambda _: None
        with ist.Isolate() as isolate, isolate.context() as context:
            context["back"] = lambda x: x
            function = context.eval("(x) => [back(x), {a: x}]")
            count = raised = 0
            while raised < 150 or not count:
                signal.setitimer(signal.ITIMER_REAL, 0.002 + raised * 1e-5, 0.002)
                try:
                    while True:
                        armed = True
                        got = function("text")
                        assert got[0] == "text" and got[1]["a"] == "text"
                        context["x"] = got
                        assert len(context["x"]) == 2
                        count += 1
                except Enough:
                    raised += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            print(count > 0, context.eval("6 * 7"))
            with isolate.entered():
                pass
            import threading
            other = []
            thread = threading.Thread(target=lambda: other.append(context.eval("1 + 1")))
            thread.start()
            thread.join()
            print(other)
        """
    )
    assert said == "True 42\n[2]\n"
    assert alone.errors == ""
