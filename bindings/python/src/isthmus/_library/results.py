"""What C gave: first it is decided whether the call failed; then every address is put under a
record; only then values are made, which may fail. Text and bytes are copied at once."""

from __future__ import annotations

import threading
from typing import Any

from .._errors import Error, StateError
from . import abi, buffers
from .callbacks import pending
from .descriptor import Param, Type
from .expressions import Fault
from .native import (
    Native,
    hold,
    place,
)
from .owners import BORROWED, LENT, LIVE, OWNED, Owner
from .resolving import Resolving
from .scalars import (
    allocate,
    code_of,
    decode,
    lift_scalar,
    lift_text,
)
from .state import Argument
from .structs import adopt_struct, copy_struct
from .texts import Site


class _Bundle:
    """What the expressions of an error bundle are evaluated on."""

    __slots__ = ("call", "values")

    def __init__(self, call: Results, values: list[Any]) -> None:
        self.call = call
        self.values = values

    def raw(self, index: int) -> Any:
        """A parameter of the bundle."""
        return self.values[index]

    @property
    def result(self) -> Any:
        """What the function returned."""
        return self.call.result

    @property
    def errno(self) -> int:
        """errno after the call."""
        return self.call.errno


class Results(Resolving):
    """After C."""

    __slots__ = ()

    def _finish(self, constructed: Owner | None) -> Any:
        function, plan = self.function, self.plan
        if function.errno:
            plan.library.set_errno(self.errno)
        for kept in self.later.keep:
            if type(kept) is tuple and isinstance(kept[0], Native):
                given, part = kept
                if given._owner is None or given._owner.state == LIVE:
                    given._memory[: given._type.size] = bytes(part)
        for param in plan.takes:
            owner = self.arguments[param.index].owner
            if owner is not None:
                owner.taken(function)
        fault: str | None = None
        failure: BaseException | None = None
        text = self._error_text()
        if function.throws is not None:
            try:
                self.failed = self._has_failed()
                if self.failed:
                    failure = self._failure(text)
            except Fault as why:
                self.failed = True
                fault = str(why)
        self._release_owned_always()
        if self.failed:
            if constructed is not None:
                constructed.gone(None)
        else:
            for index in function.outputs:
                self._adopt(function.result if index < 0 else function.params[index])
        self._settle_callbacks(self.failed)
        if pending:
            thrown = pending.pop(threading.get_ident(), None)
            if thrown is not None:
                if constructed is not None and not self.failed:
                    constructed.forgotten = True
                raise thrown
        if fault is not None:
            raise self.site.error(Error, fault)
        if failure is not None:
            raise failure
        if constructed is not None:
            return plan.library.wrap_constructed(constructed, self)
        return self._outputs()

    def _error_text(self) -> str | None:
        """Owned texts that are freed whether the call failed or not, and the one that says why."""
        text: str | None = None
        for param in self.plan.error_texts:
            argument = self.arguments[param.index]
            if argument.absent or argument.cell is None:
                continue
            address = int(argument.cell[0])
            if not address:
                continue
            text = lift_text(param.type.to.encoding or param.text or "utf8", address)
            if param.free is not None:
                self.releases.append((param.free, address))
        return text

    def _bundle(self) -> _Bundle:
        return _Bundle(self, [arg(self) for arg in self.plan.throw_args])

    def _has_failed(self) -> bool:
        plan = self.plan
        test = plan.fail or plan.ok
        if test is None:
            return False
        values = self._bundle()
        if bool(test(values)) != (plan.fail is not None):
            return False
        if plan.excepted and plan.code is not None:
            code = plan.code(values)
            return not any(one(self) == code for one in plan.excepted)
        return True

    def _failure(self, text: str | None) -> BaseException:
        """The exception of the error bundle; then its cleanup runs."""
        plan, bundle = self.plan, self.function.throws
        assert bundle is not None
        values = self._bundle()
        code: Any = None
        try:
            code = plan.code(values) if plan.code is not None else None
        except Fault:
            pass
        message = text
        if message is None and plan.message is not None:
            try:
                message = _message_of(bundle.message, plan.message(values), plan.library)
            except Fault:
                pass
        if not message:
            message = f"failed with {code}" if isinstance(code, int) else "failed"
        kind: type[Error] = plan.library.error_class(bundle)
        error: Any = self.site.error(kind, message)
        error.code = code
        if plan.cleanup is not None:
            try:
                plan.cleanup(values)
            except Fault:
                pass
        failure: BaseException = error
        return failure

    def _release_owned_always(self) -> None:
        """After a failure only what is owned always is ours, and so it is where nobody wants it."""
        function = self.function
        for param in self.plan.owned_always:
            argument = self.arguments[param.index]
            if not self.failed and param.index in function.outputs:
                continue
            if argument.cell is None or argument.absent:
                continue
            address = int(argument.cell[0])
            kind = param.type.to
            free = param.free or (kind.to.destructor if kind.kind == "ref" else None)
            if address and free is not None:
                self.plan.library.free_with(free, address)

    # ---- records for what C gave ----

    def _bind(self, param: Param, child: Owner) -> None:
        kept = [self.arguments[index].owner for index in param.keeps]
        for owner in kept:
            if owner is not None and owner is not child:
                child.keep(owner)
        if param.own:
            return
        parent = self.arguments[param.parent].owner if param.parent is not None else None
        if parent is not None and parent is not child and parent not in kept:
            child.keep(parent)
        if param.until:
            above = parent or self.parent
            child.end_until(None if above is child else above, param.until)

    def _pointer_of(self, param: Param) -> tuple[Type | None, int]:
        """The type of the pointer that an output gives, and the pointer."""
        kind = param.type
        argument = self.arguments[param.index]
        if param is self.function.result:
            if kind.kind not in ("ref", "string", "pointer"):
                return None, 0
            result = self.result
            return kind, result if isinstance(result, int) else abi.address_of(result)
        if param.role == "cell":
            kind = kind.to
            if kind.kind not in ("ref", "string", "pointer") or argument.absent:
                return None, 0
            return kind, int(argument.cell[0])
        return None, 0

    def _adopt(self, param: Param) -> None:
        argument = self.arguments[param.index]
        if param is not self.function.result and self.plan.filled_structs[param.index] is not None:
            to = self.plan.filled_structs[param.index]
            if argument.memory is not None and to is not None and param.is_bound:
                owner = Owner(self.plan.domain, to, argument.address, LENT, None, argument.keep)
                argument.owner = owner
                argument.fresh = True
                self._bind(param, owner)
            return
        kind, address = self._pointer_of(param)
        if kind is None or not address or param.within is not None:
            return
        if kind.kind == "ref" and not param.copy:
            if param.own:
                self._adopt_owned(param, argument, kind.to, address)
            else:
                owner, fresh = self.plan.library.borrow(kind, address)
                argument.owner, argument.fresh = owner, fresh
                if owner.kind == BORROWED:
                    self._bind(param, owner)
            self._attach_receiver(argument)
        elif param.own:
            free = param.free or (kind.to.destructor if kind.kind == "ref" else None)
            if free is not None:
                self.releases.append((free, address))

    def _adopt_owned(self, param: Param, argument: Argument, to: Type, address: int) -> None:
        domain = self.plan.domain
        destroy = param.free or to.destructor
        owner = domain.find(to, address)
        if owner is not None and owner.kind != BORROWED:
            argument.owner = owner
            return
        if owner is not None:
            if destroy is not None:
                owner.adopt(destroy)
        else:
            kind = OWNED if destroy is not None else BORROWED
            owner = Owner(domain, to, address, kind, destroy)
            argument.fresh = True
            for other in self.arguments[:-1]:
                if to.depth and other.owner is not None and other.owner is not owner:
                    owner.inherit_height(other.owner)
        argument.owner = owner
        self._bind(param, owner)

    def _attach_receiver(self, argument: Argument) -> None:
        """What a class constructs is the new object itself."""
        owner, receiver = argument.owner, self.receiver
        if receiver is None or owner is None or owner.wrapper is not None:
            return
        if owner.type is not self.function.owner:
            return
        self.plan.library.attach(owner, receiver)
        self.receiver = None

    def _hold(self, param: Param, made: Native) -> None:
        """A new object keeps alive what its record needs."""
        held: list[Any] = []

        def add(owner: Owner | None) -> None:
            wrapper = owner.wrapper if owner is not None else None
            if wrapper is not None and wrapper is not made:
                held.append(wrapper)

        for index in param.keeps:
            add(self.arguments[index].owner)
        if not param.own and param.parent is not None:
            add(self.arguments[param.parent].owner)
        elif not param.own and param.until:
            add(self.parent)
        for index in [*param.keeps, *([param.parent] if param.parent is not None else [])]:
            wrap = self.arguments[index].wrap
            if wrap is not None and wrap is not made and wrap._owner is None:
                held.append(wrap)
        hold(made, held)

    # ---- results ----

    def _outputs(self) -> Any:
        function = self.function
        outputs = function.outputs
        if not outputs:
            return None
        if len(outputs) == 1:
            return self._output(function.result if outputs[0] < 0 else function.params[outputs[0]])
        values = [
            self._output(function.result if index < 0 else function.params[index])
            for index in outputs
        ]
        return self.plan.library.results_class(function)(*values)

    def _missing(self, param: Param) -> None:
        if param.null:
            return
        if param is self.function.result:
            raise self.site.error(Error, "the result is NULL")
        raise self.sites[param.index].error(Error, "is NULL")

    def _output(self, param: Param) -> Any:
        is_result = param is self.function.result
        argument = self.arguments[param.index]
        if param.role == "buffer":
            return self._output_buffer(param, argument, is_result)
        kind, raw = param.type, self.result
        if not is_result:
            if argument.absent:
                return None
            if self.plan.filled_structs[param.index] is not None:
                return self._output_filled(param, argument)
            if param.role == "cell":
                kind = kind.to
                if kind.kind == "struct":
                    return argument.value
                raw = argument.cell[0]
            elif kind.kind == "ref":
                return argument.value
            else:
                raw = self.values[param.index]
        if kind.scalar:
            return lift_scalar(kind, raw)
        if kind.kind == "void":
            return None
        if kind.kind == "struct":
            data = abi.buffer(abi.ffi.addressof(raw), kind.size)[:]
            return self._copy_struct(param, kind, data)
        return self._output_pointer(param, argument, kind, raw)

    def _copy_struct(self, param: Param, kind: Type, data: bytes) -> Any:
        if not param.is_bound or not kind.pointers:
            return copy_struct(kind, data)
        keep, address, memory = allocate(kind.size, kind.align)
        memory[: kind.size] = data
        return self._lend(param, Owner(self.plan.domain, kind, address, LENT, None, keep), memory)

    def _lend(self, param: Param, owner: Owner, memory: Any) -> Any:
        self._bind(param, owner)
        made = place(owner.type.library.class_of(owner.type), owner.type, owner.address, memory,
                     owner)  # fmt: skip
        self.plan.domain.attach(owner, made)
        self._hold(param, made)
        return made

    def _output_filled(self, param: Param, argument: Argument) -> Any:
        if argument.into is not None:
            return argument.into
        to = self.plan.filled_structs[param.index]
        assert to is not None
        if argument.owner is not None:
            argument.fresh = False
            return self._lend(param, argument.owner, argument.memory)
        return adopt_struct(to, argument.keep, argument.address, argument.memory)

    def _output_pointer(self, param: Param, argument: Argument, kind: Type, raw: Any) -> Any:
        address = raw if isinstance(raw, int) else abi.address_of(raw)
        if param.within is not None:
            return self._within(param, address)
        if not address:
            self._missing(param)
            return None
        site = self.site if param is self.function.result else self.sites[param.index]
        if kind.kind == "string" or (kind.kind == "pointer" and param.text is not None):
            encoding = (kind.encoding if kind.kind == "string" else param.text) or "utf8"
            return lift_text(encoding, address)
        if kind.kind == "pointer":
            raise site.error(TypeError, "a bare pointer has no meaning in Python")
        if param.copy:
            return self._copy_struct(param, kind.to, abi.memory_at(address, kind.to.size)[:])
        owner = argument.owner
        assert owner is not None
        if argument.fresh and owner.kind == BORROWED:
            deep = owner.too_deep()
            if deep:
                raise site.error(StateError, deep)
        known = self._known(kind.to, address)
        if known is not None and owner.wrapper is None:
            return known
        made = self.plan.library.wrap(owner)
        if argument.fresh:
            self._hold(param, made)
        return made

    def _known(self, to: Type, address: int) -> Native | None:
        """A struct of the caller's that C gives back is that same object."""
        if to.kind != "struct":
            return None
        for argument in self.arguments:
            wrap = argument.wrap
            if wrap is not None and wrap._address == address and wrap._type is to:
                return wrap
        return None

    def _within(self, param: Param, address: int) -> Any:
        assert param.within is not None
        if not address:
            self._missing(param)
            return None
        whole = self.function.params[param.within]
        argument = self.arguments[whole.index]
        encoding = whole.type.encoding if whole.type.kind == "string" else whole.text
        if whole.type.kind == "string":
            size = 2 if encoding == "utf16" else 1
        else:
            size = whole.type.to.element
        if argument.unit:
            size = argument.unit
        first = argument.address
        if not first <= address <= first + argument.size:
            raise self.site.error(ValueError, f"C gave a pointer that is not within {whole.name}")
        offset = address - first
        if argument.from_string:
            if encoding == "latin1":
                return offset
            data = argument.keep[:offset]
            if encoding == "utf16":
                return len(data.decode("utf-16-le", "surrogatepass"))
            return sum(1 for byte in data if byte & 0xC0 != 0x80)
        return offset // size

    def _output_buffer(self, param: Param, argument: Argument, is_result: bool) -> Any:
        if argument.absent:
            return None
        site = self.site if is_result else self.sites[param.index]
        of = param.type.to
        count = argument.count
        if is_result:
            argument.address = (
                self.result if isinstance(self.result, int) else abi.address_of(self.result)
            )
            if not argument.address:
                self._missing(param)
                return None
            if param.terminated:
                count = buffers.terminated_count(argument.address, of.element)
            else:
                count = self._evaluate(site, self.plan.result_count, "length")
        length = None if is_result else self._decided(param)
        if not is_result and self.plan.filled[param.index] is not None:
            try:
                filled = self.plan.filled[param.index](self)
            except Fault as fault:
                raise site.error(ValueError, str(fault)) from None
            count = min(count, max(int(filled), 0))
        elif length is not None and length.role == "cell" and length.dir == "inout":
            now = self.arguments[length.index].cell[0]
            count = min(count, max(now, 0))
        if param.text is not None:
            return self._output_text(param, argument, is_result, count, length)
        if not of.scalar and of.kind != "void":
            return self._output_elements(param, argument, site, of, count)
        if argument.into is not None:
            return _cut(argument.into, of, count)
        if param.dir == "inout" and argument.given:
            return argument.value
        if argument.data is not None and param.dir == "out":
            data, argument.data = argument.data, None
            # The memory is the caller's now: no pointer of ours holds it.
            if argument.keep is not None:
                abi.ffi.release(argument.keep)
                argument.keep = None
            self.values[param.index] = None
            return buffers.values_of(of, data, count)
        return buffers.copy_of(site, of, argument.address, count)

    def _output_text(
        self,
        param: Param,
        argument: Argument,
        is_result: bool,
        count: int,
        length: Param | None,
    ) -> str:
        encoding = param.text or "utf8"
        unit = 2 if encoding == "utf16" else 1
        counted = param.filled is not None or (is_result and not param.terminated)
        if not counted:
            counted = length is not None and length.role == "cell"
        if argument.data is not None:
            data = bytes(memoryview(argument.data)[: count * unit])
        else:
            data = bytes(abi.memory_at(argument.address, count * unit))
        text = decode(encoding, data)
        if counted:
            return text
        return text.split("\0", 1)[0]

    def _output_elements(
        self, param: Param, argument: Argument, site: Site, of: Type, count: int
    ) -> list[Any]:
        made = []
        for i in range(count):
            address = argument.address + i * of.element
            if of.kind == "struct":
                made.append(copy_struct(of, abi.memory_at(address, of.size)[:]))
                continue
            pointer = int(abi.cast("uintptr_t *", address)[0])
            if not pointer:
                made.append(None)
            elif of.kind == "string":
                made.append(lift_text(of.encoding or "utf8", pointer))
            else:
                owner, fresh = self.plan.library.borrow(of, pointer)
                if owner.kind == BORROWED:
                    self._bind(param, owner)
                one = self.plan.library.wrap(owner)
                if fresh:
                    self._hold(param, one)
                made.append(one)
        return made


def _cut(into: Any, of: Type, count: int) -> Any:
    """What was filled of the caller's own buffer."""
    view: Any = memoryview(into)
    size = count * of.element
    if view.nbytes == size and view.ndim == 1:
        return view
    flat = view.cast("B")[:size]
    return flat if buffers.is_bytes(of) else flat.cast(code_of(of))


def _message_of(expression: Any, value: Any, library: Any) -> str | None:
    """The text of a message; where it comes from tells how it is encoded."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (int, float)):
        address = int(value)
    else:
        address = abi.address_of(value)
    if not address:
        return None
    encoding = "utf8"
    if "call" in expression:
        encoding = library.descriptor.functions[expression["call"]].result.type.encoding or "utf8"
    return lift_text(encoding, address)
