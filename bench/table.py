"""The tables of docs/performance.md: `table.py FILE`, with what `bench SUITE --json FILE` wrote."""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

PYTHON = {
    "call_0": "call a function, no argument",
    "call_0_entered": "the same within `entered()`",
    "call_2": "two numbers, one back",
    "call_2_entered": "the same within `entered()`",
    "callback_2": "JavaScript calls Python: two numbers, one back",
    "property_get": "read a number by its key",
    "throw": "JavaScript throws, Python catches",
    "string_16_in": "a string of 16 characters in",
    "string_16_out": "the same out",
    "string_1m_in": "a string of 1 MB in",
    "string_1m_out": "the same out",
    "bytearray_1m_in": "a bytearray of 1 MB in",
    "bytearray_1m_out": "a Uint8Array of 1 MB out",
    "bytes_1m_in": "bytes of 1 MB in, the same object again",
    "bytes_1m_in_new": "the same, another object each time",
    "list_10k_out": "an array of 10,000 numbers to a list",
    "list_10k_in": "a list of 10,000 numbers to an array",
    "list_10k_in_sum": "the same, and JavaScript adds them",
    "numpy_10k_out": "a Float64Array of 10,000 as a numpy array",
    "numpy_10k_in": "a numpy array of 10,000 to a typed array",
    "new_context": "make and free a context",
    "new_context_web": "the same with the web's globals, as by default",
    "new_isolate": "make and free an isolate",
    "isolate_memory": "resident memory of an isolate",
    "judge_shared": "the judge's program, one context for all",
    "judge_context": "a new context for each",
    "judge_isolate": "a new isolate for each",
    "judge_pool_shared_1": "`Pool.map`, `shared`, one thread",
    "judge_pool_shared_2": "two threads",
    "judge_pool_compartment_1": "`compartment`, one thread",
    "judge_pool_compartment_2": "two threads",
    "judge_pool_context_1": "`context`, one thread",
    "judge_pool_context_2": "two threads",
    "judge_pool_isolate_1": "`isolate`, one thread",
    "judge_pool_isolate_2": "two threads",
    "judge_pool_process_1": "`process`, one process",
    "judge_pool_process_2": "two processes",
    "import": "a process that imports the package",
    "first_eval": "a process up to its first evaluation",
}
LIBRARY = {"library_bound": "`compressBound(1000)`", "library_crc32": "`crc32`"}
GO = {
    "call_0": "call a function, no argument",
    "call_0_do": "the same within `Do`",
    "call_2": "by a func of Go's: two numbers, one back",
    "call_2_do": "the same within `Do`",
    "call_2_handles": "`Call`, the arguments made before",
    "callback_0": "JavaScript calls Go, no argument",
    "callback_2": "two numbers, one back",
    "callback_string": "a string of 11 characters",
    "property_get": "read a number by its key",
    "property_get_do": "the same within `Do`",
    "throw": "JavaScript throws, Go has an error",
    "string_1m_in": "a string of 1 MB in",
    "string_1m_out": "the same out",
    "bytes_1m_in": "1 MB of bytes in, to an array that is there",
    "bytes_1m_in_new": "to a new array",
    "bytes_1m_in_pinned": "to a new array, pinned, not copied",
    "bytes_1m_out": "1 MB of bytes out, to a slice that is there",
    "bytes_1m_out_new": "to a new slice",
    "bytes_1m_view": "seen within `View`, not copied",
    "floats_10k_out": "an array of 10,000 numbers to a slice",
    "floats_10k_out_typed": "a Float64Array of as many",
    "floats_10k_in": "a slice of 10,000 numbers to an array",
    "floats_10k_in_typed": "to a Float64Array",
    "new_context": "make and free a context",
    "new_context_web": "the same with the web's globals, as by default",
    "new_isolate": "make and free an isolate",
    "isolate_memory": "resident memory of an isolate",
}
GO_JUDGE = {
    "ContextReuse": "one context for all",
    "IsolatesReuse_compartment": "a compartment for each",
    "ReuseParallel_compartment": "the same on two threads",
    "IsolatesReuse": "a context for each",
    "IsolatesReuse_B": "bytes that Go allocates",
    "IsolatesReuse_allocs": "and how often",
    "ReuseParallel": "on two threads",
    "NoReuse": "an isolate for each",
    "NoReuse_B": "bytes that Go allocates",
    "NoReuse_allocs": "and how often",
    "NoReuseParallel": "on two threads",
    "NodeSpawn": "a process for each",
    "NodeParallel": "on two threads",
    "pool_shared_2": "`Pool`, `shared`, two threads",
    "pool_compartment_2": "`compartment`",
    "pool_context_2": "`context`",
    "pool_isolate_2": "`isolate`",
    "pool_process_2": "`process`, two processes",
}


class Table(NamedTuple):
    """Which rows, under which text, and which columns beside ours, which has its own head."""

    ours: str
    columns: dict[str, str]
    rows: dict[str, str]


GO_PEERS = {"tommie": "tommie/v8go", "rogchap": "rogchap.com/v8go"}
PEERS = ("mini-racer", "mini-racer-loop", "stpyv8", "pythonmonkey", "quickjs")
TABLES = {
    "python": [
        Table(
            "Isthmus",
            {**{peer: peer for peer in PEERS}, "floor": "beneath", "cffi": "cffi"},
            PYTHON,
        ),
        Table(
            "`isthmus.load`",
            {"cffi": "cffi", "cffi-abi": "cffi-abi", "ctypes": "ctypes", "floor": "in C"},
            LIBRARY,
        ),
    ],
    "go": [
        Table("Isthmus", {**GO_PEERS, "floor": "beneath", "cgo": "cgo alone"}, GO),
        Table("Isthmus", {**GO_PEERS, "floor": "V8 in C++", "node": "`node -e`"}, GO_JUDGE),
        Table("a generated package", {"cgo": "cgo by hand", "floor": "in C"}, LIBRARY),
    ],
}


def figure(number: Any, unit: str) -> str:
    """A figure with three digits that count, in the unit that suits it."""
    if not isinstance(number, (int, float)):
        return ""
    if unit in ("B", "allocs"):
        return f"{number:.0f}"
    if unit == "ns" and number >= 1000:
        number, unit = number / 1000, "µs"
    digits = 0 if number >= 100 else 1 if number >= 10 else 2
    return f"{number:.{digits}f} {'µs' if unit == 'us' else unit}"


def line(cells: list[str]) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def show(table: Table, rows: dict[str, Any]) -> None:
    """Prints a table of the rows that were measured."""
    print(line(["", table.ours, *table.columns.values()]))
    print(line(["---"] * (len(table.columns) + 2)))
    for name, text in table.rows.items():
        row = rows.get(name)
        if row:
            known = {**row["peers"], "floor": row["floor"]}
            cells = [row["ours"], *(known.get(column) for column in table.columns)]
            print(line([text, *(figure(cell, row["unit"]) for cell in cells)]))
    print()


def main(path: str) -> None:
    """Prints the tables of the file's suite."""
    with open(path) as file:
        suite = json.load(file)
    rows = {row["name"]: row for row in suite["rows"]}
    for table in TABLES[suite["suite"]]:
        show(table, rows)


if __name__ == "__main__":
    main(sys.argv[1])
