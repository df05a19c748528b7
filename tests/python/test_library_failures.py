"""Failures: error bundles as classes, errno, texts that explain, and cleaning up."""

from __future__ import annotations

import errno
import pickle

import isthmus as ist
import pytest
from isthmus import errno as last_errno
from libraries import fixture, real


def test_a_bundle_is_a_class() -> None:
    failures = fixture("failures")
    assert failures.fail_code(0) is None
    with pytest.raises(failures.Failure) as raised:
        failures.fail_code(5)
    error = raised.value
    assert isinstance(error, ist.Error) and failures.Failure.__name__ == "Failure"
    assert failures.Failure.__doc__ == "A code and its text."
    assert (str(error), error.code) == ("failures.fail_code: failure number 5", 5)
    assert (error.library, error.function) == ("failures", "fail_code")
    with pytest.raises(failures.Failure):
        failures.fail_code_value(3)
    assert isinstance(failures.fail_code_value(0), int)


def test_forms() -> None:
    failures = fixture("failures")
    assert failures.fail_negative(3) == 3
    with pytest.raises(
        failures.Negative, match=r"^failures.fail_negative: failed with -3$"
    ) as raised:
        failures.fail_negative(-3)
    assert raised.value.code == -3
    assert failures.fail_except(100) == 100 and failures.fail_except(101) == 101
    with pytest.raises(failures.Failure):
        failures.fail_except(5)
    with pytest.raises(failures.Detailed, match=r"^failures.fail_output: something in detail$"):
        failures.fail_output(4)
    with pytest.raises(failures.Nameless) as raised:
        failures.fail_name(-1)
    assert raised.value.code == 12
    before = failures.fail_cleanups()
    with pytest.raises(failures.Cleaned):
        failures.fail_cleanup(4)
    assert failures.fail_cleanups() != before


def test_a_text_that_explains_is_freed() -> None:
    failures = fixture("failures")
    before = failures.fail_whys()
    for _ in range(3):
        with pytest.raises(failures.Failure, match=r"because of 3"):
            failures.fail_explained(3)
    assert failures.fail_explained(0) is None
    assert failures.fail_whys() == before


def test_the_error_of_an_object() -> None:
    failures = fixture("failures")
    store = failures.Store()
    with pytest.raises(failures.StoreError, match=r"^failures.Store.put: cannot put -1$"):
        store.put(-1)


def test_errno() -> None:
    failures, libc = fixture("failures"), real("libc")
    failures.errno_set(5)
    assert last_errno() == 5
    with pytest.raises(failures.System) as raised:
        failures.errno_throw(2)
    assert raised.value.code == 2
    with pytest.raises(libc.SystemError, match=r"No such file or directory") as raised:
        libc.mkdir("/nonexistent/folder")
    assert raised.value.code == errno.ENOENT == last_errno()
    libc.strtol("99999999999999999999")
    assert last_errno() == errno.ERANGE


def test_none_of_them_can_be_pickled_into_a_lie() -> None:
    failures = fixture("failures")
    with pytest.raises(TypeError, match=r"a library cannot be pickled"):
        pickle.dumps(failures)
