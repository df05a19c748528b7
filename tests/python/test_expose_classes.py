"""Exposed classes: methods, properties, attributes, construction from both sides, inheritance."""

from __future__ import annotations

import dataclasses
import functools
import gc
import weakref
from collections.abc import Iterator
from typing import Any, ClassVar

import isthmus as ist
import pytest


@ist.expose
class Account:
    """What most tests use."""

    RATE = 7
    owner: str
    kind: ClassVar[str] = "plain"

    def __init__(self, owner: str = "nobody", amount: int = 0) -> None:
        self.owner = owner
        self.hidden = True
        self._amount = amount

    def add(self, amount: int) -> Account:
        if amount < 0:
            raise ValueError("less than nothing")
        self._amount += amount
        return self

    def _secret(self) -> int:
        return 1

    @property
    def amount(self) -> int:
        return self._amount

    @property
    def limit(self) -> int:
        return self._amount * 2

    @limit.setter
    def limit(self, value: int) -> None:
        self._amount = value // 2

    @functools.cached_property
    def digest(self) -> str:
        return f"{self.owner}!"

    @staticmethod
    def double(value: int) -> int:
        return value * 2

    @classmethod
    def of(cls, owner: str) -> Account:
        return cls(owner)

    def __str__(self) -> str:
        return f"{self.owner}: {self._amount}"

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._amount))


@ist.expose(name="Savings")
class SavingsAccount(Account):
    """A class that derives from an exposed one."""

    def add(self, amount: int) -> Account:
        return super().add(amount * 10)


@ist.expose
@dataclasses.dataclass
class Point:
    """Fields are properties."""

    x: int = 0
    y: int = 0


@pytest.fixture(autouse=True)
def given(context: ist.Context) -> None:
    context["Account"], context["Savings"], context["Point"] = Account, SavingsAccount, Point


def test_new_makes_an_instance_of_pythons(context: ist.Context) -> None:
    made = context.eval("globalThis.a = new Account('ann', 5); a")
    assert type(made) is Account and made.owner == "ann" and made.amount == 5
    assert context["a"] is made
    assert (
        context.eval("a instanceof Account && a.constructor === Account && Account.name")
        == "Account"
    )


def test_instances_are_the_same_objects(context: ist.Context) -> None:
    account = Account("ann")
    assert context.eval("(a, b) => a === b")(account, account)
    assert context.eval("x => x")(account) is account
    assert context.eval("x => x instanceof Account && x.add(1) === x")(account)
    assert context.eval("x => ({ x })")(account)["x"] is account
    assert context.eval("x => x")(Account) is Account


def test_methods_and_properties(context: ist.Context) -> None:
    assert context.eval("a = new Account('b'); a.add(2).add(3).amount") == 5
    assert context.eval("a.limit = 30; [a.amount, a.limit, a.digest]") == [15, 30, "b!"]
    assert context.eval("a.owner = 'c'; a.owner") == "c"
    assert context["a"].owner == "c"
    assert (
        context.eval("[typeof a.hidden, typeof a._secret, typeof a.missing]") == ["undefined"] * 3
    )
    assert context.eval("Object.keys(Account.prototype)") == ["owner", "amount", "limit", "digest"]
    with pytest.raises(ist.JSError, match="which has only a getter"):
        context.eval("'use strict'; a.amount = 1")


def test_static_things(context: ist.Context) -> None:
    assert context.eval("[Account.double(4), Account.of('x').owner, Account.RATE]") == [8, "x", 7]
    assert context.eval("Savings.of('y') instanceof Savings && Savings.double(1)") == 2


def test_texts_and_iteration(context: ist.Context) -> None:
    assert context.eval("String(new Account('z', 3))") == "z: 3"
    assert context.eval("[...new Account('z', 3)]") == [0, 1, 2]


def test_classes_inherit(context: ist.Context) -> None:
    assert context.eval("Object.getPrototypeOf(Savings) === Account && Savings.name") == "Savings"
    assert context.eval("s = new Savings('q'); s.add(1).amount") == 10
    assert context.eval("s instanceof Account && s instanceof Savings")
    assert context.eval("x => x.constructor === Savings")(SavingsAccount())

    class Deeper(SavingsAccount):
        pass

    assert context.eval("x => x instanceof Savings && x.add(1).amount")(Deeper()) == 10


