"""The other ways from Python to JavaScript: `peers.py NAME [ROW...]` measures one of them.

Each is a process of its own. Each row is written as that peer's own documentation shows, in the
quicker way where there are two; what a peer has no form for is not there.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import Any

from measure import (
    BLOCKS,
    MAKE_ARRAY,
    MAKE_TEXT,
    MEGABYTE,
    NUMBERS,
    PROGRAMS,
    SHORT,
    SUM,
    TEXT,
    Side,
    expect,
    repeat,
    repeat_caught,
    repeat_each,
    repeat_key,
    repeat_sum,
    repeat_with,
)


def mini_racer_rows(side: Side, racer: Any) -> None:
    """What both ways of using mini-racer have."""
    import numpy
    from py_mini_racer import JSEvalException

    evaluate = racer.eval
    evaluate(MAKE_TEXT)
    evaluate(f"globalThis.array = {MAKE_ARRAY}; function take(a) {{ return a.length }} 0")
    evaluate("function give() { return array } globalThis.bytes = new Uint8Array(1 << 20); 0")
    evaluate(f"globalThis.sum = {SUM}; globalThis.numbers = new Float64Array(array); 0")
    call_0: Any = evaluate("(() => 1)")
    call_2: Any = evaluate("((a, b) => a + b)")
    length: Any = evaluate("(s => s.length)")
    short: Any = evaluate(f"(() => '{SHORT}')")
    thrower: Any = evaluate("(() => { throw new Error('boom') })")
    item: Any = evaluate("({x: 1.5})")
    bytearray_in, bytes_in = bytearray(MEGABYTE), bytes(MEGABYTE)
    others = [bytes([i]) * MEGABYTE for i in range(4)]
    array = numpy.array(NUMBERS)

    def view(name: str) -> Any:
        return evaluate(name)

    def write(name: str, value: Any) -> None:
        view(name)[:] = value

    def numpy_out() -> Any:
        return numpy.frombuffer(view("numbers"), dtype=numpy.float64)

    side.row("call_0", repeat(call_0), (call_0,), 1)
    side.row("call_2", repeat_sum(call_2), (call_2, 1.5, 2.5), 4)
    side.row("property_get", repeat_key(item), (lambda: item["x"],), 1.5)
    side.row("string_16_in", repeat_with(length, SHORT), (length, SHORT), 16)
    side.row("string_16_out", repeat(short), (short,), SHORT)
    side.row("string_1m_in", repeat_with(length, TEXT), (length, TEXT), MEGABYTE)
    side.row("string_1m_out", repeat_with(evaluate, "text"), (evaluate, "text"), TEXT)
    side.row("bytearray_1m_in", repeat(lambda: write("bytes", bytearray_in)))
    side.row("bytes_1m_in", repeat(lambda: write("bytes", bytes_in)))
    side.row("bytes_1m_in_new", repeat_each(lambda value: write("bytes", value), others))
    side.row(
        "bytearray_1m_out",
        repeat_with(evaluate, "bytes"),
        (lambda: len(view("bytes")),),
        MEGABYTE,
    )
    side.row("list_10k_out", repeat_with(racer.call, "give"), (racer.call, "give"), NUMBERS)
    side.row(
        "list_10k_in",
        repeat(lambda: racer.call("take", NUMBERS)),
        (racer.call, "take", NUMBERS),
        10000,
    )
    side.row(
        "list_10k_in_sum",
        repeat(lambda: racer.call("sum", NUMBERS)),
        (racer.call, "sum", NUMBERS),
        sum(NUMBERS),
    )
    side.row("numpy_10k_out", repeat(numpy_out), (lambda: list(numpy_out()),), NUMBERS)
    side.row("numpy_10k_in", repeat(lambda: write("numbers", array.view(numpy.uint8))))
    side.row("throw", repeat_caught(thrower, JSEvalException))
    side.judge("judge_shared", evaluate, BLOCKS)


async def mini_racer_callback(side: Side, racer: Any) -> None:
    """A callback, which mini-racer only has in asyncio."""

    async def add(a: float, b: float) -> float:
        return a + b

    rounds = 300
    async with racer.wrap_py_function(add) as added:
        this: Any = racer.eval("this")
        this["add"] = added
        loop: Any = racer.eval(
            "(async n => { let s = 0; for (let i = 0; i < n; i++) s += await add(i, 2.5);"
            " return s })"
        )
        expect(await loop(10), 70)
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            await loop(rounds)
            taken.append((time.perf_counter() - start) / rounds * 1e9)
        side.tell("callback_2", statistics.median(taken))


def mini_racer(side: Side) -> None:
    """mini-racer, used as its documentation begins: by an object, from ordinary code."""
    from py_mini_racer import MiniRacer

    def new_isolate() -> None:
        MiniRacer().close()

    def judge_isolate(text: str) -> Any:
        racer = MiniRacer()
        try:
            return racer.eval(text)
        finally:
            racer.close()

    side.start("import", "import py_mini_racer")
    side.start("first_eval", "from py_mini_racer import MiniRacer; MiniRacer().eval('1 + 1')")
    side.memory("isolate_memory", MiniRacer)
    side.row("new_isolate", repeat(new_isolate))
    side.judge("judge_isolate", judge_isolate, PROGRAMS)
    mini_racer_rows(side, MiniRacer())


def mini_racer_loop(side: Side) -> None:
    """mini-racer within asyncio's loop, where a call takes less and no other thread is needed."""
    from py_mini_racer import mini_racer as in_this_loop

    async def all_rows() -> None:
        with in_this_loop() as racer:
            mini_racer_rows(side, racer)
            if side.wants("callback_2"):
                try:
                    await asyncio.wait_for(mini_racer_callback(side, racer), 10)
                except Exception as error:
                    side.failed("callback_2", error)

    asyncio.run(all_rows())


