"""What a call held for its arguments is not held by the traceback of its error: the collector of
some Pythons crashes on a memoryview that goes together with what has its memory."""

from __future__ import annotations

import gc

import isthmus as ist
import pytest


@pytest.mark.parametrize("body", ["throw new Error('no')", "return 1"])
def test_an_error_in_a_circle(body):
    with ist.Isolate() as isolate, isolate.context() as ctx:
        take = ctx.eval(f"(function () {{ {body} }})")

        def fail(value):
            try:
                take(value, object() if "return" in body else 1)
            except (ist.Error, TypeError) as problem:
                held = problem
                frames = []
                trace = held.__traceback__
                while trace is not None:
                    frames.append(trace.tb_frame)
                    trace = trace.tb_next
                return [len(frame.f_locals.get("keep", ())) for frame in frames]

        for _ in range(20):
            assert not any(fail(memoryview(b"abc")))
            gc.collect()
