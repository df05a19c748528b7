"""Buffers that C reads: the element type must be the parameter's, the length follows from the
buffer, and what C sees is exactly the view that was passed, without a copy."""

from __future__ import annotations

import array
import ctypes
import mmap
import re
from typing import Any

import pytest
from libraries import fixture
from library_checks import refused

buffers = fixture("buffers")

# How array.array calls the elements, and the descriptions of errors.
KINDS = {
    "u8": ("B", "a bytes-like object"),
    "i8": ("b", "a buffer of int8"),
    "u16": ("H", "a buffer of uint16"),
    "i16": ("h", "a buffer of int16"),
    "u32": ("I", "a buffer of uint32"),
    "i32": ("i", "a buffer of int32"),
    "u64": ("Q", "a buffer of uint64"),
    "i64": ("q", "a buffer of int64"),
    "f32": ("f", "a buffer of float32"),
    "f64": ("d", "a buffer of float64"),
}
every_kind = pytest.mark.parametrize("name", KINDS)


@every_kind
def test_whole_parts_and_empty(name: str) -> None:
    code, _ = KINDS[name]
    total = getattr(buffers, f"sum_{name}")
    assert total(array.array(code, [1, 2, 3])) == 6
    assert total(array.array(code)) == 0
    assert total(memoryview(array.array(code, [9, 1, 2, 9]))[1:3]) == 3
    assert total(array.array(code, [1]) * 100000) == 100000


@every_kind
def test_arrays_of_numpy(name: str) -> None:
    numpy = pytest.importorskip("numpy")
    code, _ = KINDS[name]
    total = getattr(buffers, f"sum_{name}")
    made = numpy.arange(10, dtype=code)
    assert total(made) == 45
    assert total(made[2:5]) == 9
    assert total(made[:0]) == 0


@every_kind
def test_no_other_element_type(name: str) -> None:
    code, expected = KINDS[name]
    total = getattr(buffers, f"sum_{name}")
    said = re.compile(rf"^buffers\.sum_{name}: v: expected {expected}, got .")
    strangers: list[Any] = [
        array.array(other, [1]) for other, _ in KINDS.values() if other != code and name != "u8"
    ]
    strangers += [[1, 2], (1, 2), None, 1, "ab", {}, object(), range(3), {1}]
    for value in strangers:
        refused(lambda value=value: total(value), TypeError, said, "v")


def test_bytes_of_every_kind() -> None:
    with mmap.mmap(-1, 16) as mapped:
        mapped[0:3] = b"\1\2\3"
        assert buffers.sum_u8(mapped) == 6
    assert buffers.sum_u8(b"\1\2\3") == 6
    assert buffers.sum_u8(bytearray(b"\1\2\3")) == 6
    assert buffers.sum_u8(memoryview(b"\1\2\3")) == 6
    assert buffers.sum_u8((ctypes.c_ubyte * 3)(1, 2, 3)) == 6


def test_what_is_not_one_piece_is_refused() -> None:
    view = memoryview(bytes(range(10)))
    assert buffers.sum_u8(view[2:4]) == 5
    for apart in (view[::2], view[::-1]):
        with pytest.raises(
            (TypeError, ValueError, BufferError), match=r"^buffers\.sum_u8: v: .*contiguous"
        ):
            buffers.sum_u8(apart)


def test_void_takes_bytes_of_any_buffer() -> None:
    assert buffers.sum_void(b"\1\2\3") == 6
    assert buffers.sum_void(array.array("H", [0x0101, 0x0202])) == 6
    assert buffers.sum_void(array.array("d")) == 0
    with pytest.raises(
        TypeError, match=r"^buffers\.sum_void: v: expected a bytes-like object, got a list$"
    ):
        buffers.sum_void([1, 2])


def test_the_length_vanishes_wherever_it_stands() -> None:
    assert buffers.count_first(b"\1\2\3") == 6
    assert buffers.count_small(b"\1" * 255) == 255255
    with pytest.raises(TypeError):
        buffers.count_first(3, b"\1\2\3")


def test_a_buffer_too_long_for_its_lengths_type() -> None:
    refused(
        lambda: buffers.count_small(bytes(256)),
        ValueError,
        re.compile(r"^buffers\.count_small: v: .*255.*256"),
        "v",
    )


def test_two_buffers_that_share_a_length_must_agree() -> None:
    assert buffers.dot(array.array("d", [1, 2]), array.array("d", [3, 4])) == 11
    refused(
        lambda: buffers.dot(array.array("d", [1, 2]), array.array("d", [3, 4, 5])),
        ValueError,
        re.compile(r"^buffers\.dot: b: .*2.*3"),
    )


def test_a_product_stays_in_the_signature_and_is_checked_against_the_buffer() -> None:
    assert buffers.matrix_sum(array.array("d", [1, 2, 3, 4, 5, 6]), 2, 3) == 21
    assert buffers.matrix_sum(array.array("d", [1] * 10), 2, 3) == 6
    five = array.array("d", [1] * 5)
    refused(
        lambda: buffers.matrix_sum(five, 2, 3),
        ValueError,
        re.compile(r"^buffers\.matrix_sum: m: .*6.*5"),
        "m",
    )
    for rows, columns in ((2**52, 2**52), (2**40, 2**40), (2**63, 2), (2**64 - 1, 2**64 - 1)):
        with pytest.raises(ValueError, match=r"^buffers\.matrix_sum: "):
            buffers.matrix_sum(five, rows, columns)


def test_a_length_that_is_an_expression_and_a_constant_one() -> None:
    assert buffers.sum_padded(b"\1\2\3", 1) == 6
    for n in (1, -3, 2**31 - 1):
        refused(
            lambda n=n: buffers.sum_padded(b"\1\2", n),
            ValueError,
            re.compile(r"^buffers\.sum_padded: v: "),
        )
    assert buffers.sum_key(b"\2" * 16) == 32
    assert buffers.sum_key(b"\2" * 20) == 32
    refused(
        lambda: buffers.sum_key(bytes(15)),
        ValueError,
        re.compile(r"^buffers\.sum_key: key: .*16.*15"),
        "key",
    )


def test_null_for_a_buffer_where_it_is_allowed() -> None:
    assert buffers.maybe_sum(None) == 1000
    assert buffers.maybe_sum(b"\5") == 5
    assert buffers.default_sum() == 1000
    assert buffers.default_sum(b"\5") == 5


def test_a_buffer_is_free_again_after_the_call() -> None:
    lent = bytearray(b"\1\2\3")
    for _ in range(1000):
        assert buffers.sum_u8(lent) == 6
    with pytest.raises(TypeError):
        buffers.dot(lent, lent)
    lent.extend(b"\4")
    assert buffers.sum_u8(lent) == 10


def test_a_released_view_is_refused() -> None:
    view = memoryview(bytearray(b"\1\2"))
    view.release()
    refused(
        lambda: buffers.sum_u8(view),
        TypeError,
        "buffers.sum_u8: v: expected a bytes-like object, got a memoryview",
        "v",
    )
