"""In a process made by fork nothing that needs V8 works, and everything says so."""

from __future__ import annotations

from typing import Any

# From 3.12 on Python warns of a fork where there are threads, as there are of V8's.
QUIET = {"PYTHONWARNINGS": "ignore::DeprecationWarning"}


def test_everything_says_so_and_the_process_ends(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, os, sys, gc
        isolate = ist.Isolate()
        context = isolate.context()
        thing = context.eval("({a: [1]})")
        function = context.eval("() => 1")
        context["back"] = lambda: 1
        try:
            context.eval("throw new Error('before')")
        except ist.JSError as caught:
            error = caught
        child = os.fork()
        if not child:
            for use in (
                lambda: context.eval("1"),
                lambda: function(),
                lambda: thing["a"],
                lambda: thing.__setitem__("a", 1),
                lambda: context["x"],
                lambda: context.__setitem__("x", 1),
                lambda: context.__setitem__("f", lambda: 1),
                lambda: "x" in context,
                lambda: isolate.context(),
                lambda: isolate.collect(),
                lambda: isolate.statistics(),
                lambda: ist.Isolate(),
            ):
                try:
                    print("went on", use())
                except ist.ForkedError:
                    print("forked", flush=True)
            isolate.terminate()
            context.close()
            isolate.close()
            del thing, function, context, isolate
            gc.collect()
            sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        print(context.eval("6 * 7"), thing["a"][0])
        """,
        environment=QUIET,
    )
    assert said == "forked\n" * 12 + "7\n42 1\n"
    assert alone.errors == ""


def test_a_child_that_ends_at_once(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, os, sys
        context = ist.Isolate().context()
        context["f"] = lambda: 1
        things = [context.eval("({})") for _ in range(100)]
        for i in range(10):
            if not os.fork():
                sys.exit(i)
        print(sorted(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(10)))
        """,
        environment=QUIET,
    )
    assert said == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
    assert alone.errors == ""


def test_a_fork_within_a_callback(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, os, sys
        with ist.Isolate() as isolate, isolate.context() as context:
            def fork():
                child = os.fork()
                if not child:
                    os._exit(3)
                return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            context["fork"] = fork
            print(context.eval("fork() + 1"))
        """
    )
    assert said == "4\n"


def test_multiprocessing_by_spawn_works(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, subprocess, sys
        context = ist.Isolate().context()
        print(context.eval("1"), flush=True)
        program = "import isthmus as ist; print(ist.Isolate().context().eval('6 * 7'))"
        subprocess.run([sys.executable, "-c", program], check=True)
        """
    )
    assert said == "1\n42\n"


def test_a_fork_before_v8_was_used(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, os, sys
        child = os.fork()
        if not child:
            print(ist.Isolate().context().eval("6 * 7"), flush=True)
            sys.exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        print(ist.Isolate().context().eval("6 * 7"))
        """
    )
    assert said == "42\n0\n42\n"


def test_a_fork_while_another_thread_has_the_isolate(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, gc, os, sys, threading
        isolate = ist.Isolate()
        context = isolate.context()
        thing = context.eval("({})")
        begun = threading.Event()
        context["begin"] = begun.set
        thread = threading.Thread(target=lambda: context.run("begin(); for (;;);"), daemon=True)
        thread.start()
        begun.wait()
        child = os.fork()
        if not child:
            for use in (
                lambda: context.eval("1"),
                lambda: thing["a"],
                lambda: "x" in context,
                lambda: isolate.statistics(),
            ):
                try:
                    print("went on", use())
                except ist.ForkedError:
                    print("forked", flush=True)
            del thing
            context.close()
            isolate.close()
            print(isolate.closed, flush=True)
            gc.collect()
            sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        isolate.close()
        """,
        environment=QUIET,
    )
    assert said == "forked\n" * 4 + "True\n7\n"


def test_a_fork_before_v8_is_used_has_signals(alone: Any) -> None:
    said = alone(
        """
        import os, signal, threading
        from isthmus import Isolate
        child = os.fork()
        if not child:
            with Isolate() as isolate, isolate.context() as context:
                timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
                context["begin"] = timer.start
                try:
                    context.eval("begin(); for (;;);", timeout=50)
                except KeyboardInterrupt:
                    print("interrupted", flush=True)
            os._exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
        environment=QUIET,
    )
    assert said == "interrupted\n7\n"
