"""A context is a mapping of its global object."""

from __future__ import annotations

import isthmus as ist
import pytest


def test_globals_are_items(context: ist.Context) -> None:
    context["x"] = {"a": 1}
    assert "x" in context and context["x"].a == 1 and context.eval("x.a") == 1
    assert "x" in list(context) and len(context) == len(list(context))
    del context["x"]
    assert "x" not in context and context.eval("typeof x") == "undefined"
    with pytest.raises(KeyError, match="'x'"):
        context["x"]
    with pytest.raises(KeyError, match="'x'"):
        del context["x"]


def test_what_cannot_be_deleted_is_an_error(context: ist.Context) -> None:
    context.eval("var fixed = 1")
    with pytest.raises(ist.JSError, match="Cannot delete property 'fixed'"):
        del context["fixed"]
    assert context["fixed"] == 1


def test_get_has_a_default(context: ist.Context) -> None:
    context.eval("var there = 1, nothing = undefined; const declared = 2")
    assert context.get("there") == 1 and context.get("nothing", 5) is ist.undefined
    assert context.get("missing") is None and context.get("missing", 5) == 5
    assert context.get("declared", 5) == 5 and context.eval("declared") == 2
