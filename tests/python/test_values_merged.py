"""A Map or Set whose members Python takes for one, such as 1 and true, loses none of them without
an error; the proxy has them all."""

from __future__ import annotations

import isthmus as ist
import pytest

KEYS = "keys of a Map are equal in Python, such as 1 and true"
MEMBERS = "members of a Set are equal in Python, such as 1 and true"


@pytest.fixture
def ctx():
    with ist.Isolate() as isolate, isolate.context() as ctx:
        yield ctx


@pytest.mark.parametrize("pair", ["1, true", "0, false", "1, 1n", "[1], [1]"])
def test_members_that_are_equal(ctx, pair):
    with pytest.raises(ist.ConversionError) as caught:
        ctx.eval(f"new Set([{pair}])").to_python()
    assert str(caught.value) == MEMBERS
    with pytest.raises(ist.ConversionError) as caught:
        ctx.eval(f"[new Map([{pair}].map((key) => [key, 5]))]").to_python()
    assert str(caught.value) == KEYS


def test_the_proxy_has_them_all(ctx):
    about = ctx.eval("new Map([[1, 'a'], [true, 'b']])")
    assert list(about.items()) == [(1, "a"), (True, "b")]
    assert about[1] == "a"
    assert about[True] == "b"


def test_members_that_are_not(ctx):
    assert ctx.eval("new Set([1, 'a', null, 1.5])").to_python() == {1, "a", None, 1.5}
    assert ctx.eval("new Map([[1, 2], ['1', 3]])").to_python() == {1: 2, "1": 3}


def test_in_what_a_pool_gives():
    with ist.Pool(threads=1) as pool, pytest.raises(ist.ConversionError) as caught:
        list(pool.map("new Set([1, true])", [None]))
    assert str(caught.value) == MEMBERS
