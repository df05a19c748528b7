"""Counted text: the length comes from the string, in bytes; a NUL inside is fine; outputs are cut
where they should be.
"""

from __future__ import annotations

import functools
import re

import pytest
from libraries import fixture
from library_checks import refused

texts = fixture("texts")


def total(data: bytes) -> int:
    return functools.reduce(lambda sum, byte: (sum * 31 + byte) % 2**32, data, 0)


def test_counted_text_in() -> None:
    for text in ("", "abc", "a\0b\0", "é€🌍", "x" * 10000):
        assert texts.text_sum(text) == total(text.encode())
        assert texts.named_sum(text) == total(text.encode())
    assert texts.text_sum(b"\xff\x00\x01") == total(b"\xff\x00\x01")


def test_counted_bytes_in() -> None:
    assert texts.bytes_sum(b"\1\2\3") == total(b"\1\2\3")
    assert texts.bytes_sum(bytearray(b"\1\2\3")) == total(b"\1\2\3")
    refused(
        lambda: texts.bytes_sum("abc"),
        TypeError,
        re.compile(r'^texts\.bytes_sum: b: expected a bytes-like object, got "abc"$'),
        "b",
    )


def test_text_out_to_the_first_nul_or_to_what_was_filled() -> None:
    assert texts.text_fill(10) == "abc"
    assert texts.text_fill(3) == "xxx"
    assert texts.text_fill(0) == ""
    assert texts.text_fill_exact(10) == (3, "y\0y")
    assert texts.text_fill_exact(2) == (2, "yy")


def test_bytes_out() -> None:
    assert texts.bytes_fill(4) == bytes([0, 3, 6, 9])


def test_text_in_decides_the_length_of_text_out() -> None:
    assert texts.text_upper("hello") == "HELLO"


def test_lists_of_strings_counted_and_ended_by_null() -> None:
    assert texts.text_join_length(["a", "bcd", "é"]) == 6
    assert texts.text_join_length(("a", "bcd")) == 4
    assert texts.text_join_length([]) == 0
    assert texts.text_count(["a", "b", "", "d"]) == 4
    assert texts.text_count([]) == 0
    refused(
        lambda: texts.text_join_length(["a", 5]),
        TypeError,
        re.compile(r"^texts\.text_join_length: list.*: expected a string, got 5$"),
    )
    for value in (["a", None], "abc", None, 5, {"a": 1}):
        with pytest.raises(TypeError, match=r"^texts\.text_join_length: list"):
            texts.text_join_length(value)
    with pytest.raises(ValueError, match=r"^texts\.text_count: list.*NUL"):
        texts.text_count(["a", "b\0c"])
