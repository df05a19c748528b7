"""A context is a mapping of its global object."""

from __future__ import annotations

from typing import Any

import isthmus as ist
import pytest


def test_it_reads_writes_and_deletes(context: ist.Context) -> None:
    context["answer"] = 42
    assert context["answer"] == 42
    assert context.eval("answer") == 42
    assert "answer" in context
    assert "answer" in list(context)
    del context["answer"]
    assert "answer" not in context
    with pytest.raises(KeyError, match="answer"):
        context["answer"]


def test_it_is_read_as_a_whole(context: ist.Context) -> None:
    context.eval("var a = 1; globalThis.b = 'two'; let hidden = 3")
    assert {"a": 1, "b": "two"}.items() <= dict(context).items()
    assert "hidden" not in context.keys()
    assert set(context.keys()) == set(context) == {name for name, _ in context.items()}
    assert len(context.values()) == len(context)
    assert ("b", "two") in context.items() and 1 in context.values()
    assert context.keys() & {"a", "hidden"} == {"a"}
    context["c"] = 3
    assert "c" in context.keys()
    assert context.get("hidden") is None and context.get("c") == 3


def test_what_it_has_besides_is_refused(isolate: ist.Isolate, context: ist.Context) -> None:
    with pytest.raises(AttributeError, match="'Context' object has no attribute 'answer'"):
        context.answer = 42  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="'Isolate' object has no attribute 'time_limit'"):
        isolate.time_limit = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["NaN", "undefined", "Infinity"])
def test_what_cannot_be_written_says_so(context: ist.Context, name: str) -> None:
    with pytest.raises(ist.JSError) as caught:
        context[name] = 1
    assert str(caught.value).startswith(
        f"TypeError: Cannot assign to read only property '{name}' of object"
    )


def test_a_program_cannot_lead_it_elsewhere(context: ist.Context) -> None:
    context.eval("const real = globalThis; var globalThis = {}; globalThis.x = 1")
    context["x"] = 2
    assert context.eval("real.x") == 2


@pytest.mark.parametrize("name", [1, None, b"x", 1.5])
def test_names_are_texts(context: ist.Context, name: Any) -> None:
    with pytest.raises(TypeError, match="the name of a global is a str, not"):
        context[name] = 1


def test_names_may_be_odd(context: ist.Context) -> None:
    for name in ("", "a\0b", "\ud800", "ключ", "__proto__x", "constructor"):
        context[name] = name
        assert context[name] == name


def test_closed(isolate: ist.Isolate) -> None:
    context = isolate.context()
    context.close()
    with pytest.raises(ist.ClosedError, match="the context is closed"):
        context["x"] = 1
