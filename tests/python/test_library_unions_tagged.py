"""Unions: one memory with a name for each way to read it, dicts that set one member, and tags that
say which is there.
"""

from __future__ import annotations

import re
from typing import Any

import isthmus as ist
import pytest
from libraries import fixture
from library_checks import refused

unions = fixture("unions")
Word, Mixed, Value, Event = unions.Word, unions.Mixed, unions.Value, unions.Event
Variant, Note = unions.Variant, unions.Note


def text_event() -> Any:
    """An event that is a text."""
    event = Event()
    while event.kind != unions.UN_TEXT:
        unions.event_next(into={"event": event})
    return event


def test_members_share_their_memory() -> None:
    word = Word(f=1)
    assert word.i == 0x3F800000
    assert list(word.bytes) == [0, 0, 128, 63]
    assert word.halves.high == 0x3F80
    word.i = -1
    assert list(word.bytes) == [255] * 4
    word.halves.low = 0
    assert word.i == -65536
    word.bytes[0] = 7
    assert word.halves.low == 7
    assert Word().i == 0
    assert Word(word).i == word.i
    assert Word(i=1).to_dict() == {
        "i": 1,
        "f": 1.401298464324817e-45,
        "bytes": [1, 0, 0, 0],
        "halves": {"low": 1, "high": 0},
    }


def test_a_dict_sets_exactly_one_member() -> None:
    assert Word(bytes=[0, 0, 128, 63]).f == 1
    assert Word(halves={"low": 2}).i == 2
    said = "unions.Word: expected exactly one member of the union Word, got "
    refused(lambda: Word({}), TypeError, said + "none")
    refused(lambda: Word(i=1, f=2), TypeError, said + "several")
    refused(lambda: Word(j=1), TypeError, re.compile('no field "j"'))
    with pytest.raises(OverflowError, match=r"^unions\.Word: i: expected an integer "):
        Word(i=2**31)
    with pytest.raises(TypeError, match=r"^unions\.Value: as: expected exactly one member"):
        Value(as_={"boolean": True, "int32": 1})
    value = Value(type=3)
    assert value.as_.handle == 0
    value.as_.number = 1.5
    value.as_ = {"int32": 7}
    assert value.as_.handle == 7
    with pytest.raises(TypeError, match=r"got none$"):
        value.as_ = {}
    assert value.as_.int32 == 7


def test_by_value_and_by_pointer_in_every_class_of_argument() -> None:
    assert isinstance(unions.word_of(5), Word)
    assert unions.word_of(0x40000000).f == 2
    assert unions.word_swap({"i": 0x00020001}, {"halves": {"low": 10}}).i == 0x000B0002
    word = Word(i=1)
    unions.word_invert(word)
    assert word.i == -2
    assert unions.big_sum({"d": 1.5}, {"u": 0x4000000000000000}) == 3.5
    mixed = unions.mixed_twice(1, {"point": {"x": 0, "y": 1.25, "z": 4}}, 0.5)
    assert (mixed.named.id, mixed.point.y, mixed.named.scale, mixed.point.z) == (1, 2.5, 2.5, 8.5)
    assert unions.mixed_twice(1, {"named": {"id": 20}}, 0).named.id == 41
    assert unions.floats_next({"f": [1, 2]}).three.to_dict() == {"a": 2, "b": 4, "c": 3}
    assert unions.large_next({"text": "abc"}).text == "bbc"
    assert list(unions.large_next({"numbers": [1, 2, 3]}).numbers) == [2, 3, 4]
    value = unions.value_same({"type": 4, "owner": 9, "as": {"number": -0.5}})
    assert (value.type, value.owner, value.as_.number) == (4, 9, -0.5)
    assert unions.value_number(1e300).as_.number == 1e300
    assert unions.value_same(value).as_.handle == value.as_.handle
    assert [each.f for each in unions.words_fill(3).words] == [0, 1, 2]
    refused(
        lambda: unions.word_swap({"i": 1, "f": 1}, {"i": 1}),
        TypeError,
        "unions.word_swap: w: expected exactly one member of the union Word, got several",
    )
    with pytest.raises(TypeError, match=r"^unions\.word_invert: w: expected a Word, got a dict$"):
        unions.word_invert({"i": 1})
    with pytest.raises(TypeError, match=r"^unions\.big_sum: a: expected a Big"):
        unions.big_sum(Word(), {"d": 1})


def test_in_callbacks_both_ways() -> None:
    seen: list[Any] = []

    def other(given: Any) -> Any:
        seen.append((type(given), given.point.z))
        return {"named": {"id": given.named.id, "scale": 8}}

    mixed = unions.mixed_map({"point": {"x": 1, "y": 2, "z": 3}}, other)
    assert seen == [(Mixed, 3)]
    assert (mixed.point.x, mixed.point.y, mixed.point.z) == (1, 8, 0)
    with pytest.raises(TypeError, match="exactly one member"):
        unions.mixed_map({"named": {}}, lambda given: {})


