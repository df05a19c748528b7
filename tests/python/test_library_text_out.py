"""Strings come from C as copies, in their encoding; NULL comes as None where it may, and is an
error where it may not.
"""

from __future__ import annotations

import re

import isthmus as ist
from libraries import fixture
from library_checks import refused

texts = fixture("texts")


def test_utf_8_latin_1_and_utf_16() -> None:
    assert texts.text_static() == "héllo € 🌍"
    assert texts.latin_static() == "café"
    assert texts.wide_static() == "héllo € 🌍"
    assert texts.text_of_bytes() == "bytes as text"


def test_invalid_utf_8_is_replaced() -> None:
    assert texts.text_invalid() == "a\ufffdb\ufffd"


def test_null() -> None:
    assert texts.text_maybe(True) == "given"
    assert texts.text_maybe(False) is None
    refused(texts.text_never, ist.Error, re.compile(r"^texts\.text_never: .*NULL"))


def test_a_single_char_is_a_number() -> None:
    assert texts.text_char("A") == 65


def test_an_owned_string_is_copied_and_freed() -> None:
    before = texts.text_live()
    assert texts.text_double("ab") == "abab"
    assert texts.text_double("é" * 5000) == "é" * 10000
    assert texts.text_double_or_null("") is None
    assert texts.text_live() == before


def test_strings_through_out_parameters_owned_and_borrowed() -> None:
    before = texts.text_live()
    made = texts.text_make("xyz")
    assert (made.result, made.made) == (3, "xyzxyz")
    assert texts.text_live() == before
    assert texts.text_point() == (7, "pointed at")
