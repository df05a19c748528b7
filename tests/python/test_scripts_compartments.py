"""A frozen context runs one program after the other; after a sweep none finds the last one."""

from __future__ import annotations

import isthmus as ist
import pytest


@pytest.fixture
def frozen(isolate: ist.Isolate) -> ist.Context:
    return isolate.context(frozen=True)


def test_declarations_end_with_the_program(frozen: ist.Context) -> None:
    for _ in range(3):
        assert frozen.eval("let value = 1; const other = 2; class Third {}; value + other") == 3
    assert frozen.eval("typeof value") == "undefined"


def test_a_sweep_takes_globals_away(frozen: ist.Context) -> None:
    frozen.eval("var left = 1; globalThis.more = 2; /(x)/.test('x')")
    assert frozen.eval("left + more") == 3
    frozen.sweep()
    assert frozen.eval("typeof left + typeof more + RegExp.$1") == "undefinedundefined"


def test_built_ins_are_frozen(frozen: ist.Context) -> None:
    with pytest.raises(ist.JSError, match="read only property 'map'"):
        frozen.eval("'use strict'; Array.prototype.map = null")
    assert frozen.eval("[1].map((x) => x + 1)[0]") == 2


def test_what_cannot_be_swept(isolate: ist.Isolate, frozen: ist.Context) -> None:
    with pytest.raises(ist.StateError, match="the context cannot be swept"):
        isolate.context().sweep()
    frozen.eval("Object.defineProperty(globalThis, 'stuck', {value: 1})")
    with pytest.raises(ist.StateError, match="the context cannot be swept"):
        frozen.sweep()


def test_errors_and_limits(frozen: ist.Context) -> None:
    with pytest.raises(ist.JSError) as thrown:
        frozen.eval("\nnull.x", filename="program.js", line_offset=1)
    assert (thrown.value.filename, thrown.value.line) == ("program.js", 3)
    with pytest.raises(ist.JSSyntaxError):
        frozen.eval("let let")
    with pytest.raises(ist.JSTimeoutError):
        frozen.eval("for (;;);", timeout=0.05)
    frozen.sweep()
    assert frozen.eval("1 + 1") == 2


def test_promises(frozen: ist.Context) -> None:
    assert frozen.run("(async () => { await null; return 5; })()") == 5


def test_tokens(isolate: ist.Isolate) -> None:
    first, second = isolate.context(), isolate.context()
    first.eval("globalThis.secret = 1")
    second["other"] = first.eval("globalThis")
    with pytest.raises(ist.JSError):
        second.eval("other.secret")
    second.share_token(first)
    assert second.eval("other.secret") == 1
    second.share_token(None)
    with pytest.raises(ist.JSError):
        second.eval("other.secret")
    with ist.Isolate() as other, pytest.raises(ist.StateError, match="belongs to another"):
        first.share_token(other.context())
