"""Symbols: as keys, and as values of their own."""

from __future__ import annotations

import isthmus as ist
import pytest


def test_symbols_are_keys(context: ist.Context) -> None:
    symbol = ist.JSSymbol.new(context, "mine")
    about = context.eval("({})")
    about[symbol] = 1
    assert about[symbol] == 1 and symbol in about and list(about) == []
    assert context.eval("(o, s) => o[s]")(about, symbol) == 1
    del about[symbol]
    with pytest.raises(KeyError, match=r"Symbol\(mine\)"):
        about[symbol]


def test_symbols_are_equal_to_themselves(context: ist.Context) -> None:
    one, other = ist.JSSymbol.new(context, "s"), ist.JSSymbol.new(context, "s")
    assert one == one and one != other and len({one, other}) == 2
    assert context.eval("x => x")(one) is one
    assert ist.JSSymbol.registered(context, "k\0\ud800") == ist.JSSymbol.registered(
        context, "k\0\ud800"
    )
    assert context.eval("s => s === Symbol.for('k')")(ist.JSSymbol.registered(context, "k"))
    assert context.eval("s => s === Symbol.iterator")(ist.JSSymbol.known(context, "iterator"))
    with pytest.raises(ValueError, match=r"there is no Symbol\.nothing"):
        ist.JSSymbol.known(context, "nothing")


def test_descriptions(context: ist.Context) -> None:
    assert ist.JSSymbol.new(context).description is None
    assert ist.JSSymbol.new(context, "").description == ""
    assert context.eval("Symbol('\u4e2d')").description == "\u4e2d"
    assert repr(context.eval("Symbol('x')")) == "Symbol(x)"


def test_a_symbol_of_a_closed_context(isolate: ist.Isolate) -> None:
    with isolate.context() as context:
        symbol = ist.JSSymbol.new(context, "s")
    assert repr(symbol) == "<JSSymbol (closed)>"
    with pytest.raises(ist.ClosedError, match="closed"):
        _ = symbol.description
