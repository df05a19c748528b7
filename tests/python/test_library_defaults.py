"""A parameter with a default may be left out; its default may be an expression of constants."""

from __future__ import annotations

import inspect

import pytest
from libraries import fixture
from library_checks import refused

numbers, texts = fixture("numbers"), fixture("texts")


def test_left_out_from_the_end_and_from_between() -> None:
    assert numbers.sum_defaults(1) == 1 + 20 + 600
    assert numbers.sum_defaults(1, 3) == 1 + 30 + 600
    assert numbers.sum_defaults(1, 3, 0) == 31
    assert numbers.sum_defaults(1, c=0) == 21
    assert numbers.sum_defaults(c=0, a=1, b=3) == 31
    assert numbers.scale_default(8) == 4
    assert numbers.scale_default(8, 2) == 16
    assert texts.text_length_or() == 9999


def test_none_stands_for_no_default() -> None:
    refused(
        lambda: numbers.sum_defaults(1, None),
        TypeError,
        "numbers.sum_defaults: b: expected an integer from -2147483648 to 2147483647, got None",
        "b",
    )


def test_what_has_no_default_must_be_given() -> None:
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'a'"):
        numbers.sum_defaults()
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'a'"):
        numbers.sum_defaults(b=1)


def test_the_signature_tells_them() -> None:
    signature = inspect.signature(numbers.sum_defaults)
    assert [name for name, each in signature.parameters.items() if each.default is each.empty] == [
        "a"
    ]
    assert signature.parameters["b"].default == 2
    assert signature.parameters["c"].default == 6
