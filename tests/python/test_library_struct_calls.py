"""Structs by value and by pointer: dicts are copies, instances themselves, outputs new ones."""

from __future__ import annotations

import array
import re
from typing import Any

import isthmus as ist
import pytest
from libraries import fixture
from library_checks import refused

structs = fixture("structs")
Point, Pixel, Seg, Bits = structs.Point, structs.Pixel, structs.Seg, structs.Bits


def test_by_value_in_and_out() -> None:
    total = structs.point_add({"x": 1, "y": 2}, Point(x=3, y=4))
    assert isinstance(total, Point)
    assert (total.x, total.y) == (4, 6)
    assert structs.pixel_invert({"r": 1, "g": 2, "b": 255}).to_dict() == {
        "r": 254,
        "g": 253,
        "b": 0,
    }
    flipped = structs.seg_flip(structs.seg_make(5, 6))
    assert (flipped.id, flipped.a.y, flipped.tag[7]) == (-6, 5, 8)
    assert structs.seg_middle({"a": {"x": 2}, "b": {"x": 4, "y": 4}}).x == 3
    every = structs.all_same(structs.all_extremes(True))
    assert (every.u64, every.shade) == (2**64 - 1, 2)


def test_by_const_pointer() -> None:
    assert structs.point_length({"x": 3, "y": 4}) == 25
    assert structs.point_length(Point(x=3, y=4)) == 25
    assert structs.seg_id({"id": 7, "tag": [1, 0, 0, 0, 0, 0, 0, 2]}) == 10
    assert structs.pixel_sum({"r": 1, "g": 2, "b": 3}) == 6
    assert structs.point_or() == -1
    assert structs.point_or(None) == -1
    assert structs.point_or({"x": 8}) == 8
    literal = {"x": 3, "y": 4}
    structs.point_length(literal)
    assert literal == {"x": 3, "y": 4}


def test_inout_needs_an_instance_which_is_changed_in_place() -> None:
    point = Point(x=1, y=2)
    assert structs.point_scale(point, 3) is None
    assert (point.x, point.y) == (3, 6)
    refused(
        lambda: structs.point_scale({"x": 1, "y": 2}, 3),
        TypeError,
        "structs.point_scale: p: expected a Point, got a dict",
        "p",
    )
    seg = Seg()
    structs.seg_move(seg, {"x": 1, "y": 2})
    structs.point_scale(seg.a, 10)
    assert (seg.a.x, seg.b.y) == (10, 2)


def test_out_gives_a_new_instance_or_fills_the_callers() -> None:
    made = structs.point_unit()
    assert isinstance(made, Point)
    assert (made.x, made.y) == (1, 1)
    mine = Point(x=5)
    assert structs.point_unit(into={"p": mine}) is mine
    assert mine.x == 1
    result, left, right = structs.point_split({"x": 8, "y": 9})
    assert (result, left.x, left.y, right.x, right.y) == (2, 8, 0, 0, 9)
    refused(
        lambda: structs.point_unit(into={"p": Pixel()}),
        TypeError,
        "structs.point_unit: p: expected a Point, got a Pixel",
        "p",
    )


def test_copied_results() -> None:
    origin = structs.point_origin()
    origin.x = 99
    assert structs.point_origin().x == 0
    assert structs.point_table(1).y == 4
    assert structs.point_table(7) is None
    refused(structs.point_none, ist.Error, re.compile(r"^structs\.point_none: .*NULL"))


def test_wrong_kinds() -> None:
    strangers: list[tuple[Any, str]] = [
        (5, "5"),
        ("p", '"p"'),
        (None, "None"),
        ([1, 2], "a list"),
        (True, "True"),
        (array.array("d", [1, 2]), "an array"),
    ]
    for value, got in strangers:
        for function, name in ((structs.point_length, "p"), (structs.point_add, "a")):
            args = (value,) if name == "p" else (value, {})
            place = f"structs.{function.__name__}: {name}"
            refused(
                lambda function=function, args=args: function(*args),
                TypeError,
                re.compile(f"^{re.escape(place)}: expected a Point or a dict, got {got}"),
                name,
            )
    refused(
        lambda: structs.point_length(Pixel()),
        TypeError,
        re.compile(r"^structs\.point_length: p: expected a Point(?: or a dict)?, got a Pixel$"),
        "p",
    )
    refused(
        lambda: structs.point_length({"x": "3"}),
        TypeError,
        'structs.point_length: p.x: expected a number, got "3"',
    )
    refused(
        lambda: structs.seg_id({"a": {"y": []}}),
        TypeError,
        "structs.seg_id: s.a.y: expected a number, got a list",
    )


def test_bit_fields_hold_what_their_width_holds() -> None:
    bits = Bits(a=5, b=-3, wide=2**40 - 1, flag=True, last=99)
    assert (bits.a, bits.b, bits.wide, bits.flag, bits.last) == (5, -3, 2**40 - 1, True, 99)
    for field, bad in (("a", 8), ("a", -1), ("b", 16), ("b", -17), ("wide", 2**40), ("last", 128)):
        before = bytes(bits)
        with pytest.raises(OverflowError, match=rf"^structs\.Bits\.{field}: expected an integer "):
            setattr(bits, field, bad)
        assert bytes(bits) == before
    bits.a = 0
    assert (bits.a, bits.b, bits.flag, bits.last) == (0, -3, True, 99)


def test_c_sees_the_same_bits() -> None:
    assert structs.bits_sum({"a": 1, "b": 2, "wide": 3, "flag": True, "last": 4}) == 31030
    made = structs.bits_make(7, -1, 2**39, True, 127)
    assert made.to_dict() == {"a": 7, "b": -1, "wide": 2**39, "flag": True, "last": 127}
    assert structs.bits_same(made).to_dict() == made.to_dict()


def test_packed_and_aligned_structs_by_pointer() -> None:
    packed = structs.Packed(kind=1, value=4000000000, weight=0.5)
    assert (packed.kind, packed.value, packed.weight) == (1, 4000000000, 0.5)
    assert structs.packed_sum(packed) == 4000000001.5
    assert structs.packed_sum({"kind": 3}) == 3
    aligned = structs.Aligned(c=1, v=9)
    assert structs.aligned_remainder(aligned) == 900
    assert structs.aligned_remainder({"v": 2}) == 200
