"""Recursion ends by RangeError or RecursionError, through both languages, on stacks of any size."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest


def test_in_javascript(context: ist.Context) -> None:
    with pytest.raises(ist.JSError, match="RangeError: Maximum call stack size exceeded"):
        context.eval("(function f() { f() })()")
    assert context.eval("1 + 1") == 2


PROGRAM = """
import isthmus as ist, sys, threading
size, limit = int(sys.argv[1]), int(sys.argv[2])
sys.setrecursionlimit(limit)
def run():
    with ist.Isolate() as isolate, isolate.context() as context:
        for start in ("up", "down"):
            depth = 0
            def up(n):
                global depth
                return down(n + 1)
            context["up"] = up
            down = context.eval("(n) => { deepest = n; return up(n) }")
            try:
                (up if start == "up" else down)(0)
            except RecursionError:
                print("RecursionError")
            except ist.JSError as error:
                print(error.name)
            assert context["deepest"] > 5, context["deepest"]
        # JavaScript may catch it, and go on.
        context.eval("function go(n) { try { return up(n) } catch (e) { return 'caught' } }")
        down = context["go"]
        print(down(0) == "caught")
        print(context.eval("6 * 7"))
if size:
    threading.stack_size(size)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
else:
    run()
"""


@pytest.mark.parametrize("limit", [200, 1000, 1_000_000])
@pytest.mark.parametrize("size", [0, 256 << 10, 512 << 10, 1 << 20, 64 << 20])
def test_through_both(alone: Any, size: int, limit: int) -> None:
    first, second, *rest = alone(PROGRAM, str(size), str(limit)).split("\n")
    assert {first, second} <= {"RangeError", "RecursionError"}
    assert rest == ["True", "42", ""]
    assert alone.errors == ""


@pytest.mark.parametrize("size", [256 << 10, 512 << 10, 1 << 20])
def test_in_threads_with_small_stacks(alone: Any, size: int) -> None:
    said = alone(
        """
        import isthmus as ist, sys, threading
        threading.stack_size(int(sys.argv[1]))
        with ist.Isolate() as isolate, isolate.context() as context:
            loops = (
                "(function f() { f() })()",
                "JSON.parse('['.repeat(1e5))",
                "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
                "eval('('.repeat(1e5))",
                "new RegExp('('.repeat(1e5))",
                "'a'.repeat(1e5).replace(/(a|b)*/, '')",
                "(function f() { return [1].map(f) })()",
                "(function f(o) { return new Proxy(o, {get: () => f(o).x}).x })({})",
                "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x",
            )
            def run():
                for loop in loops:
                    try:
                        context.eval(loop)
                    except ist.JSError as error:
                        assert error.name in ("RangeError", "SyntaxError"), error
            for _ in range(2):
                thread = threading.Thread(target=run)
                thread.start()
                thread.join()
            run()
            print(context.eval("6 * 7"))
        """,
        str(size),
    )
    assert said == "42\n"
    assert alone.errors == ""


def test_isolates_in_one_another(alone: Any) -> None:
    """Each call goes into the next isolate, whose stack is what is left."""
    said = alone(
        """
        import isthmus as ist
        contexts = [ist.Isolate().context() for _ in range(5)]
        deepest = 0
        def next(n):
            global deepest
            deepest = n
            return contexts[n % 5]["go"](n + 1)
        for context in contexts:
            context["next"] = next
            context.eval("function go(n) { return next(n) }")
        try:
            next(0)
        except (RecursionError, ist.JSError) as error:
            print(deepest > 20)
        print([context.eval("6 * 7") for context in contexts])
        """
    )
    assert said == "True\n[42, 42, 42, 42, 42]\n"


def test_conversions_of_deep_trees(context: ist.Context) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises((ist.LimitError, RecursionError)):
        context["deep"] = deep
    thing = context.eval("let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a")
    with pytest.raises((ist.LimitError, RecursionError)):
        thing.to_python()
    while deep:
        deep = deep.pop()
    assert context.eval("1 + 1") == 2
