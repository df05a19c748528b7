"""Our side of the python suite: `ours.py [ROW...]`, written as any program with the package is."""

from __future__ import annotations

import sys
from typing import Any

import isthmus as ist
import numpy
from measure import (
    BLOCKS,
    EXPECTED,
    INPUTS,
    MAKE_ARRAY,
    MAKE_TEXT,
    MEGABYTE,
    NUMBERS,
    PROGRAM,
    PROGRAMS,
    SHORT,
    SUM,
    TEXT,
    Run,
    Side,
    cycle,
    repeat,
    repeat_caught,
    repeat_each,
    repeat_key,
    repeat_sum,
    repeat_with,
)


def calls(side: Side, ctx: ist.Context) -> None:
    """Calls both ways, and the values that they carry."""
    ctx["add"] = lambda a, b: a + b
    ctx.eval(MAKE_TEXT)
    array = ctx.eval(f"globalThis.array = {MAKE_ARRAY}")
    call_0 = ctx.eval("() => 1")
    call_2 = ctx.eval("(a, b) => a + b")
    caller = ctx.eval("n => { let s = 0; for (let i = 0; i < n; i++) s += add(i, 2.5); return s }")
    length = ctx.eval("s => s.length")
    adds = ctx.eval(SUM)
    short = ctx.eval(f"() => '{SHORT}'")
    text = ctx.eval("() => text")
    out = ctx.eval("globalThis.bytes = new Uint8Array(1 << 20); () => bytes")
    numbers = ctx.eval("globalThis.numbers = new Float64Array(array); () => numbers")
    thrower = ctx.eval("() => { throw new Error('boom') }")
    item = ctx.eval("({x: 1.5})")
    bytearray_in, bytes_in, numpy_in = bytearray(MEGABYTE), bytes(MEGABYTE), numpy.array(NUMBERS)
    others = [bytes([i]) * MEGABYTE for i in range(4)]

    def numpy_out() -> Any:
        return numpy.asarray(numbers())

    side.row("call_0", repeat(call_0), (call_0,), 1)
    side.row("call_2", repeat_sum(call_2), (call_2, 1.5, 2.5), 4)
    side.row("callback_2", caller, (caller, 10), 70)
    side.row("property_get", repeat_key(item), (lambda: item["x"],), 1.5)
    side.row("string_16_in", repeat_with(length, SHORT), (length, SHORT), 16)
    side.row("string_16_out", repeat(short), (short,), SHORT)
    side.row("string_1m_in", repeat_with(length, TEXT), (length, TEXT), MEGABYTE)
    side.row("string_1m_out", repeat(text), (text,), TEXT)
    side.row("bytearray_1m_in", repeat_with(length, bytearray_in), (length, bytearray_in), MEGABYTE)
    side.row("bytearray_1m_out", repeat(out), (lambda: len(out()),), MEGABYTE)
    side.row("bytes_1m_in", repeat_with(length, bytes_in), (length, bytes_in), MEGABYTE)
    side.row("bytes_1m_in_new", repeat_each(length, others), (length, others[1]), MEGABYTE)
    side.row("list_10k_out", repeat_with(list, array), (list, array), NUMBERS)
    side.row("list_10k_in", repeat_with(length, NUMBERS), (length, NUMBERS), 10000)
    side.row("list_10k_in_sum", repeat_with(adds, NUMBERS), (adds, NUMBERS), sum(NUMBERS))
    side.row("numpy_10k_out", repeat(numpy_out), (lambda: list(numpy_out()),), NUMBERS)
    side.row("numpy_10k_in", repeat_with(length, numpy_in), (length, numpy_in), 10000)
    side.row("throw", repeat_caught(thrower, ist.JSError))
    with ctx.isolate.entered():
        side.row("call_0_entered", repeat(call_0))
        side.row("call_2_entered", repeat_sum(call_2))


def judge(side: Side, isolate: ist.Isolate) -> None:
    """The judge's programs, with more between one and the next from row to row."""

    def in_context(text: str) -> Any:
        with isolate.context(web=False) as ctx:
            return ctx.eval(text)

    def in_isolate(text: str) -> Any:
        with ist.Isolate() as own, own.context(web=False) as ctx:
            return ctx.eval(text)

    with isolate.context(web=False) as ctx:
        side.judge("judge_shared", ctx.eval, BLOCKS)
    side.judge("judge_context", in_context, PROGRAMS)
    side.judge("judge_isolate", in_isolate, PROGRAMS)
    for isolation in ("shared", "compartment", "context", "isolate", "process"):
        for threads in (1, 2):
            name = f"judge_pool_{isolation}_{threads}"
            if side.wants(name):
                side.part(pool, name, isolation, threads)


def pool(side: Side, name: str, isolation: Any, threads: int) -> None:
    """One program over many inputs, by a pool."""
    with ist.Pool(threads=threads, isolation=isolation) as made:

        def run(n: int) -> None:
            for _ in made.map(PROGRAM, cycle(INPUTS, n)):
                pass

        def results() -> Any:
            return list(made.map(PROGRAM, INPUTS[:20]))

        side.row(name, run, (results,), EXPECTED[:20])


def repeat_bound(zlib: Any) -> Run:
    """Calls a function of a C library with an integer."""
    function = zlib.compressBound

    def run(n: int) -> None:
        for _ in range(n):
            function(1000)

    return run


def repeat_crc32(zlib: Any, value: bytes) -> Run:
    """Calls a function of a C library with an integer and bytes."""
    function = zlib.crc32

    def run(n: int) -> None:
        for _ in range(n):
            function(0, value)

    return run


def library(side: Side) -> None:
    """A C library from Python, without V8."""
    zlib = ist.load("zlib")
    text = SHORT.encode()
    side.row("library_bound", repeat_bound(zlib), (zlib.compressBound, 1000), 1013)
    side.row("library_crc32", repeat_crc32(zlib, text), (zlib.crc32, 0, text), 0x10ED71CA)


def main(wanted: list[str]) -> None:
    """Measures all rows, or those that are named."""
    side = Side("ours", wanted)

    def new_isolate() -> None:
        ist.Isolate().close()

    side.start("import", "import isthmus")
    side.start("first_eval", "import isthmus; isthmus.Isolate().context().eval('1 + 1')")
    side.memory("isolate_memory", ist.Isolate)
    side.row("new_isolate", repeat(new_isolate))
    with ist.Isolate() as isolate:

        def new_context() -> None:
            isolate.context(web=False).close()

        def new_context_web() -> None:
            isolate.context().close()

        side.row("new_context", repeat(new_context))
        side.row("new_context_web", repeat(new_context_web))
        with isolate.context() as ctx:
            side.part(calls, ctx)
        side.part(judge, isolate)
    if side.wants("library_bound") or side.wants("library_crc32"):
        side.part(library)


if __name__ == "__main__":
    main(sys.argv[1:])
