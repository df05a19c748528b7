"""Outputs take no argument position: none is None, one is itself, several are a named tuple."""

from __future__ import annotations

from libraries import fixture
from library_checks import refused

buffers, texts = fixture("buffers"), fixture("texts")


def test_none_one_several() -> None:
    assert buffers.negate_u8(bytearray(1)) is None
    assert buffers.one_out(3) == 9
    several = buffers.two_out(7)
    assert several == (14, 3, 1)
    assert several._fields == ("result", "half", "rest")
    assert (several.result, several.half, several.rest) == (14, 3, 1)


def test_an_inout_cell_is_an_argument_and_an_output() -> None:
    assert buffers.step(5, 2) == 7
    assert buffers.step(5, -7) == -2
    flipped = buffers.flip(True, 1.5)
    assert flipped == (True, False, -1.5)
    assert flipped._fields == ("result", "b", "d")
    refused(
        lambda: buffers.step("5", 2),
        TypeError,
        'buffers.step: v: expected an integer from -2147483648 to 2147483647, got "5"',
        "v",
    )
    refused(lambda: buffers.flip(1, 1), TypeError, "buffers.flip: b: expected a bool, got 1", "b")


def test_one_is_an_argument_only() -> None:
    assert buffers.read_one(17) == 17
    assert buffers.read_one_or(17) == 17
    assert buffers.read_one_or(None) == -1000
    said = "buffers.read_one: v: expected an integer from -2147483648 to 2147483647, got "
    refused(lambda: buffers.read_one(None), TypeError, said + "None", "v")
    refused(lambda: buffers.read_one(2**31), OverflowError, said + str(2**31), "v")


def test_several_outputs_can_be_taken_apart() -> None:
    result, said = texts.text_point()
    assert (result, said) == (7, "pointed at")
    assert texts.text_point()._asdict() == {"result": 7, "said": "pointed at"}
