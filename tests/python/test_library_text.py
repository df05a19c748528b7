"""Text goes in and out in the encoding of the interface, and NUL is where it may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from libraries import fixture, real


def test_in_each_encoding() -> None:
    texts = fixture("texts")
    assert texts.text_length("héllo") == 6
    assert [texts.text_byte("é", i) for i in range(2)] == [0xC3, 0xA9]
    assert texts.latin_length("é") == 1 and texts.latin_byte("é", 0) & 0xFF == 0xE9
    assert texts.wide_length("a\U0001f600") == 3 and texts.wide_unit("é", 0) == 0xE9
    assert texts.text_length(b"bytes") == texts.text_length(bytearray(b"bytes")) == 5
    assert texts.text_length("") == 0


def test_what_is_refused() -> None:
    texts = fixture("texts")
    for value, kind, text in (
        ("a\0b", ValueError, "expected a string without NUL characters"),
        (b"a\0b", ValueError, "expected bytes without NUL"),
        ("\ud800", ValueError, "expected a string without lone surrogates"),
        (5, TypeError, "expected a string, got 5"),
        (None, TypeError, "expected a string, got None"),
        ([], TypeError, "expected a string, got a list"),
    ):
        with pytest.raises(kind) as raised:
            texts.text_length(value)
        assert str(raised.value) == f"texts.text_length: s: {text}"
    with pytest.raises(ValueError, match=r'expected a string of Latin-1 characters, got "€"'):
        texts.latin_length("€")
    with pytest.raises(ValueError, match=r"expected a string without NUL characters"):
        texts.wide_length("a\0b")


def test_null() -> None:
    texts = fixture("texts")
    assert texts.text_length_or(None) == texts.text_length_or() == 9999
    assert texts.text_maybe(False) is None and isinstance(texts.text_maybe(True), str)
    with pytest.raises(Exception, match=r"^texts\.text_never: the result is NULL$"):
        texts.text_never()


def test_out() -> None:
    texts = fixture("texts")
    before = texts.text_live()
    assert texts.text_double("ab") == "abab"
    assert texts.text_make("x").made == texts.text_make("x")[1]
    assert texts.text_live() == before
    assert "\ufffd" in texts.text_invalid()
    assert isinstance(texts.latin_static(), str) and isinstance(texts.wide_static(), str)


def test_counted_text_may_hold_nul() -> None:
    texts = fixture("texts")
    assert texts.text_sum("a\0b") == texts.bytes_sum(b"a\0b") != texts.text_sum("a")
    assert texts.text_upper("straße") == "STRAßE"
    assert texts.text_join_length(["a", "bc"]) == 3
    with pytest.raises(
        TypeError, match=r"^texts\.text_join_length: list\[1\]: expected a string, got 5$"
    ):
        texts.text_join_length(["a", 5])
    assert texts.text_count(["a", "b", "c"]) == 3


def test_a_pointer_within_an_argument_is_an_index() -> None:
    libc = real("libc")
    assert libc.strchr("häuser", ord("s")) == 3
    assert libc.strchr("häuser".encode(), ord("s")) == 4
    assert libc.strchr("häuser", ord("x")) is None
    assert libc.strtol("12abc") == (12, 2)
    assert fixture("texts").text_number("7!") == (7, 1)


@given(some.text())
def test_any_text(text: str) -> None:
    libc = real("libc")
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        encoded = b"\0"
    if b"\0" in encoded:
        with pytest.raises(ValueError):
            libc.strdup(text)
    else:
        assert libc.strdup(text) == text
        assert libc.strlen(text) == len(encoded)
