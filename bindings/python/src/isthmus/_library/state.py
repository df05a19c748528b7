"""The state of one call, which its steps share: what is known of each argument, what C is to get,
and the objects that the call is inside of. Expressions of a function are evaluated on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._errors import ClosedError, StateError
from . import abi, pins
from .buffers import Span
from .callbacks import Closure
from .descriptor import Field, Function, Param, Type
from .expressions import Fault
from .native import (
    NEVER,
    Native,
    check_live,
    is_unmade,
    native,
)
from .owners import BORROWED, Owner
from .structs import Later
from .texts import Site, article

if TYPE_CHECKING:
    from .plans import Plan


class Argument:
    """One parameter between the steps; the result has one too. What was never set costs nothing."""

    given = False
    value: Any = None
    into: Any = None
    done = False
    absent = False
    from_string = False
    fresh = False
    """`owner` is a new record, which has no object yet."""
    address = 0
    count = 0
    size = 0
    unit = 0
    cell: Any = None
    data: Any = None
    """The output's own memory: bytes or bytearray."""
    keep: Any = None
    memory: Any = None
    """A struct that C fills: what keeps it, and a buffer over it."""
    owner: Owner | None = None
    wrap: Native | None = None
    closure: Closure | None = None


class State:
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

    def _may_end(self, site: Site, owner: Owner, verb: str) -> None:
        busy = owner.busy()
        if busy:
            raise site.error(StateError, busy)
        if owner.kind == BORROWED:
            raise site.error(StateError, f"the {owner.type.name} is borrowed and cannot be {verb}")

    def _set_pointer(self, param: Param, address: int) -> None:
        is_cell = param.role == "cell"
        self.values[param.index] = abi.pointer_to(address) if is_cell else address

    def enter(self, owner: Owner) -> None:
        """A call is inside an object until C has returned."""
        with owner.domain.lock:
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
