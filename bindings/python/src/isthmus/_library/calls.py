"""One call in full: arguments are converted in two steps, C runs, and what it gave is put under
records before anything can fail.

First everything is done that can run the caller's code; then lives and lengths are checked, and
between that and C nothing of the caller's runs. Whether the call failed is tested before any
result is converted. Whatever way a call ends, exports end, records are left and memory is freed.
`fast.py` has a shorter way for the calls that need little of this.
"""

from __future__ import annotations

from typing import Any

from .._errors import ClosedError
from . import abi, buffers
from .native import (
    NEVER,
    Native,
    check_live,
    is_unmade,
    native,
)
from .owners import BORROWED, LIVE, MEMORY, OWNED, Owner
from .results import Results
from .scalars import (
    allocate,
)
from .texts import article


class Call(Results):
    """One call."""

    __slots__ = ()

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
            owner = self.entered.pop()
            with owner.domain.lock:
                owner.leave()

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
