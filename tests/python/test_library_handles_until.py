"""A lent object is good until one of the named functions is called on the same parent; what keeps
another alive, what C took, and what lies in memory of ours.
"""

from __future__ import annotations

import gc
import re

import isthmus as ist
import pytest
from libraries import fixture
from library_checks import refused

handles, gauges = fixture("handles"), fixture("gauges")
Counter, Cursor, Gauge = handles.Counter, handles.Cursor, gauges.Gauge
CLOSED = ist.ClosedError


def test_valid_until_and_not_after() -> None:
    counter = Counter(4)
    leaf = counter.leaf(1)
    assert leaf.value() == 41
    assert counter.leaf(1) is leaf
    counter.add(1)
    assert leaf.value() == 41
    counter.shake()
    refused(
        leaf.value,
        CLOSED,
        "handles.Leaf.value: the Leaf is no longer valid after handles.Counter.shake",
    )
    again = counter.leaf(1)
    assert again.value() == 51
    with pytest.raises(CLOSED):
        leaf.value()
    counter.free()
    with pytest.raises(CLOSED):
        again.value()


def test_another_parents_call_does_not_end_it() -> None:
    a, b = Counter(1), Counter(2)
    leaf = a.leaf(0)
    b.shake()
    assert leaf.value() == 10
    a.shake()
    with pytest.raises(CLOSED):
        leaf.value()


def test_null_where_it_may_be() -> None:
    assert Counter(1).leaf(99) is None


def test_a_lent_object_keeps_a_forgotten_parent() -> None:
    leaf = Counter(7).leaf(3)
    gc.collect()
    assert leaf.value() == 73


def test_structs_that_point_into_an_object() -> None:
    counter = Counter(5)
    counter.label("the first label")
    info, look = counter.info(), counter.look()
    for each in (info, look):
        assert isinstance(each, handles.CounterInfo)
        assert (each.label, each.value) == ("the first label", 5)
    counter.add(1)
    assert info.label == "the first label"
    counter.label("the second label")
    after = re.compile(r"no longer valid after handles\.Counter\.label$")
    refused(lambda: info.label, CLOSED, after)
    refused(lambda: look.label, CLOSED, after)
    refused(lambda: info.value, CLOSED, after)
    again = counter.look()
    assert again.label == "the second label"
    counter.free()
    with pytest.raises(CLOSED):
        again.label  # noqa: B018


def test_what_points_to_what_lasts_for_ever_is_good_for_ever() -> None:
    sample = Counter.sample()
    counter = Counter(1)
    counter.label("x")
    counter.free()
    assert sample.label == "a sample"


def test_the_parents_destructor_waits_for_the_last_child() -> None:
    alive = handles.counters_alive()
    counter = Counter(10)
    a, b = Cursor(counter, 0), Cursor(counter, 5)
    counter.free()
    assert handles.counters_alive() == alive + 1
    refused(counter.value, CLOSED, "handles.Counter.value: the Counter is closed")
    assert a.step() == 11
    a.close()
    assert handles.counters_alive() == alive + 1
    assert b.step() == 16
    b.close()
    assert handles.counters_alive() == alive
    assert handles.last_freed() == "counter 10"
    with pytest.raises(CLOSED, match="the Counter is closed"):
        Cursor(counter)
    assert handles.counters_misused() == 0


def test_what_c_took_is_dead_and_freed_by_c_alone() -> None:
    alive = handles.counters_alive()
    counter, other = Counter(1), Counter(10)
    counter.absorb(other)
    assert counter.value() == 11
    refused(
        other.value,
        CLOSED,
        "handles.Counter.value: the Counter was given to handles.Counter.absorb",
    )
    refused(
        lambda: counter.absorb(other),
        CLOSED,
        re.compile(r"^handles\.Counter\.absorb: other: .*given to "),
    )
    refused(
        lambda: counter.absorb(counter),
        ist.StateError,
        "handles.Counter.absorb: other: in use by handles.Counter.absorb",
    )
    counter.free()
    assert handles.counters_alive() == alive
    assert handles.counters_misused() == 0


def test_forgotten_ones_are_destroyed_children_before_parents() -> None:
    gc.collect()
    counters, cursors = handles.counters_alive(), handles.cursors_alive()
    for i in range(1000):
        Cursor(Counter(i), i)
    gc.collect()
    assert (handles.counters_alive(), handles.cursors_alive()) == (counters, cursors)
    kept = [Cursor(Counter(i), 0) for i in range(100)]
    gc.collect()
    assert [cursor.step() for cursor in kept] == [i + 1 for i in range(100)]
    assert handles.counters_misused() == 0


def test_a_borrowed_leaf_after_its_parents_end_again_and_again() -> None:
    for i in range(200):
        counter = Counter(i)
        leaf = counter.leaf(i % 8)
        if i % 2:
            counter.shake()
        else:
            counter.free()
        with pytest.raises(CLOSED):
            leaf.value()
    assert handles.counters_misused() == 0


def test_constructed_in_place_used_and_ended() -> None:
    before = gauges.gauges_alive()
    gauge = Gauge(5)
    assert gauge.read() == 5
    assert gauge.atHome()
    assert gauges.gauges_alive() == before + 1
    gauge.end()
    assert gauges.gauges_alive() == before
    refused(gauge.read, CLOSED, "gauges.Gauge.read: the Gauge is closed")
    with pytest.raises(gauges.GaugeError) as caught:
        Gauge(-1)
    assert caught.value.code == -3
    assert gauges.gauges_alive() == before


def test_a_counted_pointer_feeds_it_and_follows_what_c_did() -> None:
    gauge = Gauge(0)
    gauge.next = b"\1\2\3"
    assert gauge.available == 3
    assert gauge.feed() == 3
    assert gauge.read() == 6
    assert gauge.available == 0
    gauge.next = bytearray(b"\12\24")
    gauge.available = 1
    assert gauge.feed() == 1
    assert gauge.read() == 16
    with pytest.raises(ValueError, match=r"^gauges\.Gauge\.available: expected at most "):
        gauge.available = 100
    gauge.next = b"\1" * 1000
    gc.collect()
    assert gauge.feed() == 1000
    with pytest.raises(TypeError, match=r"^gauges\.Gauge\.next: expected a bytes-like object"):
        gauge.next = 0x1000
    gauge.end()


def test_it_does_not_move() -> None:
    every = [Gauge(i) for i in range(500)]
    gc.collect()
    assert all(gauge.atHome() and gauge.read() == i for i, gauge in enumerate(every))
    before = gauges.gauges_alive()
    del every
    gc.collect()
    assert gauges.gauges_alive() == before - 500
