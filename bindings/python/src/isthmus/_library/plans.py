"""What is known of a function before it is called: everything that a call needs again and again."""

from __future__ import annotations

from typing import Any

from .._errors import ClosedError, Error, NotFoundError, StateError
from .callbacks import Form
from .descriptor import Field, Function, Param, Type, literal
from .expressions import Fault
from .texts import Site, article


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
        # Which parameters need what: what there is none of costs nothing.
        params = self.params
        self.cells = [p for p in params if p.role == "cell" and p.type.to.kind != "struct"]
        self.lengths = [p for p in params if p.lengths]
        self.fixed_params = [p for p in params if p.role == "fixed"]
        self.ranged = [p for p in params if p.minimum or p.maximum]
        self.buffers = [p for p in params if p.role == "buffer"]
        self.by_value = [p for p in params if p.role == "value" and p.type.kind == "struct"]
        self.callbacks = [p for p in params if p.role == "value" and p.type.kind == "callback"]
        self.takes = [p for p in params if p.take and function.kind != "destructor"]
        self.error_texts = [p for p in params if p.error_text]
        self.owned_always = [p for p in params if p.own_always and not p.error_text]
        self.locks = library.calls_back or function.ends_borrows or self._has_objects()
        self.defaults: dict[int, Any] = {}
        self.hidden_defaults: list[tuple[Param, Any]] = []
        for param in params:
            if param.default is None:
                continue
            kind = param.type.to if param.role == "cell" else param.type
            value = self.defaults[param.index] = literal(param.default, kind)
            hidden = param.arg < 0 and param.index != function.self_index
            if hidden and param.role != "fixed" and not param.lengths and param.dir != "out":
                self.hidden_defaults.append((param, value))

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
        call = self.library.new_call(self, self.site)
        call.values = values
        call.result = result
        try:
            failure: BaseException = call._failure(None)
            return failure
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
        call = self.library.new_call(self, label or self.site)
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


def takes_into(plan: Plan, param: Param) -> bool:
    """Whether the caller may give its own memory for an output."""
    if plan.filled_structs[param.index] is not None:
        return True
    of = param.type.to
    return (
        param.role == "buffer"
        and param.dir == "out"
        and param.text is None
        and (of.scalar or of.kind == "void")
    )
