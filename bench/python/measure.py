"""What every side of the python suite shares: its rows, its inputs, its loops, and its clock.

A side is a process: it measures what it can do and prints each figure as a line
`ROW<tab>WHO<tab>NAME<tab>UNIT<tab>NUMBER`. A row that fails is told on the standard error and left
out, and the ones after it are measured all the same. A row is a function of `n` that does its work
`n` times; what one round costs is the median of several timed loops. The loops here are the same
for all sides, so that none has a call more than another between it and what is measured.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, Callable

Run = Callable[[int], Any]

UNITS = {
    "call_0": "ns",
    "call_2": "ns",
    "callback_2": "ns",
    "property_get": "ns",
    "string_16_in": "ns",
    "string_16_out": "ns",
    "throw": "ns",
    "isolate_memory": "kB",
    "import": "ms",
    "first_eval": "ms",
    "library_bound": "ns",
    "library_crc32": "ns",
    "call_0_entered": "ns",
    "call_2_entered": "ns",
}
"""The unit of each row that is not in microseconds."""

SCALES = {"ns": 1e9, "us": 1e6, "ms": 1e3}

QUICK = os.environ.get("BENCH_QUICK") == "1"
SECONDS = 0.01 if QUICK else 0.04
"""How long one timed loop takes at least."""
TIMES = 3 if QUICK else 5
"""How many loops are timed."""

# ---- Inputs ----

MEGABYTE = 1 << 20
TEXT = "x" * MEGABYTE
SHORT = "sixteen letters."
NUMBERS = [i + 0.5 for i in range(10000)]
MAKE_ARRAY = "Array.from({length: 10000}, (_, i) => i + 0.5)"
MAKE_TEXT = "globalThis.text = 'x'.repeat(1 << 20); text.charCodeAt(3); 0"
SUM = "(a => { let s = 0; for (const x of a) s += x; return s })"


def judge_inputs() -> list[tuple[list[int], int, str]]:
    """Inputs of the judge's program: ten to twenty-five integers, an integer and a word each."""
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        (
            [chance.randrange(1000) for _ in range(chance.randrange(10, 26))],
            chance.randrange(1000),
            "".join(chance.choice(letters) for _ in range(chance.randrange(5, 20))),
        )
        for _ in range(400)
    ]


INPUTS = judge_inputs()
EXPECTED = [sum(a) + b + len(c) for a, b, c in INPUTS]
FUNCTION = "const f=(a,b,c)=>{return a.reduce((c,acc)=>acc+c,b)+c.length;}; result=f("
PROGRAM = FUNCTION + "...input); result;"
"""The judge's program over the global `input`."""
PROGRAMS = [f"{FUNCTION}{json.dumps(a)},{b},{json.dumps(c)}); result;" for a, b, c in INPUTS]
"""The judge's program with each input in its text."""
BLOCKS = ["{" + program + "}" for program in PROGRAMS]
"""The same as blocks, which can run after one another in one context."""

# ---- Loops ----


def repeat(f: Callable[[], Any]) -> Run:
    """Calls `f()`."""

    def run(n: int) -> None:
        for _ in range(n):
            f()

    return run


def repeat_with(f: Callable[[Any], Any], value: Any) -> Run:
    """Calls `f(value)`."""

    def run(n: int) -> None:
        for _ in range(n):
            f(value)

    return run


def repeat_sum(f: Callable[[float, float], Any]) -> Run:
    """Calls `f` with two numbers."""

    def run(n: int) -> None:
        for _ in range(n):
            f(1.5, 2.5)

    return run


def repeat_key(f: Any) -> Run:
    """Reads the key `x`."""

    def run(n: int) -> None:
        for _ in range(n):
            f["x"]

    return run


def repeat_caught(f: Callable[[], Any], error: type[BaseException]) -> Run:
    """Calls `f()` and catches the error that it raises."""

    def run(n: int) -> None:
        for _ in range(n):
            try:
                f()
            except error:
                pass

    return run


