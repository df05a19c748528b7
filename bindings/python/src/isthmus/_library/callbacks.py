"""Callbacks: Python functions that C calls.

An exception never crosses C: it waits until the call that C was entered by returns, C gets the
`on_throw` value, and so it does for every further callback of that call. The code that C calls is
never freed, and used again only after a long rest: a call that comes too late finds nobody, gets
the `on_throw` value and is reported once. So is a call from a thread that is not in a call of ours.
"""

from __future__ import annotations

import ctypes
import itertools
import sys
import threading
import warnings
import weakref
from collections import deque
from typing import Any

from . import abi
from .buffers import copy_of, is_bytes, terminated_count, values_of
from .descriptor import Function, Param, Type
from .expressions import Evaluate, Fault
from .native import check_live, native
from .owners import DISPOSED, LIVE, Owner
from .scalars import (
    allocate,
    decode,
    encode,
    lift_scalar,
    lift_text,
    lower_scalar,
    terminator,
)
from .structs import copy_struct, lower_struct
from .texts import Site

_RESTING = 4096

pending: dict[int, BaseException] = {}
"""What callbacks have thrown, by thread, until the call that they were made in returns."""

_tokens: dict[int, Closure] = {}
_numbers = itertools.count(1)
_immortal = ctypes.pythonapi.Py_IncRef
_immortal.argtypes = [ctypes.py_object]
_immortal.restype = None


class Pool:
    """The slots of one signature that answer the same when nobody is there."""

    def __init__(self, signature: Any, answer: Any) -> None:
        self.signature = signature
        self.answer = answer
        self.resting: deque[Slot] = deque()

    def take(self) -> Slot:
        """A slot for a new closure."""
        if len(self.resting) > _RESTING:
            return self.resting.popleft()
        return Slot(self)


class Slot:
    """A piece of code that C can call."""

    __slots__ = ("address", "closure", "label", "pool", "reported")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.closure: Closure | None = None
        self.label = "a callback"
        self.reported = False

        def called(*raw: Any) -> Any:
            return self.call(raw)

        code = abi.ffi.callback(pool.signature, called, pool.answer, _broke)
        # C may hold the code longer than anything of Python's lives.
        _immortal(code)
        self.address = abi.address_of(code)

    def call(self, raw: tuple[Any, ...]) -> Any:
        """C calls."""
        closure = self.closure
        if closure is None:
            return self._alone("called after its life")
        thread = threading.get_ident()
        inside = closure.use.scope == "call" or closure.domain.lock._is_owned()
        if closure.thread != thread and not inside:
            return self._alone("called from a foreign thread")
        if closure.use.scope == "call" and closure.thread != thread:
            return self._alone("called from a foreign thread")
        if thread in pending:
            closure.threw(raw, "an earlier callback threw")
            return self.pool.answer
        function = closure.target()
        if function is None:
            return self.pool.answer
        if closure.once:
            self.closure = None
        try:
            return closure.run(function, raw, thread, inside)
        finally:
            if closure.once:
                closure.end()

    def _alone(self, what: str) -> Any:
        if not self.reported:
            self.reported = True
            answer = self.pool.answer
            said = f"answered {answer}" if isinstance(answer, (int, float)) else "ignored"
            report(f"{self.label}: {what}; {said}")
        return self.pool.answer


def report(text: str) -> None:
    """Says what there is nobody to raise to for."""
    try:
        warnings.warn(text, RuntimeWarning, stacklevel=3)
    except BaseException as error:
        unraisable(error, text)


def unraisable(error: BaseException, text: str) -> None:
    """An exception that nobody waits for."""
    make: Any = sys.UnraisableHookArgs
    sys.unraisablehook(make((type(error), error, error.__traceback__, text, None)))


def _broke(kind: Any, error: BaseException, traceback: Any) -> None:
    # Python could not even begin: the stack is used up, or memory.
    pending[threading.get_ident()] = error


class Target:
    """Holds a function, so that whoever holds this decides how long it lives."""

    __slots__ = ("__weakref__", "function")

    def __init__(self, function: Any) -> None:
        self.function = function


