"""[[errno]]: zero before, captured at once after, never lost to what Python does in between."""

from __future__ import annotations

import os
import threading

import pytest
from isthmus import errno
from libraries import fixture
from library_checks import refused

failures = fixture("failures")


def test_captured() -> None:
    assert failures.errno_set(13) == -1
    assert errno() == 13
    for _ in range(100):
        with pytest.raises(FileNotFoundError):
            os.stat("/nowhere")
    assert errno() == 13


def test_zero_before() -> None:
    failures.errno_set(5)
    assert failures.errno_get() == 0
    assert errno() == 0
    failures.errno_set(5)
    failures.errno_quiet(1)
    assert errno() == 0


def test_by_itself_it_raises_nothing_and_in_a_bundle_it_is_the_code() -> None:
    assert failures.errno_throw(0) == 5
    error = refused(
        lambda: failures.errno_throw(2), failures.System, "failures.errno_throw: errno says"
    )
    assert error.code == 2
    assert errno() == 2


def test_each_thread_has_its_own() -> None:
    failures.errno_set(7)
    seen = []

    def other() -> None:
        seen.append(errno())
        failures.errno_set(9)
        seen.append(errno())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [0, 9]
    assert errno() == 7
