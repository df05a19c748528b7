"""Memory stays as it is over a million calls, objects and callbacks."""

from __future__ import annotations

import pytest
from conftest import Flat
from libraries import fixture, real


@pytest.mark.slow
def test_a_million_calls(flat: Flat) -> None:
    zlib, texts, numbers = real("zlib"), fixture("texts"), fixture("numbers")
    mine = bytearray(16)

    def body(i: int) -> None:
        for _ in range(250):
            zlib.crc32(i, b"abcdef")
            zlib.crc32(i, mine)
            texts.text_double("abc")
            numbers.id_int64(i)

    flat(body, rounds=1000)


def test_buffers_structs_and_errors(flat: Flat) -> None:
    zlib, structs, pointers = real("zlib"), fixture("structs"), fixture("pointers")

    def body(i: int) -> None:
        packed = zlib.compress2(b"hello" * 50)
        zlib.uncompress(250, packed, into={"dest": bytearray(250)})
        with pytest.raises(zlib.ZError):
            zlib.uncompress(1, packed)
        with pytest.raises(TypeError):
            zlib.crc32(0, "x")
        structs.point_add({"x": 1}, structs.Point(x=2)).to_dict()
        structs.grid_make(i % 100).cells[1].to_list()
        p = pointers.Person(name="name", friend=pointers.Person(age=3), photo=b"abc")
        p.friend = p
        pointers.person_friend_age(p)

    flat(body, rounds=3000)


def test_handles(flat: Flat) -> None:
    handles, sqlite3 = fixture("handles"), real("sqlite3")
    db = sqlite3.Database(":memory:")

    def body(i: int) -> None:
        for _ in range(5):
            c = handles.Counter(i)
            cursor = handles.Cursor(c)
            c.leaf(0).value()
            c.info()
            c.look()
            cursor.step()
            handles.Counter(1).absorb(handles.Counter(2))
            with pytest.raises(handles.CounterError):
                handles.Counter.open(-1)
            with handles.Counter(3):
                pass
        statement = db.prepare("select 1")
        statement.step()
        statement.column_text(0)

    flat(body, rounds=2000)
    db.close()


def test_callbacks(flat: Flat) -> None:
    callbacks, unions = fixture("callbacks"), fixture("unions")

    def fail(value: int) -> int:
        raise KeyError(value)

    def body(i: int) -> None:
        callbacks.visit(0, 5, lambda value: value)
        with pytest.raises(KeyError):
            callbacks.visit(0, 5, fail)
        callbacks.sort(bytearray(b"dcba"), 4, 1, lambda a, b: a[0] - b[0])
        callbacks.spot_map({}, lambda spot: spot)
        e = callbacks.Emitter()
        e.on(lambda n: e.emit(n))
        e.on_self(lambda self, n: None)
        e.register(0, lambda n: None)
        e.register(0, None)
        s = unions.Source()
        s.set({"step": 1, "get": lambda name, more: 0})
        s.tick({"tick": lambda n: None})

    flat(body, rounds=3000, most=2 << 20)
