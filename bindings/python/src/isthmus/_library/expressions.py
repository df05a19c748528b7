"""Expressions of descriptors, made into Python functions once.

They are evaluated on raw C values: integers, floats, addresses, and for text what is passed to C.
Integers are those of 128 bits: what does not fit is a fault, never a wrong number. A function that
an expression calls is called as C does, without any conversion of ours.
"""

from __future__ import annotations

from typing import Any, Callable

from . import abi
from .descriptor import Expression

Evaluate = Callable[[Any], Any]
"""Takes what has the values (`raw`, `deref`, `result`, `errno`, `type_arg`, `message`)."""

_LIMIT = 1 << 127


class Fault(Exception):
    """An expression has no value; the text says why."""


def _number(value: Any) -> Any:
    """A pointer as a number."""
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, bytes):
        return abi.address_of(abi.from_buffer(value))
    return abi.address_of(value)


def _exact(value: Any, operator: str) -> Any:
    if isinstance(value, int) and not -_LIMIT <= value < _LIMIT:
        raise Fault(f"integer overflow in {operator}")
    return value


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, float) or isinstance(b, float):
        if b == 0:
            return a * float("inf") if a == a and a != 0 else float("nan")
        return a / b
    if b == 0:
        raise Fault("division by zero")
    quotient = abs(a) // abs(b)
    return _exact(quotient if (a < 0) == (b < 0) else -quotient, "/")


def _shift(a: int, b: int, left: bool) -> int:
    if not 0 <= b <= 126:
        raise Fault("a shift by more bits than there are")
    shifted: int = _exact(a << b, "<<") if left else a >> b
    return shifted


def _remainder(a: Any, b: Any) -> Any:
    return a - b * _divide(a, b)


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: _exact(a + b, "+"),
    "-": lambda a, b: _exact(a - b, "-"),
    "*": lambda a, b: _exact(a * b, "*"),
    "/": _divide,
    "%": _remainder,
    "<<": lambda a, b: _shift(a, b, True),
    ">>": lambda a, b: _shift(a, b, False),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
}


def _operation(expression: Expression, functions: list[Any], compile_call: Any) -> Evaluate:
    operator = expression["op"]
    a = compile_expression(expression["a"], functions, compile_call)
    if "b" not in expression:
        if operator == "!":
            return lambda frame: int(not a(frame))
        if operator == "~":
            return lambda frame: ~a(frame)
        return lambda frame: _exact(-a(frame), "-")
    b = compile_expression(expression["b"], functions, compile_call)
    if operator == "?":
        c = compile_expression(expression["c"], functions, compile_call)
        return lambda frame: b(frame) if a(frame) else c(frame)
    if operator == "&&":
        return lambda frame: int(bool(a(frame)) and bool(b(frame)))
    if operator == "||":
        return lambda frame: int(bool(a(frame)) or bool(b(frame)))
    apply = _BINARY[operator]
    return lambda frame: apply(_number(a(frame)), _number(b(frame)))


def compile_expression(expression: Expression, functions: list[Any], compile_call: Any) -> Evaluate:
    """A function that gives the expression's value. `compile_call(function)` gives what calls a
    described function with raw values."""
    if "int" in expression:
        number = int(expression["int"])
        return lambda frame: number
    if "arg" in expression:
        index = expression["arg"]
        return lambda frame: frame.raw(index)
    if "deref" in expression:
        inner = expression["deref"]["arg"]
        return lambda frame: frame.deref(inner)
    if "result" in expression:
        return lambda frame: frame.result
    if "op" in expression:
        return _operation(expression, functions, compile_call)
    if "call" in expression:
        function = functions[expression["call"]]
        args = [
            None if arg is None else compile_expression(arg, functions, compile_call)
            for arg in expression["args"]
        ]
        return lambda frame: compile_call(function)(
            [None if arg is None else arg(frame) for arg in args]
        )
    if "float" in expression:
        fraction = float(expression["float"])
        return lambda frame: fraction
    if "string" in expression:
        text = expression["string"].encode("utf-8", "surrogatepass")
        return lambda frame: text
    if "null" in expression:
        return lambda frame: 0
    if "errno" in expression:
        return lambda frame: frame.errno
    if "type_arg" in expression:
        number_of = expression["type_arg"]
        return lambda frame: frame.type_args[number_of]
    return lambda frame: frame.message


def is_argument(expression: Expression | None) -> int | None:
    """The parameter that an expression is just the value of, or what it points to."""
    if not expression:
        return None
    if "arg" in expression:
        index: int = expression["arg"]
        return index
    if "deref" in expression:
        pointed: int = expression["deref"]["arg"]
        return pointed
    return None