def stpyv8(side: Side) -> None:
    """STPyV8: Google's V8 behind Boost.Python, one isolate entered by each thread."""
    import STPyV8

    class Global(STPyV8.JSClass):  # type: ignore[misc]
        def add(self, a: float, b: float) -> float:
            return a + b

    def new_context() -> None:
        with STPyV8.JSContext():
            pass

    def new_isolate() -> None:
        with STPyV8.JSIsolate():
            pass

    def judge_context(text: str) -> Any:
        with STPyV8.JSContext() as context:
            return context.eval(text)

    def judge_isolate(text: str) -> Any:
        with STPyV8.JSIsolate():
            with STPyV8.JSContext() as context:
                return context.eval(text)

    side.start("import", "import STPyV8")
    side.start("first_eval", "import STPyV8\nwith STPyV8.JSContext() as c: c.eval('1 + 1')")
    side.memory("isolate_memory", STPyV8.JSIsolate)
    side.row("new_context", repeat(new_context))
    side.row("new_isolate", repeat(new_isolate))
    taken = side.judge("judge_context", judge_context, PROGRAMS)
    if taken is not None:
        side.tell("judge_pool_compartment_2", taken, who="stpyv8_new_context")
    side.judge("judge_isolate", judge_isolate, PROGRAMS)
    with STPyV8.JSContext() as context:
        side.judge("judge_shared", context.eval, BLOCKS)
    with STPyV8.JSContext(Global()) as context:
        evaluate = context.eval
        evaluate(MAKE_TEXT)
        evaluate(f"globalThis.array = {MAKE_ARRAY}; 0")
        array = evaluate("array")
        call_0 = evaluate("(() => 1)")
        call_2 = evaluate("((a, b) => a + b)")
        caller = evaluate(
            "(n => { let s = 0; for (let i = 0; i < n; i++) s += add(i, 2.5); return s })"
        )
        length = evaluate("(s => s.length)")
        adds = evaluate(SUM)
        short = evaluate(f"(() => '{SHORT}')")
        text = evaluate("(() => text)")
        thrower = evaluate("(() => { throw new Error('boom') })")
        item = evaluate("({x: 1.5})")

        def list_in() -> Any:
            return length(STPyV8.JSArray(NUMBERS))

        def sum_in() -> Any:
            return adds(STPyV8.JSArray(NUMBERS))

        def properties(n: int) -> None:
            for _ in range(n):
                _ = item.x

        side.row("call_0", repeat(call_0), (call_0,), 1)
        side.row("call_2", repeat_sum(call_2), (call_2, 1.5, 2.5), 4)
        side.row("callback_2", caller, (caller, 10), 70)
        side.row("property_get", properties, (lambda: item.x,), 1.5)
        side.row("string_16_in", repeat_with(length, SHORT), (length, SHORT), 16)
        side.row("string_16_out", repeat(short), (short,), SHORT)
        side.row("string_1m_in", repeat_with(length, TEXT), (length, TEXT), MEGABYTE)
        side.row("string_1m_out", repeat(text), (text,), TEXT)
        side.row("list_10k_out", repeat_with(list, array), (list, array), NUMBERS)
        side.row("list_10k_in", repeat(list_in), (list_in,), 10000)
        side.row("list_10k_in_sum", repeat(sum_in), (sum_in,), sum(NUMBERS))
        side.row("throw", repeat_caught(thrower, STPyV8.JSError))


