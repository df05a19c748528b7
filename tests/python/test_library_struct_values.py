"""Structs: made from keywords, dicts and one another, read and written in the memory that C
sees.
"""

from __future__ import annotations

import copy
import pickle

import pytest
from libraries import fixture


def test_made_of() -> None:
    structs = fixture("structs")
    assert repr(structs.Point()) == "Point(x=0.0, y=0.0)"
    p = structs.Point(x=1, y=2)
    assert (p.x, p.y) == (1, 2) and p.to_dict() == {"x": 1.0, "y": 2.0}
    q = structs.Point(p)
    q.x = 9
    assert (p.x, q.x, q.y) == (1, 9, 2)
    assert structs.Point({"y": 7}).to_dict() == {"x": 0, "y": 7}
    assert structs.Point.fields == ("x", "y")
    assert bytes(structs.Pixel(r=1, g=2, b=3)) == b"\1\2\3"
    assert structs.Point.__doc__ == "A place in the plane."


def test_by_value_and_by_pointer() -> None:
    structs = fixture("structs")
    assert structs.point_length({"x": 3, "y": 4}) == 25
    assert structs.point_add({"x": 1, "y": 2}, structs.Point(x=10)).to_dict() == {"x": 11, "y": 2}
    p = structs.Point(x=1, y=2)
    assert structs.point_scale(p, 3) is None
    assert (p.x, p.y) == (3, 6)
    assert structs.point_unit().to_dict() == {"x": 1, "y": 1}
    mine = structs.Point()
    assert structs.point_unit(into={"p": mine}) is mine
    assert structs.seg_flip({"a": {"x": 1}, "b": {"x": 2}, "id": 5}).a.x == 2
    assert structs.point_origin().to_dict() == {"x": 0, "y": 0}
    assert structs.point_table(-1) is None
    with pytest.raises(Exception, match=r"^structs.point_none: the result is NULL$"):
        structs.point_none()
    assert structs.point_or(None) == structs.point_or() == -1


def test_all_types_of_fields() -> None:
    structs = fixture("structs")
    most, least = structs.all_extremes(True), structs.all_extremes(False)
    assert (most.i64, most.u64, least.i64, most.on, least.i8) == (
        2**63 - 1,
        2**64 - 1,
        -(2**63),
        True,
        -128,
    )
    assert most.shade is structs.shade.DARK
    same = structs.all_same(most.to_dict())
    assert same.to_dict() == most.to_dict() and bytes(same) == bytes(most)
    one = structs.All()
    beyond = {
        "c": 128,
        "u8": 256,
        "i16": 1 << 15,
        "u32": -1,
        "i64": 1 << 63,
        "u64": -1,
        "f32": 1e39,
    }
    for name, bad in beyond.items():
        with pytest.raises(OverflowError, match=rf"^structs\.All\.{name}: expected "):
            setattr(one, name, bad)
    for name, wrong in (("on", 1), ("f64", "1"), ("i32", 1.5), ("i32", None), ("i32", True)):
        with pytest.raises(TypeError, match=rf"^structs\.All\.{name}: expected "):
            setattr(one, name, wrong)
    with pytest.raises(
        ValueError, match=r"^structs\.All\.shade: expected one of LIGHT, DARK, got 3$"
    ):
        one.shade = 3
    assert bytes(one) == bytes(len(bytes(one)))


def test_bit_fields() -> None:
    structs = fixture("structs")
    bits = structs.Bits(a=7, b=-16, wide=(1 << 40) - 1, flag=True, last=127)
    assert structs.bits_same(bits).to_dict() == bits.to_dict()
    assert structs.bits_make(3, -1, 5, False, 9).to_dict() == {
        "a": 3,
        "b": -1,
        "wide": 5,
        "flag": False,
        "last": 9,
    }
    with pytest.raises(
        OverflowError, match=r"^structs\.Bits\.a: expected an integer from 0 to 7, got 8$"
    ):
        bits.a = 8
    with pytest.raises(OverflowError, match=r"from -16 to 15, got 16"):
        bits.b = 16
    assert bits.a == 7


