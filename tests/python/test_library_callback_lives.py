"""Python functions that C calls: what they get, what they give, and how long they may be called."""

from __future__ import annotations

import array
import gc
import warnings
import weakref

import isthmus as ist
import pytest
from libraries import fixture, real


def test_what_they_get_and_give() -> None:
    callbacks = fixture("callbacks")
    seen = []
    assert callbacks.many(lambda *values: seen.append(values) or True) is True
    assert seen == [
        (True, -128, 255, -32768, 65535, -(2**31), 2**32 - 1, -(2**63), 2**64 - 1, 0.5, 1e300, "hé")
    ]
    assert callbacks.big(1 << 62, lambda value: -value) == -(1 << 62)
    assert (
        callbacks.reduce(array.array("d", [1, 2, 3]), 0.5, lambda total, value: total + value)
        == 6.5
    )
    assert callbacks.spot_map({"x": 1, "y": 2}, lambda s: {"x": s.y, "y": s.x}).to_dict() == {
        "x": 2.0,
        "y": 1.0,
    }
    assert callbacks.spot_look(1, 2, lambda s: int(s.x + s.y)) == 3
    assert callbacks.two(lambda v: v, lambda v: v) == 102


@pytest.mark.parametrize(
    "kind", [KeyError, KeyboardInterrupt, SystemExit, MemoryError, StopIteration]
)
def test_an_exception_comes_back_as_itself(kind: type[BaseException]) -> None:
    callbacks = fixture("callbacks")
    mine = kind("mine")
    calls = []

    def fail(value: int) -> int:
        calls.append(value)
        raise mine

    with pytest.raises(kind) as raised:
        callbacks.visit(0, 5, fail)
    assert raised.value is mine
    assert len(calls) == 1  # C got on_throw for the others
    assert callbacks.visit(0, 2, lambda value: 1) == 2


def test_wrong_answers() -> None:
    callbacks = fixture("callbacks")
    whole = "expected an integer from -2147483648 to 2147483647"
    for answer, kind, got in (
        ("x", TypeError, '"x"'),
        (None, TypeError, "None"),
        (1.5, TypeError, "1.5"),
        (1 << 40, OverflowError, str(1 << 40)),
    ):
        with pytest.raises(kind) as raised:
            callbacks.visit(0, 1, lambda value, answer=answer: answer)
        assert str(raised.value) == f"callbacks.visit: cb: the result: {whole}, got {got}"
    with pytest.raises(
        TypeError, match=r"callbacks.spot_map: cb: the result: expected a Spot or a dict, got 5"
    ):
        callbacks.spot_map({}, lambda s: 5)
    with pytest.raises(TypeError, match=r"positional argument"):
        callbacks.visit(0, 1, lambda: 1)
    with pytest.raises(TypeError, match=r"^callbacks.visit: cb: expected a function, got 5$"):
        callbacks.visit(0, 1, 5)


def test_none_where_it_may_be() -> None:
    callbacks = fixture("callbacks")
    assert callbacks.visit_maybe(3) == callbacks.visit_maybe(3, None) == -1000
    with pytest.raises(TypeError, match=r"expected a function, got None"):
        callbacks.visit(0, 1, None)


def test_views_die_with_the_call() -> None:
    callbacks = fixture("callbacks")
    kept = []

    def fill(view: memoryview) -> int:
        kept.append(view)
        view[:2] = b"ab"
        return 2

    assert callbacks.fill_by(4, fill).to == b"ab"
    with pytest.raises(ValueError, match=r"released"):
        kept[0][0]
    constant = []

    def take(view: memoryview) -> int:
        constant.append(view.readonly)
        copies.append(memoryview(view))
        return len(view)

    copies: list[memoryview] = []
    assert callbacks.feed_to(b"abc", take) == 3 and constant == [True]
    gc.collect()
    assert bytes(copies[0]) == b"abc"  # what still looks at it sees Python's memory
    data = array.array("i", [5, 2, 9])
    callbacks.sort(data, 3, 4, lambda a, b: a.cast("i")[0] - b.cast("i")[0])
    assert data.tolist() == [2, 5, 9]


def test_objects_are_valid_during_the_call() -> None:
    sqlite3 = real("sqlite3")
    held = []
    with sqlite3.Database(":memory:") as db:
        db.create_function_v2(
            "hold", -1, func=lambda context, values: held.extend([context, *values])
        )
        db.exec("select hold(1)")
        for one in held:
            with pytest.raises(ist.ClosedError, match=r"is no longer valid"):
                one.int() if hasattr(one, "int") else one.result_int(1)


def test_they_call_c_again() -> None:
    callbacks = fixture("callbacks")
    assert callbacks.visit(0, 1, lambda value: callbacks.visit(0, 1, lambda inner: 7)) == 7

    def deep(value: int) -> int:
        return callbacks.visit(0, 1, deep)

    with pytest.raises(RecursionError):
        callbacks.visit(0, 1, deep)
    assert callbacks.visit(0, 1, lambda value: 4) == 4


