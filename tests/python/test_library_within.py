"""A result that points into an argument is an index in the unit of the Python value: characters of
a str, bytes of bytes.
"""

from __future__ import annotations

from libraries import fixture

texts = fixture("texts")


def test_an_index_into_an_ascii_string() -> None:
    assert texts.text_find("hello", ord("l")) == 2
    assert texts.text_find("hello", ord("h")) == 0
    assert texts.text_find("hello", 0) == 5
    assert texts.text_find("hello", ord("z")) is None


def test_an_index_into_a_string_with_wider_characters_counts_characters() -> None:
    assert texts.text_find("é€🌍x", ord("x")) == 3
    assert "é€🌍x"[texts.text_find("é€🌍x", ord("x"))] == "x"
    assert texts.text_find_in("é\0€x", ord("x")) == 3


def test_an_index_into_bytes_counts_bytes() -> None:
    assert texts.text_find("é€🌍x".encode(), ord("x")) == 9
    assert texts.text_find(bytearray(b"abc"), ord("c")) == 2
    assert texts.text_find(memoryview(b"abcdef")[2:], ord("d")) == 1


def test_an_out_parameter_that_points_into_an_argument() -> None:
    assert texts.text_number("123abc") == (123, 3)
    assert texts.text_number("abc") == (0, 0)
    found = texts.text_number(" 77")
    assert (found.result, found.end) == (77, 3)
