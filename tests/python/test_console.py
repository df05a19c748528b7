"""What JavaScript's console says goes through Python's streams, or to a function."""

from __future__ import annotations

import sys

import isthmus as ist
import pytest
from conftest import Alone


def test_streams(context: ist.Context, capsys: pytest.CaptureFixture[str]) -> None:
    context.eval("console.log('one', {a: 1}); console.info('two\\nthree'); console.debug('four')")
    context.eval("console.warn('careful'); console.error('wrong')")
    said = capsys.readouterr()
    assert said.out == "one { a: 1 }\ntwo\nthree\nfour\n"
    assert said.err == "careful\nwrong\n"


def test_order_with_prints(alone: Alone) -> None:
    said = alone(
        """
        import os, sys
        os.dup2(1, 2)
        import isthmus as ist
        context = ist.Isolate().context()
        print("first")
        context.eval("console.log('second'); console.error('third'); console.log('fourth')")
        print("fifth")
        context.eval("console.error('sixth')")
        print("seventh")
        """
    )
    assert said.split() == "first second third fourth fifth sixth seventh".split()


def test_a_function(isolate: ist.Isolate) -> None:
    told: list[tuple[str, str]] = []
    context = isolate.context(console=lambda level, text: told.append((level, text)))
    context.eval(
        "for (const level of ['debug', 'log', 'info', 'warn', 'error']) console[level](level)"
    )
    context.eval("console.log('%s is %d', 'x', 5); console.group('g'); console.log('a\\nb')")
    levels = ["debug", "log", "info", "warn", "error"]
    assert told[:5] == [(level, level) for level in levels]
    assert told[5:] == [("log", "x is 5"), ("log", "g"), ("log", "  a\n  b")]


def test_nobody(isolate: ist.Isolate, capsys: pytest.CaptureFixture[str]) -> None:
    isolate.context(console=False).eval("console.log('unheard')")
    assert capsys.readouterr() == ("", "")


def test_a_function_that_uses_the_context(isolate: ist.Isolate) -> None:
    told: list[object] = []
    context = isolate.context(console=lambda level, text: told.append(context.eval(text)))
    context.eval("console.log('6 * 7')")
    assert told == [42]


def test_a_function_that_fails(isolate: ist.Isolate, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    def fail(level: str, text: str) -> None:
        raise ValueError("no console")

    context = isolate.context(console=fail)
    monkeypatch.setattr(sys, "unraisablehook", lambda each: told.append(str(each.exc_value)))
    assert context.eval("console.log('x'); 5") == 5
    monkeypatch.undo()
    assert told == ["no console"]


def test_a_signal_within_it_ends_javascript(isolate: ist.Isolate) -> None:
    def interrupt(level: str, text: str) -> None:
        raise KeyboardInterrupt

    context = isolate.context(console=interrupt)
    with pytest.raises(KeyboardInterrupt):
        context.eval("for (;;) console.log('x')")
    assert context.eval("5") == 5


def test_lone_surrogates(context: ist.Context, capsys: pytest.CaptureFixture[str]) -> None:
    context.eval("console.log('a\\ud800b')")
    assert capsys.readouterr().out == "a\ufffdb\n"


def test_what_is_no_console(isolate: ist.Isolate) -> None:
    with pytest.raises(TypeError, match="console must be a callable, None or False, not int"):
        isolate.context(console=5)


def test_streams_that_are_gone(context: ist.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert context.eval("console.log('x'); console.error('y'); 1") == 1