def pythonmonkey(side: Side) -> None:
    """PythonMonkey: SpiderMonkey, one context for the whole process."""
    import numpy
    import pythonmonkey as pm

    evaluate = pm.eval
    evaluate(MAKE_TEXT)
    array = evaluate(f"globalThis.array = {MAKE_ARRAY}; array")
    call_0 = evaluate("(() => 1)")
    call_2 = evaluate("((a, b) => a + b)")
    caller = evaluate(
        "((add, n) => { let s = 0; for (let i = 0; i < n; i++) s += add(i, 2.5); return s })"
    )
    length = evaluate("(s => s.length)")
    adds = evaluate(SUM)
    short = evaluate(f"(() => '{SHORT}')")
    text = evaluate("(() => text)")
    out = evaluate("globalThis.bytes = new Uint8Array(1 << 20); (() => bytes)")
    numbers = evaluate("globalThis.numbers = new Float64Array(array); (() => numbers)")
    thrower = evaluate("(() => { throw new Error('boom') })")
    item = evaluate("({x: 1.5})")
    bytearray_in, bytes_in, numpy_in = bytearray(MEGABYTE), bytes(MEGABYTE), numpy.array(NUMBERS)
    others = [bytes([i]) * MEGABYTE for i in range(4)]

    def callbacks(n: int) -> Any:
        return caller(lambda a, b: a + b, float(n))

    def numpy_out() -> Any:
        return numpy.asarray(numbers())

    side.start("import", "import pythonmonkey")
    side.start("first_eval", "import pythonmonkey; pythonmonkey.eval('1 + 1')")
    side.row("call_0", repeat(call_0), (call_0,), 1)
    side.row("call_2", repeat_sum(call_2), (call_2, 1.5, 2.5), 4)
    side.row("callback_2", callbacks, (callbacks, 10), 70)
    side.row("property_get", repeat_key(item), (lambda: item["x"],), 1.5)
    side.row("string_16_in", repeat_with(length, SHORT), (length, SHORT), 16)
    side.row("string_16_out", repeat(short), (short,), SHORT)
    side.row("string_1m_in", repeat_with(length, TEXT), (length, TEXT), MEGABYTE)
    side.row("string_1m_out", repeat(text), (text,), TEXT)
    side.row("bytearray_1m_in", repeat_with(length, bytearray_in), (length, bytearray_in), MEGABYTE)
    side.row("bytes_1m_in", repeat_with(length, bytes_in), (length, bytes_in), MEGABYTE)
    side.row("bytes_1m_in_new", repeat_each(length, others), (length, others[1]), MEGABYTE)
    side.row("bytearray_1m_out", repeat(out), (lambda: len(out()),), MEGABYTE)
    side.row("list_10k_out", repeat_with(list, array), (list, array), NUMBERS)
    side.row("list_10k_in", repeat_with(length, NUMBERS), (length, NUMBERS), 10000)
    side.row("list_10k_in_sum", repeat_with(adds, NUMBERS), (adds, NUMBERS), sum(NUMBERS))
    side.row("numpy_10k_out", repeat(numpy_out), (lambda: list(numpy_out()),), NUMBERS)
    side.row("numpy_10k_in", repeat_with(length, numpy_in), (length, numpy_in), 10000)
    side.row("throw", repeat_caught(thrower, pm.SpiderMonkeyError))
    side.judge("judge_shared", evaluate, BLOCKS)


