"""Who outlives whom: children, borrowed objects, what C takes, what is busy, and how deep."""

from __future__ import annotations

import gc

import isthmus as ist
import pytest
from libraries import fixture, real


def test_a_child_keeps_its_parent_in_existence() -> None:
    handles = fixture("handles")
    alive = handles.counters_alive()
    c = handles.Counter(5)
    cursor = handles.Cursor(c, 1)
    c.free()
    with pytest.raises(ist.ClosedError, match=r"the Counter is closed"):
        c.value()
    assert handles.counters_alive() == alive + 1
    cursor.close()
    assert (handles.counters_alive(), handles.cursors_alive()) == (alive, 0)
    cursor = handles.Cursor(handles.Counter(7))
    gc.collect()
    assert cursor.counter().value() == 7
    del cursor
    gc.collect()
    assert (handles.counters_alive(), handles.cursors_alive()) == (alive, 0)
    assert handles.counters_misused() == 0


def test_what_is_borrowed_ends_with_its_time() -> None:
    handles = fixture("handles")
    c = handles.Counter(5)
    leaf, info, look = c.leaf(0), c.info(), c.look()
    assert isinstance(leaf.value(), int)
    c.shake()
    with pytest.raises(
        ist.ClosedError,
        match=r"^handles.Leaf.value: the Leaf is no longer valid after handles.Counter.shake$",
    ):
        leaf.value()
    assert info.value == look.value == 5
    c.label("new")
    for struct in (info, look):
        with pytest.raises(
            ist.ClosedError, match=r"the CounterInfo is no longer valid after handles.Counter.label"
        ):
            struct.label  # noqa: B018
    leaf, look = c.leaf(0), c.look()
    assert look.label == "new"
    c.free()
    with pytest.raises(
        ist.ClosedError, match=r"the Leaf is no longer valid after handles.Counter.free"
    ):
        leaf.value()
    with pytest.raises(ist.ClosedError, match=r"no longer valid after handles.Counter.free"):
        look.label  # noqa: B018
    assert handles.Counter.sample().label == "a sample"


def test_a_borrowed_object_keeps_what_it_is_borrowed_from() -> None:
    handles = fixture("handles")
    alive = handles.counters_alive()
    leaf = handles.Counter(5).leaf(0)
    gc.collect()
    assert isinstance(leaf.value(), int) and handles.counters_alive() == alive + 1
    del leaf
    gc.collect()
    assert handles.counters_alive() == alive


def test_what_c_takes() -> None:
    handles = fixture("handles")
    alive = handles.counters_alive()
    a, b = handles.Counter(1), handles.Counter(2)
    a.absorb(b)
    with pytest.raises(
        ist.ClosedError,
        match=r"^handles.Counter.value: the Counter was given to handles.Counter.absorb$",
    ):
        b.value()
    with pytest.raises(ist.ClosedError, match=r"was given to"):
        a.absorb(b)
    c = handles.Counter(3)
    cursor = handles.Cursor(c)
    with pytest.raises(
        ist.StateError,
        match=r"^handles.Counter.absorb: other: the Counter is still needed by a Cursor$",
    ):
        a.absorb(c)
    with pytest.raises(ist.StateError, match=r"in use by|into themselves"):
        a.absorb(a)
    cursor.close()
    a.absorb(c)
    a.free()
    assert handles.counters_alive() == alive and handles.counters_misused() == 0


def test_what_is_busy_cannot_be_ended() -> None:
    handles = fixture("handles")
    c = handles.Counter(5)

    def end(value: int) -> None:
        c.free()

    with pytest.raises(
        ist.StateError, match=r"^handles.Counter.free: in use by handles.Counter.visit$"
    ):
        c.visit(end)
    assert c.value() == 5
    with pytest.raises(ist.StateError, match=r"in use by handles.Counter.visit"):
        c.visit(lambda value: handles.Counter(1).absorb(c))
    c.free()


def test_what_must_not_be_entered_twice() -> None:
    nesting = fixture("nesting")
    m, other = nesting.Machine(), nesting.Machine()
    seen = []

    def run(value: int) -> int:
        for use in (m.step, m.free, lambda: m.run(lambda v: 1)):
            with pytest.raises(ist.StateError, match=r"in use by nesting.Machine.run"):
                use()
        seen.append(other.step())
        return value + 5

    assert m.run(run) == 5 and seen == [1]
    assert m.step() == 1 and nesting.machines_broken() == 0
    with pytest.raises(
        ist.StateError, match=r"^nesting.sealed_other: cannot be called while a sealed_fn runs$"
    ):
        nesting.sealed_run(1, lambda v: nesting.sealed_other())
    assert nesting.sealed_other() == 9


def test_depth() -> None:
    nesting = fixture("nesting")
    alive = nesting.trees_alive()
    root = at = nesting.Tree(0)
    with pytest.raises(ist.StateError, match=r"Tree objects would be nested more than 100 deep"):
        for i in range(200):
            at.add(nesting.Tree(i))
            at = at.child()
    with pytest.raises(ist.StateError, match=r"cannot be put into themselves|in use"):
        root.add(root)
    root.free()
    del root, at
    gc.collect()
    assert nesting.trees_alive() == alive


def test_a_tree_of_another_library() -> None:
    cjson = real("cjson")
    item = cjson.Parse('{"a": [1, 2], "b": null}')
    array = item.GetObjectItem("a")
    first = array.GetArrayItem(0)
    with pytest.raises(ist.StateError, match=r"the Item is borrowed and cannot be closed"):
        array.Delete()
    array.DeleteItemFromArray(1)
    with pytest.raises(
        ist.ClosedError, match=r"no longer valid after cjson.Item.DeleteItemFromArray"
    ):
        first.GetNumberValue()
    detached = item.DetachItemFromObject("a")
    assert detached.PrintUnformatted() == "[1]" and item.PrintUnformatted() == '{"b":null}'
    item.Delete()
    detached.Delete()
