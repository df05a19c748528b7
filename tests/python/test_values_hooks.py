"""`register` gives types a form in JavaScript that they do not have by themselves."""

from __future__ import annotations

import decimal
import uuid
from typing import Any

import isthmus as ist
import pytest

pytestmark = pytest.mark.usefixtures("hooks")


def test_types_without_a_form_are_refused(context: ist.Context) -> None:
    for value in (decimal.Decimal("1.5"), uuid.uuid4(), 1j, object()):
        with pytest.raises(ist.ConversionError, match="has no form in JavaScript"):
            context.eval("x => x")(value)


def test_hooks_are_asked_everywhere(context: ist.Context) -> None:
    ist.register(decimal.Decimal, str)
    ist.register(uuid.UUID, lambda value: {"uuid": value.hex})
    one = uuid.UUID(int=1)
    back = context.eval("x => x")
    assert back(decimal.Decimal("1.50")) == "1.50"
    assert back(one).to_python() == {"uuid": one.hex}
    assert back([decimal.Decimal(1), {"id": one}]).to_python() == ["1", {"id": {"uuid": one.hex}}]
    context["price"] = decimal.Decimal("2.5")
    assert context.eval("price") == "2.5"
    assert context.eval("f => f()")(lambda: decimal.Decimal(3)) == "3"


def test_a_hook_is_for_types_that_derive_from_it(context: ist.Context) -> None:
    class Base:
        pass

    class Derived(Base):
        pass

    with pytest.raises(ist.ConversionError, match="Derived has no form"):
        context.eval("x => x")(Derived())
    ist.register(Base, lambda value: type(value).__name__)
    assert context.eval("x => x")(Derived()) == "Derived"
    ist.register(Derived, lambda value: "again")
    assert context.eval("x => [x]")(Derived())[0] == "again"


def test_what_a_hook_raises_is_raised(context: ist.Context) -> None:
    def refuse(value: Any) -> Any:
        raise ValueError("not this one")

    ist.register(uuid.UUID, refuse)
    for given in (uuid.uuid4(), [uuid.uuid4()]):
        with pytest.raises(ValueError, match="not this one"):
            context.eval("x => x")(given)


def test_a_hook_that_gives_the_same_type_is_an_error(context: ist.Context) -> None:
    ist.register(uuid.UUID, lambda value: value)
    for given in (uuid.uuid4(), [uuid.uuid4()]):
        with pytest.raises(ist.ConversionError, match="has given the same type again"):
            context.eval("x => x")(given)


def test_fixed_forms_stay(context: ist.Context) -> None:
    with pytest.raises(TypeError, match="the form of int is fixed"):
        ist.register(int, str)
    with pytest.raises(TypeError, match="python_type must be a type"):
        ist.register("int", str)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="to_js must be callable"):
        ist.register(uuid.UUID, 1)  # type: ignore[arg-type]
