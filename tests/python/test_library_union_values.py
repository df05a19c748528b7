"""Unions: one memory under several names, and tags that say which is there."""

from __future__ import annotations

import pytest
from libraries import fixture


def test_without_a_tag() -> None:
    unions = fixture("unions")
    assert unions.Word(f=1).i == 1065353216
    assert unions.word_of(5).i == 5
    assert list(unions.word_swap({"i": 1}, {"i": 2}).bytes) == [0, 0, 3, 0]
    assert unions.big_sum({"d": 1.5}, {"u": 0x4000000000000000}) == 3.5
    w = unions.Word(i=1)
    unions.word_invert(w)
    assert w.i == ~1
    for literal, came in (({}, "none"), ({"i": 1, "f": 2}, "several")):
        with pytest.raises(TypeError) as raised:
            unions.Word(literal)
        assert (
            str(raised.value)
            == f"unions.Word: expected exactly one member of the union Word, got {came}"
        )


def test_by_value_in_registers_and_in_memory() -> None:
    unions = fixture("unions")
    assert unions.mixed_twice(0, {"point": {"x": 1, "y": 2, "z": 3}}, 0.0).point.y == 4
    assert unions.floats_next({"f": [1, 2]}).three.to_dict() == {"a": 2, "b": 4, "c": 3}
    assert unions.large_next({"text": "abc"}).text == "bbc"
    assert unions.value_number(2.5).to_dict()["as"]["number"] == 2.5
    assert unions.value_same(unions.value_number(7)).as_.number == 7


def test_a_tag_selects() -> None:
    unions = fixture("unions")
    events = [unions.event_next() for _ in range(8)]
    kinds = {event.kind: event.to_dict().get("what") for event in events}
    assert kinds[unions.UN_KEY] == 42
    assert kinds[unions.UN_MOVE] == {"x": 1.5, "y": -2.0}
    assert kinds[unions.UN_TEXT]["chars"] == "typed"
    assert kinds[unions.UN_NONE] is None
    nothing = next(event for event in events if event.kind == unions.UN_NONE)
    with pytest.raises(
        TypeError, match=r"^unions\.Event\.what: is there only when kind is 1, 2 or 3, and it is 0$"
    ):
        nothing.what  # noqa: B018


def test_members_without_a_name() -> None:
    unions = fixture("unions")
    v = unions.variant_of(1)
    assert v.to_dict() == {"tag": 1, "whole": 11, "left": 10, "right": 20}
    with pytest.raises(
        TypeError, match=r"^unions\.Variant\.real: is there only when tag is 2, and it is 1$"
    ):
        v.real  # noqa: B018
    v.tag = 3
    pair = v.pair
    pair.a = 4
    assert v.pair.to_dict()["a"] == 4
    v.tag = 1
    with pytest.raises(TypeError, match=r"is no longer there: tag has changed"):
        pair.a  # noqa: B018
    with pytest.raises(TypeError, match=r"shares its memory with whole: give one of them"):
        unions.Variant({"tag": 1, "whole": 1, "real": 2.0})
    assert unions.variant_sum({"tag": 2, "real": 0.5, "left": 1}) == unions.variant_sum(
        unions.Variant({"tag": 2, "real": 0.5, "left": 1})
    )


def test_what_a_function_replaces() -> None:
    unions = fixture("unions")
    unions.event_next()
    last = unions.event_last()
    assert last.kind in tuple(unions.un_kind)
    unions.event_next()
    with pytest.raises(Exception, match=r"the Event is no longer valid after unions.event_next"):
        last.kind  # noqa: B018


def test_lists_of_structs() -> None:
    unions = fixture("unions")
    items = unions.list_get(3).items
    assert [item.name for item in items] == ["one", "two", None]
    with pytest.raises(AttributeError, match=r"is read-only"):
        items[0].id = 5
    assert unions.list_get(0).items is None
    assert [w.f for w in unions.words_fill(2).words] == [0.0, 1.0]
