"""What cannot be a name, a snapshot, a program or a number of lines is refused by its name."""

from __future__ import annotations

from typing import Any, Callable

import isthmus as ist
import pytest


def test_no_snapshot() -> None:
    with pytest.raises(TypeError, match=r"^snapshot must be a Snapshot or None, not bytes$"):
        ist.Isolate(snapshot=b"no")  # type: ignore[arg-type]


def test_no_name(isolate: ist.Isolate) -> None:
    wrong: Any = 3
    with pytest.raises(TypeError, match=r"^name must be a str or None, not int$"):
        isolate.context(name=wrong)
    with pytest.raises(ValueError, match=r"^name cannot contain NUL: 'a\\x00b'$"):
        isolate.context(name="a\0b")


@pytest.mark.parametrize("way", ["eval", "run", "compile", "function", "module", "program"])
def test_no_number_of_lines(isolate: ist.Isolate, way: str) -> None:
    context = isolate.context()
    ways: dict[str, Callable[..., Any]] = {
        "eval": context.eval,
        "run": context.run,
        "compile": context.compile,
        "function": context.function,
        "module": context.module,
        "program": program,
    }
    with pytest.raises(TypeError, match=r"^line_offset must be an int, not str$"):
        ways[way]("1", line_offset="2")
    for wrong in (-1, 2**31):
        with pytest.raises(
            ValueError, match=f"^line_offset must be from 0 to 2147483647, not {wrong}$"
        ):
            ways[way]("1", line_offset=wrong)


def program(source: Any, **options: Any) -> None:
    with ist.Pool(threads=1) as pool:
        list(pool.map(ist.Program(source, **options), [1]))


def test_no_program() -> None:
    with pytest.raises(TypeError, match=r"^the source must be str or bytes, not int$"):
        program(3)
    with pytest.raises(ValueError, match=r"^the filename cannot contain NUL: 'a\\x00b'$"):
        program("1", filename="a\0b")


def test_half_a_character_in_a_program() -> None:
    with ist.Pool(threads=1) as pool:
        assert list(pool.map("'a\ud800b'", [1])) == ["a\ufffdb"]


def test_no_cache(isolate: ist.Isolate) -> None:
    wrong: Any = "text"
    with pytest.raises(TypeError, match=r"^cache must be bytes or None, not str$"):
        isolate.context().compile("1", cache=wrong)
