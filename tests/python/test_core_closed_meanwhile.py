"""A context that is closed while another thread uses it, or waits for it."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable

import isthmus as ist
import pytest


@pytest.mark.parametrize(
    "use",
    [
        lambda context, thing: context.eval("1"),
        lambda context, thing: context.eval("1", line_offset=1),
        lambda context, thing: thing["then"],
        lambda context, thing: thing.state,
        lambda context, thing: thing.result(),
        lambda context, thing: "x" in context,
        lambda context, thing: context.compile("1"),
        lambda context, thing: list(context),
    ],
    ids=["eval", "source", "property", "state", "result", "in", "compile", "names"],
)
def test_who_waits_is_told(isolate: ist.Isolate, use: Callable[[ist.Context, Any], Any]) -> None:
    context = isolate.context()
    thing = context.eval("Promise.resolve(1)")
    raised: list[BaseException] = []

    def other() -> None:
        try:
            use(context, thing)
        except BaseException as problem:
            raised.append(problem)

    with isolate.entered():
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.05)
        context.close()
    thread.join()
    assert [(type(problem), str(problem)) for problem in raised] == [
        (ist.ClosedError, "the context is closed")
    ]


def test_who_waits_for_a_compartment_is_told(isolate: ist.Isolate) -> None:
    context = isolate.context(frozen=True)
    raised: list[BaseException] = []

    def other() -> None:
        try:
            context.eval("1")
        except BaseException as problem:
            raised.append(problem)

    with isolate.entered():
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.05)
        context.close()
    thread.join()
    assert [str(problem) for problem in raised] == ["the context is closed"]


def test_what_runs_goes_on_until_its_end(isolate: ist.Isolate) -> None:
    context = isolate.context()
    closer = threading.Thread(target=context.close)

    def begin() -> list[int]:
        closer.start()
        closer.join(0.1)
        return [1]

    context["begin"] = begin
    context["add"] = lambda values: [*values, 2]
    assert context.eval("add(begin()).join()") == "1,2"
    closer.join()
    assert context.closed


def test_a_function_that_closes_its_own_context(isolate: ist.Isolate) -> None:
    context = isolate.context()

    def close() -> list[int]:
        context.close()
        return []

    context["close"] = close
    with pytest.raises(ist.Error, match="stale or foreign handle"):
        context.eval("close()")
    assert context.closed
    assert isolate.context().eval("1") == 1
