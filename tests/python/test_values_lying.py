"""What a type that derives from one of Python's own says of itself decides nothing: what goes to
JavaScript is what is there, neither more nor other memory."""

from __future__ import annotations

import enum

import isthmus as ist
import pytest


class Text(str):
    """Says that it is long and ASCII."""

    def __len__(self):
        return 1 << 20

    def __str__(self):
        return "lie"

    def isascii(self):
        return True


class Bytes(bytes):
    """Says that it is long."""

    def __len__(self):
        return 1 << 20


class Integer(int):
    """Says that it is 7."""

    def __int__(self):
        return 7

    def __index__(self):
        return 7


class Color(str, enum.Enum):
    """A member's str() is another text than it is."""

    RED = "red"


@pytest.fixture
def ctx():
    with ist.Isolate() as isolate, isolate.context() as ctx:
        yield ctx


def test_length_of_a_text(ctx):
    assert ctx.eval("x => x")(Text("abc")) == "abc"
    ctx["x"] = Text("abc")
    assert ctx.eval("x.length") == 3


def test_characters_of_a_text(ctx):
    assert ctx.eval("x => x")(Text("\u1234" * 5000)) == "\u1234" * 5000


def test_length_of_bytes_that_come_again(ctx):
    value = Bytes(b"abc")
    for _ in range(3):
        assert ctx.eval("x => x.length")(value) == 3


def test_keys(ctx):
    about = ctx.eval("({ red: 1, 'Color.RED': 2, lie: 3, 1: 'one', 7: 'seven' })")
    assert about[Color.RED] == 1
    assert about[Integer(1)] == "one"
    assert Text("red") in about
    about[Color.RED] = 5
    assert about.red == 5
    del about[Color.RED]
    assert "red" not in about
    assert "Color.RED" in about