class Form:
    """How one callback type, where one parameter or field takes it, is converted."""

    def __init__(self, library: Any, use: Param, function: Function, index: int | None) -> None:
        self.library = library
        self.use = use
        self.type: Type = use.type
        self.signature = library.shared.callback_type(
            use.type, function if index is not None else None, index or 0
        )
        result = use.type.result
        assert result is not None
        self.result = result
        self.is_void = result.type.kind == "void"
        compile_ = library.compile
        self.on_throw: Evaluate | None = compile_(use.on_throw) if use.on_throw else None
        self.counts: list[Evaluate | None] = [
            compile_(param.count) if param.count else None for param in use.type.params
        ]
        self.type_args: list[Evaluate] = [compile_(arg) for arg in use.type_args]
        self.pools: dict[Any, Pool] = {}
        self.zero: Any = None

    def struct(self) -> Any:
        """A pointer to a new struct, as cffi takes it for an answer by value."""
        declarations, _ = self.library.shared.declared()
        return declarations.new(declarations.getctype(self.signature.result, "*"))

    def answer(self, frame: Any) -> Any:
        """What C gets when Python cannot answer. Fault."""
        if self.is_void:
            return None
        if self.result.type.kind == "struct":
            if self.zero is None:
                self.zero = self.struct()[0]
            return self.zero
        if self.on_throw is None:
            return 0
        value = self.on_throw(frame)
        kind = self.result.type
        if kind.kind == "float":
            return float(value)
        if kind.kind == "bool":
            return bool(value)
        if kind.kind in ("int", "enum") and not kind.minimum <= value <= kind.maximum:
            raise Fault(f"expected an integer from {kind.minimum} to {kind.maximum}, got {value}")
        return int(value) & ((1 << 64) - 1) if not kind.scalar else value

    def closure(self, domain: Any, function: Function, frame: Any, target: Any) -> Closure:
        """A live closure. Fault."""
        answer = self.answer(frame)
        args = [arg(frame) for arg in self.type_args]
        pool = self.pools.get(answer)
        if pool is None:
            pool = self.library.pool(self.signature, answer)
            self.pools[answer] = pool
        return Closure(self, domain, function, pool.take(), args, target)


class _Values:
    """What expressions of a callback type are evaluated on: what C passed."""

    __slots__ = ("message", "type_args", "values")
    result: Any = None
    errno = 0

    def __init__(self, values: tuple[Any, ...], type_args: list[int], message: bytes = b"") -> None:
        self.values = values
        self.type_args = type_args
        self.message = message

    def raw(self, index: int) -> Any:
        """A parameter."""
        return self.values[index]

    def deref(self, index: int) -> Any:
        """What one points to."""
        raise Fault("a pointer of a callback has no value here")


