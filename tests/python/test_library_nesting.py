"""[[no_reenter]] and [[depth]]: what must not be entered twice, and what must not grow too deep."""

from __future__ import annotations

import re

import isthmus as ist
import pytest
from libraries import fixture
from library_checks import refused

nesting = fixture("nesting")
Machine, Tree = nesting.Machine, nesting.Tree


def test_a_machine_that_runs_refuses_every_other_use_of_itself() -> None:
    machine, other = Machine(), Machine()

    def run(value: int) -> int:
        refused(machine.step, ist.StateError, "nesting.Machine.step: in use by nesting.Machine.run")
        for use in (lambda: machine.run(lambda v: 1), machine.free):
            refused(use, ist.StateError, re.compile(r"in use by nesting\.Machine\.run$"))
        assert other.step() == 1
        assert other.run(lambda v: v + 1) == 2
        return value + 5

    assert machine.run(run) == 5
    assert machine.step() == 1
    with pytest.raises(KeyError, match="out"):
        machine.run(lambda v: {}["out"])
    assert machine.step() == 2
    machine.free()
    other.free()
    assert nesting.machines_broken() == 0


def test_while_a_sealed_callback_runs_its_library_is_closed() -> None:
    def sealed(value: int) -> int:
        refused(
            nesting.sealed_other,
            ist.StateError,
            "nesting.sealed_other: cannot be called while a sealed_fn runs",
        )
        for use in (lambda: nesting.sealed_run(1, lambda v: 1), Machine):
            with pytest.raises(ist.StateError, match=r"while a sealed_fn runs$"):
                use()
        return value + 1

    assert nesting.sealed_run(1, sealed) == 2
    assert nesting.sealed_other() == 9
    with pytest.raises(ist.StateError, match=r"^nesting\.sealed_other: "):
        nesting.sealed_run(1, lambda value: nesting.sealed_other())
    with pytest.raises(KeyError, match="out"):
        nesting.sealed_run(1, lambda value: {}["out"])
    assert nesting.sealed_other() == 9


def test_arrays_of_text_in_callbacks_some_of_them_null() -> None:
    seen: list[object] = []

    def row(*arguments: object) -> int:
        seen.extend(arguments)
        return 3

    assert nesting.rows(row) == 3
    assert [each for each in seen if isinstance(each, list)] == [
        ["one", None, "zwö"],
        ["a", "b", "c"],
    ]


def test_counted_text_in_callbacks() -> None:
    seen: list[object] = []

    def order(a: str, b: str) -> int:
        seen.append((a, b))
        return -1

    assert nesting.order("abc", "é", order) == -1
    assert seen == [("abc", "é")]


def test_a_tree_may_not_grow_deeper_than_its_limit_downwards_or_upwards() -> None:
    alive = nesting.trees_alive()
    root = at = Tree(0)
    for depth in range(1000):
        leaf = Tree(depth + 1)
        try:
            at.add(leaf)
        except ist.Error as error:
            assert "100" in str(error)
            leaf.free()
            break
        at = at.child()
    assert 95 <= depth <= 101
    assert root.child().value() == 1
    root.free()
    bottom = Tree(0)
    for height in range(1000):
        above = Tree(height)
        try:
            above.add(bottom)
        except ist.Error as error:
            assert "100" in str(error)
            above.free()
            break
        bottom = above
    assert 95 <= height <= 101
    bottom.free()
    assert nesting.trees_alive() == alive


def test_what_is_taken_ends_what_was_lent_from_it() -> None:
    root = Tree(1)
    root.add(Tree(2))
    child = root.child()
    assert child.value() == 2
    with pytest.raises(ist.Error, match=r"^nesting\.Tree\.add: child: "):
        Tree(9).add(child)
    with pytest.raises(ist.Error, match=r"^nesting\.Tree\.free: "):
        child.free()
    assert root.child().value() == 2
    detached = root.detach()
    with pytest.raises(ist.ClosedError, match=r"^nesting\.Tree\.value: "):
        child.value()
    assert detached.value() == 2
    root.add(detached)
    refused(
        detached.value,
        ist.ClosedError,
        "nesting.Tree.value: the Tree was given to nesting.Tree.add",
    )
    assert root.child().value() == 2
    root.free()


def test_a_result_that_only_says_how_much_was_filled() -> None:
    assert nesting.filled(10) == "abcde"
    assert nesting.filled(2) == "ab"
