"""Pools where processes end: signals, fork, and the end of Python with pools that live."""

from __future__ import annotations

from typing import Any

import pytest


def test_an_interrupt_ends_a_map(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist
        with ist.Pool(threads=2) as pool:
            try:
                for value in pool.map("if (input) for (;;); 0", range(10)):
                    print("begun", flush=True)
            except KeyboardInterrupt:
                print("interrupted")
            print(list(pool.map("input", range(3))))
        """,
        interrupt_after="begun",
    )
    assert said == "begun\ninterrupted\n[0, 1, 2]\n"


def test_an_interrupt_among_the_inputs(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, time
        def inputs():
            yield 1
            print("begun", flush=True)
            while True:
                time.sleep(0.01)
        with ist.Pool(threads=2) as pool:
            try:
                list(pool.map("input", inputs()))
            except KeyboardInterrupt:
                print("interrupted")
            print(list(pool.map("input", range(3))))
        """,
        interrupt_after="begun",
    )
    assert said == "begun\ninterrupted\n[0, 1, 2]\n"


def test_signal_handlers_run_while_a_map_waits(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, signal
        class Enough(Exception):
            pass
        count = 0
        def handle(*_):
            global count
            count += 1
            if count == 3:
                raise Enough
            signal.setitimer(signal.ITIMER_REAL, 0.02)
        signal.signal(signal.SIGALRM, handle)
        with ist.Pool(threads=1, timeout=50) as pool:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.02)
                list(pool.map("for (;;);", [1]))
            except Enough:
                print("enough")
            print(count, list(pool.map("input", [4])))
        """
    )
    assert said == "enough\n3 [4]\n"


def test_fork(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist, os, sys
        pool = ist.Pool(threads=2)
        values = pool.map("input", range(1000))
        print(next(values), flush=True)
        child = os.fork()
        if not child:
            for use in (
                lambda: pool.map("1", [1]),
                lambda: pool.submit("1"),
                lambda: pool.statistics(),
                lambda: list(values),
                lambda: ist.Pool(),
            ):
                try:
                    use()
                except ist.ForkedError as error:
                    print(type(error).__name__)
            pool.close()
            sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        print(sum(values))
        """
    )
    assert said == "0\n" + "ForkedError\n" * 5 + "7\n499500\n"


@pytest.mark.parametrize(
    "isolation",
    [
        pytest.param("compartment", marks=pytest.mark.slow),
        "isolate",
        pytest.param("process", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    "end",
    [
        "",
        "values = pool.map('if (input) for (;;); 0', range(10)); next(values)",
        "future = pool.submit('for (;;);')",
        "futures = [pool.submit('for (;;);') for i in range(100)]",
        "threading.Thread(target=lambda: list(pool.map('for (;;);', [1])), daemon=True).start()",
        "other = ist.Pool(threads=2); del pool",
        "pool.self = pool; pool.values = pool.map('for (;;);', [1])",
    ],
)
def test_python_ends_with_pools_that_live(alone: Any, isolation: str, end: str) -> None:
    program = f"""
import isthmus as ist, threading, time
pool = ist.Pool(threads=2, isolation={isolation!r})
print(list(pool.map("input", range(3))), flush=True)
{end}
time.sleep(0.02)
"""
    assert alone(program) == "[0, 1, 2]\n"
    assert alone.errors == ""


def test_an_interrupt_ends_python(alone: Any) -> None:
    said = alone(
        """
        import isthmus as ist
        pool = ist.Pool(threads=2)
        for value in pool.map("if (input) for (;;); 0", range(10)):
            print("begun", flush=True)
        """,
        code=-2,
        interrupt_after="begun",
    )
    assert said == "begun\n"
    assert alone.errors.rstrip().endswith("KeyboardInterrupt")
