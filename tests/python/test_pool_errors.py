"""What goes wrong in a pool is the error of the input it went wrong for, whose text says what."""

from __future__ import annotations

import decimal
import os
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import isthmus as ist
import pytest


@pytest.fixture(scope="module")
def pool() -> Iterator[ist.Pool]:
    with ist.Pool(threads=2, timeout=20, memory=32 << 20, buffers=8 << 20) as made:
        yield made


def only(pool: ist.Pool, program: Any, value: Any = None) -> Any:
    (got,) = pool.map(program, [value], return_exceptions=True)
    return got


def test_a_failed_input_is_raised_in_its_place(pool: ist.Pool) -> None:
    got = []
    with pytest.raises(ist.JSError, match="RangeError: three"):
        for value in pool.map("if (input == 3) throw new RangeError('three'); input", range(10)):
            got.append(value)
    assert got == [0, 1, 2]


def test_or_given_in_its_place(pool: ist.Pool) -> None:
    program = "if (input % 2) throw new Error(input); input"
    got = list(pool.map(program, range(4), return_exceptions=True))
    assert [got[0], got[2]] == [0, 2]
    assert [str(got[1]), str(got[3])] == ["Error: 1", "Error: 3"]


def test_says_where_and_can_be_pickled(pool: ist.Pool) -> None:
    program = ist.Program("\nfunction f() { throw new TypeError('bad') }\nf()", "rules.js", 10)
    for error in (only(pool, program), pickle.loads(pickle.dumps(only(pool, program)))):
        assert isinstance(error, ist.JSError)
        assert (error.name, error.message, error.filename) == ("TypeError", "bad", "rules.js")
        assert (error.line, error.column) == (12, 22)
        assert error.source_line == "function f() { throw new TypeError('bad') }"
        assert [frame.function for frame in error.frames] == ["f", ""]


def test_programs_that_do_not_parse(pool: ist.Pool) -> None:
    error = only(pool, ist.Program("var = 1", "bad.js"))
    assert type(error) is ist.JSSyntaxError
    assert str(error) == "SyntaxError: Unexpected token '='"
    assert (error.filename, error.line, error.column) == ("bad.js", 1, 5)


@pytest.mark.slow
def test_time() -> None:
    with ist.Pool(threads=1, timeout=1) as pool:
        got = list(pool.map("while (input == 1); input", range(3), return_exceptions=True))
    assert [got[0], got[2]] == [0, 2]
    assert type(got[1]) is ist.JSTimeoutError and isinstance(got[1], TimeoutError)
    assert str(got[1]) == "TimeoutError: the time limit of 1000 ms was reached"


def test_processor_time() -> None:
    with ist.Pool(threads=1, cpu_timeout=0.05) as pool:
        error = only(pool, "for (;;);")
    assert type(error) is ist.JSTimeoutError


def test_memory(pool: ist.Pool) -> None:
    program = "if (input == 1) { const a = []; for (;;) a.push(new Array(1e5).fill(1)); } input"
    got = list(pool.map(program, range(3), return_exceptions=True))
    assert [got[0], got[2]] == [0, 2]
    assert type(got[1]) is ist.JSMemoryError and isinstance(got[1], MemoryError)
    assert pool.statistics().spent == 1


def test_recursion_and_buffers(pool: ist.Pool) -> None:
    assert str(only(pool, "(function f() { f() })()")).startswith("RangeError: Maximum call stack")
    assert str(only(pool, "new ArrayBuffer(64 << 20)")).startswith("RangeError: ")


def test_what_is_thrown_without_being_an_error(pool: ist.Pool) -> None:
    error = only(pool, "throw 'text'")
    assert (error.name, str(error)) == (None, "text")


def test_rejections(pool: ist.Pool) -> None:
    assert str(only(pool, "Promise.reject(new TypeError('no'))")) == "TypeError: no"


