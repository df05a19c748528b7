"""Strings go to C as UTF-8 with a NUL at their end, whole, or not at all."""

from __future__ import annotations

import array
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some
from libraries import fixture
from library_checks import refused

texts = fixture("texts")


def test_characters_of_one_to_four_bytes_arrive_as_utf_8() -> None:
    for text in ("", "a", "hello", "é", "€", "🌍", "mixed é € 🌍 end", "\u0001\u007f", "ÿ", "߿ࠀ"):
        encoded = text.encode()
        assert texts.text_length(text) == len(encoded)
        assert [texts.text_byte(text, i) for i in range(len(encoded))] == list(encoded)
        assert texts.text_byte(text, len(encoded)) == 0


@given(some.text(some.characters(blacklist_characters="\0", blacklist_categories=("Cs",))))
def test_every_text_arrives(text: str) -> None:
    encoded = text.encode()
    assert texts.text_length(text) == len(encoded)
    assert all(texts.text_byte(text, i) == byte for i, byte in enumerate(encoded))


def test_every_length_around_the_sizes_of_buffers() -> None:
    for base in (0, 16, 64, 128, 256, 512, 1024, 4096, 65536, 1 << 20):
        for size in (base - 1, base, base + 1):
            if size >= 0:
                assert texts.text_length("x" * size) == size
                assert texts.text_length("é" * size) == 2 * size


def test_lone_surrogates_are_refused() -> None:
    for text in ("\ud800", "a\udc00b", "\udc80"):
        refused(
            lambda text=text: texts.text_length(text),
            ValueError,
            re.compile(r"^texts\.text_length: s: .*surrogate"),
            "s",
        )


def test_a_nul_inside_is_an_error() -> None:
    for text in ("\0", "a\0", "a\0b", "x" * 5000 + "\0", "é\0"):
        refused(
            lambda text=text: texts.text_length(text),
            ValueError,
            re.compile(r"^texts\.text_length: s: .*NUL"),
            "s",
        )
        refused(
            lambda text=text: texts.text_length(text.encode()),
            ValueError,
            re.compile(r"^texts\.text_length: s: .*NUL"),
            "s",
        )


def test_bytes_are_taken_as_they_are() -> None:
    assert texts.text_length("héllo".encode()) == 6
    assert texts.text_byte(b"\xff\xfe", 0) == 0xFF
    assert texts.text_length(b"") == 0
    assert texts.text_length(bytearray(b"abc")) == 3
    assert texts.text_length(memoryview(b"\1\2\3\4")[1:3]) == 2
    assert texts.text_byte(memoryview(b"\1\2\3\4")[1:3], 2) == 0


def test_nothing_else_is_a_string() -> None:
    strangers = (
        42,
        None,
        {},
        [],
        True,
        7.5,
        object(),
        lambda: 0,
        array.array("H", [1, 2]),
        ["x"],
        ("x",),
    )
    for value in strangers:
        refused(
            lambda value=value: texts.text_length(value),
            TypeError,
            re.compile(r"^texts\.text_length: s: expected a string, got ."),
            "s",
        )
    with pytest.raises(TypeError, match="missing 1 required positional argument: 's'"):
        texts.text_length()


def test_a_subclass_of_str_is_a_string() -> None:
    class Name(str):
        def encode(self, *arguments: str) -> bytes:
            raise AssertionError("nobody asks the object itself")

    assert texts.text_length(Name("hé")) == 3


def test_none_where_it_is_allowed() -> None:
    assert texts.text_length_or(None) == 9999
    assert texts.text_length_or("abc") == 3
    assert texts.text_length_or("") == 0


def test_two_strings_in_one_call_do_not_meet() -> None:
    assert texts.text_two("abc", "defgh") == 3005
    assert texts.text_two("x" * 999, "y" * 2000) == 1001000
    same = "z" * 5
    assert texts.text_two(same, same) == 5005