def test_once() -> None:
    callbacks = fixture("callbacks")
    seen = []
    callbacks.once_set(seen.append)
    callbacks.once_fire(1)
    assert seen == [1]
    with pytest.warns(
        RuntimeWarning, match=r"callbacks.once_set: cb: called after its life; ignored"
    ):
        callbacks.stale_fire(2)
    assert seen == [1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        callbacks.stale_fire(3)  # said once


def test_until_it_is_replaced_or_ended() -> None:
    callbacks = fixture("callbacks")
    seen = []
    e = callbacks.Emitter()
    e.on(lambda n: seen.append(n))
    e.emit(1)
    e.on(lambda n: seen.append(-n))
    e.emit(2)
    e.on(None)
    e.emit(3)
    e.on(lambda n: seen.append(n))
    e.off()
    e.emit(4)
    assert seen == [1, -2]
    e.on_self(lambda self, n: seen.append(self is e))
    e.emit(5)
    assert seen == [1, -2, True]
    e.free()


def test_a_function_that_names_its_object_is_collected_with_it() -> None:
    callbacks = fixture("callbacks")
    alive = callbacks.emitters_alive()

    class Mark:
        pass

    def make() -> weakref.ref[Mark]:
        mark = Mark()
        e, f = callbacks.Emitter(), callbacks.Emitter()
        e.on(lambda n: e.emit(n))
        f.on(lambda n, mark=mark: f.emit(n))
        return weakref.ref(mark)

    gone = make()
    gc.collect()
    assert gone() is None and callbacks.emitters_alive() == alive


def test_for_ever_until_the_notice() -> None:
    callbacks = fixture("callbacks")
    seen = []
    callbacks.forever_add(lambda n: seen.append(n))
    gc.collect()
    callbacks.forever_fire(7)
    assert seen == [7]
    e = callbacks.Emitter()
    before = callbacks.destroyed()

    class Mark:
        pass

    mark = Mark()
    gone = weakref.ref(mark)
    e.register(0, lambda n, mark=mark: seen.append(n))
    del mark
    gc.collect()
    e.call(0, 5)
    assert seen == [7, 5] and gone() is not None
    e.register(0, None)
    gc.collect()
    assert gone() is None and callbacks.destroyed() > before
    e.free()


def test_from_another_thread() -> None:
    callbacks = fixture("callbacks")
    with pytest.warns(
        RuntimeWarning,
        match=r"callbacks.visit_thread: cb: called from a foreign thread; answered -7",
    ):
        assert callbacks.visit_thread(1, lambda value: 99) == -7


def test_functions_in_structs() -> None:
    unions = fixture("unions")
    values = array.array("i", [3, -9, 7, 2])
    assert unions.largest(values, {"compare": lambda a, b: a - b}) == 7
    assert unions.largest_by(values, {"compare": lambda a, b: b - a}) == -9
    s = unions.Source()
    calls: list[object] = []

    def get(name: str, more: memoryview) -> int:
        calls.extend([name, more[0]])
        more[0] -= 1
        return 10

    s.set({"step": 2, "get": get, "done": lambda total: calls.append(total)})
    assert s.ask("x") == 20 and calls == ["x", 2, "x", 1, 20]
    with pytest.raises(unions.UnionError) as raised:
        s.set({"step": -1, "get": lambda name, more: 1})
    assert raised.value.code == -1
    with pytest.raises(
        TypeError, match=r"^unions.Source.set: handler.get: expected a function, got nothing$"
    ):
        s.set({"step": 1})
    with pytest.raises(TypeError, match=r"has no function get: pass a dict that gives it"):
        s.set(unions.Handler(step=1))
    with pytest.raises(
        TypeError, match=r"can only be given in a dict that is passed to a function"
    ):
        unions.Order({"compare": lambda a, b: 0})
    s.clear()
    assert s.ask("gone") == -1
    ticks: list[int] = []
    s.tick({"tick": ticks.append})
    s.run(1)
    s.tick({"tick": None})
    s.run(2)
    assert ticks == [1]
    s.free()


def test_what_c_is_told_when_a_void_one_raises() -> None:
    sqlite3 = real("sqlite3")
    mine = LookupError("mine")

    def fail(context: object, values: object) -> None:
        raise mine

    with sqlite3.Database(":memory:") as db:
        db.create_function_v2("fail", 0, func=fail)
        with pytest.raises(LookupError) as raised:
            db.exec("select fail()")
        assert raised.value is mine
        assert db.errmsg() == "LookupError: mine"
        statement = db.prepare("select fail()")
        with pytest.raises(LookupError):
            statement.step()
        statement.finalize()
