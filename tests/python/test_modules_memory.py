"""Memory stays flat over imports."""

from __future__ import annotations

import isthmus as ist
import pytest
from conftest import Flat

pytestmark = pytest.mark.slow


def test_the_same_module(isolate: ist.Isolate, flat: Flat) -> None:
    context = isolate.context(modules={"a": "export const x = 1"})
    flat(lambda i: context.import_module("a"), rounds=20_000, isolate=isolate)


def test_failing_imports(isolate: ist.Isolate, flat: Flat) -> None:
    context = isolate.context(modules={})

    def body(i: int) -> None:
        with pytest.raises(ist.NotFoundError):
            context.import_module("nothing")

    flat(body, rounds=3000, isolate=isolate)


def test_modules_that_are_forgotten(isolate: ist.Isolate, flat: Flat) -> None:
    context = isolate.context()
    flat(lambda i: context.module(f"export default {i}", "x").run(), rounds=3000, isolate=isolate)


def test_contexts_with_modules(isolate: ist.Isolate, flat: Flat) -> None:
    def body(i: int) -> None:
        with isolate.context(modules={"a": "export const x = 1"}) as context:
            assert context.import_module("a").x == 1

    flat(body, rounds=100, isolate=isolate)
