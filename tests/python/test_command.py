"""The command `isthmus` that the wheel carries: as a console script and as a module."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = [str(Path(sys.executable).parent / "isthmus")]
MODULE = [sys.executable, "-m", "isthmus"]


def run(*command: str, code: int = 0) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr if code == 0 else "") == (code, "")
    return done.stdout


@pytest.mark.parametrize("command", [SCRIPT, MODULE], ids=["script", "module"])
def test_runs_with_its_arguments(command: list[str]) -> None:
    assert run(*command, "--help").startswith("Usage: isthmus ")
    assert run(*command, "eval", "-p", "[1, 2].concat('ü')") == "[ 1, 2, 'ü' ]\n"


@pytest.mark.parametrize("command", [SCRIPT, MODULE], ids=["script", "module"])
def test_gives_its_exit_code(command: list[str]) -> None:
    run(*command, "eval", "throw new Error('no')", code=1)


def test_finds_the_interface_files_that_it_carries() -> None:
    program = 'const z = await import("ffi:zlib"); z.crc32(0, new Uint8Array([1, 2, 3]))'
    assert run(*SCRIPT, "eval", "--allow-ffi=zlib", "-p", program) == "1438416925\n"


def test_pools_of_processes_find_it(tmp_path: Path) -> None:
    program = tmp_path / "double.js"
    program.write_text("input * 2")
    inputs = tmp_path / "inputs.jsonl"
    inputs.write_text("1\n21\n")
    pool = ["--isolation=process", "--quiet", f"--inputs={inputs}"]
    said = run(*SCRIPT, "judge", *pool, str(program))
    assert [json.loads(line)["value"] for line in said.splitlines()] == [2, 42]