class Closure:
    """A Python function while C may call it."""

    __slots__ = (
        "_strong",
        "_weak",
        "alive",
        "bound",
        "domain",
        "form",
        "function",
        "holder",
        "joined",
        "once",
        "parent",
        "slot",
        "text",
        "thread",
        "token",
        "type_args",
        "use",
    )

    def __init__(
        self, form: Form, domain: Any, function: Function, slot: Slot, args: list[int], target: Any
    ) -> None:
        self.form = form
        self.use = form.use
        self.domain = domain
        self.function = function
        self.slot = slot
        self.type_args = args
        self.thread = threading.get_ident()
        self.once = form.use.scope == "once"
        self.alive = True
        self.bound = False
        self.parent: Owner | None = None
        self.joined: list[Closure] = []
        self.text: Any = None
        self.holder: Any = None
        self._strong: Target | None = Target(target)
        self._weak: Any = None
        self.token = next(_numbers)
        _tokens[self.token] = self
        slot.closure = self
        slot.label = f"{function.label}: {form.use.name}"
        slot.reported = False
        domain.closures.append(self)

    def target(self) -> Any:
        """The function, or None when it was collected with the object that held it."""
        held = self._strong if self._weak is None else self._weak()
        return held.function if held is not None else None

    def hold_by(self, wrapper: Any) -> None:
        """The function lives as long as an object, so that it may name that object."""
        if wrapper._functions is None:
            wrapper._functions = {}
        wrapper._functions[self.token] = self._strong
        self._weak = weakref.ref(self._strong)
        self.holder = weakref.ref(wrapper)
        self._strong = None

    def bind(self, parent: Owner | None) -> None:
        """C has accepted it, until it is replaced or ended."""
        if not self.alive or self.bound or self.use.scope != "until":
            return
        if parent is not None and parent.state not in (LIVE, DISPOSED):
            self.end()
            return
        self.bound = True
        self.parent = parent
        if parent is not None:
            parent.closures.append(self)
        if self.use.replaced:
            replaced(self.domain, self.use, parent, self)

    def unbind(self) -> None:
        """Nothing of the object that it was registered on ends it any more."""
        if self.parent is not None:
            self.parent.closures.remove(self)
            self.parent = None
        self.bound = False

    def end(self) -> None:
        """C must not call it any more; if it does, it is answered alone."""
        if not self.alive:
            return
        self.alive = False
        slot = self.slot
        slot.closure = None
        _tokens.pop(self.token, None)
        self.unbind()
        if self in self.domain.closures:
            self.domain.closures.remove(self)
        if self.holder is not None:
            wrapper = self.holder()
            if wrapper is not None and wrapper._functions is not None:
                wrapper._functions.pop(self.token, None)
        self._strong = self._weak = None
        slot.pool.resting.append(slot)

    def end_joined(self) -> None:
        """The notice has come that C needs it no more, nor what shares its user data."""
        for other in self.joined:
            other.end()
        self.end()

    def threw(self, raw: tuple[Any, ...], message: str) -> None:
        """Python could not answer: calls what a void callback's `on_throw` says."""
        form = self.form
        if not form.is_void or form.on_throw is None:
            return
        try:
            text = message.encode("utf-8", "replace")
            form.on_throw(_Values(raw, self.type_args, text))
        except Fault as fault:
            report(f"{self.slot.label}: {fault}")

    def run(self, function: Any, raw: tuple[Any, ...], thread: int, inside: bool) -> Any:
        """Converts, calls, and converts the answer."""
        domain, form = self.domain, self.form
        label = self.function.label
        name = form.use.name
        lent: list[Owner] = []
        views: list[tuple[Any, Any, int, bool]] = []
        seal = domain.seal
        current, domain.current = domain.current, None
        entered = current[:-1] if current is not None else ()
        for owner in entered:
            owner.enter(current[-1])
        domain.called_back += 1
        try:
            values = [
                self._lift(Site(form.library.name, label, f"{name}: {param.name}"), param, raw,
                           lent, views)
                for param in (form.type.params[i] for i in form.type.args)
            ]  # fmt: skip
            if form.type.no_reenter:
                domain.seal = form.type
                domain.blocked = True
            answer = function(*values)
            if form.is_void:
                return None
            site = Site(form.library.name, label, f"{name}: the result")
            return self._lower(site, answer)
        except BaseException as error:
            message = _message(error)
            if inside:
                pending[thread] = error
            else:
                unraisable(error, f"{label}: {name}: in a callback that nobody waits for")
            self.threw(raw, message)
            return self.slot.pool.answer
        finally:
            if form.type.no_reenter:
                domain.seal = seal
                domain.unblock()
            for view, memory, address, back in views:
                if back:
                    abi.ffi.memmove(abi.pointer_to(address), memory, len(memory))
                try:
                    view.release()
                except BufferError:
                    pass
            if lent:
                domain.expire(lent, None)
                domain.settle()
            domain.called_back -= 1
            for owner in entered:
                owner.leave()
            domain.current = current

    def _lift(
        self, site: Site, param: Param, raw: tuple[Any, ...], lent: list[Owner], views: list[Any]
    ) -> Any:
        value = raw[param.index]
        if param.role in ("buffer", "view"):
            return self._lift_counted(site, param, value, raw, lent, views)
        return _lift_one(site, param.type, value, lent)

    def _lift_counted(
        self,
        site: Site,
        param: Param,
        address: int,
        raw: tuple[Any, ...],
        lent: list[Owner],
        views: list[Any],
    ) -> Any:
        if not address:
            return None
        of = param.type.to
        size = of.element
        count_of = self.form.counts[param.index]
        if param.terminated or count_of is None:
            count = terminated_count(address, size)
        else:
            try:
                count = count_of(_Values(raw, self.type_args))
            except Fault as fault:
                raise site.error(ValueError, str(fault)) from None
            if not 0 <= count <= 1 << 53:
                raise site.error(ValueError, "the length is out of range")
        if param.text is not None:
            return decode(param.text, bytes(abi.memory_at(address, count * size)))
        if of.scalar or of.kind == "void":
            if param.role != "view":
                return copy_of(site, of, address, count)
            memory = bytearray(abi.memory_at(address, count * size))
            view = values_of(of, memory, count) if not is_bytes(of) else memoryview(memory)
            writable = param.dir == "inout"
            if not writable:
                view = view.toreadonly()
            views.append((view, memory, address, writable))
            return view
        made = []
        for i in range(count):
            at = address + i * size
            if of.kind == "struct":
                made.append(copy_struct(of, abi.memory_at(at, size)[:]))
            else:
                pointer = abi.cast("uintptr_t *", at)[0]
                made.append(_lift_one(site.index(i), of, pointer, lent))
        return made

    def _lower(self, site: Site, value: Any) -> Any:
        result = self.form.result
        kind = result.type
        if kind.scalar:
            return lower_scalar(site, kind, value)
        if kind.kind == "string":
            if value is None and result.null:
                return 0
            if not isinstance(value, str):
                raise site.wrong(TypeError, kind, False, value)
            encoding = kind.encoding or "utf8"
            kept = abi.from_buffer(encode(site, encoding, value, False) + terminator(encoding))
            self.text = kept
            return abi.address_of(kept)
        if kind.kind == "ref":
            if value is None and result.null:
                return 0
            given = native(value, kind.to)
            if given is None:
                raise site.wrong(TypeError, kind.to, result.null, value)
            check_live(site, given)
            return given._address
        if kind.pointers:
            raise site.error(TypeError, f"{kind.name} holds pointers")
        keep, address, memory = allocate(kind.size, kind.align)
        lower_struct(None, site, kind, value, memory, address, None)
        made = self.form.struct()
        abi.ffi.memmove(made, memory, kind.size)
        del keep
        return made[0]


