"""Maps and Sets are Python's mappings and sets."""

from __future__ import annotations

import collections.abc
import math

import isthmus as ist
import pytest


def test_a_map_is_a_mapping(context: ist.Context) -> None:
    about = context.eval("globalThis.m = new Map([[1, 'one'], ['a', undefined], [null, 2]]); m")
    assert isinstance(about, ist.JSMap) and isinstance(about, collections.abc.MutableMapping)
    assert len(about) == 3 and list(about) == [1, "a", None] and 1 in about and 2 not in about
    assert about[1] == "one" and about["a"] is ist.undefined and about[None] == 2
    assert next(iter(about.items())) == (1, "one") and list(about.values())[2] == 2
    assert list(about.keys()) == [1, "a", None] and about.get(7, "no") == "no"
    assert about == {1: "one", "a": ist.undefined, None: 2} and about != {1: "one"}
    with pytest.raises(KeyError, match="5"):
        about[5]


def test_a_map_changes_as_a_dict_does(context: ist.Context) -> None:
    about = context.eval("globalThis.m = new Map; m")
    about["x"] = 1
    about.update({2: 3, "y": [1]})
    assert about.setdefault("x", 5) == 1 and about.pop(2) == 3 and about.pop(2, None) is None
    assert context.eval("[...m.keys()]") == ["x", "y"]
    del about["x"]
    with pytest.raises(KeyError, match="'x'"):
        del about["x"]
    about.clear()
    assert not about and context.eval("m.size") == 0


def test_keys_are_compared_as_javascript_does(context: ist.Context) -> None:
    about = context.eval("globalThis.k = {}; new Map([[NaN, 'nan'], [0, 'zero'], [k, 'object']])")
    assert about[math.nan] == "nan" and about[-0.0] == "zero" and about[0] == "zero"
    assert about[context["k"]] == "object" and {} not in about


def test_its_properties_are_attributes(context: ist.Context) -> None:
    about = context.eval("new Map([['size', 'an entry']])")
    assert about.size == 1 and about["size"] == "an entry"
    assert about.set("b", 2) is about and about.has("b") is True and about.delete("b") is True


def test_a_set_is_a_set(context: ist.Context) -> None:
    about = context.eval("globalThis.s = new Set([1, 'a', null]); s")
    assert isinstance(about, ist.JSSet) and isinstance(about, collections.abc.MutableSet)
    assert len(about) == 3 and list(about) == [1, "a", None] and "a" in about and 5 not in about
    assert about == {1, "a", None} and about != {1} and about != [1, "a", None]
    assert about & {1, 7} == {1} and about | {7} == {1, "a", None, 7} and about - {1} == {"a", None}
    about.add(9)
    about.discard("a")
    about.discard("never there")
    about |= {"more"}
    assert context.eval("[...s]") == [1, None, 9, "more"]
    with pytest.raises(KeyError):
        about.remove("a")
    about.clear()
    assert not about


def test_patched_methods_change_nothing(context: ist.Context) -> None:
    context.eval("Map.prototype.get = Set.prototype.has = () => { throw new Error('patched') }")
    assert context.eval("new Map([[1, 2]])")[1] == 2 and 1 in context.eval("new Set([1])")
