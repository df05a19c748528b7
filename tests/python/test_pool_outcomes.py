"""`Pool.outcomes` tells all that is known of each run; `statistics` and `progress` count them."""

from __future__ import annotations

import io
import sys
from typing import Any, Optional

import isthmus as ist
import pytest

PROGRAM = "if (input === 2) throw new Error('two'); input"


def test_outcomes() -> None:
    with ist.Pool(threads=2, timeout=10, cpu_timeout=10) as pool:
        got = list(pool.outcomes(PROGRAM, [0, 1, 2, object(), 4]))
    assert [outcome.index for outcome in got] == [0, 1, 2, 3, 4]
    assert [outcome.value for outcome in got] == [0, 1, None, None, 4]
    assert str(got[2].error) == "Error: two"
    assert isinstance(got[3].error, ist.ConversionError)
    assert all(outcome.wall > 0 and outcome.cpu > 0 for outcome in got if outcome.index != 3)
    assert (got[3].wall, got[3].cpu) == (0, 0)


def test_time_of_the_processor_that_nobody_counts() -> None:
    with ist.Pool(threads=1) as pool:
        (outcome,) = pool.outcomes("1", [0])
    assert outcome.wall > 0 and outcome.cpu is None


@pytest.mark.slow
def test_statistics() -> None:
    with ist.Pool(threads=1, timeout=1) as pool:
        list(
            pool.map(
                "if (input == 1) for (;;); if (input == 2) throw 1",
                range(4),
                return_exceptions=True,
            )
        )
        got = pool.statistics()
    assert (got.runs, got.failed, got.timeouts, got.spent) == (4, 2, 1, 0)


def test_a_function_is_told_of_progress() -> None:
    calls: list[tuple[int, Optional[int]]] = []
    with ist.Pool(threads=2) as pool:
        list(
            pool.map("input", range(1000), progress=lambda done, total: calls.append((done, total)))
        )
    assert calls[-1] == (1000, 1000)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    calls.clear()
    with ist.Pool(threads=2) as pool:
        list(
            pool.map(
                "input", iter(range(10)), progress=lambda done, total: calls.append((done, total))
            )
        )
        assert calls[-1] == (10, 10)
        inputs = (i for i in range(10))
        list(pool.map("input", inputs, progress=lambda done, total: calls.append((done, total))))
    assert calls[-1] == (10, None)


def test_what_progress_raises_ends_the_map() -> None:
    def fail(done: int, total: Optional[int]) -> None:
        raise LookupError("enough")

    with ist.Pool(threads=1) as pool:
        with pytest.raises(LookupError, match="enough"):
            list(pool.map("input", range(10), progress=fail))
        assert list(pool.map("input", [1])) == [1]


def test_a_map_within_progress() -> None:
    inner: list[Any] = []
    with ist.Pool(threads=1) as pool:
        list(
            pool.map(
                "input", range(3), progress=lambda *_: inner.append(list(pool.map("input", [7])))
            )
        )
    assert inner and all(each == [7] for each in inner)


class Terminal(io.StringIO):
    """Standard error that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with ist.Pool(threads=1) as pool:
        list(pool.map(PROGRAM, range(4), progress=True, return_exceptions=True))
    said = terminal.getvalue()
    assert said.startswith("\r") and said.endswith("\n")
    last = said.rsplit("\r", 1)[1]
    assert last.startswith("100% |" + "█" * 30 + "| 4/4, ")
    assert "1 failed" in last and "/s" in last


def test_no_bar_elsewhere(capfd: pytest.CaptureFixture[str]) -> None:
    with ist.Pool(threads=1) as pool:
        list(pool.map("input", range(4), progress=True))
    assert capfd.readouterr() == ("", "")
