"""Threads: calls run side by side, objects are used by one call at a time, and every exception
finds its caller.
"""

from __future__ import annotations

import gc
import threading

import pytest
from conftest import in_threads
from libraries import fixture, real


def test_functions_of_values() -> None:
    zlib = real("zlib")
    data = bytes(range(256)) * 200
    packed = zlib.compress2(data)

    def body(i: int) -> None:
        for _ in range(50):
            assert zlib.uncompress(len(data), packed) == data
            assert zlib.crc32(i, data) == zlib.crc32(i, data)

    in_threads(8, body)


def test_one_object_for_all() -> None:
    handles = fixture("handles")
    c = handles.Counter(0)

    def body(i: int) -> None:
        for _ in range(500):
            c.add(1)

    in_threads(8, body)
    assert c.value() == 8 * 500
    c.free()


def test_objects_that_come_and_go() -> None:
    handles = fixture("handles")
    gc.collect()
    alive, misused = handles.counters_alive(), handles.counters_misused()
    shared = [handles.Counter(1)]

    def body(i: int) -> None:
        for round_ in range(200):
            with handles.Counter(round_) as c:
                cursor = handles.Cursor(c)
                leaf = c.leaf(0)
                c.shake()
                with pytest.raises(Exception, match=r"no longer valid"):
                    leaf.value()
                cursor.step()
            old, shared[0] = shared[0], handles.Counter(1)
            old.close()

    in_threads(8, body)
    shared.clear()
    gc.collect()
    assert (handles.counters_alive(), handles.counters_misused()) == (alive, misused)


def test_exceptions_find_their_callers() -> None:
    callbacks = fixture("callbacks")

    def body(i: int) -> None:
        mine = ValueError(i)

        def fail(value: int) -> int:
            raise mine

        for _ in range(200):
            with pytest.raises(ValueError) as raised:
                callbacks.visit(0, 3, fail)
            assert raised.value is mine
            assert callbacks.visit(0, 1, lambda value: i) == i

    in_threads(8, body)


def test_one_database_for_all() -> None:
    sqlite3 = real("sqlite3")
    with sqlite3.Database(":memory:") as db:
        db.exec("create table t(a)")
        db.create_function_v2(
            "twice", 1, func=lambda context, values: context.result_int(2 * values[0].int())
        )

        def body(i: int) -> None:
            statement = db.prepare("insert into t values (twice(?1))")
            for value in range(50):
                statement.bind_int(1, value)
                assert statement.step() == sqlite3.SQLITE_DONE
                statement.reset()
            statement.finalize()

        in_threads(8, body)
        rows: list[object] = []
        db.exec("select count(*), sum(a) from t", lambda values, names: rows.append(values) or 0)
        assert rows == [["400", str(8 * 2 * sum(range(50)))]]


def test_ended_in_one_thread_while_another_uses_it() -> None:
    handles = fixture("handles")
    misused = handles.counters_misused()
    for _ in range(50):
        c = handles.Counter(1)
        start = threading.Barrier(4)
        said: list[str] = []

        def use(c: object = c, start: threading.Barrier = start, said: list[str] = said) -> None:
            start.wait()
            try:
                for _ in range(20):
                    c.add(1)  # type: ignore[attr-defined]
            except Exception as error:
                said.append(str(error))

        def end(c: object = c, start: threading.Barrier = start) -> None:
            start.wait()
            c.free()  # type: ignore[attr-defined]

        threads = [threading.Thread(target=f) for f in (use, use, use, end)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(said) <= {"handles.Counter.add: the Counter is closed"}
    assert handles.counters_misused() == misused