def test_javascript_classes_derive_from_them(context: ist.Context) -> None:
    context.eval(
        "globalThis.Mine = class Mine extends Account {"
        " constructor(n) { super('mine', n); this.extra = n + 1 }"
        " add(n) { return super.add(n + 100) } }"
    )
    made = context.eval("m = new Mine(5); m.add(1); m")
    assert type(made) is Account and made.amount == 106
    assert context.eval("[m instanceof Mine, m.extra, m.add(0) === m]") == [True, 6, True]


def test_dataclasses(context: ist.Context) -> None:
    made = context.eval("p = new Point(1, 2); p.x = 5; p")
    assert made == Point(5, 2)
    made.y = 7
    assert context.eval("p.y") == 7
    frozen = ist.expose(dataclasses.make_dataclass("Frozen", ["x"], frozen=True))(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        context.eval("f => { f.x = 2 }")(frozen)


def test_exceptions_cross(context: ist.Context) -> None:
    with pytest.raises(ValueError, match="less than nothing"):
        context.eval("new Account().add(-1)")
    assert context.eval("try { new Account().add(-1) } catch (e) { e.name + e.message }") == (
        "ValueErrorless than nothing"
    )
    with pytest.raises(TypeError, match="takes from 1 to 3 positional arguments"):
        context.eval("new Account(1, 2, 3, 4)")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("Account()", "Class constructor Account cannot be invoked without 'new'"),
        ("Account.prototype.add.call({}, 1)", "add was called on what is no Account"),
        ("Account.prototype.add.call(undefined, 1)", "add was called on what is no Account"),
        ("Account.prototype.amount", "amount was read of what is no Account"),
        ("Account.prototype.owner = 1", "owner was set on what is no Account"),
        (
            "Reflect.get(Account.prototype, 'limit', new Point())",
            "limit was read of what is no Account",
        ),
        (
            "Savings.prototype.add.call(new Account(), 1)",
            "add was called on what is no SavingsAccount",
        ),
    ],
)
def test_misuse_is_a_type_error(context: ist.Context, source: str, message: str) -> None:
    with pytest.raises((TypeError, ist.JSError), match=message):
        context.eval(source)


def test_a_class_that_is_not_exposed_makes_instances_by_a_call(context: ist.Context) -> None:
    class Plain:
        pass

    context["Plain"] = Plain
    assert context["Plain"] is Plain
    with pytest.raises(ist.ConversionError, match="Plain has no form in JavaScript"):
        context.eval("Plain()")
    with pytest.raises(TypeError, match="expose takes a class, not function"):
        ist.expose(lambda: 1)  # type: ignore[type-var]


def test_instances_live_as_long_as_either_has_them(
    context: ist.Context, isolate: ist.Isolate
) -> None:
    account = Account("kept")
    known = weakref.ref(account)
    context["a"] = account
    del account
    gc.collect()
    assert known() is not None and context.eval("a.owner") == "kept"
    del context["a"]
    isolate.collect()
    isolate.collect()
    gc.collect()
    assert known() is None


def test_circles_through_both_are_broken_by_closing(isolate: ist.Isolate) -> None:
    with isolate.context() as context:
        account = Account("round")
        account.back = context.eval("a => ({ a })")(account)  # type: ignore[attr-defined]
        known = weakref.ref(account)
        del account
        isolate.collect()
        gc.collect()
        assert known() is not None
    isolate.collect()
    isolate.collect()
    with isolate.entered():
        pass
    gc.collect()
    assert known() is None


def test_each_context_has_its_own_class(context: ist.Context, isolate: ist.Isolate) -> None:
    with isolate.context() as other:
        other["Account"] = Account
        assert other.eval("c => c !== Account")(context.eval("Account")) is False
        assert other.eval("new Account('o').owner") == "o"
        assert other.eval("x => x.owner")(context.eval("new Account('p')")) == "p"


def test_many_that_come_and_go_take_no_memory(
    context: ist.Context, isolate: ist.Isolate, flat: Any
) -> None:
    owner = context.eval("a => a.owner")
    flat(lambda i: owner(Account("x")), rounds=5000, isolate=isolate, most=2 << 20)
    make = context.eval("() => { for (let i = 0; i < 100; i++) new Account('y', i) }")
    flat(lambda i: make(), rounds=50, isolate=isolate, most=2 << 20)


def test_iterators_of_pythons_are_iterators(context: ist.Context) -> None:
    squares = (i * i for i in range(4))
    assert context.eval("it => [...it]")(squares) == [0, 1, 4, 9]
    assert context.eval("it => it.next().done")(squares) is True
    assert context.eval("x => x")(squares) is squares

    def broken() -> Iterator[int]:
        yield 1
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        context.eval("it => [...it]")(broken())
