"""A text is compiled as the body of a function with parameters."""

from __future__ import annotations

import isthmus as ist
import pytest


def test_parameters(context: ist.Context) -> None:
    assert context.function("return a * 10 + b", ("a", "b"))(4, 2) == 42
    assert context.function("return 5")() == 5


def test_its_declarations_are_its_own(context: ist.Context) -> None:
    function = context.function("var mine = (globalThis.count ?? 0) + 1; globalThis.count = mine;")
    function()
    function()
    assert context["count"] == 2
    assert "mine" not in context


def test_a_text_does_not_end_the_body(context: ist.Context) -> None:
    with pytest.raises(ist.JSSyntaxError):
        context.function("} evil(); {")


@pytest.mark.parametrize("parameter", ["1x", "a b", "", "a = 1", "a){}; evil(", "...rest"])
def test_what_is_no_identifier(context: ist.Context, parameter: str) -> None:
    with pytest.raises(ValueError, match="a parameter is no identifier"):
        context.function("return 1", [parameter])


def test_one_text_is_no_list(context: ist.Context) -> None:
    with pytest.raises(TypeError, match="parameters must be an iterable of names, not one str"):
        context.function("return 1", "ab")


def test_places_in_errors(context: ist.Context) -> None:
    function = context.function("\nnull.x", filename="body.js", line_offset=3)
    with pytest.raises(ist.JSError) as thrown:
        function()
    assert (thrown.value.filename, thrown.value.line) == ("body.js", 5)