def test_values_without_a_form_in_python(pool: ist.Pool) -> None:
    for program, text in {
        "({rows: [1, () => 1]})": "$.rows[1]: a function has no CBOR form",
        "new Date(NaN)": "an invalid Date has no form in Python",
        "new Date(8.64e15)": "a Date beyond the years 1 to 9999 has no form in Python",
        "new Map([[{}, 1]])": "an object that is a key of a Map or a member of a Set cannot be"
        " hashed as a dict: take the entries one by one instead",
    }.items():
        error = only(pool, program)
        assert type(error) is ist.ConversionError, program
        assert str(error) == text


def test_an_array_with_billions_of_holes_takes_no_memory(pool: ist.Pool) -> None:
    error = only(pool, "var a = [1]; a.length = 4e9; a")
    assert type(error) is ist.LimitError
    assert str(error) == "an array of 4000000000 elements, most of them missing, is too large"


def test_inputs_without_a_form_in_javascript(pool: ist.Pool) -> None:
    inputs = [0, {"a": [object()]}, decimal.Decimal(2), 3, object, 5]
    got = list(pool.map("input", inputs, return_exceptions=True))
    assert [got[0], got[3], got[5]] == [0, 3, 5]
    texts = [
        r"\$\.a\[0\]: .*object has no form in JavaScript",
        "decimal.Decimal has no form in JavaScript",
        "type has no form outside of an isolate",
    ]
    for i, text in zip((1, 2, 4), texts):
        assert type(got[i]) is ist.ConversionError
        assert re.search(text, str(got[i]))
    with pytest.raises(ist.ConversionError, match="object has no form"):
        list(pool.map("input", [1, object()]))


def test_inputs_that_are_nested_too_deeply(pool: ist.Pool) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    error = only(pool, "1", deep)
    assert type(error) is ist.LimitError
    assert str(error).startswith("a tree is too deep for JavaScript")


def test_values_that_are_nested_too_deeply(pool: ist.Pool) -> None:
    error = only(pool, "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a")
    assert type(error) is ist.LimitError


def test_wrong_arguments() -> None:
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"threads": 0}, ValueError, "threads must be between 1 and 4096, not 0"),
        ({"threads": "2"}, TypeError, "threads must be a number or None, not str"),
        ({"isolation": "none"}, ValueError, "isolation must be one of 'shared', 'compartment', "),
        ({"timeout": 0}, ValueError, "timeout must be greater than 0, not 0"),
        ({"timeout": "1"}, TypeError, "timeout must be a number of seconds or None, not str"),
        ({"memory": -1}, ValueError, "memory must be greater than 0, not -1"),
    ]
    for arguments, kind, text in wrong:
        with pytest.raises(kind) as caught:
            ist.Pool(**arguments)
        assert str(caught.value).startswith(text)


def test_wrong_arguments_of_a_map(pool: ist.Pool) -> None:
    with pytest.raises(TypeError, match="program must be a str or a Program, not int"):
        pool.map(1, [])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'int' object is not iterable"):
        pool.map("1", 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="window must be greater than 0, not 0"):
        pool.map("1", [], window=0)
    with pytest.raises(TypeError, match="a Pool belongs to its process and cannot be pickled"):
        pickle.dumps(pool)


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ist.NotFoundError, match="no/such/isthmus"):
        ist.Pool(threads=1, isolation="process", command="/no/such/isthmus")
    wrong = tmp_path / "isthmus"
    wrong.write_text("#!/bin/sh\nexit 1\n")
    wrong.chmod(0o755)
    with pytest.raises(ist.StateError):
        ist.Pool(threads=1, isolation="process", command=wrong)


@pytest.mark.slow
def test_a_process_that_dies_is_one_input_s_error() -> None:
    program = "if (input == 1) 'a,'.repeat(1 << 27).split(','); input"
    with ist.Pool(threads=1, isolation="process") as pool:
        got = list(pool.map(program, range(3), return_exceptions=True))
        assert [got[0], got[2]] == [0, 2]
        assert type(got[1]) is ist.JSDiedError
        assert "the process that ran it has died" in str(got[1])
        assert pool.statistics().replaced == 1


def test_the_command_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_CELL", "/no/such/cell")
    with pytest.raises(ist.NotFoundError, match="/no/such/cell"):
        ist.Pool(threads=1, isolation="process")
    assert os.environ["ISTHMUS_CELL"] == "/no/such/cell"
