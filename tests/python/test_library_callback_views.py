"""Views in callbacks: memory that C passed, which dies with the call, and types that are fixed
where they are used; structs by value and by pointer.
"""

from __future__ import annotations

import array
import struct
from typing import Any

import isthmus as ist
import pytest
from libraries import fixture

callbacks = fixture("callbacks")


def test_bytes_to_read() -> None:
    kept: list[Any] = []

    def take(view: Any, *_: Any) -> int:
        kept.append(view)
        assert bytes(view) == b"\1\2\3"
        total: int = view[0] + view[2]
        return total

    assert callbacks.feed_to(b"\1\2\3", take) == 4
    with pytest.raises((ValueError, ist.ClosedError)):
        kept[0][0]


def test_bytes_to_fill() -> None:
    def fill(view: Any, *_: Any) -> int:
        assert len(view) == 6
        view[0:3] = b"\7\10\11"
        return 3

    assert callbacks.fill_by(6, fill).to == b"\7\10\11"
    with pytest.raises(KeyError, match="no bytes"):
        callbacks.fill_by(6, lambda *_: {}["no bytes"])


def test_doubles() -> None:
    seen: list[Any] = []
    callbacks.sums(lambda values, *_: seen.append(list(values)))
    assert seen == [[1, 2, 3.5]]


def test_elements_of_any_size() -> None:
    numbers = array.array("d", [5, -1, 3.5, 0])

    def compare(a: Any, b: Any) -> int:
        assert len(a) == len(b) == 8
        x, y = struct.unpack("d", a)[0], struct.unpack("d", b)[0]
        return (x > y) - (x < y)

    callbacks.sort(numbers, 4, 8, compare)
    assert list(numbers) == [-1, 0, 3.5, 5]
    shuffled = bytearray((i * 37) % 200 for i in range(200))
    callbacks.sort(shuffled, 200, 1, lambda a, b: a[0] - b[0])
    assert shuffled == bytes(range(200))
    pairs = array.array("H", [2, 1, 1, 9, 1, 3])
    callbacks.sort(pairs, 3, 4, lambda a, b: a[0] - b[0] or a[2] - b[2])
    assert list(pairs) == [1, 3, 1, 9, 2, 1]


def test_a_comparison_that_raises() -> None:
    data = bytearray(b"\3\2\1")
    with pytest.raises(KeyError, match="no order"):
        callbacks.sort(data, 3, 1, lambda a, b: {}["no order"])
    assert sorted(data) == [1, 2, 3]
    callbacks.sort(bytearray(), 0, 1, lambda a, b: 0)
    with pytest.raises(ValueError, match=r"^callbacks\.sort: base: "):
        callbacks.sort(bytearray(4), 5, 1, lambda a, b: 0)


def test_structs_by_value_are_the_callbacks_to_keep() -> None:
    kept: list[Any] = []

    def turn(spot: Any) -> Any:
        assert isinstance(spot, callbacks.Spot)
        kept.append(spot)
        return {"x": spot.y, "y": spot.x * 10}

    spot = callbacks.spot_map({"x": 1, "y": 2}, turn)
    assert (spot.x, spot.y) == (2, 10)
    assert callbacks.spot_map(callbacks.Spot(x=5), lambda spot: spot).x == 5
    kept[0].x = 7
    assert kept[0].to_dict() == {"x": 7, "y": 2}


def test_structs_by_pointer_are_dead_after_the_call() -> None:
    kept: list[Any] = []

    def look(spot: Any) -> int:
        kept.append(spot)
        return int(spot.x * 10 + spot.y)

    assert callbacks.spot_look(3, 4, look) == 34
    with pytest.raises(ist.ClosedError):
        kept[0].x  # noqa: B018


def test_a_result_of_the_wrong_shape() -> None:
    for result in (5, {"x": "1"}, None, {"z": 1}, [1, 2]):
        with pytest.raises(TypeError, match=r"^callbacks\.spot_map: cb: the result"):
            callbacks.spot_map({}, lambda spot, result=result: result)


def test_after_one_raised_the_rest_of_that_call_enters_no_python() -> None:
    seen: list[int] = []

    def visit(number: int) -> int:
        seen.append(number)
        raise KeyError("first")

    with pytest.raises(KeyError, match="first"):
        callbacks.visit(0, 1000, visit)
    assert seen == [0]


def test_one_that_fills_the_stack_then_goes_on() -> None:
    def dive(number: int) -> Any:
        return callbacks.plain_apply(dive, 1)

    for _ in range(3):
        with pytest.raises(RecursionError):
            dive(1)
    assert callbacks.plain_apply(lambda number: number, 3) == 3


def test_coroutines_generators_and_classes() -> None:
    async def later() -> int:
        return 1

    waiting = later()

    def several(number: int) -> Any:
        yield 1

    class Made:
        def __init__(self, number: int) -> None:
            self.number = number

    integer = "expected an integer from -2147483648 to 2147483647, got "
    for function in (lambda number: waiting, several, Made):
        said = rf"^callbacks\.plain_apply: cb: the result: {integer}"
        with pytest.raises(TypeError, match=said):
            callbacks.plain_apply(function, 1)
    waiting.close()
