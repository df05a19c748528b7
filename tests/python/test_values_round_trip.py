"""What goes to JavaScript and back is equal and of the same type, where that is promised."""

from __future__ import annotations

import datetime
import math
from typing import Any

import isthmus as ist
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Pairs of surrogates are one character in JavaScript.
texts = st.text(st.characters(exclude_categories=())).map(
    lambda text: text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
)
numbers = st.integers() | st.floats(allow_nan=False).filter(
    # What is an integer is an int afterwards.
    lambda number: not number.is_integer() or abs(number) > 2**53 or str(number) == "-0.0"
)
plain = st.none() | st.booleans() | numbers | texts | st.just(ist.undefined)
trees = st.recursive(
    plain | st.binary(),
    lambda parts: st.lists(parts, max_size=5) | st.dictionaries(texts, parts, max_size=5),
    max_leaves=20,
)
quiet = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def same(left: Any, right: Any) -> bool:
    """Whether two trees are equal, and of the same types in all places."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        # Keys that are indices come first in JavaScript.
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, float):
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    return bool(left == right)


@quiet
@given(plain)
def test_plain_values_come_back(context: ist.Context, value: Any) -> None:
    assert same(context.eval("x => x")(value), value)


@quiet
@given(plain)
def test_plain_values_come_back_from_callbacks(context: ist.Context, value: Any) -> None:
    assert same(context.eval("(f, x) => f(x)")(lambda given: given, value), value)


@quiet
@given(trees)
def test_trees_come_back(context: ist.Context, tree: Any) -> None:
    back = context.eval("x => x")([tree]).to_python()
    assert same(back, [tree])


@quiet
@given(st.lists(st.floats(allow_nan=False) | st.integers(-(2**53) + 1, 2**53 - 1)))
def test_lists_of_numbers_are_the_same_numbers(context: ist.Context, values: list[Any]) -> None:
    back = list(context.eval("x => x")(values))
    assert back == values
    assert [math.copysign(1, value) for value in back] == [math.copysign(1, v) for v in values]


@quiet
@given(st.lists(plain, max_size=50))
def test_arrays_give_what_lists_have(context: ist.Context, values: list[Any]) -> None:
    assert same(list(context.eval("x => x")(values)), values)


@quiet
@given(st.dictionaries(st.integers() | texts, plain, max_size=8))
def test_maps_give_what_dicts_have(context: ist.Context, values: dict[Any, Any]) -> None:
    made = context.eval("() => new Map()")()
    made.update(values)
    assert same(dict(made), values)
    assert same(made.to_python(), values)


@quiet
@given(
    st.datetimes(timezones=st.just(datetime.timezone.utc)).map(
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
    )
)
def test_dates_come_back(context: ist.Context, at: datetime.datetime) -> None:
    assert context.eval("x => x")(at) == at
    assert context.eval("x => [x]")(at).to_python() == [at]


def test_nan_comes_back(context: ist.Context) -> None:
    assert math.isnan(context.eval("x => x")(math.nan))
    assert math.isnan(context.eval("x => [x]")(math.nan)[0])
    assert math.isnan(context.eval("x => x")([math.nan, "x"])[0])


@pytest.mark.parametrize("number", [2**53 - 1, -(2**53) + 1])
def test_the_widest_numbers_are_numbers(context: ist.Context, number: int) -> None:
    assert context.eval("x => typeof x")(number) == "number"
    assert context.eval("x => typeof x[0]")([number, "x"]) == "number"


@pytest.mark.parametrize(
    "number", [2**53, -(2**53), 2**63, -(2**63), 2**64, 1 << 100000], ids=int.bit_length
)
def test_wider_numbers_are_bigints(context: ist.Context, number: int) -> None:
    same = context.eval("(x, text) => typeof x === 'bigint' && x === BigInt(text)")
    assert same(number, hex(number)) if number > 0 else same(number, str(number))
    back = context.eval("x => x")
    assert back(number) == number
    assert back([number, "x"])[0] == number
    assert back([number, "x"]).to_python() == [number, "x"]


@pytest.mark.parametrize(
    ("text", "length"), [("\ud83d\ude00", 2), ("\0a\0", 3), ("\ud800", 1), ("a\udfff\u4e2d", 3)]
)
def test_texts_are_utf_16(context: ist.Context, text: str, length: int) -> None:
    assert context.eval("x => x.length")(text) == length
    expected = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    assert context.eval("x => x")(text) == expected
    assert context.eval("x => x")([text]).to_python() == [expected]
    assert list(context.eval("x => x")({text: 1})) == [expected]
