"""Pointers in structs: what Python sets stays alive beside the struct, and is checked before C
follows it.
"""

from __future__ import annotations

import gc

import pytest
from libraries import fixture, real


def test_text_and_objects() -> None:
    pointers = fixture("pointers")
    p = pointers.Person(name="Ada", age=36)
    assert (p.name, pointers.person_name_length(p)) == ("Ada", 3)
    p.name = "Grace Hopper"
    gc.collect()
    assert pointers.person_name_length(p) == 12
    p.friend = pointers.Person(name="friend", age=40)
    gc.collect()
    assert pointers.person_friend_age(p) == 40 and p.friend is p.friend
    assert pointers.person_friend_name_length(p) == 6
    p.friend = None
    assert p.friend is None
    assert pointers.person_name_length({"name": "literal"}) == 7
    assert pointers.person_friend_age({"friend": pointers.Person(age=3)}) == 3


def test_counted_buffers() -> None:
    pointers = fixture("pointers")
    p = pointers.Person()
    mine = bytearray(b"\1\2\3")
    p.photo = mine
    assert (p.photo_size, p.photo, pointers.person_photo_sum(p)) == (
        3,
        b"\1\2\3",
        pointers.person_photo_sum({"photo": mine}),
    )
    mine[0] = 9
    assert p.photo == b"\x09\2\3"
    with pytest.raises(BufferError):
        mine.append(1)
    p.photo_size = 2
    assert p.photo == b"\x09\2"
    with pytest.raises(
        ValueError,
        match=r"^pointers\.Person\.photo_size: expected at most 3, the elements of photo, got 4$",
    ):
        p.photo_size = 4
    assert p.photo_size == 2
    p.photo = None
    assert (p.photo, p.photo_size) == (None, 0)
    mine.append(1)
    p.photo = b"constant"
    assert p.photo == b"constant"
    with pytest.raises(ValueError, match=r"expected at most 0, the elements of photo, got 1"):
        pointers.Person().photo_size = 1
    with pytest.raises(ValueError, match=r"p.photo: is null, but its length is not 0"):
        pointers.person_photo_sum({"photo_size": 5})
    with pytest.raises(ValueError, match=r"expected at least 5 elements, got 2"):
        pointers.person_photo_sum({"photo": b"ab", "photo_size": 5})


def test_what_is_refused() -> None:
    pointers = fixture("pointers")
    p = pointers.Person(name="x")
    for name, value, text in (
        ("name", 5, "expected a string or None, got 5"),
        ("friend", {}, "expected Person, got a dict"),
        ("photo", "text", 'expected a bytes-like object or None, got "text"'),
    ):
        with pytest.raises(TypeError) as raised:
            setattr(p, name, value)
        assert str(raised.value) == f"pointers.Person.{name}: {text}"
    with pytest.raises(AttributeError, match=r"is read-only"):
        p.secret = 1
    assert p.secret is None
    with pytest.raises(
        TypeError, match=r"^pointers.Person: Person holds pointers and cannot be copied$"
    ):
        pointers.Person(p)


def test_a_ring_is_collected() -> None:
    pointers = fixture("pointers")
    import weakref

    p = pointers.Person(age=1)
    p.friend = p
    assert pointers.person_friend_age(p) == 1
    gone = weakref.ref(p)
    del p
    gc.collect()
    assert gone() is None


def test_a_stream_reads_and_writes_python_s_memory() -> None:
    zlib = real("zlib")
    out = bytearray(100)
    with zlib.Deflate(9) as d:
        d.next_in = b"hello" * 20
        d.next_out = out
        assert d.deflate(zlib.Z_FINISH) == zlib.Z_STREAM_END
        packed = bytes(out[: d.total_out])
        assert (d.avail_in, d.next_in, d.avail_out) == (0, b"", 100 - len(packed))
    assert zlib.uncompress(100, packed) == b"hello" * 20
    constant = bytes(100)
    with zlib.Deflate() as d:
        d.next_in = b"hello"
        d.next_out = constant  # C writes to a copy
        d.deflate(zlib.Z_FINISH)
    assert constant == bytes(100)
