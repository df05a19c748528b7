"""Names: prefixes, renames, symbols; a missing optional symbol is an error when it is called; the
second link name serves.
"""

from __future__ import annotations

import re

import isthmus as ist
import pytest
from libraries import fixture
from library_checks import refused

names = fixture("names")


def test_the_prefix_goes_where_what_remains_is_a_name() -> None:
    assert names.plain(1) == 2
    assert names.nm_2nd(1) == 4
    with pytest.raises(AttributeError, match=r"^the library names has no 'nm_plain'"):
        names.nm_plain  # noqa: B018


def test_what_is_a_keyword_in_javascript_alone_keeps_its_prefix() -> None:
    assert names.nm_default(1) == 3


def test_renamed_and_by_another_symbol() -> None:
    assert names.chosen(1) == 5
    assert names.chosen.__name__ == "chosen"
    assert names.symbolic(1) == 6
    assert not hasattr(names, "renamed")
    assert names.other_name(1) == 7


def test_a_struct_and_a_function_of_one_name() -> None:
    result, out = names.stat_like()
    assert result == 0
    assert isinstance(out, names.StatLike)
    assert out.size == 11
    assert names.StatLike.__name__ == "StatLike"


def test_an_optional_symbol_that_the_library_lacks() -> None:
    assert callable(names.missing)
    error = refused(
        lambda: names.missing(1), ist.NotFoundError, re.compile(r"^names\.missing: .*nm_missing")
    )
    assert error.function == "missing"


def test_messages_use_the_public_name() -> None:
    with pytest.raises(TypeError, match=r"^names\.chosen: v: expected "):
        names.chosen("x")


def test_a_name_that_is_not_there_has_a_hint() -> None:
    with pytest.raises(AttributeError, match=r"has no 'plane'.*did you mean .plain.[?]"):
        names.plane  # noqa: B018


def test_all_names_are_listed() -> None:
    assert {"plain", "chosen", "symbolic", "StatLike", "missing", "other_name"} <= set(dir(names))
    assert "nm_plain" not in dir(names)
