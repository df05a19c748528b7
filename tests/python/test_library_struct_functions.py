"""Functions in structs: given in a dict, called while C keeps them, ended by the notice that they
share.
"""

from __future__ import annotations

import array
import gc
import re
from typing import Any

import pytest
from libraries import fixture
from library_checks import refused

unions = fixture("unions")
Source, Handler, Order = unions.Source, unions.Handler, unions.Order


def answers(value: Any) -> Any:
    """A function for `get` that ends the round with a value."""

    def get(name: str, more: Any) -> Any:
        more[0] = 0
        return value

    return get


def test_for_the_length_of_a_call_by_pointer_and_by_value() -> None:
    values = array.array("i", [3, -9, 7, 2])
    assert unions.largest(values, {"compare": lambda a, b: a - b}) == 7
    assert unions.largest(values, {"compare": lambda a, b: abs(a) - abs(b)}) == -9
    assert unions.largest_by(values, {"compare": lambda a, b: b - a}) == -9
    kept: list[Any] = []

    def compare(*arguments: Any) -> int:
        kept.append(arguments)
        return 0

    unions.largest(values, {"compare": compare})
    assert {len(arguments) for arguments in kept} == {2}


def test_a_function_parameter_that_is_written_as_c_does() -> None:
    assert unions.each(5, lambda i: i * i) == 30
    with pytest.raises(KeyError, match="at 0"):
        unions.each(5, lambda i: {}[f"at {i}"])


def test_kept_until_the_notice_with_fields_that_python_does_not_see() -> None:
    source, calls = Source(), []

    def get(name: str, more: Any) -> int:
        calls.extend([name, more[0]])
        more[0] -= 1
        return 10

    source.set({"step": 2, "get": get, "done": calls.append})
    assert source.ask("x") == 20
    assert calls == ["x", 2, "x", 1, 20]

    def length(name: str, more: Any) -> int:
        more[0] = 0
        return len(name)

    source.set({"step": 1, "get": length})
    assert source.ask("four") == 4
    source.clear()
    assert source.ask("gone") == -1
    source.free()


def test_what_raises_gives_c_its_answer_and_the_caller_the_exception() -> None:
    boom = ZeroDivisionError("mine")

    def get(name: str, more: Any) -> int:
        raise boom

    with Source() as source:
        source.set({"step": 3, "get": get})
        with pytest.raises(ZeroDivisionError) as caught:
            source.ask("x")
        assert caught.value is boom
        source.set({"step": 1, "get": lambda name, more: "text"})
        integer = "expected an integer from -2147483648 to 2147483647"
        refused(
            lambda: source.ask("x"),
            TypeError,
            f'unions.Source.set: get: the result: {integer}, got "text"',
        )


def test_a_refused_handler_ends_at_once() -> None:
    with Source() as source:
        source.set({"step": 1, "get": answers(5)})
        with pytest.raises(unions.UnionError) as caught:
            source.set({"step": -1, "get": answers(1)})
        assert caught.value.code == -1
        assert source.ask("x") == 5


def test_functions_that_replace_each_other() -> None:
    with Source() as source:
        ticks: list[int] = []
        source.tick({"tick": ticks.append})
        source.run(1)
        source.tick({"tick": lambda n: ticks.append(-n)})
        source.run(2)
        source.tick({"tick": None})
        source.run(3)
        source.tick({})
        source.run(4)
        assert ticks == [1, -2]


def test_what_can_be_given_and_where() -> None:
    source = Source()
    get = answers(1)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"step": 1}, r"handler\.get: expected a function, got "),
        ({"step": 1, "get": 5}, r"handler\.get: expected a function, got 5$"),
        ({"step": 1, "get": None}, r"handler\.get: expected a function, got None$"),
        (
            {"step": 1, "get": get, "done": 5},
            r"handler\.done: expected a function or None, got 5$",
        ),
        ({"step": "1", "get": get}, r"handler\.step: expected an integer "),
        (
            {"size": 8, "step": 1, "get": get},
            r'handler(\.size: is read-only|: Handler has no field "size")',
        ),
        ({"env": 1, "get": get}, r"handler\.env: is read-only$"),
        ({"get": get, "allocate": get}, r"handler\.allocate: is read-only$"),
    ]
    for literal, said in wrong:
        refused(
            lambda literal=literal: source.set(literal),
            TypeError,
            re.compile(rf"^unions\.Source\.set: {said}"),
        )
    with pytest.raises(TypeError, match=r"^unions\.Handler: get: can only be given in a "):
        Handler(get=get)
    handler = Handler(step=4)
    assert handler.to_dict() == {"step": 4}
    assert handler.get is None
    with pytest.raises((AttributeError, TypeError)):
        handler.get = get
    with pytest.raises(TypeError, match=r"^unions\.Source\.set: handler: has no function get: "):
        source.set(handler)
    with pytest.raises(TypeError):
        unions.largest_by(array.array("i", [1, 2]), Order())
    source.tick(unions.Ticker())
    source.run(1)
    assert source.ask("none was kept") == -1
    source.free()


@pytest.mark.slow
def test_many_of_them_while_the_collector_runs() -> None:
    totals: list[int] = []
    with Source() as source:
        for i in range(3000):
            source.set({"step": 1, "get": answers(i), "done": totals.append})
            if i % 100 == 0:
                gc.collect()
                source.ask("x")
    assert sum(totals) == 43500


def test_structs_behind_a_counted_pointer_are_seen_where_they_are() -> None:
    found = unions.list_get(3)
    assert [(item.id, item.name) for item in found.items] == [(1, "one"), (2, "two"), (3, None)]
    assert isinstance(found.items[0], unions.Item)
    assert found.to_dict() == {
        "count": 3,
        "items": [
            {"id": 1, "name": "one"},
            {"id": 2, "name": "two"},
            {"id": 3, "name": None},
        ],
    }
    for name, value in (("id", 5), ("name", "x")):
        with pytest.raises((AttributeError, TypeError), match="is read-only"):
            setattr(found.items[0], name, value)
    with pytest.raises((AttributeError, TypeError)):
        found.items = []
    with pytest.raises(ValueError, match=r"^unions\.List\.count: expected at most 3"):
        found.count = 4
    found.count = 1
    assert len(found.items) == 1
    assert unions.list_get(0).items is None
    first = unions.list_get(1).items[0]
    gc.collect()
    assert first.name == "one"
