"""What the tests of the Python package share: isolates, memory that stays flat, processes of their
own.

Tests assert no times, and no test leaves anything behind for the next. What must not harm the test
process (fork, signals, the interpreter's end) runs in one of its own, by `alone`.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import isthmus as ist
import pytest
from hypothesis import HealthCheck, settings

SANITIZE = os.environ.get("ISTHMUS_SANITIZE", "")

# Seconds after which a process is taken to hang.
PATIENCE = 300 if SANITIZE else 60

# How long an example takes, or making it, is no matter; the same examples everywhere, unless
# --hypothesis-seed asks for others.
settings.register_profile(
    "isthmus",
    deadline=None,
    max_examples=25 if SANITIZE else 100,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("isthmus")


def pytest_configure(config: pytest.Config) -> None:
    # What a shell starts in the background ignores Ctrl-C, and so would all that this starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("--hypothesis-seed", None) is None:
        settings.register_profile("the same", settings(), derandomize=True, database=None)
        settings.load_profile("the same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SANITIZE and item.get_closest_marker("unsanitized"):
            item.add_marker(pytest.mark.skip(reason="cannot run under a sanitizer"))
        # Memory is the library's and the interface's to it, which are the same for every Python.
        if "flat" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    # What pytest and the libraries of tests have made by now outweighs all that tests make: a
    # collection need not look through it each time.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def build() -> Path:
    """The build tree that the wheel was made of."""
    return Path(os.environ["ISTHMUS_BUILD"])


@pytest.fixture(scope="session")
def fixture_library(build: Path) -> Path:
    """libfixture.so, the C library that tests call; its interface files are in tests/fixture."""
    return build / "tests" / "libfixture.so"


@pytest.fixture
def isolate() -> Iterator[ist.Isolate]:
    """An isolate that is closed after the test."""
    with ist.Isolate() as made:
        yield made


@pytest.fixture
def context(isolate: ist.Isolate) -> Iterator[ist.Context]:
    """A context of an isolate of its own."""
    with isolate.context() as made:
        yield made


@pytest.fixture
def hooks() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    yield
    from isthmus import _convert

    for kind, form in list(_convert._LOWER.items()):
        if isinstance(form, _convert._Hook):
            _convert.fix(kind, form)
            del _convert._LOWER[kind]


def resident() -> int:
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


Flat = Callable[..., None]


@pytest.fixture
def flat() -> Flat:
    """`flat(body, rounds=…, most=…, isolate=…)` fails when memory grows with the rounds of
    `body(round)`.

    It runs the rounds once to warm up, then until a pass has grown by no more than `most` bytes:
    what V8's threads and the allocator have yet to give back looks like a leak, which is still
    there when it is looked for again. Sanitizers keep freed memory for a while, so there it only
    runs, and fewer rounds.
    """

    def check(
        body: Callable[[int], Any],
        *,
        rounds: int = 1000,
        most: int = 1 << 20,
        isolate: Optional[ist.Isolate] = None,
    ) -> None:
        if SANITIZE:
            rounds = min(rounds, 500)
        before = after = 0
        for a_pass in range(6):
            before = after
            for i in range(rounds):
                body(i)
            gc.collect()
            if isolate is not None:
                isolate.collect()
            after = resident()
            if a_pass and (SANITIZE or after <= before + most):
                return
        pytest.fail(f"memory has grown by {after - before} bytes in {rounds} rounds")

    return check


def in_threads(count: int, body: Callable[[int], Any]) -> None:
    """Runs `body(number)` in so many threads at a time; raises what one of them has raised."""
    problems: list[BaseException] = []

    def run(i: int) -> None:
        try:
            body(i)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


class Alone:
    """Runs Python programs in processes of their own."""

    def __call__(
        self,
        program: str,
        *arguments: str,
        code: int = 0,
        interrupt_after: Optional[str] = None,
        environment: Optional[dict[str, Optional[str]]] = None,
        cwd: Optional[Path] = None,
    ) -> str:
        """What `program` prints; fails unless it ends with the exit code `code` (of a signal: minus
        its number).

        `interrupt_after` is a line: when the program has printed it, it gets SIGINT, as by Ctrl-C.
        `environment` is put over this process's; None takes a variable away. Standard error is
        looked at in `self.errors`.
        """
        variables = dict(os.environ)
        for name, value in (environment or {}).items():
            variables.pop(name, None)
            if value is not None:
                variables[name] = value
        process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=variables,
            cwd=cwd,
        )
        said = ""
        try:
            if interrupt_after is not None:
                assert process.stdout
                for line in process.stdout:
                    said += line
                    if line.rstrip("\n") == interrupt_after:
                        break
                process.send_signal(signal.SIGINT)
            rest, self.errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            # It says where it hangs before it dies.
            process.send_signal(signal.SIGABRT)
            rest, self.errors = process.communicate(timeout=PATIENCE)
            pytest.fail(f"still runs after {PATIENCE} seconds\n{said}{rest}{self.errors}")
        finally:
            process.kill()
            process.wait()
        said += rest
        assert process.returncode == code, f"exit code {process.returncode}\n{said}{self.errors}"
        return said

    errors = ""


@pytest.fixture
def alone() -> Alone:
    """`alone(program)` runs a Python program in a process of its own and gives what it prints."""
    return Alone()
