"""A signal's handler may raise at any point of the package: the isolate is never left held."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest

# What a profile function raises at the begin of a function, or after a call of C's, is raised where
# a signal's handler would raise it.
PROGRAM = """
    import asyncio, faulthandler, sys, threading
    import isthmus as ist, isthmus._async, isthmus._proxies, isthmus._repr
    from pathlib import Path
    home = str(Path(ist.__file__).parent)
    sys.unraisablehook = lambda report: None
    isolate = ist.Isolate(on_uncaught=lambda problem: None)
    context = isolate.context(modules={"a": "export default 1"}, console=False)
    context["answer"] = lambda value: [value]
    array = context.eval("[1, 2, {a: 3}]")
    later = context.eval("() => new Promise((resolve) => setTimeout(resolve, 0))")

    def entered():
        with isolate.entered():
            context.eval("1")

    def limits():
        with isolate.limits(timeout=1000):
            context.eval("1")

    def contexts():
        with isolate.context() as other:
            other.eval("1")

    operation = {
        "eval": lambda: context.eval("answer({})"),
        "entered": entered,
        "limits": limits,
        "contexts": contexts,
        "in": lambda: "answer" in context,
        "arrays": lambda: (len(array), array.to_python(), repr(array)),
        "import": lambda: context.import_module("a"),
        "promises": lambda: later().result(),
        "rejections": lambda: context.eval("Promise.reject(new Error('no')); 1"),
        "statistics": isolate.statistics,
        "scripts": lambda: context.compile("1").run(),
        "loop": isolate.run_loop,
    }[sys.argv[1]]
    left = 0

    def interrupt(frame, event, argument):
        global left
        if event in ("call", "c_return") and frame.f_code.co_filename.startswith(home):
            left -= 1
            if not left:
                raise KeyboardInterrupt

    moment = 0
    while left <= 0:
        moment += 1
        left = moment
        try:
            sys.setprofile(interrupt)
            try:
                operation()
            finally:
                sys.setprofile(None)
        except KeyboardInterrupt as problem:
            # While this exception lives, so do the frames that it came through.
            thread = threading.Thread(target=context.eval, args=("1",))
            faulthandler.dump_traceback_later(50, exit=True)
            thread.start()
            thread.join()
            faulthandler.cancel_dump_traceback_later()
    print(moment > 5, context.eval("6 * 7"))
"""


@pytest.mark.parametrize(
    "operation",
    [
        "eval",
        "entered",
        "limits",
        "contexts",
        "in",
        "arrays",
        "import",
        "promises",
        "rejections",
        "statistics",
        "scripts",
        "loop",
    ],
)
def test_an_interrupt_anywhere(alone: Any, operation: str) -> None:
    assert alone(PROGRAM, operation) == "True 42\n"


def test_what_is_entered_is_not_entered_again(isolate: ist.Isolate) -> None:
    entered = isolate.entered()
    with entered:
        with pytest.raises(RuntimeError, match=r"^this context manager is entered already"):
            entered.__enter__()
        isolate.statistics()
    with entered:
        isolate.statistics()
