"""Handles: made, used, ended once, never used after it."""

from __future__ import annotations

import gc

import isthmus as ist
import pytest
from libraries import fixture, real


def closed(use: object, text: str) -> None:
    with pytest.raises(ist.ClosedError) as raised:
        use()  # type: ignore[operator]
    assert str(raised.value) == text


def test_life() -> None:
    handles = fixture("handles")
    alive = handles.counters_alive()
    c = handles.Counter(5)
    assert (c.add(), c.add(3), c.add(by=1), c.value()) == (6, 9, 10, 10)
    assert handles.counters_alive() == alive + 1
    assert repr(c).startswith("<Counter at 0x")
    c.free()
    assert handles.counters_alive() == alive
    closed(c.value, "handles.Counter.value: the Counter is closed")
    closed(c.free, "handles.Counter.free: the Counter is closed")
    closed(lambda: handles.counter_sum([c]), "handles.counter_sum: list[0]: the Counter is closed")
    assert repr(c) == "<Counter: the Counter is closed>"
    c.close()  # twice is no error


def test_as_a_context_manager() -> None:
    handles = fixture("handles")
    alive = handles.counters_alive()
    with handles.Counter(1) as c:
        assert handles.counters_alive() == alive + 1
        c.add(1)
    assert handles.counters_alive() == alive
    closed(c.__enter__, "handles.Counter: the Counter is closed")
    with handles.Counter(1) as c:
        c.free()
    assert handles.counters_alive() == alive


def test_what_is_forgotten_is_destroyed() -> None:
    handles = fixture("handles")
    alive = handles.counters_alive()
    for _ in range(100):
        handles.Counter(1)
    assert handles.counters_alive() == alive
    ring = [handles.Counter(1)]
    ring.append(ring)  # type: ignore[arg-type]
    del ring
    gc.collect()
    assert handles.counters_alive() == alive
    assert handles.counters_misused() == 0


def test_constructors() -> None:
    handles = fixture("handles")
    alive = handles.counters_alive()
    with pytest.raises(ist.Error, match=r"^handles.Counter: the result is NULL$"):
        handles.Counter(-1)
    with pytest.raises(handles.CounterError) as raised:
        handles.Counter.open(-1)
    assert isinstance(raised.value, ist.Error) and raised.value.function == "Counter.open"
    assert handles.Counter.open(3).value() == 3
    assert handles.Counter.maybe(-1) is None and handles.Counter.maybe(4).value() == 4
    with pytest.raises(
        TypeError,
        match=r"^handles.Leaf: has no constructor: the library's functions give its instances$",
    ):
        handles.Leaf()
    with pytest.raises(
        TypeError, match=r"handles\.Counter\(\) missing 1 required positional argument: 'start'"
    ):
        handles.Counter()
    del raised
    gc.collect()
    assert handles.counters_alive() == alive


def test_only_objects_of_the_class() -> None:
    handles = fixture("handles")
    c, t = handles.Counter(1), handles.Ticket(5)
    for wrong, got in ((5, "5"), (None, "None"), (t, "a Ticket"), (handles.Counter, "a class")):
        with pytest.raises(TypeError) as raised:
            handles.Counter.value(wrong)
        assert (
            str(raised.value) == f"handles.Counter.value: expected this to be a Counter, got {got}"
        )
        with pytest.raises(TypeError) as raised:
            c.absorb(wrong)
        assert str(raised.value) == f"handles.Counter.absorb: other: expected a Counter, got {got}"
    unmade = handles.Counter.__new__(handles.Counter)
    closed(unmade.value, "handles.Counter.value: was never constructed")
    t.giveBack()
    c.free()


def test_the_same_pointer_is_the_same_object() -> None:
    handles = fixture("handles")
    c = handles.Counter(1)
    assert c.self() is c
    assert handles.Counter.same(c, c) and not handles.Counter.same(c, c.copy())
    leaf = c.leaf(0)
    assert c.leaf(0) is leaf
    assert handles.Cursor(c).counter() is c


def test_subclasses() -> None:
    handles = fixture("handles")

    class Mine(handles.Counter):  # type: ignore[misc]
        def __init__(self, start: int) -> None:
            super().__init__(start * 2)
            self.name = "mine"

    m = Mine(4)
    assert (m.value(), m.name, m.self() is m) == (8, "mine", True)

    class Lazy(handles.Counter):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

    closed(Lazy().value, "handles.Counter.value: was never constructed")
    with pytest.raises(TypeError, match=r"is constructed already"):
        m.__init__(1)


def test_fields() -> None:
    handles = fixture("handles")
    s = handles.Sensor(3, 1.5)
    assert (s.id, s.reading, s.unit, s.bounds.to_dict(), list(s.marks)) == (
        3, 1.5, "kelvin", {"low": 0.0, "high": 100.0}, [1, 2]
    )  # fmt: skip
    s.update(2.5)
    assert s.reading == 2.5
    with pytest.raises(AttributeError, match=r"^handles.Sensor.id: is read-only$"):
        s.id = 4
    with pytest.raises(
        AttributeError,
        match=r"^handles.bounds.low: the Sensor is the library's and cannot be changed$",
    ):
        s.bounds.low = 1
    bounds, marks = s.bounds, s.marks
    s.free()
    closed(lambda: bounds.low, "handles.bounds.low: the Sensor is closed")
    closed(lambda: marks[0], "handles.Sensor.marks[0]: the Sensor is closed")
    closed(lambda: s.id, "handles.Sensor.id: the Sensor is closed")


def test_in_memory_of_ours() -> None:
    gauges = fixture("gauges")
    with gauges.Gauge(3) as g:
        assert g.read() == 3 and g.atHome()
        g.level = 7
        assert g.read() == 7
        g.next = b"\1\2\3"
        assert g.feed() == 3 and g.feed() == 0 and g.read() == 13
        g.history[1] = 2.5
        assert g.history.to_list()[1] == 2.5
    assert gauges.gauges_alive() == 0
    with pytest.raises(gauges.GaugeError):
        gauges.Gauge(-1)
    assert gauges.gauges_alive() == 0


def test_real_ones(tmp_path: object) -> None:
    libc = real("libc")
    with libc.File(f"{tmp_path}/x", "w+") as file:
        file.fputs("one\ntwo\n")
        file.rewind()
        assert file.fgets(100).line == "one\n" and file.fread(10) == b"two\n"
    closed(file.rewind, "libc.File.rewind: the File is closed")
    with pytest.raises(libc.OpenError, match=r"No such file") as raised:
        libc.File("/nonexistent/x")
    assert raised.value.code == libc.ENOENT


def test_methods_of_all_classes_want_their_objects() -> None:
    handles, structs = fixture("handles"), fixture("structs")
    for use, text in (
        (lambda: handles.Counter.__enter__(5), "expected a handle, got 5"),
        (lambda: handles.Counter.close(5), "expected a handle, got 5"),
        (lambda: structs.Point.to_dict(5), "expected a struct, got 5"),
        (lambda: structs.Point.__bytes__(None), "expected a struct, got None"),
        (lambda: structs.Point.x.fget(5), "structs.Point.x: expected this to be a Point, got 5"),
    ):
        with pytest.raises(TypeError) as raised:
            use()
        assert str(raised.value) == text
