"""Memory stays flat over imports."""

from __future__ import annotations

from pathlib import Path

import isthmus as ist
import pytest
from conftest import Alone, Flat

pytestmark = pytest.mark.slow


def test_the_same_module(isolate: ist.Isolate, flat: Flat) -> None:
    context = isolate.context(modules={"a": "export const x = 1"})
    flat(lambda i: context.import_module("a"), rounds=20_000, isolate=isolate)


def test_failing_imports(alone: Alone) -> None:
    # By itself: Dask, which other tests load, makes Python's collector run less often.
    said = alone(
        """
        import gc
        import sys

        import isthmus as ist

        sys.path.insert(0, sys.argv[1])
        from conftest import SANITIZE, resident

        with ist.Isolate() as isolate, isolate.context(modules={}) as context:
            after = 0
            for _ in range(12):
                before = after
                for _ in range(500 if SANITIZE else 3000):
                    try:
                        context.import_module("nothing")
                    except ist.NotFoundError:
                        pass
                gc.collect()
                isolate.collect()
                after = resident()
                if before and (SANITIZE or after <= before + (1 << 20)):
                    print("flat")
                    break
        """,
        str(Path(__file__).parent),
    )
    assert said == "flat\n"


def test_modules_that_are_forgotten(isolate: ist.Isolate, flat: Flat) -> None:
    context = isolate.context()
    flat(lambda i: context.module(f"export default {i}", "x").run(), rounds=3000, isolate=isolate)


def test_contexts_with_modules(isolate: ist.Isolate, flat: Flat) -> None:
    def body(i: int) -> None:
        with isolate.context(modules={"a": "export const x = 1"}) as context:
            assert context.import_module("a").x == 1

    flat(body, rounds=100, isolate=isolate)
