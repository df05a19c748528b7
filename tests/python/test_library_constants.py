"""Constants are attributes with the value and type that C gives them, and nothing of a library can
be changed.
"""

from __future__ import annotations

import pytest
from libraries import fixture

numbers = fixture("numbers")


def test_constants_of_each_type() -> None:
    assert numbers.ANSWER == 42
    assert numbers.HUGE_ANSWER == 2**64 - 1
    assert numbers.LEAST_ANSWER == -(2**63)
    assert numbers.HALF == 0.5
    assert numbers.MOTTO == "festina lente"


def test_they_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="the library numbers cannot be changed"):
        numbers.ANSWER = 43
    with pytest.raises(AttributeError, match="the library numbers cannot be changed"):
        numbers.other = 43
    with pytest.raises(AttributeError, match="the library numbers cannot be changed"):
        del numbers.ANSWER
    with pytest.raises(AttributeError):
        numbers.Color.RED = 43
    assert numbers.ANSWER == 42
    assert numbers.Color.RED == 0
