"""An array is a sequence, as a list is, and has JavaScript's methods besides."""

from __future__ import annotations

import collections.abc
from typing import Any

import isthmus as ist
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

quiet = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
indices = st.none() | st.integers(-12, 12)


def array(context: ist.Context, values: list[Any]) -> Any:
    return context.eval("x => x")(values)


def test_it_is_a_sequence(context: ist.Context) -> None:
    made = array(context, ["a", 2, None])
    assert isinstance(made, ist.JSArray) and isinstance(made, collections.abc.MutableSequence)
    assert list(made) == ["a", 2, None] and len(made) == 3 and made[0] == "a" and made[-1] is None
    assert list(reversed(made)) == [None, 2, "a"] and 2 in made and 3 not in made
    assert made.index(2) == 1 and made.count("a") == 1
    assert bool(made) and not array(context, [])
    assert made == ["a", 2, None] and made != ["a"] and made != ("a", 2, None)
    first, *rest = made
    assert first == "a" and rest == [2, None]


@quiet
@given(
    st.lists(st.integers(), max_size=10),
    indices,
    indices,
    st.none() | st.integers(-3, 3).filter(bool),
)
def test_slices_are_a_lists(
    context: ist.Context, values: list[int], start: Any, stop: Any, step: Any
) -> None:
    where = slice(start, stop, step)
    made = array(context, values)
    assert made[where] == values[where]
    del made[where]
    del values[where]
    assert list(made) == values


@quiet
@given(
    st.lists(st.integers(), max_size=8), indices, indices, st.lists(st.text(max_size=3), max_size=4)
)
def test_slices_are_set_as_a_lists(
    context: ist.Context, values: list[Any], start: Any, stop: Any, put: list[Any]
) -> None:
    made = array(context, values)
    made[start:stop] = put
    values[start:stop] = put
    assert list(made) == values
    if values:
        made[::-1] = values
        assert list(made) == values[::-1]


def test_slices_with_steps_want_as_many_values(context: ist.Context) -> None:
    made = array(context, [1, 2, 3])
    with pytest.raises(ValueError, match="1 values for a slice of 2"):
        made[::2] = [1]


def test_it_changes_as_a_list_does(context: ist.Context) -> None:
    made, model = array(context, [3, "x"]), [3, "x"]
    for change in (
        lambda about: about.append(4),
        lambda about: about.extend([5, 6]),
        lambda about: about.insert(0, "first"),
        lambda about: about.insert(-1, "late"),
        lambda about: about.insert(100, "last"),
        lambda about: about.__setitem__(-1, None),
        lambda about: about.__delitem__(1),
        lambda about: about.pop(),
        lambda about: about.pop(0),
        lambda about: about.remove("late"),
        lambda about: about.reverse(),
        lambda about: about.clear(),
    ):
        change(made)
        change(model)
        assert list(made) == model
    with pytest.raises(IndexError):
        made.pop()
    with pytest.raises(ValueError):
        made.remove(1)


def test_indices_beyond_it_are_errors(context: ist.Context) -> None:
    made = array(context, [1, ist.undefined])
    assert made[1] is ist.undefined
    for index in (2, -3, 2**32, 2**70, -(2**70)):
        with pytest.raises(IndexError, match="of an array of 2"):
            made[index]
        with pytest.raises(IndexError, match="of an array of 2"):
            made[index] = 1
        with pytest.raises(IndexError, match="of an array of 2"):
            del made[index]


def test_it_has_javascripts_methods(context: ist.Context) -> None:
    made = context.eval("[1, 2, 3]")
    assert made.length == 3 and made["length"] == 3
    assert made.map(lambda value, *rest: value * 2) == [2, 4, 6]
    assert made.join("-") == "1-2-3" and made.indexOf(2) == 1
    assert made.push(4) == 4 and made.pop() == 4
    assert made.filter(lambda value, *rest: value > 1).slice(0, 1) == [2]


def test_holes_are_undefined(context: ist.Context) -> None:
    made = context.eval("[1, , 'x']")
    assert list(made) == [1, ist.undefined, "x"] and made[1] is ist.undefined
    assert made.to_python() == [1, ist.undefined, "x"]


def test_numbers_come_as_what_they_are(context: ist.Context) -> None:
    values = list(context.eval("Array.from({ length: 100 }, (_, i) => i % 2 ? i : i / 4)"))
    assert values == [i if i % 2 else i / 4 for i in range(100)]
    assert {type(value) for value in values} == {int, float}
    odd = list(context.eval("[...Array(50).fill(1), -0, NaN, 2 ** 60, 'x']"))
    assert odd[-1] == "x" and str(odd[50]) == "-0.0" and isinstance(odd[52], float)
    assert list(context.eval("[...Array(50).fill(1), -0, 2 ** 60]"))[50:] == [-0.0, 2.0**60]


def test_an_array_that_changes_while_it_is_read(context: ist.Context) -> None:
    shrinking = context.eval(
        "a = Array(100).fill('x');"
        "Object.defineProperty(a, 3, { get() { a.length = 5; return 3 } }); a"
    )
    values = list(shrinking)
    assert values[:5] == ["x", "x", "x", 3, "x"] and set(values[5:]) <= {ist.undefined}
    throwing = context.eval(
        "a = [1]; Object.defineProperty(a, 0, { get() { throw new Error('no') } }); a"
    )
    with pytest.raises(ist.JSError, match="no"):
        list(throwing)


def test_iteration_is_about_what_was_there(context: ist.Context) -> None:
    made = context.eval("[1, 2]")
    seen = []
    for value in made:
        seen.append(value)
        made.append(value + 2)
    assert seen == [1, 2] and list(made) == [1, 2, 3, 4]


def test_a_very_long_array_is_an_error_not_a_crash(context: ist.Context) -> None:
    made = context.eval("a = []; a.length = 4294967295; a")
    assert (
        len(made) == 2**32 - 1 and made[5] is ist.undefined and made[10:12] == [ist.undefined] * 2
    )
    with pytest.raises(ist.LimitError, match="most of them missing, is too large"):
        made.to_python()


def test_many_values_at_once(context: ist.Context) -> None:
    made = context.eval("[]")
    made.extend(range(200_000))
    assert len(made) == 200_000 and made[199_999] == 199_999
    made[1:-1] = (str(i) for i in range(150_000))
    assert len(made) == 150_002
    assert made[0] == 0 and made[1] == "0" and made[150_000] == "149999" and made[-1] == 199_999


def test_a_frozen_array_is_an_error(context: ist.Context) -> None:
    made = context.eval("Object.freeze([1])")
    for change in (
        lambda: made.append(1),
        lambda: made.__setitem__(0, 2),
        lambda: made.__delitem__(0),
        lambda: made.clear(),
    ):
        with pytest.raises(ist.JSError, match="TypeError"):
            change()
    assert list(made) == [1]


def test_the_elements_keep_their_identity(context: ist.Context) -> None:
    made = context.eval("o = {}; f = () => 1; [o, f, Symbol.iterator]")
    assert made[0] is context["o"] and list(made)[1] is context["f"]
    assert list(made)[2] == ist.JSSymbol.known(context, "iterator")