def quickjs(side: Side) -> None:
    """quickjs: an interpreter in C, lists and objects by way of JSON."""
    import quickjs as qjs

    context = qjs.Context()
    evaluate = context.eval
    evaluate("globalThis.text = 'x'.repeat(1 << 20); 0")
    evaluate(f"globalThis.array = {MAKE_ARRAY}; 0")
    call_0 = evaluate("(() => 1)")
    call_2 = evaluate("((a, b) => a + b)")
    context.add_callable("add", lambda a, b: a + b)
    caller = evaluate(
        "(n => { let s = 0; for (let i = 0; i < n; i++) s += add(i, 2.5); return s })"
    )
    length = evaluate("(s => s.length)")
    adds = evaluate(SUM)
    short = evaluate(f"(() => '{SHORT}')")
    text = evaluate("(() => text)")
    thrower = evaluate("(() => { throw new Error('boom') })")

    def list_out() -> Any:
        return json.loads(evaluate("array").json())

    def list_in() -> Any:
        return length(context.parse_json(json.dumps(NUMBERS)))

    def sum_in() -> Any:
        return adds(context.parse_json(json.dumps(NUMBERS)))

    def judge_context(source: str) -> Any:
        return qjs.Context().eval(source)

    side.start("import", "import quickjs")
    side.start("first_eval", "import quickjs; quickjs.Context().eval('1 + 1')")
    side.memory("isolate_memory", qjs.Context)
    side.row("new_isolate", repeat(qjs.Context))
    side.judge("judge_isolate", judge_context, PROGRAMS)
    side.row("call_0", repeat(call_0), (call_0,), 1)
    side.row("call_2", repeat_sum(call_2), (call_2, 1.5, 2.5), 4)
    side.row("callback_2", caller, (caller, 10), 70)
    side.row("string_16_in", repeat_with(length, SHORT), (length, SHORT), 16)
    side.row("string_16_out", repeat(short), (short,), SHORT)
    side.row("string_1m_in", repeat_with(length, TEXT), (length, TEXT), MEGABYTE)
    side.row("string_1m_out", repeat(text), (text,), TEXT)
    side.row("list_10k_out", repeat(list_out), (list_out,), NUMBERS)
    side.row("list_10k_in", repeat(list_in), (list_in,), 10000)
    side.row("list_10k_in_sum", repeat(sum_in), (sum_in,), sum(NUMBERS))
    side.row("throw", repeat_caught(thrower, qjs.JSException))
    side.judge("judge_shared", evaluate, BLOCKS)


PEERS = {
    "mini-racer": mini_racer,
    "mini-racer-loop": mini_racer_loop,
    "stpyv8": stpyv8,
    "pythonmonkey": pythonmonkey,
    "quickjs": quickjs,
}

if __name__ == "__main__":
    PEERS[sys.argv[1]](Side(sys.argv[1], sys.argv[2:]))