def repeat_each(f: Callable[[Any], Any], values: list[Any]) -> Run:
    """Calls `f` with each of the values in turn."""

    def run(n: int) -> None:
        count = len(values)
        for i in range(n):
            f(values[i % count])

    return run


# ---- Rows ----


class Side:
    """One column of the table, which prints its figures under the name `who`."""

    def __init__(self, who: str, wanted: list[str]) -> None:
        self.who = who
        self.wanted = wanted

    def wants(self, name: str) -> bool:
        """Whether a row is to be measured: all are when none was named."""
        return not self.wanted or name in self.wanted

    def tell(self, name: str, number: float, who: str | None = None) -> None:
        """Prints a figure that is in the row's unit."""
        unit = UNITS.get(name, "us")
        print(f"ROW\t{who or self.who}\t{name}\t{unit}\t{number:.4f}", flush=True)

    def part(self, measure: Callable[..., None], *arguments: Any) -> None:
        """Measures some rows; when what they have in common fails, goes on without them."""
        try:
            measure(self, *arguments)
        except Exception as error:
            self.failed(measure.__name__, error)

    def failed(self, name: str, error: BaseException) -> None:
        """Tells on the standard error that a row is left out."""
        text = str(error).splitlines() or [""]
        print(
            f"bench: {self.who} has no {name}: {type(error).__name__}: {text[0][:200]}",
            file=sys.stderr,
            flush=True,
        )

    def row(
        self, name: str, run: Run, call: tuple[Any, ...] = (), value: Any = None
    ) -> float | None:
        """Measures `run`, once `call`, a function and its arguments, has given `value`.

        Returns the figure in the row's unit, or None when the row is not wanted or has failed.
        """
        if not self.wants(name):
            return None
        try:
            if call:
                expect(call[0](*call[1:]), value)
            figure = round_of(run) * SCALES[UNITS.get(name, "us")]
        except Exception as error:
            self.failed(name, error)
            return None
        self.tell(name, figure)
        return figure

    def memory(self, name: str, make: Callable[[], Any], count: int = 40) -> None:
        """Tells how many kilobytes each of `count` new things keeps resident, after a first one."""
        if not self.wants(name):
            return
        try:
            kept = [make()]
            before = resident()
            kept += [make() for _ in range(count)]
            self.tell(name, (resident() - before) / count / 1000)
        except Exception as error:
            self.failed(name, error)

    def start(self, name: str, program: str) -> None:
        """Tells how long this Python takes for a whole process that runs `program`."""

        def run(n: int) -> None:
            for _ in range(n):
                subprocess.run([sys.executable, "-c", program], check=True)

        self.row(name, run)

    def judge(self, name: str, evaluate: Callable[[str], Any], texts: list[str]) -> float | None:
        """Measures what each of the judge's texts takes, once it is known that they are right."""

        def results() -> list[int]:
            return [int(evaluate(text)) for text in texts[:20]]

        return self.row(name, repeat_each(evaluate, texts), (results,), EXPECTED[:20])


def expect(actual: Any, expected: Any) -> None:
    """Raises when a side has not done what its row says."""
    if actual != expected:
        raise AssertionError(f"{str(actual)[:80]}, not {str(expected)[:80]}")


def round_of(run: Run) -> float:
    """Seconds of one round: the median of several loops of some hundredths of a second each."""
    run(1)
    n = 1
    while True:
        taken = timed(run, n)
        if taken > SECONDS * 0.8:
            break
        n = max(n + 1, int(n * min(10.0, SECONDS * 1.1 / max(taken, 1e-9))))
    return statistics.median(timed(run, n) / n for _ in range(TIMES))


def timed(run: Run, n: int) -> float:
    """Seconds that `run(n)` takes."""
    start = time.perf_counter()
    run(n)
    return time.perf_counter() - start


def resident() -> int:
    """Bytes of the process that are resident."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def cycle(inputs: list[Any], n: int) -> Iterator[Any]:
    """`n` of the inputs, again from the first when they end."""
    count = len(inputs)
    return (inputs[i % count] for i in range(n))
