"""[[latin1]] and [[utf16]] strings in: each code unit arrives, and what the encoding lacks is an
error.
"""

from __future__ import annotations

import re

from libraries import fixture
from library_checks import refused

texts = fixture("texts")


def test_latin_1_takes_code_points_to_255() -> None:
    assert texts.latin_length("café") == 4
    assert texts.latin_byte("café", 3) == 0xE9
    assert texts.latin_byte("ÿ", 0) == 255
    refused(
        lambda: texts.latin_length("€"),
        ValueError,
        re.compile(r"^texts\.latin_length: s: .*Latin-1"),
        "s",
    )
    refused(
        lambda: texts.latin_length("a\0b"),
        ValueError,
        re.compile(r"^texts\.latin_length: s: .*NUL"),
        "s",
    )


def test_utf_16_takes_every_code_unit() -> None:
    assert texts.wide_length("héllo € 🌍") == 10
    assert texts.wide_unit("€", 0) == 0x20AC
    assert [texts.wide_unit("🌍", i) for i in range(3)] == [0xD83C, 0xDF0D, 0]
    assert texts.wide_unit("\ud800", 0) == 0xD800
    assert texts.wide_length("") == 0
    assert texts.wide_length("x" * 70000) == 70000
    refused(
        lambda: texts.wide_length("a\0b"),
        ValueError,
        re.compile(r"^texts\.wide_length: s: .*NUL"),
        "s",
    )
    refused(
        lambda: texts.wide_length(5),
        TypeError,
        "texts.wide_length: s: expected a string, got 5",
        "s",
    )
