"""One call in full: arguments are converted in two steps, C runs, and what it gave is put under
records before anything can fail.

First everything is done that can run the caller's code; then lives and lengths are checked, and
between that and C nothing of the caller's runs. Whether the call failed is tested before any
result is converted. Whatever way a call ends, exports end, records are left and memory is freed.
`fast.py` has a shorter way for the calls that need little of this.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from .._errors import ClosedError, Error, NotFoundError, StateError
from . import abi, buffers, pins
from .buffers import EMPTY, Span
from .callbacks import Closure, Form, destroy_code, pending, replaced
from .descriptor import Field, Function, Param, Type
from .expressions import Fault, is_argument
from .native import (
    NEVER,
    ArrayView,
    Native,
    check_live,
    check_writable,
    hold,
    is_unmade,
    native,
    place,
)
from .owners import BORROWED, LENT, LIVE, MEMORY, OWNED, Owner
from .scalars import (
    allocate,
    code_of,
    decode,
    encode,
    lift_scalar,
    lift_text,
    lower_scalar,
    terminator,
)
from .structs import Later, adopt_struct, copy_struct, lower_part, lower_struct, prepare
from .texts import Site, article, perhaps

_MOST_ELEMENTS = 1 << 24


class Argument:
    """One parameter between the steps; the result has one too."""

    __slots__ = (
        "absent",
        "address",
        "cell",
        "closure",
        "count",
        "data",
        "done",
        "fresh",
        "from_string",
        "given",
        "into",
        "keep",
        "memory",
        "owner",
        "size",
        "unit",
        "value",
        "wrap",
    )

    def __init__(self) -> None:
        self.given = False
        self.value: Any = None
        self.into: Any = None
        self.done = False
        self.absent = False
        self.from_string = False
        self.fresh = False
        """`owner` is a new record, which has no object yet."""
        self.address = 0
        self.count = 0
        self.size = 0
        self.unit = 0
        self.cell: Any = None
        self.data: Any = None
        """The output's own memory: bytes or bytearray."""
        self.keep: Any = None
        self.memory: Any = None
        """A struct that C fills: what keeps it, and a buffer over it."""
        self.owner: Owner | None = None
        self.wrap: Native | None = None
        self.closure: Closure | None = None


class Plan:
    """What is known of a function before it is called."""

    def __init__(self, library: Any, function: Function) -> None:
        self.library = library
        self.domain = library.domain
        self.function = function
        self.params = function.params
        self.site = Site(library.name, function.label)
        self.sites = [self.site.at(param.name) for param in self.params]
        self._call: Any = None
        compile_ = library.compile

        def maybe(expression: Any) -> Any:
            return compile_(expression) if expression else None

        self.minimum = [maybe(param.minimum) for param in self.params]
        self.maximum = [maybe(param.maximum) for param in self.params]
        self.counts = [maybe(param.count) for param in self.params]
        self.sizes = [maybe(param.size) for param in self.params]
        self.filled = [maybe(param.filled) for param in self.params]
        self.fixed = [maybe(param.value) for param in self.params]
        self.result_count = maybe(function.result.count)
        self.forms: dict[int, Form] = {}
        self.field_forms: dict[Field, Form] = {}
        bundle = function.throws
        self.throw_args = [compile_(arg) for arg in function.throw_args]
        self.excepted = [compile_(arg) for arg in function.except_]
        self.fail = maybe(bundle.fail) if bundle else None
        self.ok = maybe(bundle.ok) if bundle else None
        self.code = maybe(bundle.code) if bundle else None
        self.message = maybe(bundle.message) if bundle else None
        self.cleanup = maybe(bundle.cleanup) if bundle else None
        self.within = {
            param.within for param in [*self.params, function.result] if param.within is not None
        }
        self.filled_structs = [_filled_struct(param) for param in self.params]
        self.locks = library.calls_back or function.ends_borrows or self._has_objects()
        self.defaults: dict[int, Any] = {}
        for param in self.params:
            if param.default is not None:
                from .descriptor import literal

                kind = param.type.to if param.role == "cell" else param.type
                self.defaults[param.index] = literal(param.default, kind)

    def _has_objects(self) -> bool:
        def reaches(kind: Type) -> bool:
            if kind.kind == "callback" and kind.no_reenter:
                return True
            if kind.kind in ("ref", "handle"):
                return True
            if kind.kind == "pointer":
                return kind.to is not kind and reaches(kind.to)
            return kind.kind == "struct" and kind.pointers

        return any(reaches(p.type) for p in [*self.params, self.function.result])

    def form(self, param: Param) -> Form:
        """How a callback parameter is converted."""
        made = self.forms.get(param.index)
        if made is None:
            made = Form(self.library, param, self.function, param.index)
            self.forms[param.index] = made
        return made

    def field_form(self, field: Field) -> Form:
        """How a callback in a struct is converted."""
        made = self.field_forms.get(field)
        if made is None:
            assert field.use is not None
            made = Form(self.library, field.use, self.function, None)
            self.field_forms[field] = made
        return made

    def call(self) -> Any:
        """The C function."""
        if self._call is None:
            address = self.library.addresses[self.function.index]
            if not address:
                raise self.site.error(
                    NotFoundError,
                    f"this version of the library has no {self.function.symbol}",
                )
            self._call = self.library.shared.function(self.function, address)
        return self._call

    def failure(self, values: list[Any], result: Any) -> BaseException:
        """The exception for a call that was made with raw values, and that failed."""
        call = Call(self, self.site)
        call.values = values
        call.result = result
        try:
            return call._failure(None)
        except Fault as fault:
            return self.site.error(Error, str(fault))

    def missing(self) -> BaseException:
        """The exception for a result that is NULL where none was promised."""
        return self.site.error(Error, "the result is NULL")

    def available(self, site: Site) -> None:
        """Raises unless the function can run now."""
        domain = self.domain
        if domain.closed:
            raise site.error(ClosedError, "the library is closed")
        if domain.seal is not None:
            raise site.error(StateError, f"cannot be called while {article(domain.seal.name)} runs")
        self.call()

    def run(
        self,
        this: Any,
        given: tuple[Any, ...],
        into: Any = None,
        receiver: Any = None,
        label: Site | None = None,
        disposing: bool = False,
    ) -> Any:
        """Calls. `given` has every argument, defaults put in."""
        domain = self.domain
        if not self.locks:
            return self._run(this, given, into, receiver, label, disposing)
        if domain.blocked:
            domain.drain()
        with domain.lock:
            domain.active += 1
            try:
                return self._run(this, given, into, receiver, label, disposing)
            finally:
                domain.active -= 1
                if domain.blocked:
                    domain.unblock()
                    if domain.blocked and not domain.active and not domain.called_back:
                        domain.drain()

    def _run(
        self,
        this: Any,
        given: tuple[Any, ...],
        into: Any,
        receiver: Any,
        label: Site | None,
        disposing: bool,
    ) -> Any:
        call = Call(self, label or self.site)
        try:
            return call.run(this, given, into, receiver, disposing)
        finally:
            call.close()


