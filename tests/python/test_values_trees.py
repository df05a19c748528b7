"""Containers go to JavaScript as copies, with what they share and the circles in them."""

from __future__ import annotations

import collections
import dataclasses
import enum
from typing import Any

import isthmus as ist
import pytest


@dataclasses.dataclass
class Point:
    """Fields are properties."""

    x: int
    y: Any


class Color(enum.Enum):
    """Members are their values."""

    RED = "red"
    BOTH = ("a", 1)


class Level(enum.IntEnum):
    """Members are numbers."""

    HIGH = 3


Pair = collections.namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ([1, "a", None, ist.undefined, True], '[1,"a",null,null,true]'),
        ((1, (2, 3)), "[1,[2,3]]"),
        ({"a": {"b": [1.5]}}, '{"a":{"b":[1.5]}}'),
        (range(3), "[0,1,2]"),
        (Pair(1, [2]), "[1,[2]]"),
        (collections.deque([1, 2]), "[1,2]"),
        (collections.OrderedDict([("b", 1), ("a", 2)]), '{"b":1,"a":2}'),
        (collections.ChainMap({"a": 1}), '{"a":1}'),
        (Point(1, Point(2, [3])), '{"x":1,"y":{"x":2,"y":[3]}}'),
        ([Color.RED, Level.HIGH, Color.BOTH], '["red",3,["a",1]]'),
        ({"__proto__": 1}, '{"__proto__":1}'),
        ({"": 1, "a\0b": 2}, '{"":1,"a\\u0000b":2}'),
    ],
)
def test_what_containers_become(context: ist.Context, value: Any, shown: str) -> None:
    assert context.eval("x => JSON.stringify(x)")(value) == shown


def test_the_key_proto_is_a_property_like_any_other(context: ist.Context) -> None:
    made = context.eval("x => x")({"__proto__": {"polluted": True}})
    assert context.eval("x => Object.getPrototypeOf(x) === Object.prototype")(made)
    assert context.eval("x => x.polluted")(made) is ist.undefined
    assert made["__proto__"]["polluted"] is True


def test_a_dict_with_other_keys_than_texts_is_a_map(context: ist.Context) -> None:
    made = context.eval("x => x")({1: "one", "a": 2, None: 3, 2.5: 4, (1, 2): 5})
    assert isinstance(made, ist.JSMap)
    assert context.eval("m => [m.get(1), m.get('a'), m.get(null), m.get(2.5)]")(made) == [
        "one",
        2,
        3,
        4,
    ]
    assert made.to_python() == {1: "one", "a": 2, None: 3, 2.5: 4, (1, 2): 5}


def test_sets_are_sets(context: ist.Context) -> None:
    made = context.eval("x => x")([{1, "a"}, frozenset({2})])
    assert isinstance(made[0], ist.JSSet) and isinstance(made[1], ist.JSSet)
    assert made.to_python() == [{1, "a"}, {2}]


def test_what_is_shared_is_shared(context: ist.Context) -> None:
    part: list[int] = [1]
    point = Point(1, part)
    made = context.eval("x => [x[0] === x[1], x[2] === x[3], x[2].y === x[0], x[4] === x[0]]")(
        [part, part, point, point, [1]]
    )
    assert list(made) == [True, True, True, False]


def test_circles_are_circles(context: ist.Context) -> None:
    tree: dict[str, Any] = {"list": []}
    tree["list"].append(tree)
    tree["list"].append(tree["list"])
    made = context.eval("x => { if (x.list[0] !== x || x.list[1] !== x.list) throw 1; return x }")(
        tree
    )
    back = made.to_python()
    assert back["list"][0] is back and back["list"][1] is back["list"]


def test_many_that_are_shared(context: ist.Context) -> None:
    parts: list[Any] = [[i] for i in range(300)]
    made = context.eval("x => x.every(p => p[0] === p[1] && p[0][0] === p[2])")
    assert made([[part, part, i] for i, part in enumerate(parts)])


def test_a_tree_may_be_deep(context: ist.Context) -> None:
    tree: list[Any] = []
    for _ in range(500):
        tree = [tree]
    depth = context.eval("x => { let d = 0; while (x.length) { x = x[0]; d++ } return d }")
    assert depth(tree) == 500


def test_a_tree_that_is_too_deep_is_an_error(context: ist.Context) -> None:
    tree: list[Any] = []
    for _ in range(100_000):
        tree = [tree]
    with pytest.raises(ist.LimitError, match="too deep for JavaScript"):
        context.eval("x => x")(tree)
    assert context.eval("1") == 1
    while tree:
        tree = tree.pop()


def test_errors_tell_the_place(context: ist.Context) -> None:
    with pytest.raises(ist.ConversionError, match=r"^\$\.a\[3\]\.f: type object has no form"):
        context.eval("x => x")({"a": [1, 2, 3, {"f": object()}]})
    with pytest.raises(ist.ConversionError, match=r"^\$\[0\]\['b c'\]: type complex has no form"):
        context.eval("x => x")([{"b c": 1j}])
    with pytest.raises(ist.ConversionError, match=r"^\$\.y\.x: type object has no form"):
        context.eval("x => x")(Point(1, Point(object(), 2)))  # type: ignore[arg-type]


def test_containers_that_raise_are_heard(context: ist.Context) -> None:
    class Broken(collections.UserList):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            raise OSError("no more")

    class Endless(collections.abc.Mapping):  # type: ignore[type-arg]
        def __getitem__(self, key: Any) -> Any:
            raise KeyError(key)

        def __iter__(self) -> Any:
            return iter(["a"])

        def __len__(self) -> int:
            return 1

    class Sour:
        x: int

        @property
        def y(self) -> int:
            raise LookupError("sour")

    sour = dataclasses.make_dataclass("SourPoint", ["y"], bases=(Sour,), init=False)
    with pytest.raises(OSError, match="no more"):
        context.eval("x => x")([Broken([1])])
    with pytest.raises(KeyError, match="a"):
        context.eval("x => x")(Endless())
    with pytest.raises(AttributeError, match="y"):
        context.eval("x => x")([dataclasses.make_dataclass("Empty", ["y"], init=False)()])
    assert sour is not None
    assert context.eval("1") == 1


def test_a_dict_that_changes_meanwhile_is_an_error(context: ist.Context) -> None:
    tree: dict[str, Any] = {}

    class Meddler(enum.Enum):
        ONE = 1

        @property
        def value(self) -> int:  # type: ignore[override]
            tree[f"more{len(tree)}"] = 1
            return 1

    tree["a"] = Meddler.ONE
    with pytest.raises(ist.ConversionError, match="it has changed while it was converted"):
        context.eval("x => x")(tree)
    grown: list[Any] = [Meddler.ONE]

    class Grower(list):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            grown.clear()
            return iter(())

    grown[:] = [Grower(), 1, 2]
    with pytest.raises(ist.ConversionError, match="it has changed while it was converted"):
        context.eval("x => x")(grown)