def test_what_the_tag_selects_is_what_is_read() -> None:
    seen = {}
    for _ in range(4):
        event = unions.event_next()
        seen[int(event.kind)] = event.to_dict()
        if event.kind == unions.UN_KEY:
            assert unions.event_last().what == 42
        if event.kind == unions.UN_NONE:
            refused(
                lambda event=event: event.what,
                TypeError,
                "unions.Event.what: is there only when kind is 1, 2 or 3, and it is 0",
            )
    assert seen == {
        0: {"kind": 0},
        1: {"kind": 1, "what": 42},
        2: {"kind": 2, "what": {"x": 1.5, "y": -2}},
        3: {"kind": 3, "what": {"chars": "typed", "length": 5, "lines": [0, 9]}},
    }


def test_where_pointers_are_among_the_members_only_c_says_what_is_there() -> None:
    event = Event()
    for name, value in (("kind", 3), ("what", 5)):
        with pytest.raises(AttributeError, match=rf"^unions\.Event\.{name}: is read-only$"):
            setattr(event, name, value)
    refused(lambda: Event(kind=3), TypeError, "unions.Event: kind: is read-only")
    with pytest.raises(TypeError, match="only when kind"):
        event.what  # noqa: B018
    text = text_event().what
    read_only = (AttributeError, TypeError)
    with pytest.raises(read_only, match=r"\.length: is read-only$"):
        text.length = 3
    with pytest.raises(TypeError, match="is read-only"):
        text.lines[0] = 3
    with pytest.raises(read_only, match="is read-only"):
        text.lines = [1, 2]


def test_a_view_of_what_was_there_ends_when_the_tag_says_otherwise() -> None:
    event = text_event()
    text = event.what
    lines = text.lines
    assert text.chars == "typed"
    unions.event_next(into={"event": event})
    assert event.kind == unions.UN_NONE
    uses = (
        lambda: text.chars,
        lambda: text.length,
        text.to_dict,
        lambda: lines[0],
        lambda: list(lines),
        lines.to_list,
    )
    for use in uses:
        with pytest.raises(TypeError, match=r": is no longer there: kind has changed$"):
            use()
    while event.kind != unions.UN_TEXT:
        unions.event_next(into={"event": event})
    assert text.chars == "typed"


def test_members_of_a_union_without_a_name() -> None:
    for tag, name, value in ((1, "whole", 11), (2, "real", 2.5)):
        variant = unions.variant_of(tag)
        assert getattr(variant, name) == value
        assert (variant.left, variant.right) == (10, 20)
        for other in {"whole", "real", "pair"} - {name}:
            said = rf"^unions\.Variant\.{other}: is there only when tag is .*, and it is {tag}$"
            with pytest.raises(TypeError, match=said):
                getattr(variant, other)
        assert variant.to_dict() == {"tag": tag, name: value, "left": 10, "right": 20}
    variant = unions.variant_of(3)
    pair = variant.pair
    assert (pair.a, pair.b) == (3, 4)
    variant.tag = 4
    assert pair.a == 3
    variant.tag = 2
    with pytest.raises(TypeError, match="no longer there"):
        pair.a  # noqa: B018
    with pytest.raises(TypeError, match="no longer there"):
        pair.a = 1
    with pytest.raises(TypeError, match=r"^unions\.Variant\.whole: is there only when tag is 1"):
        variant.whole = 1
    variant.real = 0.5
    assert unions.variant_sum(variant) == 30.5
    assert unions.variant_sum({"tag": 1, "whole": 5, "left": 1}) == 6
    assert unions.variant_sum({"tag": 4, "pair": {"a": 7}}) == 0
    refused(
        lambda: unions.variant_sum({"tag": 1, "real": 5}),
        TypeError,
        "unions.variant_sum: v.real: is there only when tag is 2, and it is 1",
    )
    refused(
        lambda: unions.variant_sum({"tag": 1, "whole": 1, "real": 5}),
        TypeError,
        "unions.variant_sum: v.real: shares its memory with whole: give one of them",
    )


def test_a_text_in_a_union_without_a_name() -> None:
    note = Note()
    assert note.number == 0
    with pytest.raises(TypeError, match=r"^unions\.Note\.text: is there only when tag is 1"):
        note.text  # noqa: B018
    unions.note_set(note, "kept")
    assert note.text == "kept"
    for name, value in (("number", 1), ("tag", 0)):
        with pytest.raises(AttributeError, match=rf"^unions\.Note\.{name}: is read-only$"):
            setattr(note, name, value)
    unions.note_set(note, None)
    refused(
        lambda: note.text,
        TypeError,
        "unions.Note.text: is there only when tag is 1, and it is 0",
    )
    assert note.number == 77


def test_an_object_that_nobody_wants_is_freed_at_once() -> None:
    before = unions.Source.count()
    assert unions.attempt(0) is None
    assert unions.attempt(1) is None
    with pytest.raises(unions.UnionError) as caught:
        unions.attempt(-3)
    assert caught.value.code == -1
    assert isinstance(caught.value, ist.Error)
    assert unions.Source.count() == before
