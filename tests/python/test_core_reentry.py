"""Callbacks may close, end and use what they run in; JavaScript and Python stay whole."""

from __future__ import annotations

import threading
from typing import Any

import isthmus as ist
import pytest


def test_a_callback_cannot_close_its_isolate(isolate: ist.Isolate, context: ist.Context) -> None:
    context["close"] = isolate.close
    with pytest.raises(ist.StateError, match="the isolate is in use by this thread"):
        context.eval("close()")
    assert not isolate.closed
    assert context.eval("try { close() } catch (e) { e.name }") == "StateError"
    assert context.eval("6 * 7") == 42


def test_a_held_isolate_cannot_be_closed(isolate: ist.Isolate, context: ist.Context) -> None:
    with isolate.entered(), pytest.raises(ist.StateError, match="in use by this thread"):
        isolate.close()
    assert context.eval("6 * 7") == 42


def test_a_callback_closes_the_context_it_runs_in(isolate: ist.Isolate) -> None:
    for after in ("1", "back({})", "new Promise(back)", "x = back", "f = () => back"):
        context = isolate.context()
        thing = context.eval("({a: 1})")
        context["back"] = lambda value=None: value
        context["close"] = context.close
        try:
            context.eval(f"close(); {after}")
        except ist.Error:
            pass
        assert context.closed
        with pytest.raises(ist.ClosedError):
            thing["a"]
        with pytest.raises(ist.ClosedError, match="the context is closed"):
            context.eval("1")
    with isolate.context() as other:
        assert other.eval("6 * 7") == 42


def test_a_callback_closes_another_context(isolate: ist.Isolate, context: ist.Context) -> None:
    other = isolate.context()
    context["thing"] = other.eval("({a: 1, f() { return this.a }})")
    context["close"] = other.close
    assert context.eval("close(); thing.a + thing.f()") == 2
    assert other.closed


def test_a_callback_makes_contexts_and_isolates(isolate: ist.Isolate, context: ist.Context) -> None:
    def inside(n: int) -> Any:
        with isolate.context() as own, ist.Isolate() as other, other.context() as far:
            return own.eval(f"{n} + 1") + far.eval(f"{n} + 1")

    context["inside"] = inside
    assert context.eval("let s = 0; for (let i = 0; i < 10; i++) s += inside(i); s") == 110


def test_a_callback_ends_its_own_isolate(isolate: ist.Isolate, context: ist.Context) -> None:
    context["end"] = isolate.terminate
    with pytest.raises(ist.JSTerminated):
        context.eval("end(); for (;;);")
    assert context.eval("6 * 7") == 42


def test_python_between_two_parts_of_javascript_goes_on(
    isolate: ist.Isolate, context: ist.Context
) -> None:
    steps: list[str] = []

    def outer() -> str:
        steps.append("outer")
        try:
            context.eval("inner(); for (;;);", timeout=0.5)
        except ist.JSTimeoutError:
            steps.append("timeout")
        return context.eval("'and on'")

    context["outer"] = outer
    context["inner"] = lambda: steps.append("inner")
    assert context.eval("outer()") == "and on"
    assert steps == ["outer", "inner", "timeout"]


def test_a_callback_changes_what_is_being_converted(context: ist.Context) -> None:
    class Changing(dict):  # type: ignore[type-arg]
        pass

    tree: list[Any] = [1]

    class Grows:
        def __iter__(self) -> Any:
            tree.append(Grows())
            return iter(())

        def __len__(self) -> int:
            tree.clear()
            return 0

        def __getitem__(self, index: int) -> Any:
            tree.clear()
            raise IndexError

        def __call__(self) -> int:
            return 1

    tree.append(Grows())
    try:
        context["tree"] = tree
    except ist.Error:
        pass
    assert context.eval("6 * 7") == 42


def test_another_thread_uses_the_isolate_after_a_callback(context: ist.Context) -> None:
    """A callback that waits for a thread that waits for the isolate would wait for ever; with a
    limit to that wait both go on."""
    seen: list[Any] = []

    def wait() -> bool:
        thread.start()
        thread.join(0.3)
        return thread.is_alive()

    thread = threading.Thread(target=lambda: seen.append(context.eval("1 + 1")))
    context["wait"] = wait
    assert context.eval("wait()") is True
    thread.join()
    assert seen == [2]
