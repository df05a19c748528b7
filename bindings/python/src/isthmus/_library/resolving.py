"""Step two of a call: lives, lengths and ranges are checked, outputs and callbacks made. Nothing of
the caller's runs between this and C."""

from __future__ import annotations

from typing import Any

from .._errors import StateError
from . import abi, buffers
from .buffers import EMPTY
from .callbacks import Closure, destroy_code, replaced
from .descriptor import Field, Param, Type
from .expressions import Fault, is_argument
from .lowering import Lowering
from .native import (
    Native,
    check_live,
    check_writable,
    native,
)
from .owners import BORROWED, LIVE, Owner
from .scalars import (
    allocate,
    store,
)
from .state import Argument
from .structs import prepare
from .texts import Site


class Resolving(Lowering):
    """Step two."""

    __slots__ = ()

    def _resolve(self) -> None:
        plan = self.plan
        for param in plan.params:
            self._resolve_one(param)
        for step in self.later.steps:
            step()
        for param in plan.lengths:
            self._lengths(param)
        for param in plan.fixed_params:
            self._fix(param)
        for param in plan.ranged:
            self._check_range(param)
        for param in plan.buffers:
            if param.dir == "out":
                self._allocate(param)
            else:
                self._check_count(param)
        for param in plan.lengths:
            self._lengths(param)
        for param in plan.callbacks:
            self._make_callback(param)
        for param in plan.by_value:
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
        elif (param.role == "cell" and param.type.to.kind == "struct") or (
            param.role == "value" and param.type.kind == "ref"
        ):
            self._resolve_ref(param, argument, param.type.to)

    def _resolve_view(self, param: Param, argument: Argument) -> None:
        site = self.sites[param.index]
        view = argument.value
        if param.dir == "inout":
            check_writable(site, view)
        else:
            check_live(site, view)
        if view._owner is not None:
            self.enter(view._owner)
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
        for param in self.plan.callbacks:
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


def _short(value: Any) -> str:
    return f"{value:.17g}" if isinstance(value, float) else str(value)
