"""[[range]] is checked before C is entered; its bounds may name other parameters."""

from __future__ import annotations

import math

from libraries import fixture
from library_checks import refused

numbers = fixture("numbers")


def test_integers_within_and_beyond() -> None:
    assert numbers.percent(0) == 0
    assert numbers.percent(100) == 100
    for value in (101, -1):
        refused(
            lambda value=value: numbers.percent(value),
            ValueError,
            f"numbers.percent: v: expected an integer from 0 to 100, got {value}",
            "v",
        )


def test_floats_within_and_beyond() -> None:
    assert numbers.unit(0.25) == 0.25
    assert numbers.unit(1) == 1
    for value, got in ((1.0000001, "1.0000001"), (math.nan, "nan"), (-1, "-1")):
        refused(
            lambda value=value: numbers.unit(value),
            ValueError,
            f"numbers.unit: v: expected a number from 0 to 1, got {got}",
            "v",
        )


def test_bounds_that_name_another_parameter() -> None:
    assert numbers.index_of(5, 4) == 1
    refused(
        lambda: numbers.index_of(5, 5),
        ValueError,
        "numbers.index_of: i: expected an integer from 0 to 4, got 5",
        "i",
    )
    refused(
        lambda: numbers.index_of(0, 0),
        ValueError,
        "numbers.index_of: i: expected an integer from 0 to -1, got 0",
        "i",
    )


def test_64_bit_bounds() -> None:
    assert numbers.big_range(5000000000) == 5000000000
    assert numbers.big_range(-5) == -5
    refused(
        lambda: numbers.big_range(5000000001),
        ValueError,
        "numbers.big_range: v: expected an integer from -5 to 5000000000, got 5000000001",
        "v",
    )