def _lift_one(site: Site, kind: Type, raw: Any, lent: list[Owner]) -> Any:
    if kind.scalar:
        return lift_scalar(kind, raw)
    if kind.kind == "struct":
        return copy_struct(kind, abi.buffer(abi.ffi.addressof(raw), kind.size)[:])
    if not raw:
        return None
    if kind.kind == "string":
        return lift_text(kind.encoding or "utf8", raw)
    library = kind.library
    owner, fresh = library.borrow(kind, raw)
    if fresh:
        lent.append(owner)
    return library.wrap(owner)


def _message(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException:
        return type(error).__name__


def replaced(domain: Any, use: Param, parent: Owner | None, keep: Any = None) -> None:
    """What was set for `use` before is no longer."""
    others = domain.closures if parent is None else parent.closures
    for closure in list(others):
        if closure is not keep and closure.bound and closure.use is use:
            closure.end()


def _destroyed(token: int) -> None:
    closure = _tokens.get(token)
    if closure is None:
        return
    lock = closure.domain.lock
    if lock.acquire(False):
        try:
            closure.end_joined()
        finally:
            lock.release()
    else:
        closure.domain.ended_elsewhere.append(closure)
        closure.domain.blocked = True


_notice: Any = None


def destroy_code() -> int:
    """The address of the function by which C says that it needs a closure no more: it takes the
    closure's token."""
    global _notice
    if _notice is None:
        _notice = abi.ffi.callback("void(*)(uintptr_t)", _destroyed)
        _immortal(_notice)
    return abi.address_of(_notice)
