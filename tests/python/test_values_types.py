"""Classes that a program makes over and over are not kept for having been converted once."""

from __future__ import annotations

import gc
import weakref

import isthmus as ist


def test_types_that_derive():
    made = []
    with ist.Isolate() as isolate, isolate.context() as ctx:
        take = ctx.eval("(x) => x.length")
        for _ in range(3000):
            kind = type("Row", (list,), {})
            made.append(weakref.ref(kind))
            assert take(kind([1])) == 1
            del kind
    gc.collect()
    assert sum(one() is not None for one in made) < 1500
