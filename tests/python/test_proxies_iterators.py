"""What JavaScript can iterate over, Python can."""

from __future__ import annotations

import itertools

import isthmus as ist
import pytest


def test_generators_are_iterators(context: ist.Context) -> None:
    made = context.eval("(function* () { yield 1; yield 'x'; return 3 })()")
    assert isinstance(made, ist.JSIterator)
    assert next(made) == 1 and list(made) == ["x"] and list(made) == []
    assert list(context.eval("new Map([[1, 2]]).keys()")) == [1]
    assert list(context.eval("new Set(['a']).values()")) == ["a"]


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("[1, 2].values()", [1, 2]),
        ("[1, 2][Symbol.iterator]()", [1, 2]),
        ("new String('ab')", ["a", "b"]),
        ("({ *[Symbol.iterator]() { yield 5 } })", [5]),
        ("'a1b2'.matchAll(/[a-z]/g)", None),
        ("({ a: 1, b: 2 })", ["a", "b"]),
    ],
)
def test_other_objects(context: ist.Context, source: str, values: list[object] | None) -> None:
    found = list(context.eval(source))
    assert len(found) == 2 if values is None else found == values


def test_an_iteration_that_ends_early_is_told(context: ist.Context) -> None:
    endless = context.eval(
        "globalThis.ended = 0;"
        "({ *[Symbol.iterator]() { try { for (let i = 0; ; i++) yield i } finally { ended++ } } })"
    )
    assert list(itertools.islice(endless, 3)) == [0, 1, 2]
    assert context["ended"] == 1


def test_what_it_throws_is_raised(context: ist.Context) -> None:
    made = context.eval("(function* () { yield 1; throw new RangeError('over') })()")
    assert next(made) == 1
    with pytest.raises(ist.JSError, match="RangeError: over"):
        next(made)
    with pytest.raises(ist.JSError, match="TypeError"):
        list(context.eval("({ [Symbol.iterator]: 1 })"))
    with pytest.raises((TypeError, ist.JSError)):
        list(context.eval("({ [Symbol.iterator]: () => 1 })"))
    with pytest.raises((ist.ConversionError, ist.JSError)):
        list(context.eval("({ [Symbol.iterator]: () => ({}) })"))
