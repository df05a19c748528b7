"""What is used after its context or isolate was closed says so, and nothing else happens."""

from __future__ import annotations

import gc
import weakref
from typing import Any, Callable

import isthmus as ist
import pytest


def thrown(context: ist.Context) -> ist.JSError:
    with pytest.raises(ist.JSError) as caught:
        context.eval("throw {a: 1}")
    return caught.value


def things(context: ist.Context) -> dict[str, Any]:
    return {
        "object": context.eval("({a: 1})"),
        "array": context.eval("[1, {}, 3]"),
        "function": context.eval("(a) => a"),
        "symbol": context.eval("Symbol('s')"),
        "map": context.eval("new Map([[1, 2]])"),
        "promise": context.eval("new Promise(() => {})"),
        "error": thrown(context),
    }


def uses(context: ist.Context, known: dict[str, Any]) -> list[Callable[[], Any]]:
    return [
        lambda: context.eval("1"),
        lambda: context["x"],
        lambda: context.__setitem__("x", 1),
        lambda: "x" in context,
        lambda: context.__setitem__("f", lambda: 1),
        lambda: known["object"]["a"],
        lambda: known["object"].__setitem__("a", 2),
        lambda: list(known["object"]),
        lambda: len(known["array"]),
        lambda: known["array"][1],
        lambda: list(known["array"]),
        lambda: known["function"](1),
        lambda: known["map"][1],
        lambda: known["error"].value,
    ]


def test_a_closed_context(isolate: ist.Isolate) -> None:
    context = isolate.context()
    known = things(context)
    context.close()
    context.close()
    assert context.closed and not isolate.closed
    for number, use in enumerate(uses(context, known)):
        with pytest.raises(ist.ClosedError):
            use()
            pytest.fail(f"use {number} went on")
    with pytest.raises(ist.ClosedError, match="the context is closed"):
        context.eval("1")
    with isolate.context() as other:
        assert other.eval("1 + 1") == 2


def test_a_closed_isolate() -> None:
    isolate = ist.Isolate()
    context = isolate.context()
    known = things(context)
    isolate.close()
    isolate.close()
    assert context.closed and isolate.closed
    for number, use in enumerate(uses(context, known)):
        with pytest.raises(ist.ClosedError):
            use()
            pytest.fail(f"use {number} went on")
    for use in (
        lambda: context.eval("1"),
        isolate.context,
        isolate.collect,
        isolate.statistics,
        lambda: isolate.entered().__enter__(),
        lambda: isolate.limits(timeout=1).__enter__(),
    ):
        with pytest.raises(ist.ClosedError, match="the isolate is closed"):
            use()
    isolate.terminate()
    context.close()


def test_errors_say_all_but_their_value() -> None:
    with ist.Isolate() as isolate, isolate.context() as context:
        with pytest.raises(ist.JSError) as caught:
            context.eval("throw new RangeError('far')", filename="far.js")
        unread = caught.value
        with pytest.raises(ist.JSError) as caught:
            context.eval("throw new RangeError('far')", filename="far.js")
        read = caught.value
        assert read.line == 1
    for error in (unread, read):
        assert (error.name, error.message, str(error)) == ("RangeError", "far", "RangeError: far")
        assert error.stack and error.filename == "far.js"
        with pytest.raises(ist.ClosedError):
            assert error.value


def test_reprs_do_not_need_the_isolate() -> None:
    with ist.Isolate() as isolate, isolate.context() as context:
        known = things(context)
    for thing in (isolate, context, *known.values()):
        assert isinstance(repr(thing), str)
    assert repr(isolate) == "<isthmus.Isolate closed>"


def test_an_object_of_another_context_lives_with_its_own(isolate: ist.Isolate) -> None:
    with isolate.context() as one:
        thing = one.eval("({a: 1})")
        with isolate.context() as other:
            other["thing"] = thing
            assert other.eval("thing.a = 5") == 5
        assert thing["a"] == 5


def test_objects_of_another_isolate_are_refused(context: ist.Context) -> None:
    with ist.Isolate() as isolate, isolate.context() as other:
        thing = other.eval("({})")
        with pytest.raises(ist.StateError, match="another isolate"):
            context["thing"] = thing


def test_a_context_is_closed_with_callbacks_in_it(isolate: ist.Isolate) -> None:
    class Kept:
        def __call__(self) -> int:
            return 1

    kept = Kept()
    seen = weakref.ref(kept)
    context = isolate.context()
    context["kept"] = kept
    del kept
    gc.collect()
    assert seen() is not None and context.eval("kept()") == 1
    context.close()
    isolate.collect()
    isolate.collect()
    gc.collect()
    assert seen() is None
