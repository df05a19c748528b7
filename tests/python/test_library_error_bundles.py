"""A failure of C becomes an exception of its bundle's class, and nothing is left behind."""

from __future__ import annotations

import pickle
import traceback

import isthmus as ist
import pytest
from libraries import fixture
from library_checks import refused

failures = fixture("failures")


def test_a_failure_is_an_exception_of_the_bundles_class() -> None:
    error = refused(
        lambda: failures.fail_code(7), failures.Failure, "failures.fail_code: failure number 7"
    )
    assert type(error).__name__ == "Failure"
    assert error.code == 7
    assert isinstance(error, ist.Error)
    assert (error.library, error.function) == ("failures", "fail_code")
    assert __file__ in [frame.filename for frame in traceback.extract_tb(error.__traceback__)]


def test_success_vanishes_where_it_says_nothing() -> None:
    assert failures.fail_code(0) is None
    assert failures.fail_code_value(0) == 0
    with pytest.raises(failures.Failure) as caught:
        failures.fail_code_value(3)
    assert caught.value.code == 3


def test_a_result_that_says_something_stays() -> None:
    assert failures.fail_negative(5) == 5
    assert failures.fail_negative(0) == 0
    with pytest.raises(failures.Negative) as caught:
        failures.fail_negative(-5)
    assert caught.value.code == -5


def test_codes_that_are_no_failures_come_back() -> None:
    assert failures.fail_except(failures.FAIL_ROW) == 100
    assert failures.fail_except(failures.FAIL_DONE) == 101
    assert failures.fail_except(0) == 0
    with pytest.raises(failures.Failure) as caught:
        failures.fail_except(1)
    assert caught.value.code == 1


def test_no_message_is_not_the_end() -> None:
    with pytest.raises(failures.Failure, match=r"^failures\.fail_code: .") as caught:
        failures.fail_code(99)
    assert caught.value.code == 99


def test_the_librarys_own_text_is_freed_either_way() -> None:
    before = failures.fail_whys()
    with pytest.raises(failures.Failure, match="because of 3"):
        failures.fail_explained(3)
    assert failures.fail_explained(0) is None
    with pytest.raises(failures.Failure, match="failure number 50"):
        failures.fail_explained(50)
    assert failures.fail_whys() == before


def test_codes_and_messages_by_expressions_and_cleanup() -> None:
    error = refused(
        lambda: failures.fail_output(2),
        failures.Detailed,
        "failures.fail_output: something in detail",
    )
    assert error.code == 2000
    before = failures.fail_cleanups()
    with pytest.raises(failures.Cleaned) as caught:
        failures.fail_cleanup(4)
    assert caught.value.code == 4
    assert failures.fail_cleanups() == before + 4
    assert failures.fail_cleanup(0) is None
    assert failures.fail_cleanups() == before + 4
    assert failures.fail_name(1) == "name"
    with pytest.raises(failures.Nameless) as caught:
        failures.fail_name(-1)
    assert caught.value.code == 12


def test_bundles_over_a_handle() -> None:
    with failures.Store() as store:
        assert store.put(10) is None
        with pytest.raises(failures.StoreError, match="cannot put 13") as caught:
            store.put(13)
    assert caught.value.code == 4003
    assert (caught.value.library, caught.value.function) == ("failures", "Store.put")


def test_the_classes_can_be_made_and_extended() -> None:
    class Mine(failures.Failure):  # type: ignore[misc, name-defined]
        pass

    mine = Mine("mine")
    assert isinstance(mine, (failures.Failure, ist.Error, Exception))
    assert str(mine) == "mine"
    assert mine.code is None


def test_the_next_failure_knows_nothing_of_the_last() -> None:
    with pytest.raises(failures.Failure) as first:
        failures.fail_code(7)
    with pytest.raises(failures.Failure) as second:
        failures.fail_code(8)
    assert (first.value.code, second.value.code) == (7, 8)
    assert second.value.__context__ is None


def test_a_library_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="a library cannot be pickled"):
        pickle.dumps(failures)