def test_what_is_refused() -> None:
    structs = fixture("structs")
    for make, text in (
        (lambda: structs.Point({"X": 1}), 'structs.Point: Point has no field "X"'),
        (lambda: structs.Seg(idd=1), 'structs.Seg: Seg has no field "idd": did you mean "id"?'),
        (lambda: structs.Point(5), "structs.Point: expected a Point or a dict, got 5"),
        (lambda: structs.Point("x"), 'structs.Point: expected a Point or a dict, got "x"'),
        (
            lambda: structs.Point(structs.Seg()),
            "structs.Point: expected a Point or a dict, got a Seg",
        ),
        (
            lambda: structs.Point({}, x=1),
            "structs.Point: expected one value or keyword arguments, got both",
        ),
        (lambda: structs.Point({1: 1}), 'structs.Point: Point has no field "int"'),
        (
            lambda: structs.point_length(None),
            "structs.point_length: p: expected a Point or a dict, got None",
        ),
        (
            lambda: structs.point_scale({"x": 1}, 2),
            "structs.point_scale: p: expected a Point, got a dict",
        ),
        (lambda: structs.seg_id({"a": {"z": 1}}), 'structs.seg_id: s.a: Point has no field "z"'),
    ):
        with pytest.raises(TypeError) as raised:
            make()
        assert str(raised.value).startswith(text)
    with pytest.raises(AttributeError):
        structs.Point().z = 1
    for make_copy in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"cannot be pickled or copied"):
            make_copy(structs.Point())


def test_nested_parts_are_views() -> None:
    structs = fixture("structs")
    s = structs.Seg(a={"x": 1})
    s.b = s.a
    view = s.a
    view.x = 5
    assert (s.a.x, s.b.x) == (5, 1)
    del s
    assert view.x == 5
    s = structs.Seg()
    before = bytes(s)
    with pytest.raises(TypeError, match=r"^structs\.Seg\.a\.y: expected a number, got "):
        s.a = {"x": 1, "y": "2"}
    assert bytes(s) == before


def test_arrays() -> None:
    structs = fixture("structs")
    g = structs.grid_make(3)
    assert [list(row) for row in g.cells] == [[3, 4, 5], [6, 7, 8]]
    assert (len(g.cells), g.cells[-1][-1], g.cells[1][:2]) == (2, 8, [6, 7])
    g.cells[0][1] = 40
    g.cells[1] = [1, 2, 3]
    assert g.cells.to_list() == [[3, 40, 5], [1, 2, 3]]
    g.corners[2].x = 7
    assert g.corners.to_list()[2]["x"] == 7
    assert g.label == "grid"
    g.label = "seven77"
    g.raw = b"\1\2\3\4"
    assert (g.label, bytes(g.raw)) == ("seven77", b"\1\2\3\4")
    with pytest.raises(
        IndexError,
        match=r"^structs\.Grid\.cells\[1\]\[3\]: is beyond the end: there are 3 elements$",
    ):
        g.cells[1][3]
    with pytest.raises(IndexError, match=r"beyond the end"):
        g.cells[-3] = [1, 2, 3]
    with pytest.raises(
        ValueError, match=r"^structs\.Grid\.cells\[0\]: expected 3 elements, got 2$"
    ):
        g.cells[0] = [1, 2]
    with pytest.raises(
        ValueError, match=r"^structs\.Grid\.label: expected a string of at most 7 bytes, got 8$"
    ):
        g.label = "12345678"
    with pytest.raises(ValueError, match=r"NUL"):
        g.label = "a\0b"
    with pytest.raises(
        TypeError, match=r"^structs\.Grid\.cells\[0\]\[0\]: expected an integer from "
    ):
        g.cells[0][0] = 1.5
    with pytest.raises(TypeError, match=r"indexes are integers"):
        g.cells["0"]


def test_classes_can_be_extended() -> None:
    structs = fixture("structs")

    class Named(structs.Point):  # type: ignore[misc]
        name = "p"

        def length(self) -> float:
            return float(structs.point_length(self))

    named = Named(x=3, y=4)
    named.other = 5
    assert named.length() == structs.point_length({"x": 3, "y": 4}) and isinstance(
        named, structs.Point
    )


def test_unmade_objects() -> None:
    structs = fixture("structs")
    unmade = structs.Point.__new__(structs.Point)
    for use in (
        lambda: unmade.x,
        lambda: structs.point_length(unmade),
        lambda: unmade.to_dict(),
        lambda: bytes(unmade),
    ):
        with pytest.raises((Exception,), match=r"was never constructed"):
            use()
    assert "never constructed" in repr(unmade)
    made = structs.Point()
    with pytest.raises(TypeError, match=r"is constructed already"):
        made.__init__()
