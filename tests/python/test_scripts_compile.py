"""A script is compiled once, and runs in any context of its isolate any number of times."""

from __future__ import annotations

import gc

import isthmus as ist
import pytest
from conftest import Flat


def test_it_runs_again_and_elsewhere(isolate: ist.Isolate) -> None:
    first, second = isolate.context(), isolate.context()
    script = first.compile("globalThis.count = (globalThis.count ?? 0) + 1")
    assert [script.run(), script.run(), script.run(second), script.run(first)] == [1, 2, 1, 3]


def test_places_in_errors(context: ist.Context) -> None:
    with pytest.raises(ist.JSSyntaxError) as syntax:
        context.compile("let let", filename="bad.js", line_offset=4, column_offset=10)
    assert (syntax.value.filename, syntax.value.line, syntax.value.column) == ("bad.js", 5, 15)
    script = context.compile("null.x", filename="run.js", line_offset=2)
    with pytest.raises(ist.JSError) as thrown:
        script.run()
    assert (thrown.value.filename, thrown.value.line) == ("run.js", 3)


def test_limits(context: ist.Context) -> None:
    script = context.compile("for (;;);")
    with pytest.raises(ist.JSTimeoutError):
        script.run(timeout=0.05)
    with pytest.raises(ist.JSTimeoutError):
        script.run(cpu_timeout=0.05)
    assert context.compile("1").run() == 1


def test_another_isolates_context(context: ist.Context) -> None:
    script = context.compile("1")
    with ist.Isolate() as other, pytest.raises(ist.StateError, match="belongs to another isolate"):
        script.run(other.context())


def test_after_the_end(isolate: ist.Isolate) -> None:
    context = isolate.context()
    script = context.compile("1")
    context.close()
    with pytest.raises(ist.ClosedError, match="the context is closed"):
        script.run()
    assert script.run(isolate.context()) == 1
    isolate.close()
    with pytest.raises(ist.ClosedError, match="the isolate is closed"):
        script.run()
    del script
    gc.collect()


def test_names_and_texts(context: ist.Context) -> None:
    with pytest.raises(ValueError, match="the filename cannot contain NUL"):
        context.compile("1", filename="a\0b")
    with pytest.raises(TypeError, match="the source must be str or bytes, not int"):
        context.compile(5)  # type: ignore[arg-type]
    assert context.compile("'a\0b'.length").run() == 3


def test_memory(context: ist.Context, flat: Flat) -> None:
    flat(lambda i: context.compile(f"{i}").run(), rounds=3000, isolate=context.isolate)
