"""Enums are closed for what goes in; what comes out unknown comes as its number; flags combine."""

from __future__ import annotations

import enum
import re

from libraries import fixture
from library_checks import refused

numbers = fixture("numbers")


def test_an_enum_is_an_enum_and_its_enumerators_are_constants() -> None:
    assert (numbers.RED, numbers.GREEN, numbers.BLUE, numbers.LOW) == (0, 5, 6, -1)
    assert issubclass(numbers.Color, enum.IntEnum)
    assert numbers.Color.GREEN is numbers.GREEN
    assert numbers.Level.HIGH == 1
    assert issubclass(numbers.Access, enum.IntFlag)
    assert list(numbers.Access.__members__) == ["ACCESS_READ", "ACCESS_WRITE", "ACCESS_RUN"]


def test_named_values_pass_by_member_and_by_number() -> None:
    for value in numbers.Color:
        assert numbers.id_color(value) is value
        assert numbers.id_color(int(value)) is value
        assert numbers.widen_color(value) == int(value)
    assert numbers.id_level(numbers.LOW) == -1
    assert numbers.widen_level(-1) == -1


def test_others_are_refused() -> None:
    said = re.compile(r"^numbers\.id_color: v: expected one of RED, GREEN, BLUE, got ")
    for value in (1, 7, 2**31):
        refused(lambda value=value: numbers.id_color(value), ValueError, said, "v")
    for value in (-1, 2**40, -(2**70)):
        refused(lambda value=value: numbers.id_color(value), OverflowError, said, "v")
    for value in ("RED", None, 1.5, True, 5.0):
        refused(lambda value=value: numbers.id_color(value), TypeError, said, "v")


def test_an_unknown_value_from_c_is_its_number() -> None:
    assert numbers.any_color(5) is numbers.GREEN
    assert numbers.any_color(77) == 77
    assert type(numbers.any_color(77)) is int


def test_flags_combine_and_no_other_bits_pass() -> None:
    assert numbers.widen_access(0) == 0
    assert numbers.widen_access(numbers.ACCESS_READ | numbers.ACCESS_RUN) == 5
    assert numbers.widen_access(7) == 7
    flags = "ACCESS_READ, ACCESS_WRITE, ACCESS_RUN"
    said = re.compile(rf"^numbers\.widen_access: v: expected a combination of {flags}, got ")
    for value in (8, 15):
        refused(lambda value=value: numbers.widen_access(value), ValueError, said, "v")
    refused(lambda: numbers.widen_access(-1), OverflowError, said, "v")
