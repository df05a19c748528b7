"""Every integer type takes exactly what it holds, and gives it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from libraries import fixture

TYPES = {
    "char": (8, True),
    "schar": (8, True),
    "uchar": (8, False),
    "short": (16, True),
    "ushort": (16, False),
    "int": (32, True),
    "uint": (32, False),
    "long": (64, True),
    "ulong": (64, False),
    "llong": (64, True),
    "ullong": (64, False),
    "int8": (8, True),
    "uint8": (8, False),
    "int16": (16, True),
    "uint16": (16, False),
    "int32": (32, True),
    "uint32": (32, False),
    "int64": (64, True),
    "uint64": (64, False),
    "size": (64, False),
    "ssize": (64, True),
    "ptrdiff": (64, True),
    "intptr": (64, True),
    "uintptr": (64, False),
    "wchar": (32, True),
    "time": (64, True),
    "off": (64, True),
    "count": (32, False),
}


def bounds(name: str) -> tuple[int, int]:
    bits, signed = TYPES[name]
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)


@pytest.mark.parametrize("name", TYPES)
def test_bounds(name: str) -> None:
    numbers = fixture("numbers")
    same, widen = getattr(numbers, "id_" + name), getattr(numbers, "widen_" + name)
    low, high = bounds(name)
    for value in (low, high, 0, 1):
        assert same(value) == value
        assert widen(value) == value
    for value in (low - 1, high + 1, 1 << 70, -(1 << 70)):
        with pytest.raises(OverflowError) as raised:
            same(value)
        assert (
            str(raised.value)
            == f"numbers.id_{name}: v: expected an integer from {low} to {high}, got {value}"
        )


@given(some.sampled_from(sorted(TYPES)), some.integers(-(1 << 66), 1 << 66))
def test_any_integer(name: str, value: int) -> None:
    same = getattr(fixture("numbers"), "id_" + name)
    low, high = bounds(name)
    if low <= value <= high:
        assert same(value) == value
    else:
        with pytest.raises(OverflowError):
            same(value)


@given(some.floats())
def test_any_double(value: float) -> None:
    numbers = fixture("numbers")
    same = numbers.id_double(value)
    assert same == value or (same != same and value != value)


def test_many_arguments() -> None:
    numbers = fixture("numbers")
    assert numbers.add12(*range(1, 13)) == sum(range(1, 11)) + 11 * 2 + 12 * 3
    values = (1, 2.0, 3.0, 4, 5, 6.0, 7, 8.0, 9.0, 10.0, 11.0, 12.0)
    assert numbers.mix(*values) == sum(i * i for i in range(1, 13))