def _filled_struct(param: Param) -> Type | None:
    """The struct that an output fills."""
    if param.dir != "out":
        return None
    if param.role == "cell" and param.type.to.kind == "struct":
        return param.type.to
    if param.role == "value" and param.type.kind == "ref" and param.type.to.kind == "struct":
        return param.type.to
    return None


class _Bundle:
    """What the expressions of an error bundle are evaluated on."""

    __slots__ = ("call", "values")

    def __init__(self, call: Call, values: list[Any]) -> None:
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


class Call:
    """The state of one call; also what expressions of its function are evaluated on."""

    __slots__ = (
        "arguments",
        "called",
        "checking",
        "entered",
        "errno",
        "failed",
        "function",
        "later",
        "parent",
        "plan",
        "receiver",
        "releases",
        "result",
        "site",
        "sites",
        "spans",
        "stored",
        "values",
    )

    def __init__(self, plan: Plan, site: Site) -> None:
        self.plan = plan
        self.function = plan.function
        self.site = site
        if site is plan.site:
            self.sites = plan.sites
        else:
            self.sites = [site.at(param.name) for param in plan.params]
        count = len(plan.params)
        self.arguments = [Argument() for _ in range(count + 1)]
        self.values: list[Any] = [0] * count
        """What cffi gets."""
        self.later = Later(self)
        self.spans: list[Span] = []
        self.entered: list[Owner] = []
        self.releases: list[tuple[Function, int]] = []
        self.stored: list[tuple[Field, Any, Closure | None]] = []
        self.checking: set[int] = set()
        self.parent: Owner | None = None
        """Self, or the first handle."""
        self.receiver: Any = None
        self.result: Any = None
        self.errno = 0
        self.called = False
        self.failed = False

    # ---- values for expressions ----

    def raw(self, index: int) -> Any:
        """The raw value of a parameter."""
        return self.values[index]

    def deref(self, index: int) -> Any:
        """What a cell holds."""
        cell = self.arguments[index].cell
        if cell is None:
            raise Fault("a NULL has no value")
        return cell[0]

    # ---- the whole ----

    def run(
        self, this: Any, given: tuple[Any, ...], into: Any, receiver: Any, disposing: bool
    ) -> Any:
        """Everything but the end."""
        plan, function = self.plan, self.function
        plan.available(self.site)
        self.receiver = receiver
        constructed: Owner | None = None
        if function.self_index is not None:
            if function.kind == "constructor":
                constructed = self._construct()
            else:
                this = self._this(this)
                if disposing and (this._owner.state != LIVE or this._owner.kind == BORROWED):
                    return None
                check_live(self.site, this)
                if function.kind == "destructor":
                    return self._destroy(this, given)
                argument = self.arguments[function.self_index]
                argument.value = this
                argument.given = True
        try:
            self._lower(given, into)
            self._resolve()
            plan.available(self.site)
        except BaseException:
            if constructed is not None:
                constructed.gone(None)
            raise
        if function.ends_borrows:
            plan.domain.function_ends(function, self.parent)
        self._enter_c()
        return self._finish(constructed)

    def _enter_c(self) -> None:
        function = self.plan.call()
        self.called = True
        if self.function.errno:
            abi.ffi.errno = 0
            self.result = function(*self.values)
            self.errno = abi.ffi.errno
        else:
            self.result = function(*self.values)
        self._leave()

    def _construct(self) -> Owner:
        function = self.function
        kind = function.owner
        assert kind is not None and function.self_index is not None
        keep, address, memory = allocate(kind.size, kind.align)
        owned = kind.destructor is not None
        owner = Owner(
            self.plan.domain, kind, address, OWNED if owned else MEMORY, kind.destructor, keep
        )
        argument = self.arguments[function.self_index]
        argument.owner = owner
        argument.fresh = argument.done = True
        argument.memory = memory
        self.values[function.self_index] = address
        return owner

    def _this(self, this: Any) -> Native:
        function = self.function
        assert function.self_index is not None
        kind = function.params[function.self_index].type.to
        found = native(this, kind)
        if found is not None:
            return found
        if is_unmade(this, kind):
            raise self.site.error(ClosedError, NEVER)
        raise self.site.expected(TypeError, f"this to be {article(kind.name)}", this)

    def _may_end(self, site: Site, owner: Owner, verb: str) -> None:
        busy = owner.busy()
        if busy:
            raise site.error(StateError, busy)
        if owner.kind == BORROWED:
            raise site.error(StateError, f"the {owner.type.name} is borrowed and cannot be {verb}")

    def _destroy(self, this: Native, given: tuple[Any, ...]) -> Any:
        """The destructor as a method."""
        plan, function = self.plan, self.function
        assert function.self_index is not None
        owner = this._owner
        assert owner is not None
        self._may_end(self.site, owner, "closed")
        argument = self.arguments[function.self_index]
        argument.done = argument.given = True
        argument.owner = owner
        argument.address = this._address
        self.values[function.self_index] = this._address
        self.parent = owner
        self._lower(given, None)
        check_live(self.site, this)
        self._may_end(self.site, owner, "closed")
        self._resolve()
        plan.available(self.site)
        if function.ends_borrows:
            plan.domain.function_ends(function, owner)
        self.called = True
        if not owner.dispose(function):
            return None
        try:
            if owner.free is not None and owner.free is not function:
                plan.library.free_with(owner.free, owner.address)
                return None
            self._enter_c()
            return self._finish(None)
        finally:
            owner.gone(function)

    def _leave(self) -> None:
        while self.entered:
            self.entered.pop().leave()

    def close(self) -> None:
        """Whatever way it ended."""
        self._leave()
        self._settle_callbacks(not self.called or self.failed)
        for function, address in self.releases:
            self.plan.library.free_with(function, address)
        buffers.release_all(self.spans)
        for argument in self.arguments:
            owner = argument.owner
            if argument.fresh and owner is not None and owner.wrapper is None:
                owner.forgotten = True
                owner.domain.settle_later(owner)
        if self.plan.locks:
            self.plan.domain.settle()
        # Nothing of the call is in a ring that only the collector would find.
        self.later.steps.clear()
        self.later.call = None
        self.arguments = []

    # ---- step one: what can run the caller's code ----

    def _lower(self, given: tuple[Any, ...], into: Any) -> None:
        function = self.function
        for index, value in zip(function.args, given):
            self._lower_one(function.params[index], value)
        for index, value in self.plan.defaults.items():
            param = function.params[index]
            if param.arg < 0 and index != function.self_index and param.role != "fixed":
                if not param.lengths and param.dir != "out":
                    self._lower_one(param, value)
        for param in function.params:
            self._lay_cell(param)
        if into is not None:
            self._read_into(into)

    def _lay_cell(self, param: Param) -> None:
        argument = self.arguments[param.index]
        if param.role != "cell" or param.type.to.kind == "struct" or argument.absent:
            if param.role == "cell" and argument.absent:
                self.values[param.index] = abi.NULL
            return
        if argument.cell is None:
            argument.cell = abi.new(abi.raw_name(param.type.to) + " *")
        self.values[param.index] = argument.cell

    def _read_into(self, into: Any) -> None:
        site = self.site.at("into")
        if not isinstance(into, Mapping):
            raise site.expected(TypeError, "a dict", into)
        takes = {param.name: param for param in self.function.params if self._takes_into(param)}
        for name in into:
            if not isinstance(name, str) or name not in takes:
                hint = perhaps(name, takes) if isinstance(name, str) else ""
                raise site.error(TypeError, f'there is no output "{name}"{hint}')
            value = into[name]
            param = takes[name]
            of = self.plan.filled_structs[param.index]
            if of is not None and of.pointers and param.is_bound:
                raise self.sites[param.index].error(
                    TypeError,
                    f"cannot be the caller's: what a new {of.name} points to is lent to it alone",
                )
            if value is not None:
                self.arguments[param.index].into = value

    def _takes_into(self, param: Param) -> bool:
        if self.plan.filled_structs[param.index] is not None:
            return True
        of = param.type.to
        return (
            param.role == "buffer"
            and param.dir == "out"
            and param.text is None
            and (of.scalar or of.kind == "void")
        )

    def _lower_one(self, param: Param, value: Any) -> None:
        index = param.index
        argument = self.arguments[index]
        argument.given = True
        argument.value = value
        site = self.sites[index]
        kind = param.type
        if value is None and param.null:
            argument.absent = argument.done = True
            pointer = kind.kind == "string" or param.role in ("buffer", "cell")
            self.values[index] = abi.NULL if pointer else 0
            return
        if param.role == "value":
            self._lower_value(param, argument, site, value)
        elif param.role == "cell":
            self._lower_cell(param, argument, site, value)
        elif param.role == "buffer":
            self._lower_buffer(param, argument, site, value)

    def _lower_value(self, param: Param, argument: Argument, site: Site, value: Any) -> None:
        kind = param.type
        if kind.scalar:
            self.values[param.index] = lower_scalar(site, kind, value)
            argument.done = True
        elif kind.kind == "string":
            encoding = kind.encoding or "utf8"
            if isinstance(value, str):
                data = encode(site, encoding, value, False)
                argument.from_string = True
            elif encoding == "utf16" or isinstance(value, Native):
                raise site.wrong(TypeError, kind, param.null, value)
            else:
                data = self._bytes_of(param, site, value)
            self._set_text(param, argument, data, encoding)
        elif kind.kind == "ref":
            self._lower_literal(param, argument, site, kind.to, value)
        elif kind.kind == "struct":
            keep, address, memory = allocate(kind.size, kind.align)
            lower_struct(self.later, site, kind, value, memory, address, None)
            argument.keep = keep
            argument.address = address
            argument.done = True
        elif kind.kind == "callback":
            if not callable(value):
                raise site.wrong(TypeError, kind, param.null, value)

    def _bytes_of(self, param: Param, site: Site, value: Any) -> bytes:
        if type(value) is not bytes:
            try:
                with memoryview(value) as view:
                    if view.itemsize != 1 or not view.c_contiguous:
                        raise TypeError
                    value = bytes(view)
            except (TypeError, ValueError, BufferError):
                raise site.wrong(TypeError, param.type, param.null, value) from None
        if b"\0" in value:
            raise site.error(ValueError, "expected bytes without NUL")
        return bytes(value)

    def _set_text(self, param: Param, argument: Argument, data: bytes, encoding: str) -> None:
        if encoding == "utf16":
            argument.size = len(data)
            argument.count = len(data) // 2
            data += b"\0\0"
        else:
            argument.size = argument.count = len(data)
        passed: Any = data
        if param.index in self.plan.within:
            passed = abi.from_buffer(data)
            argument.address = abi.address_of(passed)
        argument.keep = data
        argument.done = True
        self.values[param.index] = passed

    def _lower_literal(
        self, param: Param, argument: Argument, site: Site, to: Type, value: Any
    ) -> None:
        """A dict that stands for a struct is read now; objects are looked at in step two."""
        if to.kind != "struct" or param.dir != "in" or isinstance(value, Native):
            return
        keep, address, memory = allocate(to.size, to.align)
        lower_struct(self.later, site, to, value, memory, address, None)
        argument.keep = keep
        argument.address = address
        argument.done = True
        self._set_pointer(param, address)

    def _set_pointer(self, param: Param, address: int) -> None:
        is_cell = param.role == "cell"
        self.values[param.index] = abi.pointer_to(address) if is_cell else address

    def _lower_cell(self, param: Param, argument: Argument, site: Site, value: Any) -> None:
        of = param.type.to
        if of.kind == "struct":
            self._lower_literal(param, argument, site, of, value)
            return
        argument.cell = abi.new(abi.raw_name(of) + " *")
        if of.kind == "ref":
            if value is None and param.element_null:
                return

            def step() -> None:
                allowed = param.null or param.element_null
                argument.cell[0] = self.enter_ref(site, of.to, value, allowed)

            self.later.steps.append(step)
        elif of.kind == "string":
            if not isinstance(value, str):
                raise site.wrong(TypeError, of, param.null, value)
            encoding = of.encoding or "utf8"
            kept = abi.from_buffer(encode(site, encoding, value, False) + terminator(encoding))
            self.later.keep.append(kept)
            argument.cell[0] = abi.address_of(kept)
        else:
            argument.cell[0] = lower_scalar(site, of, value)

    def _lower_buffer(self, param: Param, argument: Argument, site: Site, value: Any) -> None:
        of = param.type.to
        if isinstance(value, ArrayView) and native(value, value._type) and buffers.fits(of, value):
            return
        if of.kind in ("string", "ref", "struct"):
            self._lower_elements(param, argument, site, value)
        elif isinstance(value, str) and param.text is not None and param.dir == "in":
            data = encode(site, param.text, value, not param.terminated)
            argument.from_string = True
            self._set_text(param, argument, data, param.text)
        else:
            # An export holds the memory where it is until the call has ended.
            written = param.dir == "inout"
            span = buffers.span_of(site, of, param.text, value, written, param.null)
            self.spans.append(span)
            argument.unit = span.unit if of.kind == "void" else 0
            argument.size = span.size
            argument.count = span.size // of.element
            passed = span.passed
            if param.terminated:
                if written:
                    buffers.ended(site, param, span)
                else:
                    passed = buffers.terminated(site, param, span)
            if param.index in self.plan.within or (param.terminated and written):
                kept = abi.from_buffer(passed) if type(passed) is bytes else passed
                argument.keep = kept
                argument.address = abi.address_of(kept)
            argument.done = True
            argument.data = passed
            self.values[param.index] = passed

    def _lower_elements(self, param: Param, argument: Argument, site: Site, value: Any) -> None:
        of = param.type.to
        if not isinstance(value, (list, tuple)):
            raise site.expected(
                TypeError, "a list of strings" if of.kind == "string" else "a list", value
            )
        elements = list(value)
        count, size = len(elements), of.element
        if count > _MOST_ELEMENTS:
            raise site.error(ValueError, f"expected at most {_MOST_ELEMENTS} elements, got {count}")
        keep, address, memory = allocate((count + 1) * size, of.align)
        whole = memoryview(memory)
        pointers = abi.cast("uintptr_t *", address)
        for i, element in enumerate(elements):
            place_ = site.index(i)
            if of.kind == "string":
                if element is None and param.element_null:
                    continue
                if not isinstance(element, str):
                    raise place_.wrong(TypeError, of, param.element_null, element)
                encoding = of.encoding or "utf8"
                data = encode(place_, encoding, element, False) + terminator(encoding)
                kept = abi.from_buffer(data)
                self.later.keep.append(kept)
                pointers[i] = abi.address_of(kept)
            elif of.kind == "ref":
                self._later_element(param, place_, of, element, pointers, i)
            else:
                part = whole[i * size : (i + 1) * size]
                if param.dir == "inout":
                    self._later_struct(place_, of, element, part)
                else:
                    lower_part(self.later, place_, of, element, part, address + i * size, None)
        argument.keep = keep
        argument.address = address
        argument.count = count
        argument.size = count * size
        argument.done = True
        argument.memory = memory
        self.values[param.index] = abi.pointer_to(address)

    def _later_element(
        self, param: Param, site: Site, of: Type, value: Any, pointers: Any, i: int
    ) -> None:
        def step() -> None:
            pointers[i] = self.enter_ref(site, of.to, value, param.element_null)

        self.later.steps.append(step)

    def _later_struct(self, site: Site, of: Type, value: Any, part: Any) -> None:
        given = native(value, of)
        if given is None:
            raise site.expected(TypeError, f"{article(of.name)}, which is changed in place", value)

        def step() -> None:
            self.enter_ref(site, of, given)
            check_writable(site, given)
            part[:] = bytes(given._memory)
            self.later.keep.append((given, part))

        self.later.steps.append(step)

    # ---- step two: nothing of the caller's runs ----

    def enter(self, owner: Owner) -> None:
        """A call is inside an object until C has returned."""
        owner.enter(self.function)
        self.entered.append(owner)

    def enter_ref(self, site: Site, to: Type, value: Any, null: bool = False) -> int:
        """The address of an object, which stays as it is while C runs."""
        if value is None and null:
            return 0
        found = native(value, to)
        if found is None:
            if is_unmade(value, to):
                raise site.error(ClosedError, NEVER)
            raise site.expected(TypeError, article(to.name) + (" or None" if null else ""), value)
        check_live(site, found)
        if to.functions:
            _functions_there(site, to, found._memory)
        owner = found._owner
        if owner is not None:
            alone = to.no_reenter or (to.kind == "handle" and self.function.no_reenter)
            if alone and owner.calls:
                raise site.error(StateError, owner.busy() or "in use")
            pins.check(self, site, found)
            self.enter(owner)
        return found._address

    def _resolve(self) -> None:
        function, plan = self.function, self.plan
        params = function.params
        for param in params:
            self._resolve_one(param)
        for step in self.later.steps:
            step()
        for param in params:
            if param.lengths:
                self._lengths(param)
        for param in params:
            if param.role == "fixed":
                self._fix(param)
        for param in params:
            if plan.minimum[param.index] or plan.maximum[param.index]:
                self._check_range(param)
        for param in params:
            if param.role == "buffer":
                if param.dir == "out":
                    self._allocate(param)
                else:
                    self._check_count(param)
        for param in params:
            if param.lengths:
                self._lengths(param)
        for param in params:
            if param.type.kind == "callback" and param.role == "value":
                self._make_callback(param)
            elif param.type.kind == "struct" and param.role == "value":
                self._by_value(param)

    def _by_value(self, param: Param) -> None:
        shared = self.plan.library.shared
        kind = abi.ffi.typeof(self.plan.call()).args[param.index]
        declarations = shared.declared()[0]
        pointer = declarations.cast(
            declarations.getctype(kind, "*"), self.arguments[param.index].address
        )
        self.values[param.index] = pointer[0]

    def _resolve_one(self, param: Param) -> None:
        argument = self.arguments[param.index]
        if argument.absent:
            return
        to = self.plan.filled_structs[param.index]
        if to is not None:
            self._resolve_filled(param, argument, to)
        elif param.role == "buffer":
            if param.dir != "out" and not argument.done and argument.given:
                self._resolve_view(param, argument)
            elif not argument.given and param.dir != "out":
                self.values[param.index] = EMPTY
        elif argument.done or not argument.given:
            return
        elif (
            (param.role == "cell"
            and param.type.to.kind == "struct")
            or (param.role == "value"
            and param.type.kind == "ref")
        ):
            self._resolve_ref(param, argument, param.type.to)

    def _resolve_view(self, param: Param, argument: Argument) -> None:
        site = self.sites[param.index]
        view = argument.value
        if param.dir == "inout":
            check_writable(site, view)
        else:
            check_live(site, view)
        of = param.type.to
        argument.address = view._address
        argument.size = view._type.size
        argument.count = view._type.size if of.kind == "void" else view._type.count
        argument.unit = view._type.to.size
        self.values[param.index] = abi.pointer_to(view._address)

    def _resolve_ref(self, param: Param, argument: Argument, to: Type) -> None:
        is_self = param.index == self.function.self_index
        site = self.site if is_self else self.sites[param.index]
        found = native(argument.value, to)
        if param.take and found is not None and found._owner is not None:
            self._check_take(site, found._owner)
        address = self.enter_ref(site, to, argument.value, param.null)
        if param.dir == "inout" and found is not None:
            check_writable(site, found)
        argument.wrap = found
        argument.owner = found._owner if found is not None else None
        argument.absent = not address
        argument.address = address
        self._set_pointer(param, address)
        if argument.owner is not None and to.kind == "handle" and (is_self or not self.parent):
            self.parent = argument.owner

    def _check_take(self, site: Site, owner: Owner) -> None:
        if owner.state != LIVE:
            return
        self._may_end(site, owner, "given away")
        needed = owner.needed()
        if needed:
            raise site.error(StateError, needed)
        index = self.function.self_index
        into = self.arguments[index].value if index is not None else None
        if isinstance(into, Native) and into._owner is not None and into._owner is not owner:
            why = into._owner.nest(owner)
            if why:
                raise site.error(StateError, why)

    def _resolve_filled(self, param: Param, argument: Argument, to: Type) -> None:
        site = self.sites[param.index]
        if argument.into is not None:
            address = self.enter_ref(site, to, argument.into)
            check_writable(site, argument.into)
            argument.wrap = argument.into
            self._set_pointer(param, address)
            return
        keep, address, memory = allocate(to.size, to.align)
        prepare(to, memory)
        argument.keep = keep
        argument.address = address
        argument.memory = memory
        self._set_pointer(param, address)

    def _evaluate(self, site: Site, expression: Any, what: str) -> int:
        try:
            value = expression(self)
        except Fault as fault:
            raise site.error(ValueError, str(fault)) from None
        if not isinstance(value, int) or not 0 <= value <= 1 << 53:
            raise site.error(ValueError, f"the {what} is out of range")
        return value

    def _decided(self, param: Param) -> Param | None:
        """The parameter that carries the length of a buffer, when the caller does not give it."""
        index = is_argument(param.count)
        if index is None:
            return None
        length = self.function.params[index]
        return length if length.lengths else None

    def _lengths(self, param: Param) -> None:
        """Stores a length that the caller does not give once it is known."""
        argument = self.arguments[param.index]
        if argument.done:
            return
        params = self.function.params
        first: Param | None = None
        count = 0
        waiting = False
        for out in (False, True):
            if first is not None:
                break
            for index in param.lengths:
                whole, given = params[index], self.arguments[index]
                if (whole.dir == "out") != out or given.absent:
                    continue
                if out and not given.done:
                    waiting = True
                    continue
                if first is not None and given.count != count:
                    raise self.sites[index].error(
                        ValueError,
                        f"expected as many elements as {first.name}, which has {count}, "
                        f"got {given.count}",
                    )
                first = whole
                count = given.count
        if waiting and first is None:
            return
        kind = param.type.to if param.role == "cell" else param.type
        if count > kind.maximum:
            assert first is not None
            raise self.sites[first.index].error(
                ValueError, f"expected at most {kind.maximum} elements, got {count}"
            )
        if param.role == "cell":
            argument.cell[0] = count
        else:
            self.values[param.index] = count
        argument.done = True

    def _fix(self, param: Param) -> None:
        site = self.sites[param.index]
        try:
            value = self.plan.fixed[param.index](self)
        except Fault as fault:
            raise site.error(ValueError, str(fault)) from None
        self.values[param.index] = self.plan.library.convert(param, value)

    def _check_range(self, param: Param) -> None:
        argument = self.arguments[param.index]
        kind = param.type.to if param.role == "cell" else param.type
        if not kind.scalar or argument.absent:
            return
        site = self.sites[param.index]
        now = argument.cell[0] if param.role == "cell" else self.values[param.index]
        low, high = self.plan.minimum[param.index], self.plan.maximum[param.index]
        try:
            least = low(self) if low else None
            most = high(self) if high else None
        except Fault as fault:
            raise site.error(ValueError, str(fault)) from None
        if (least is None or now >= least) and (most is None or now <= most):
            return
        what = "an integer" if isinstance(now, int) else "a number"
        if least is not None and most is not None:
            expected = f"{what} from {_short(least)} to {_short(most)}"
        elif least is not None:
            expected = f"{what} of at least {_short(least)}"
        else:
            expected = f"{what} of at most {_short(most)}"
        raise site.expected(ValueError, expected, argument.value if argument.given else now)

    def _check_count(self, param: Param) -> None:
        argument = self.arguments[param.index]
        count = self.plan.counts[param.index]
        if argument.absent or count is None or self._decided(param) is not None:
            return
        site = self.sites[param.index]
        needed = self._evaluate(site, count, "length")
        if needed <= argument.count:
            return
        of = param.type.to
        small = of.kind == "void" or (of.scalar and of.size == 1)
        unit = "bytes" if small else "elements"
        raise site.error(ValueError, f"expected at least {needed} {unit}, got {argument.count}")

    def _allocate(self, param: Param) -> None:
        argument = self.arguments[param.index]
        if argument.absent:
            return
        index = param.index
        site = self.sites[index]
        of = param.type.to
        length = self._decided(param)
        told = length is not None and not self.arguments[length.index].done
        size, count = self.plan.sizes[index], self.plan.counts[index]
        if argument.into is not None:
            span = buffers.span_of(site, of, None, argument.into, True)
            self.spans.append(span)
            argument.count = span.size // of.element
            argument.address = span.start()
            self.values[index] = span.passed
            if not told:
                needs = count if length is not None or size is None else size
                needed = self._evaluate(site, needs, "length")
                if needed > argument.count:
                    raise site.error(
                        ValueError,
                        f"expected at least {needed} elements, got {argument.count}",
                    )
        else:
            expression = size if size is not None and (told or length is None) else count
            argument.count = self._evaluate(site, expression or size, "size")
            argument.data = buffers.allocate(site, of, argument.count)
            passed = argument.data
            if type(passed) is not bytes or index in self.plan.within or not of.scalar:
                passed = abi.from_buffer(passed)
                argument.keep = passed
                argument.address = abi.address_of(passed)
            self.values[index] = passed
            if of.kind == "struct":
                for i in range(argument.count):
                    prepare(of, memoryview(argument.data)[i * of.size : (i + 1) * of.size])
        argument.size = argument.count * of.element
        argument.done = True

    # ---- callbacks ----

    def _make_callback(self, param: Param) -> None:
        argument = self.arguments[param.index]
        if argument.absent or not argument.given:
            return
        site = self.sites[param.index]
        form = self.plan.form(param)
        try:
            closure = form.closure(self.plan.domain, self.function, self, argument.value)
        except Fault as fault:
            raise site.error(ValueError, str(fault)) from None
        argument.closure = closure
        self.values[param.index] = closure.slot.address
        if param.data is not None:
            self.values[param.data] = closure.token
        if param.destroy is not None:
            self.values[param.destroy] = destroy_code()

    def store_callback(self, site: Site, kind: Type, field: Field, value: Any, memory: Any) -> None:
        """A function for a field of a struct in the making. Functions that share user data are
        ended by one notice: the first of them leads."""
        from .scalars import store

        use = field.use
        assert use is not None
        if value is None:
            self.stored.append((field, memory, None))
            return
        try:
            form = self.plan.field_form(field)
            closure = form.closure(self.plan.domain, self.function, self, value)
        except Fault as fault:
            raise site.error(ValueError, str(fault)) from None
        leader = next(
            (
                other
                for one, base, other in self.stored
                if base is memory and other is not None and other.use.data == use.data
            ),
            None,
        )
        self.stored.append((field, memory, closure))
        store(field.type, memory, field.offset, closure.slot.address)
        if use.data is None:
            return
        if leader is not None:
            leader.joined.append(closure)
            return
        data = kind.fields[use.data]
        store(data.type, memory, data.offset, closure.token)
        if use.destroy is not None:
            notice = kind.fields[use.destroy]
            store(notice.type, memory, notice.offset, destroy_code())

    def _settle_callbacks(self, failed: bool) -> None:
        """What was lent for the call ends, what C accepted is bound."""
        domain = self.plan.domain
        for field, _, closure in self.stored:
            use = field.use
            assert use is not None
            if closure is not None:
                self._settle(use, closure, failed)
            elif not failed and use.replaced:
                replaced(domain, use, self.parent)
        self.stored = []
        for param in self.function.params:
            if param.type.kind != "callback":
                continue
            argument = self.arguments[param.index]
            closure, argument.closure = argument.closure, None
            if closure is not None:
                self._settle(param, closure, failed)
            elif not failed and argument.absent and param.replaced and self.called:
                replaced(domain, param, self.parent)
                argument.absent = False

    def _settle(self, use: Param, closure: Closure, failed: bool) -> None:
        if not closure.alive:
            return
        if failed or use.scope == "call":
            closure.end()
            return
        if use.scope == "until":
            parent = self.parent
            wrapper = parent.wrapper if parent is not None else None
            if wrapper is not None and parent is not None and parent.kind != BORROWED:
                closure.hold_by(wrapper)
            closure.bind(parent)

    # ---- after C ----

    def _finish(self, constructed: Owner | None) -> Any:
        function, plan = self.function, self.plan
        if function.errno:
            plan.library.set_errno(self.errno)
        for kept in self.later.keep:
            if type(kept) is tuple and isinstance(kept[0], Native):
                given, part = kept
                if given._owner is None or given._owner.state == LIVE:
                    given._memory[: given._type.size] = bytes(part)
        for param in function.params:
            owner = self.arguments[param.index].owner
            if param.take and owner is not None and function.kind != "destructor":
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
        for param in self.function.params:
            argument = self.arguments[param.index]
            if not param.error_text or argument.absent or argument.cell is None:
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
        for param in function.params:
            if not param.own_always or param.error_text:
                continue
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


def _functions_there(site: Site, kind: Type, memory: Any) -> None:
    """C will call what a struct must hold."""
    whole = memoryview(memory)
    if kind.kind == "array":
        for i in range(kind.count):
            part = whole[i * kind.to.size : (i + 1) * kind.to.size]
            if kind.to.functions:
                _functions_there(site, kind.to, part)
        return
    for field in kind.fields:
        inner = field.type
        if inner.functions and not field.bit_width:
            _functions_there(site, inner, whole[field.offset : field.offset + inner.size])
        if field.use is None or field.use.null:
            continue
        if not any(whole[field.offset : field.offset + 8]):
            raise site.error(TypeError, f"has no function {field.name}: pass a dict that gives it")


def _short(value: Any) -> str:
    return f"{value:.17g}" if isinstance(value, float) else str(value)


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
