"""Arguments of the wrong type are refused by name, before C is called."""

from __future__ import annotations

import decimal
import fractions
import math
from typing import Any

import numpy
import pytest
from libraries import fixture, real

INT = "numbers.id_int: v: expected an integer from -2147483648 to 2147483647, got "


class Sly:
    """Tries to be what it is not."""

    def __int__(self) -> int:
        return 1

    def __float__(self) -> float:
        return 1.0

    def __str__(self) -> str:
        raise AssertionError("nobody asks for it")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (None, "None"),
        (True, "True"),
        (1.0, "1.0"),
        (math.nan, "nan"),
        ("1", '"1"'),
        ("a\nb" + "c" * 50, '"a b' + "c" * 37 + '…"'),
        (b"1", "bytes"),
        ([1], "a list"),
        ({}, "a dict"),
        (Sly(), "a Sly"),
        (int, "a class"),
        (len, "a function"),
        (decimal.Decimal(1), "a Decimal"),
    ],
)
def test_what_is_no_integer(value: Any, got: str) -> None:
    with pytest.raises(TypeError) as raised:
        fixture("numbers").id_int(value)
    assert str(raised.value) == INT + got
    assert raised.value.library == "numbers"  # type: ignore[attr-defined]
    assert raised.value.function == "id_int"  # type: ignore[attr-defined]
    assert raised.value.parameter == "v"  # type: ignore[attr-defined]


def test_what_counts_as_an_integer() -> None:
    numbers = fixture("numbers")
    assert numbers.id_int(numpy.int64(5)) == 5
    assert numbers.id_int(numbers.GREEN) == 5


def test_what_counts_as_a_number() -> None:
    libm = real("libm")
    for value in (4, 4.0, numpy.float32(4), numpy.int8(4), fractions.Fraction(4)):
        assert libm.sqrt(value) == 2
    assert math.isnan(libm.sqrt(math.nan))
    for bad in (True, "4", None, Sly(), decimal.Decimal(4), 4j):
        with pytest.raises(TypeError, match=r"^libm\.sqrt: x: expected a number, got "):
            libm.sqrt(bad)
    with pytest.raises(
        OverflowError,
        match=r"expected a number that a double can hold, got an integer of more than",
    ):
        libm.sqrt(10**400)
    numbers = fixture("numbers")
    assert numbers.id_float(math.inf) == math.inf
    with pytest.raises(OverflowError, match=r"expected a number that a float can hold, got 1e\+39"):
        numbers.id_float(1e39)


def test_what_is_no_boolean() -> None:
    numbers = fixture("numbers")
    assert numbers.id_bool(True) is True and numbers.id_bool(False) is False
    for bad, got in ((1, "1"), (None, "None"), ("", '""')):
        with pytest.raises(TypeError) as raised:
            numbers.id_bool(bad)
        assert str(raised.value) == f"numbers.id_bool: v: expected a bool, got {got}"


def test_enums() -> None:
    numbers = fixture("numbers")
    assert numbers.id_color(numbers.GREEN) is numbers.Color.GREEN
    assert numbers.id_color(5) == numbers.Color.GREEN == 5
    assert numbers.any_color(77) == 77 and type(numbers.any_color(77)) is int
    assert numbers.id_level(-1) is numbers.Level.LOW
    assert numbers.widen_access(numbers.ACCESS_READ | numbers.ACCESS_RUN) == 5
    with pytest.raises(ValueError) as raised:
        numbers.id_color(3)
    assert str(raised.value) == "numbers.id_color: v: expected one of RED, GREEN, BLUE, got 3"
    with pytest.raises(ValueError) as raised:
        numbers.widen_access(8)
    combination = "ACCESS_READ, ACCESS_WRITE, ACCESS_RUN"
    assert (
        str(raised.value)
        == f"numbers.widen_access: v: expected a combination of {combination}, got 8"
    )


def test_ranges() -> None:
    numbers = fixture("numbers")
    assert numbers.percent(100) == 100
    with pytest.raises(ValueError) as raised:
        numbers.percent(101)
    assert str(raised.value) == "numbers.percent: v: expected an integer from 0 to 100, got 101"
    with pytest.raises(ValueError) as raised:
        numbers.unit(1.5)
    assert str(raised.value) == "numbers.unit: v: expected a number from 0 to 1, got 1.5"
    with pytest.raises(ValueError, match=r"got nan"):
        numbers.unit(math.nan)
    with pytest.raises(ValueError) as raised:
        numbers.index_of(3, 3)
    assert str(raised.value) == "numbers.index_of: i: expected an integer from 0 to 2, got 3"


def test_constants() -> None:
    numbers = fixture("numbers")
    assert numbers.ANSWER == 42
    assert numbers.HUGE_ANSWER == 2**64 - 1
    assert numbers.LEAST_ANSWER == -(2**63)
    assert numbers.HALF == 0.5
    assert numbers.MOTTO == "festina lente"
    assert numbers.BLUE == 6 and numbers.Level.HIGH == 1


def test_classes_that_lie() -> None:
    class Number(int):
        def __le__(self, other: object) -> bool:
            return True

        __ge__ = __lt__ = __gt__ = __le__

        def __int__(self) -> int:
            return 10**30

    class Text(str):
        def __contains__(self, other: object) -> bool:
            return False

        def encode(self, *_: Any) -> bytes:
            return b"other\0"

    numbers, libc = fixture("numbers"), real("libc")
    assert numbers.id_int(Number(5)) == 5
    with pytest.raises(OverflowError, match=r"got 1099511627776$"):
        numbers.id_int(Number(1 << 40))
    with pytest.raises(ValueError, match=r"expected an integer from 0 to 100, got 101"):
        numbers.percent(Number(101))
    assert libc.strlen(Text("abc")) == 3
    with pytest.raises(ValueError, match=r"without NUL"):
        libc.strlen(Text("a\0c"))
