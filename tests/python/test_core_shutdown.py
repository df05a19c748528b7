"""Python ends cleanly whatever lives: exit code 0, nothing on standard error."""

from __future__ import annotations

from typing import Any

import pytest

HEAD = """
import isthmus as ist, gc, sys, threading, time
isolate = ist.Isolate()
context = isolate.context()
context["back"] = lambda x: x
thing = context.eval("({a: [1, {}], f() { return back(this) }})")
"""

ENDS = {
    "nothing more": "",
    "a proxy": "function = context.eval('() => 1')",
    "a pending promise": "promise = context.eval('new Promise(() => {})')",
    "an error": """
try:
    context.eval("throw {a: 1}")
except ist.JSError as caught:
    error = caught
""",
    "a cycle": """
context["loop"] = lambda: (context, thing, isolate)
context["same"] = context["loop"]
""",
    "many isolates": "more = [ist.Isolate().context() for _ in range(20)]",
    "a held isolate": "hold = isolate.entered(); hold.__enter__()",
    "a daemon thread that loops": """
threading.Thread(target=lambda: context.eval("for (;;);"), daemon=True).start()
time.sleep(0.05)
""",
    "a daemon thread that calls back": """
threading.Thread(target=lambda: context.eval("for (;;) back(1);"), daemon=True).start()
time.sleep(0.05)
""",
    "a daemon thread that sleeps in a callback": """
context["sleep"] = lambda: time.sleep(1000)
threading.Thread(target=lambda: context.eval("sleep()"), daemon=True).start()
time.sleep(0.05)
""",
    "a daemon thread that waits in JavaScript": """
wait = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"
threading.Thread(target=lambda: context.eval(wait), daemon=True).start()
time.sleep(0.05)
""",
    "daemon threads that wait for the isolate": """
for _ in range(4):
    threading.Thread(target=lambda: context.eval("for (;;);"), daemon=True).start()
time.sleep(0.05)
""",
    "daemon threads that make isolates": """
def make():
    while True:
        with ist.Isolate() as isolate, isolate.context() as context:
            context.eval("1")
for _ in range(3):
    threading.Thread(target=make, daemon=True).start()
time.sleep(0.05)
""",
    "sys.exit in a callback": "context['end'] = sys.exit; context.eval('end(0)')",
    "a finalizer that evaluates": """
class Late:
    def __del__(self):
        try:
            context.eval("1")
        except ist.Error:
            pass
late = Late()
late.me = late
context["late"] = Late().__class__
""",
    "an exit handler that evaluates": """
import atexit
atexit.register(lambda: context.eval("1 + 1"))
""",
    "a module of a module": """
import types
sys.modules["kept"] = kept = types.ModuleType("kept")
kept.thing, kept.context, kept.isolate = thing, context, isolate
""",
    "closed in part": "context.close(); del isolate",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_python_ends(alone: Any, end: str) -> None:
    alone(HEAD + end)
    assert alone.errors == ""


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_python_ends_every_time(alone: Any, end: str) -> None:
    for _ in range(3):
        test_python_ends(alone, end)


def test_python_ends_by_an_exception_of_the_program(alone: Any) -> None:
    alone(HEAD + "context.eval('null.x')", code=1)
    assert alone.errors.rstrip().endswith("TypeError: Cannot read properties of null (reading 'x')")


def test_system_exit_crosses_javascript(alone: Any) -> None:
    alone(
        HEAD + "context['end'] = sys.exit; context.eval('try { end(5) } catch {} for (;;);')",
        code=5,
    )
    assert alone.errors == ""
