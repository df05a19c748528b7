"""Python's memory in C: no copy, held while C uses it, written only where it may be."""

from __future__ import annotations

import array
import ctypes
import gc
import mmap
from typing import Any

import numpy
import pytest
from libraries import fixture, real


def test_bytes_of_every_kind() -> None:
    zlib = real("zlib")
    expected = zlib.crc32(0, b"abc")
    mapped = mmap.mmap(-1, 3)
    mapped[:] = b"abc"
    kinds: list[Any] = [bytearray(b"abc"), memoryview(b"abc"), mapped, array.array("B", b"abc")]
    kinds += [numpy.frombuffer(b"abc", "u1"), (ctypes.c_ubyte * 3)(*b"abc")]
    for value in kinds:
        assert zlib.crc32(0, value) == expected
    assert fixture("buffers").sum_void(array.array("i", [1, 2])) == 3
    mapped.close()


def test_numpy_arrays_of_the_elements() -> None:
    buffers = fixture("buffers")
    values = numpy.array([[1.5, 2], [3, 4]])
    assert buffers.sum_f64(values) == 10.5 and buffers.matrix_sum(values, 2, 2) == 10.5
    buffers.negate_f64(values)
    assert values.tolist() == [[-1.5, -2], [-3, -4]]
    for wrong, came in (
        (values.astype("f4"), "a ndarray of format 'f'"),
        (numpy.array([object()]), "a ndarray of format 'O'"),
        (values.astype(">f8"), "a ndarray of format '>d'"),
        ([1.5], "a list"),
    ):
        with pytest.raises(TypeError) as raised:
            buffers.sum_f64(wrong)
        assert str(raised.value) == f"buffers.sum_f64: v: expected a buffer of float64, got {came}"
    with pytest.raises(TypeError, match=r"^zlib.crc32: buf: expected a contiguous buffer$"):
        real("zlib").crc32(0, numpy.arange(10, dtype="u1")[::2])


def test_what_is_read_only_is_never_written() -> None:
    buffers, libc, zlib = fixture("buffers"), real("libc"), real("zlib")
    constant = b"banana"
    for value in (constant, memoryview(constant), memoryview(bytearray(6)).toreadonly()):
        with pytest.raises(TypeError, match=r"expected a writable buffer, got "):
            libc.qsort(value, 6, 1, lambda a, b: 0)
    said = r"^buffers.copy_bytes: to: expected a writable buffer, got bytes$"
    with pytest.raises(TypeError, match=said):
        buffers.copy_bytes(constant, b"123456")
    room = bytes(100)
    said = r"^zlib.compress2: dest: expected a writable buffer, got bytes$"
    with pytest.raises(TypeError, match=said):
        zlib.compress2(b"abc", into={"dest": room})
    assert constant == b"banana" and not any(room)


def test_the_memory_is_held_while_c_uses_it() -> None:
    callbacks = fixture("callbacks")
    data = bytearray(b"hello")

    def grow(a: memoryview, b: memoryview) -> int:
        data.extend(b"more")
        return 0

    with pytest.raises(BufferError):
        callbacks.sort(data, 5, 1, grow)
    data.extend(b"!")  # and is free again afterwards
    callbacks.sort(data, 6, 1, lambda a, b: a[0] - b[0])
    assert data == b"!ehllo"
    data.clear()


def test_the_caller_s_own_memory_for_what_comes_out() -> None:
    zlib, buffers = real("zlib"), fixture("buffers")
    mine = bytearray(100)
    packed = zlib.compress2(b"abc" * 50, into={"dest": mine})
    assert type(packed) is memoryview and packed.obj is mine
    assert zlib.uncompress(150, packed) == b"abc" * 50
    packed.release()
    mine.clear()
    ints = array.array("i", [0, 0, 0])
    assert buffers.fill_i32(3, into={"v": ints}).tolist() == [1, 2, 3] == ints.tolist()
    for into, kind, said in (
        ({"dst": mine}, TypeError, 'into: there is no output "dst": did you mean "dest"?'),
        (5, TypeError, "into: expected a dict, got 5"),
        (
            {"dest": array.array("i")},
            TypeError,
            "dest: expected a bytes-like object, got an array ",
        ),
    ):
        with pytest.raises(kind) as raised:
            zlib.compress2(b"abc", into=into)
        assert str(raised.value).startswith(f"zlib.compress2: {said}")


def test_what_comes_out_is_nobody_else_s() -> None:
    buffers = fixture("buffers")
    first, second = buffers.fill_u8(100), buffers.fill_u8(100)
    assert type(first) is bytes and first == second and first is not second
    gc.collect()
    assert not any(bytes(100)) and hash(first) == hash(bytes(bytearray(first)))
    ints = buffers.fill_i32(3)
    ints[0] = 9
    assert ints.tolist() == [9, 2, 3] and buffers.fill_i32(3).tolist() == [1, 2, 3]
