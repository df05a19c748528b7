"""Shorter ways to C, for the calls that need no more than a few checks.

A body takes the arguments only when each is plainly what C takes; for everything else, and for
every error, the long way in calls.py is taken, which says what is wrong. So nothing here raises or
changes anything before C was called, and every failure of C's is told by the same code as there.
"""

from __future__ import annotations

import threading
from typing import Any

from . import abi
from .callbacks import pending
from .descriptor import Function, Param, Type
from .expressions import is_argument

_MISS = object()


class _Unfit(Exception):
    """The function needs the long way."""


def _literal(expression: Any) -> int | None:
    if expression is None:
        return None
    if "int" not in expression:
        raise _Unfit
    return int(expression["int"])


class _Body:
    """A body in the making."""

    def __init__(self, parameters: Any, has_self: bool) -> None:
        self.plan = parameters.plan
        self.function: Function = parameters.function
        self.parameters = parameters
        self.has_self = has_self
        self.library = parameters.library
        self.checks: list[str] = []
        """On the arguments, before the lock."""
        self.prepare: list[str] = []
        self.objects: list[str] = []
        """On the records of objects, under the lock."""
        self.entered: list[str] = []
        self.passed: list[str] = []
        self.values: dict[str, Any] = {
            "_d": self.plan.domain,
            "_lock": self.plan.domain.lock,
            "_MISS": _MISS,
            "_buffer": abi.from_buffer,
            "_string": abi.string,
            "_pending": pending,
            "_ident": threading.get_ident,
            "_F": self.function,
        }
        self.names = dict(zip(self.function.args, parameters.names))

    def build(self) -> str:
        """The source. _Unfit."""
        function = self.function
        usual = function.kind in ("function", "method", "static")
        if not usual or function.ends_borrows or function.errno:
            raise _Unfit
        if not self.library.addresses[function.index] or function.outputs not in ([], [-1]):
            raise _Unfit
        for param in function.params:
            self._param(param)
        self.values["_c"] = self.plan.call()
        return self._source()

    def _param(self, param: Param) -> None:
        kind = param.type
        if param.take or param.dir != "in" or param.within is not None:
            raise _Unfit
        if param.index == self.function.self_index:
            self._handle(param, "self", "_s")
        elif param.role == "fixed":
            self.values[f"_f{param.index}"] = self._fixed(param)
            self.passed.append(f"_f{param.index}")
        elif param.role == "buffer":
            self._buffer(param)
        elif param.role != "value":
            raise _Unfit
        elif param.lengths:
            self._length(param)
        elif param.index not in self.names:
            raise _Unfit
        elif kind.kind == "ref" and kind.to.kind == "handle" and not param.null:
            self._handle(param, self.names[param.index], f"_o{param.index}")
        elif kind.kind == "string" and kind.encoding == "utf8":
            self._text(param)
        elif kind.scalar:
            self._scalar(param, kind)
        else:
            raise _Unfit

    def _fixed(self, param: Param) -> Any:
        expression = param.value or {}
        if not {"int", "null", "float"} & set(expression):
            raise _Unfit
        return self.library.convert(param, self.plan.fixed[param.index](None))

    def _handle(self, param: Param, name: str, owner: str) -> None:
        kind = param.type.to
        if kind.kind != "handle" or (kind.inline and kind.pointers):
            raise _Unfit
        self.prepare.append(f"{owner} = {name}._owner")
        self.values[f"_t{param.index}"] = kind
        check = f"{owner}.type is _t{param.index} and not {owner}.state"
        if kind.no_reenter or self.function.no_reenter:
            check += f" and not {owner}.calls"
        self.objects.append(check)
        self.entered.append(owner)
        self.passed.append(f"{owner}.address")

    def _scalar(self, param: Param, kind: Type) -> None:
        name = self.names[param.index]
        low, high = _literal(param.minimum), _literal(param.maximum)
        if kind.kind == "float":
            if kind.size != 8 or low is not None or high is not None:
                raise _Unfit
            self.checks.append(f"(type({name}) is float or type({name}) is int)")
        elif kind.kind == "bool":
            self.checks.append(f"type({name}) is bool")
        else:
            self.checks.append(f"type({name}) is int")
            if low is not None:
                self.checks.append(f"{low} <= {name}")
            if high is not None:
                self.checks.append(f"{name} <= {high}")
            if kind.kind == "enum" and not kind.open:
                if kind.flags:
                    raise _Unfit
                self.values[f"_e{param.index}"] = frozenset(int(v["value"]) for v in kind.values)
                self.checks.append(f"{name} in _e{param.index}")
        self.passed.append(name)

    def _text(self, param: Param) -> None:
        if param.index in self.plan.within:
            raise _Unfit
        name = self.names[param.index]
        self.checks.append(f"type({name}) is str and '\\0' not in {name} and {name}.isascii()")
        self.passed.append(f"{name}.encode()")

    def _buffer(self, param: Param) -> None:
        of = param.type.to
        length = is_argument(param.count)
        name = self.names.get(param.index)
        if name is None or length is None or param.terminated or param.index in self.plan.within:
            raise _Unfit
        if self.function.params[length].lengths != [param.index]:
            raise _Unfit
        if param.text not in (None, "utf8") or not _is_bytes(of):
            raise _Unfit
        taken = f"type({name}) is bytes"
        if param.text is None:
            taken += f" or type({name}) is bytearray"
            self.passed.append(
                f"({name} if type({name}) is bytes else _buffer({name}) if {name} else b'')"
            )
        else:
            taken += f" or (type({name}) is str and {name}.isascii())"
            self.passed.append(f"({name} if type({name}) is bytes else {name}.encode())")
        self.checks.append(f"({taken})")

    def _length(self, param: Param) -> None:
        if len(param.lengths) != 1 or param.lengths[0] not in self.names:
            raise _Unfit
        name = self.names[param.lengths[0]]
        self.checks.append(f"len({name}) <= {param.type.maximum}")
        self.passed.append(f"len({name})")

    def _source(self) -> str:
        checks = " and ".join(self.checks) or "True"
        objects = " and ".join(["not _d.blocked", *self.objects])
        call = f"_c({', '.join(self.passed)})"
        lines = [f"    if {checks}:", "        _r = _MISS"]
        deep = "        "
        if self.plan.locks:
            lines.append(f"{deep}with _lock:")
            deep += "    "
        lines += [f"{deep}try:"]
        lines += [f"{deep}    {line}" for line in self.prepare]
        lines += [f"{deep}    if {objects}:"]
        inside = deep + "        "
        if self.library.calls_back and self.entered:
            # Who is inside what matters only when C calls back: see Closure.run.
            lines.append(f"{inside}_d.current = ({', '.join(self.entered)}, _F)")
            lines.append(f"{inside}_r = {call}")
            lines.append(f"{inside}_d.current = None")
            lines += [f"{deep}except (OverflowError, AttributeError):"]
            lines += [f"{deep}    _d.current = None"]
        else:
            lines.append(f"{inside}_r = {call}")
            lines += [f"{deep}except (OverflowError, AttributeError):", f"{deep}    pass"]
        lines += [f"{deep}if _r is not _MISS:"]
        lines += [f"{deep}    {line}" for line in self._after()]
        return "\n".join(lines) + "\n"

    def _after(self) -> list[str]:
        lines = []
        values = ", ".join(self.passed)
        if self.library.calls_back:
            lines += ["if _pending:", "    _thrown(_pending)"]
            self.values["_thrown"] = _raise_pending
        if self.function.throws is not None:
            lines += [f"if {self._failed()}:", f"    raise _failure([{values}], _r)"]
            self.values["_failure"] = self.plan.failure
        return lines + self._result()

    def _failed(self) -> str:
        """The test of the usual bundle: one constant is success."""
        bundle = self.function.throws
        assert bundle is not None
        ok, args = bundle.ok, self.function.throw_args
        plain = (
            ok is not None
            and ok.get("op") == "=="
            and "arg" in ok.get("a", {})
            and "int" in ok.get("b", {})
            and _opposite(bundle.fail, ok)
            and bundle.code in (None, ok["a"])
        )
        if not plain or args[ok["a"]["arg"]] != {"result": True}:  # type: ignore[index]
            raise _Unfit
        good = [int(ok["b"]["int"])]  # type: ignore[index]
        for one in self.function.except_:
            number = _literal(one)
            assert number is not None
            good.append(number)
        return " and ".join(f"_r != {number}" for number in good)

    def _result(self) -> list[str]:
        function = self.function
        kind = function.result.type
        if not function.outputs:
            return ["return None"]
        if function.result.role != "value" or function.result.own:
            raise _Unfit
        if function.result.within is not None:
            raise _Unfit
        if kind.kind == "string" and kind.encoding == "utf8":
            lines = ["if _r:", "    return _string(_r).decode('utf-8', 'replace')"]
            if function.result.null:
                return [*lines, "return None"]
            self.values["_missing"] = self.plan.missing
            return [*lines, "raise _missing()"]
        if kind.kind == "enum" and kind.bound is not None:
            self.values["_bound"] = kind.bound
            return ["return _bound(_r)"]
        if not kind.scalar:
            raise _Unfit
        if kind.kind == "bool" and kind.size != 1:
            return ["return bool(_r)"]
        return ["return _r"]


def _opposite(fail: Any, ok: Any) -> bool:
    if fail is None or fail == {"op": "!", "a": ok}:
        return True
    return bool(fail == {"op": "!=", "a": ok["a"], "b": ok["b"]})


def _is_bytes(of: Type) -> bool:
    return of.kind == "void" or (
        of.kind == "int" and of.size == 1 and (not of.signed or of.name == "char")
    )


def _raise_pending(waiting: dict[int, BaseException]) -> None:
    """Raises what a callback of this call has thrown."""
    thrown = waiting.pop(threading.get_ident(), None)
    if thrown is not None:
        raise thrown


def body(parameters: Any, has_self: bool) -> tuple[str, dict[str, Any]]:
    """The source of a body that returns when it could make the call, and what it names; empty for
    a function that needs the long way."""
    made = _Body(parameters, has_self)
    try:
        return made.build(), made.values
    except _Unfit:
        return "", {}
