"""Every C scalar takes exactly what its type holds, and C sees what Python passed."""

from __future__ import annotations

import datetime
import decimal
import fractions
import math
import struct
from typing import Any

import pytest
from libraries import fixture
from library_checks import refused

numbers = fixture("numbers")

BOUNDS = {
    "schar": (-128, 127),
    "uchar": (0, 255),
    "char": (-128, 127),
    "short": (-(2**15), 2**15 - 1),
    "ushort": (0, 2**16 - 1),
    "int": (-(2**31), 2**31 - 1),
    "uint": (0, 2**32 - 1),
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "wchar": (-(2**31), 2**31 - 1),
    "count": (0, 2**32 - 1),
    "long": (-(2**63), 2**63 - 1),
    "ulong": (0, 2**64 - 1),
    "llong": (-(2**63), 2**63 - 1),
    "ullong": (0, 2**64 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
    "size": (0, 2**64 - 1),
    "ssize": (-(2**63), 2**63 - 1),
    "ptrdiff": (-(2**63), 2**63 - 1),
    "intptr": (-(2**63), 2**63 - 1),
    "uintptr": (0, 2**64 - 1),
    "time": (-(2**63), 2**63 - 1),
    "off": (-(2**63), 2**63 - 1),
}
every_integer = pytest.mark.parametrize("name", BOUNDS)


class Index:
    """What stands for an integer, as the integers of numpy do."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __index__(self) -> Any:
        return self.value


@every_integer
def test_bounds_and_what_lies_between(name: str) -> None:
    least, most = BOUNDS[name]
    for value in (least, most, 0, 1, most // 3, least + 1, most - 1):
        same = getattr(numbers, f"id_{name}")(value)
        assert (same, type(same)) == (value, int)
        assert getattr(numbers, f"widen_{name}")(value) == value


@every_integer
def test_just_beyond_does_not_fit(name: str) -> None:
    least, most = BOUNDS[name]
    same = getattr(numbers, f"id_{name}")
    for value in (least - 1, most + 1, 2**64, -(2**64), 10**30, -(10**30)):
        refused(
            lambda value=value: same(value),
            OverflowError,
            f"numbers.id_{name}: v: expected an integer from {least} to {most}, got {value}",
            "v",
        )


@every_integer
def test_nothing_but_integers(name: str) -> None:
    least, most = BOUNDS[name]
    label, same = f"numbers.id_{name}", getattr(numbers, f"id_{name}")
    strangers = [
        1.0,
        1.5,
        math.nan,
        math.inf,
        "1",
        b"1",
        None,
        True,
        [1],
        {},
        object(),
        1j,
        lambda: 1,
    ]
    strangers += [decimal.Decimal(1), fractions.Fraction(1), datetime.date(2000, 1, 1)]
    for value in strangers:
        error = refused(
            lambda value=value: same(value),
            TypeError,
            _expected(f"an integer from {least} to {most}"),
            "v",
        )
        assert str(error).startswith(f"{label}: v: ")
        assert (error.library, error.function) == ("numbers", f"id_{name}")


def _expected(what: str) -> Any:
    import re

    return re.compile(f": v: expected {re.escape(what)}, got .")


def test_what_stands_for_an_integer_is_one() -> None:
    assert numbers.id_int(Index(7)) == 7
    assert numbers.id_uint64(Index(2**64 - 1)) == 2**64 - 1
    refused(
        lambda: numbers.id_int8(Index(128)),
        OverflowError,
        "numbers.id_int8: v: expected an integer from -128 to 127, got 128",
        "v",
    )


def test_what_an_index_raises_comes_through() -> None:
    class Bad:
        def __index__(self) -> int:
            raise KeyError("no index")

    with pytest.raises(KeyError, match="no index"):
        numbers.id_int(Bad())
    with pytest.raises(TypeError):
        numbers.id_int(Index("1"))


def test_bool_takes_bools_only() -> None:
    assert numbers.id_bool(True) is True
    assert numbers.id_bool(False) is False
    assert numbers.widen_bool(True) == 1
    for value, got in ((1, "1"), (0, "0"), ("true", '"true"'), (None, "None"), (1.0, "1.0")):
        refused(
            lambda value=value: numbers.id_bool(value),
            TypeError,
            f"numbers.id_bool: v: expected a bool, got {got}",
            "v",
        )


def test_double_takes_any_number_bit_by_bit() -> None:
    for value in (
        0.0,
        -0.0,
        1.5,
        -1e308,
        5e-324,
        math.inf,
        -math.inf,
        math.nan,
        1.7976931348623157e308,
    ):
        same = numbers.id_double(value)
        assert struct.pack("d", same) == struct.pack("d", value)
        assert numbers.bits_double(value) == struct.unpack("Q", struct.pack("d", value))[0]
    assert numbers.id_double(7) == 7.0
    for value in ("1", b"1", None, True, {}, 1j, [1.0]):
        refused(lambda value=value: numbers.id_double(value), TypeError, _expected("a number"), "v")


def test_an_integer_too_large_for_a_double_does_not_fit() -> None:
    with pytest.raises(OverflowError):
        numbers.id_double(10**400)


def test_float_rounds_and_does_not_become_infinite() -> None:
    def rounded(value: float) -> float:
        result: float = struct.unpack("f", struct.pack("f", value))[0]
        return result

    for value in (0.0, 0.5, 1.1, -3.4028234663852886e38, math.inf, -math.inf, 1e-46, 3.4028235e38):
        assert numbers.id_float(value) == rounded(value)
        assert numbers.widen_float(value) == rounded(value)
    assert math.isnan(numbers.id_float(math.nan))
    assert math.copysign(1, numbers.id_float(-0.0)) == -1
    for value in (1e39, -1e39, 1.7976931348623157e308):
        error = refused(
            lambda value=value: numbers.id_float(value), OverflowError, _expected_float()
        )
        assert error.parameter == "v"


def _expected_float() -> Any:
    import re

    return re.compile(r"^numbers\.id_float: v: expected .*, got ")


def test_many_arguments_arrive_in_their_places() -> None:
    assert numbers.add12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) == 55 + 22 + 36
    assert numbers.mix(*range(1, 13)) == sum(n * n for n in range(1, 13))
    refused(
        lambda: numbers.add12(*range(11), "x"),
        TypeError,
        f'numbers.add12: l: expected an integer from {-(2**31)} to {2**31 - 1}, got "x"',
        "l",
    )


def test_arguments_by_name() -> None:
    assert numbers.index_of(count=5, i=4) == 1
    assert numbers.index_of(5, i=4) == 1
    assert numbers.sum_defaults(1, c=0) == 21
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'v'"):
        numbers.id_int()
    with pytest.raises(TypeError, match="unexpected keyword argument 'w'"):
        numbers.id_int(1, w=2)
    with pytest.raises(TypeError, match="positional argument"):
        numbers.id_int(1, 2)


def test_a_void_function_gives_none_and_is_not_called_when_an_argument_is_wrong() -> None:
    before = numbers.call_count()
    assert numbers.nothing() is None
    assert numbers.call_count() == before + 1
    with pytest.raises(TypeError):
        numbers.nothing(1)
    assert numbers.call_count() == before + 1


def test_fixed_arguments_are_passed_and_are_no_arguments_in_python() -> None:
    assert numbers.fixed_seven(1) == 107
    assert numbers.fixed_size(1) == 108
    assert numbers.fixed_call(1) == 142
    with pytest.raises(TypeError):
        numbers.fixed_seven(1, 7)


def test_64_bit_integers_are_ints_whatever_javascript_gets() -> None:
    assert numbers.big_int(-7) == -7
    assert numbers.big_ulong(2**64 - 1) == 2**64 - 1
    assert numbers.plain_int64(-(2**63)) == -(2**63)
    assert numbers.plain_uint64(2**64 - 1) == 2**64 - 1
    with pytest.raises(OverflowError):
        numbers.big_int(2**31)


def test_the_same_input_gives_the_same_result_cold_and_hot() -> None:
    def hot(value: Any) -> Any:
        try:
            return numbers.id_int(value)
        except (TypeError, OverflowError) as error:
            return str(error)

    inputs = [1, 1.9, math.nan, 2**31, "7", None, -0, 2**31 - 1, {}]
    cold = [hot(value) for value in inputs]
    for round in range(2000):
        hot(round)
    assert [hot(value) for value in inputs] == cold
