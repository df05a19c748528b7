"""Python's collector may come at any time, and take things in any order."""

from __future__ import annotations

import gc
import random
import weakref
from typing import Any

import isthmus as ist


class Kept:
    """Something whose end can be seen."""

    def __call__(self, *args: Any) -> Any:
        return args[0] if args else None


def test_what_only_javascript_knows_lives_and_is_let_go(
    isolate: ist.Isolate, context: ist.Context
) -> None:
    kept = Kept()
    seen = weakref.ref(kept)
    context["kept"] = kept
    del kept
    gc.collect()
    isolate.collect()
    assert context.eval("kept(5)") == 5
    context.eval("delete globalThis.kept")
    for _ in range(5):
        isolate.collect()
        context.eval("1")
    gc.collect()
    assert seen() is None


def test_proxies_hold_javascript_objects_no_longer_than_they_live(
    isolate: ist.Isolate, context: ist.Context
) -> None:
    context.eval(
        "var refs = []; function make() { const o = {}; refs.push(new WeakRef(o)); return o }"
    )
    things = [context.eval("make()") for _ in range(10)]
    isolate.collect()
    alive = "refs.filter((r) => r.deref()).length"
    assert context.eval(alive) == 10
    del things[:6]
    gc.collect()
    context.eval("1")
    isolate.collect()
    assert context.eval(alive) == 4


def test_isolates_in_circles_are_collected() -> None:
    seen = []
    for _ in range(5):
        isolate = ist.Isolate()
        context = isolate.context()
        kept = Kept()
        kept.isolate, kept.context = isolate, context  # type: ignore[attr-defined]
        kept.thing = context.eval("({})")  # type: ignore[attr-defined]
        seen.append(weakref.ref(isolate))
        del isolate, context, kept
    gc.collect()
    assert [ref() for ref in seen] == [None] * 5


def test_an_isolate_lives_as_long_as_a_proxy_or_a_context() -> None:
    def thing() -> Any:
        return ist.Isolate().context().eval("({a: 6})")

    def context() -> ist.Context:
        return ist.Isolate().context()

    one, other = thing(), context()
    gc.collect()
    assert one["a"] == 6
    assert other.eval("6 * 7") == 42


def test_the_collector_in_callbacks(isolate: ist.Isolate, context: ist.Context) -> None:
    def both(value: Any) -> Any:
        gc.collect()
        isolate.collect()
        return value

    context["both"] = both
    got = context.eval("let o = {}; for (let i = 0; i < 20; i++) { o = both({o, i}) } o")
    assert got["i"] == 19 and got["o"]["i"] == 18


def test_finalizers_that_use_the_isolate(context: ist.Context) -> None:
    class Late:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            count.append(context.eval("n += 1"))
            context["late"] = count[-1]

    count: list[int] = []
    context.eval("var n = 0")
    context["make"] = lambda: Late() and None
    context["collect"] = lambda: gc.collect() and None
    context.eval("for (let i = 0; i < 50; i++) { make(); if (i % 7 == 0) collect() }")
    gc.collect()
    assert len(count) == 50 and context["late"] == 50


def test_finalizers_of_what_javascript_forgets(isolate: ist.Isolate, context: ist.Context) -> None:
    class Late:
        def __call__(self) -> None:
            pass

        def __del__(self) -> None:
            count.append(context.eval("1"))

    count: list[int] = []
    for _ in range(20):
        context["late"] = Late()
    context.eval("delete globalThis.late")
    for _ in range(5):
        isolate.collect()
        context.eval("1")
        gc.collect()
    assert count == [1] * 20


def test_a_finalizer_that_closes_the_isolate_it_is_in() -> None:
    class Late:
        def __call__(self) -> None:
            pass

        def __del__(self) -> None:
            try:
                isolate.close()
                seen.append("closed")
            except ist.StateError:
                seen.append("in use")

    seen: list[str] = []
    isolate = ist.Isolate()
    context = isolate.context()
    context["late"] = Late()
    context["collect"] = lambda: (isolate.collect(), gc.collect()) and None
    try:
        context.eval("delete globalThis.late; for (let i = 0; i < 5; i++) collect();")
        for _ in range(5):
            isolate.collect()
            context.eval("1")
    except ist.ClosedError:
        pass
    gc.collect()
    isolate.close()
    assert set(seen) <= {"closed", "in use"}
    assert isolate.closed


def test_any_order() -> None:
    chance = random.Random(1)
    for _ in range(12):
        things: list[Any] = []
        isolate = ist.Isolate()
        for _ in range(2):
            context = isolate.context()
            things += [context, context.eval("({})"), context.eval("() => 1"), context.eval("[{}]")]
            context["f"] = kept = Kept()
            things += [kept, context["f"], isolate]
            try:
                context.eval("throw new Error('kept')")
            except ist.JSError as error:
                things.append(error)
        del isolate, context, kept
        chance.shuffle(things)
        while things:
            thing = things.pop()
            if chance.random() < 0.2 and isinstance(thing, (ist.Context, ist.Isolate)):
                thing.close()
            del thing
            if chance.random() < 0.1:
                gc.collect()
        gc.collect()
