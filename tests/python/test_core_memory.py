"""A heap that is full ends its program by JSMemoryError and is closed; all others live."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest

HOARD = "const a = []; for (;;) a.push(new Array(1e4).fill(1))"


def assert_spent(isolate: ist.Isolate, context: ist.Context) -> None:
    assert isolate.spent and isolate.closed and context.closed
    for use in (lambda: context.eval("1"), lambda: isolate.context(), lambda: context["x"]):
        with pytest.raises(ist.JSMemoryError, match="heap limit"):
            use()


@pytest.mark.parametrize(
    "program",
    [
        HOARD,
        "try { " + HOARD + " } catch { for (;;); }",
        "let s = 'x'; for (;;) s = s + s.split('').reverse().join('') + s;",
        "const m = new Map(); for (let i = 0;; i++) m.set(i, {i})",
        "Promise.resolve().then(() => { " + HOARD + " })",
    ],
    ids=["arrays", "caught", "strings", "map", "microtask"],
)
def test_in_eval(program: str) -> None:
    with ist.Isolate() as other_isolate, other_isolate.context() as other:
        isolate = ist.Isolate(heap_limit=16 << 20)
        context = isolate.context()
        with pytest.raises(ist.JSError) as caught:
            context.eval(program)
        if caught.value.name != "RangeError":
            assert isinstance(caught.value, ist.JSMemoryError)
            assert isinstance(caught.value, MemoryError)
            assert_spent(isolate, context)
        isolate.close()
        assert other.eval("6 * 7") == 42


def test_in_calls_and_callbacks() -> None:
    isolate = ist.Isolate(heap_limit=16 << 20)
    context = isolate.context()
    seen: list[Any] = []

    def back() -> None:
        try:
            context.eval(HOARD)
        except BaseException as problem:
            seen.append(problem)
            raise

    context["back"] = back
    function = context.eval("() => { try { back() } catch { } return 'went on' }")
    with pytest.raises(ist.JSMemoryError):
        function()
    assert isinstance(seen[0], ist.JSMemoryError)
    assert_spent(isolate, context)
    isolate.close()


def test_in_conversions() -> None:
    isolate = ist.Isolate(heap_limit=16 << 20)
    context = isolate.context()
    context.eval("var kept = []")
    with pytest.raises(ist.Error) as caught:
        for i in range(10_000):
            context["given"] = [{"a": [i, i, i], "b": "text" + "y" * 1000} for _ in range(1000)]
            context.eval("kept.push(given)")
    assert isinstance(caught.value, (ist.JSMemoryError, ist.LimitError))
    isolate.close()


def test_what_was_taken_from_it_says_so() -> None:
    isolate = ist.Isolate(heap_limit=16 << 20)
    context = isolate.context()
    thing, function = context.eval("({a: 1})"), context.eval("() => 1")
    with pytest.raises(ist.JSMemoryError):
        context.eval(HOARD)
    for use in (lambda: thing["a"], function, lambda: list(thing)):
        with pytest.raises(ist.JSMemoryError, match="heap limit"):
            use()
    isolate.close()
    isolate.close()


def test_buffers_have_a_limit_of_their_own() -> None:
    with ist.Isolate(buffer_limit=1 << 20) as isolate, isolate.context() as context:
        with pytest.raises(ist.JSError, match="RangeError"):
            context.eval("new ArrayBuffer(2 << 20)")
        assert context.eval("new ArrayBuffer(1000).byteLength") == 1000


def test_one_after_the_other() -> None:
    for _ in range(10):
        with ist.Isolate(heap_limit=8 << 20) as isolate, isolate.context() as context:
            with pytest.raises(ist.JSMemoryError):
                context.eval(HOARD)


def test_limits_that_are_none() -> None:
    for name in ("heap_limit", "buffer_limit", "stack_limit"):
        for value, kind in ((0, ValueError), (-1, ValueError), ("1", TypeError), (True, TypeError)):
            with pytest.raises(kind, match=name):
                ist.Isolate(**{name: value})  # type: ignore[arg-type]
