"""What a Python callback gives is JavaScript's before any finalizer runs, which may call JavaScript
in turn."""

from __future__ import annotations

import gc
import weakref

import isthmus as ist


def test_a_finalizer_that_calls_back():
    with ist.Isolate() as isolate, isolate.context() as ctx:

        class Text(str):
            def __del__(self):
                ctx.eval("other(); other()")

        ctx["other"] = lambda: "\xe9" * 240
        ctx["text"] = lambda: Text("hello " * 40)
        for _ in range(50):
            assert ctx.eval("text()") == "hello " * 40


def test_results_of_every_kind():
    with ist.Isolate() as isolate, isolate.context() as ctx:
        for value in ("a" * 10_000, "\u1234" * 300, 2**100, b"bytes", [1, {"a": "b"}], {1: 2}):
            ctx["give"] = lambda value=value: value
            back = ctx.eval("give()")
            back = bytes(back) if type(value) is bytes else back
            back = back.to_python() if isinstance(back, ist.JSObject) else back
            assert back == value
        ctx["give"] = lambda: ctx.eval
        assert ctx.eval("give() === give()") is False
        ctx["give"] = object
        assert "object has no form in JavaScript" in ctx.eval(
            "try { give() } catch (error) { error.message }"
        )


def test_a_result_that_has_no_form_keeps_nothing():
    with ist.Isolate() as isolate, isolate.context() as ctx:
        made = []

        class Part:
            def __call__(self):
                return None

        def give():
            part = Part()
            made.append(weakref.ref(part))
            return [part, object()]

        ctx["give"] = give
        for _ in range(20):
            assert ctx.eval("try { give() } catch (error) { error.name }") == "ConversionError"
        for _ in range(3):
            gc.collect()
            isolate.collect()
            ctx.eval("1")
        assert sum(one() is not None for one in made) < 5
