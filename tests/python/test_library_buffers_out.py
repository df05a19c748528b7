"""Buffers that C fills: allocated as the interface file says, cut to what was filled, or the
caller's own by `into`.
"""

from __future__ import annotations

import array
import re
from typing import Any

import pytest
from libraries import fixture
from library_checks import refused

buffers = fixture("buffers")

KINDS = {
    "u8": "B",
    "i8": "b",
    "u16": "H",
    "i16": "h",
    "u32": "I",
    "i32": "i",
    "u64": "Q",
    "i64": "q",
    "f32": "f",
    "f64": "d",
}
every_kind = pytest.mark.parametrize("name", KINDS)


@every_kind
def test_out(name: str) -> None:
    made = getattr(buffers, f"fill_{name}")(3)
    assert list(made) == [1, 2, 3]
    assert len(getattr(buffers, f"fill_{name}")(0)) == 0
    if name == "u8":
        assert type(made) is bytes
    else:
        assert type(made) is memoryview
        assert made.itemsize == array.array(KINDS[name]).itemsize
        made[0] = 7
        assert made[0] == 7


@every_kind
def test_in_place(name: str) -> None:
    code = KINDS[name]
    mine = array.array(code, [1, 2, 3, 4])
    size = 8 * mine.itemsize
    negate = getattr(buffers, f"negate_{name}")
    assert negate(memoryview(mine)[1:3]) is None
    minus = [2**size - 2, 2**size - 3] if name[0] == "u" else [-2, -3]
    assert list(mine) == [1, *minus, 4]


def test_what_cannot_be_written_is_refused() -> None:
    for value in (b"\1\2", memoryview(b"\1\2"), memoryview(bytearray(b"\1")).toreadonly()):
        refused(
            lambda value=value: buffers.negate_u8(value),
            TypeError,
            re.compile(r"^buffers\.negate_u8: v: expected a writable "),
            "v",
        )


def test_a_new_output_is_fresh_each_time() -> None:
    first, second = buffers.fill_i32(4), buffers.fill_i32(4)
    first[0] = 99
    assert list(second) == [1, 2, 3, 4]
    assert first.nbytes == 16


def test_cut_to_what_was_filled_which_is_never_trusted_beyond_the_capacity() -> None:
    for capacity in (10, 2, 0):
        some = buffers.fill_some(capacity)
        expected = [-1, 0, 1][:capacity]
        assert (some.result, list(some.v)) == (len(expected), expected)
    assert len(buffers.fill_liar(5).v) == 5


def test_sizes_by_expressions() -> None:
    assert buffers.twice(b"\1\2") == b"\1\2\1\2"
    assert list(buffers.matrix_unit(2, 2)) == [1, 0, 0, 1]
    assert len(buffers.make_key()) == 16
    assert buffers.make_key()[15] == 225


def test_capacity_in_count_out() -> None:
    packed = buffers.pack(b"\1\0\2\0\3")
    assert (packed.result, packed.to) == (0, b"\1\2\3")


def test_into_the_callers_own_output_buffer() -> None:
    mine = array.array("i", [0] * 4)
    some = buffers.fill_some(4, into={"v": mine})
    assert list(some.v) == [-1, 0, 1]
    assert list(mine) == [-1, 0, 1, 0]
    some.v[0] = 5
    assert mine[0] == 5
    to = bytearray(8)
    given = buffers.pack(b"\7\0\10", into={"to": to})
    assert bytes(given.to) == b"\7\10"
    assert to == b"\7\10\0\0\0\0\0\0"


def test_into_is_checked() -> None:
    mine = array.array("i", [0] * 4)
    wrong: list[tuple[Any, type[Exception], str]] = [
        ({"v": array.array("i", [0] * 3)}, ValueError, r"^buffers\.fill_some: v: .*4.*3"),
        (
            {"v": array.array("I", [0] * 4)},
            TypeError,
            r"^buffers\.fill_some: v: expected a .*buffer of int32, got ",
        ),
        ({"v": mine.tobytes()}, TypeError, r"^buffers\.fill_some: v: expected a "),
        ({"w": mine}, TypeError, r"^buffers\.fill_some: .*w"),
        (5, TypeError, r"^buffers\.fill_some: .*into"),
    ]
    for into, kind, text in wrong:
        refused(lambda into=into: buffers.fill_some(4, into=into), kind, re.compile(text))
    with pytest.raises(TypeError):
        buffers.fill_some(4, int={"v": mine})


def test_a_size_that_cannot_be_had() -> None:
    for call in (
        lambda: buffers.fill_u8(2**62),
        lambda: buffers.fill_f64(2**60),
        lambda: buffers.fill_f64(2**64 - 1),
    ):
        with pytest.raises((ValueError, MemoryError), match=r"^buffers\.fill_(u8|f64): "):
            call()
    with pytest.raises(OverflowError, match=r"^buffers\.fill_i32: n: .*got -1$"):
        buffers.fill_i32(-1)
    with pytest.raises(TypeError, match=r"^buffers\.fill_i32: n: .*got 1\.5$"):
        buffers.fill_i32(1.5)


def test_in_place_from_a_pair_that_share_a_length_and_raw_memory_by_a_product() -> None:
    to = bytearray(3)
    buffers.copy_bytes(to, b"\7\10\11")
    assert to == b"\7\10\11"
    with pytest.raises(ValueError, match=r"^buffers\.copy_bytes: "):
        buffers.copy_bytes(to, bytes(4))
    words = array.array("H", [1, 2, 3])
    buffers.reverse_void(words, 3, 2)
    assert list(words) == [3, 2, 1]
    with pytest.raises(ValueError, match=r"^buffers\.reverse_void: base: "):
        buffers.reverse_void(words, 4, 2)


def test_counted_results_are_copied_and_owned_ones_freed() -> None:
    before = buffers.buffer_live()
    assert buffers.bytes_counted(4) == b"0123"
    assert buffers.bytes_counted(11) is None
    assert buffers.bytes_made(3) == bytes([255, 254, 253])
    assert list(buffers.numbers_made(3)) == [0, -1, -2]
    assert buffers.buffer_live() == before


def test_a_result_counted_by_an_output() -> None:
    assert buffers.bytes_static() == bytes([3, 1, 4, 1, 5])
