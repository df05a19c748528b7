"""Owner records: which native objects Python knows, who must outlive whom, and when each is
destroyed.

A record ends once: it leaves LIVE and never comes back. A destroyed parent is unusable at once, but
its destructor runs after that of its last owned child; what was borrowed from it expires. What
follows from an end travels by lists, not by recursion, so that a chain may have any length.

A domain and its records are touched only by who holds the domain's lock. What Python forgets comes
from the collector, at any moment and on any thread: it is only queued there, and destroyed when no
call is inside the library.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Iterable
from typing import Any, Callable

from .descriptor import Function, Type

LIVE, DISPOSED, GONE, TAKEN, EXPIRED = range(5)
BORROWED, OWNED, MEMORY, LENT = range(4)


class Until:
    """A borrowed child ends when one of the functions is called on the parent."""

    __slots__ = ("child", "functions", "parent")

    def __init__(self, child: Owner, parent: Owner | None, functions: tuple[Function, ...]) -> None:
        self.child = child
        self.parent = parent
        self.functions = functions


class Owner:
    """What is known of one native object."""

    __slots__ = (
        "__weakref__",
        "address",
        "calls",
        "closures",
        "destroying",
        "domain",
        "ended_by",
        "forgotten",
        "free",
        "height",
        "inside",
        "is_const",
        "kept",
        "kids",
        "kind",
        "memory",
        "own_untils",
        "parents",
        "queued",
        "reference",
        "settling",
        "state",
        "type",
        "untils",
    )

    def __init__(
        self,
        domain: Domain,
        type: Type,
        address: int,
        kind: int,
        free: Function | None = None,
        memory: Any = None,
    ) -> None:
        self.domain = domain
        self.type = type
        self.address = address
        self.kind = kind
        self.free = free
        self.memory = memory
        """Keeps memory of ours alive."""
        self.kept: dict[int, Any] = {}
        """What its pointers lead to, by where they are."""
        self.state = LIVE
        self.calls = 0
        """C calls inside it now."""
        self.inside: Function | None = None
        self.ended_by: Function | None = None
        self.is_const = False
        self.reference: weakref.ref[Any] | None = None
        self.kids: dict[Owner, None] = {}
        self.parents: list[Owner] = []
        self.untils: list[Until] = []
        self.own_untils: list[Until] = []
        self.closures: list[Any] = []
        self.height = 0
        self.forgotten = False
        self.queued = False
        self.settling = False
        self.destroying = False
        domain.live[type.index, address] = self

    @property
    def wrapper(self) -> Any:
        """The object that Python has of it, or None."""
        return self.reference() if self.reference is not None else None

    @property
    def is_lent(self) -> bool:
        """Whether its life is bound to somebody else's."""
        return self.kind in (BORROWED, LENT)

    def fault(self) -> str:
        """Why it cannot be used."""
        name = self.type.name
        by = self.ended_by.label if self.ended_by else None
        if self.state in (DISPOSED, GONE):
            return f"the {name} is {'disposed' if self.kind in (MEMORY, LENT) else 'closed'}"
        if self.state == TAKEN:
            return f"the {name} was given to {by or 'C'}"
        return f"the {name} is no longer valid" + (f" after {by}" if by else "")

    def busy(self) -> str | None:
        """Why it cannot be destroyed or taken now, or None."""
        if not self.calls:
            return None
        return f"in use by {self.inside.label if self.inside else 'a call'}"

    def needed(self) -> str | None:
        """Why C may not have it: what C owns was made of it. None when nothing was."""
        for kid in self.kids:
            if not kid.is_lent and kid.state not in (GONE, TAKEN):
                return f"the {self.type.name} is still needed by a {kid.type.name}"
        return None

    def enter(self, function: Function) -> None:
        """A call begins that is inside it."""
        if not self.calls:
            self.inside = function
        self.calls += 1

    def leave(self) -> None:
        """That call has ended."""
        self.calls -= 1
        if self.calls:
            return
        self.inside = None
        if self.state != LIVE or self.forgotten:
            self.domain.settle_later(self)
            self.domain.settle()

    def keep(self, parent: Owner) -> None:
        """It needs `parent`; saying it again changes nothing."""
        if parent is self or parent in self.parents:
            return
        # Objects that lead to each other: the one that was there first keeps.
        if self.kids and parent.reaches(self):
            return
        parent.kids[self] = None
        self.parents.append(parent)
        if parent.state not in (LIVE, TAKEN):
            self.expire(parent.ended_by)

    def reaches(self, other: Owner) -> bool:
        """Whether it needs `other`, by itself or through others."""
        seen: set[Owner] = {self}
        left = [self]
        while left:
            one = left.pop()
            if one is other:
                return True
            for parent in one.parents:
                if parent not in seen:
                    seen.add(parent)
                    left.append(parent)
        return False

    def end_until(self, parent: Owner | None, functions: tuple[Function, ...]) -> None:
        """It also ends when one of `functions` is called on `parent`, or on anything."""
        if parent is self:
            parent = None
        if parent is not None:
            self.keep(parent)
        for until in self.own_untils:
            if until.parent is parent and until.functions == functions:
                return
        until = Until(self, parent, functions)
        (self.domain.untils if parent is None else parent.untils).append(until)
        self.own_untils.append(until)

    def expire(self, by: Function | None) -> None:
        """Its time is over."""
        self.domain.expire([self], by)
        self.domain.settle()

    def adopt(self, free: Function | None) -> None:
        """A borrowed object is ours from now on."""
        if self.state != LIVE or self.kind != BORROWED:
            return
        self.kind = OWNED
        self.free = free
        self.remove_untils()
        self.release_parents()
        self.domain.settle()

    def remove_untils(self) -> None:
        """Nothing ends it any more but its own end."""
        for until in self.own_untils:
            (self.domain.untils if until.parent is None else until.parent.untils).remove(until)
        self.own_untils.clear()

    def release_parents(self) -> None:
        """It needs nobody any more."""
        for parent in self.parents:
            parent.kids.pop(self, None)
            self.domain.settle_later(parent)
        self.parents.clear()

    def end(self, state: int, by: Function | None) -> None:
        """It leaves LIVE."""
        was_live = self.state == LIVE
        self.state = state
        if not was_live:
            return
        self.ended_by = by
        live = self.domain.live
        if live.get((self.type.index, self.address)) is self:
            del live[self.type.index, self.address]
        self.remove_untils()

    def dispose(self, by: Function | None) -> bool:
        """Whether the caller must call the destructor now, and then `gone`; otherwise it runs
        after that of the last child."""
        if self.state != LIVE:
            return False
        self.destroying = True
        self.end(DISPOSED, by)
        self.domain.expire(self.lent_kids(), by)
        self.domain.settle()
        if not self.kids:
            return True
        self.destroying = False
        return False

    def gone(self, by: Function | None) -> None:
        """It was destroyed."""
        if self.state == GONE:
            return
        self.domain.finish(self, by)
        self.domain.settle()

    def taken(self, by: Function) -> None:
        """It is C's from now on."""
        if self.state != LIVE:
            return
        self.end(TAKEN, by)
        self.domain.expire(self.lent_kids(), by)
        for closure in list(self.closures):
            closure.unbind()
        self.domain.settle_later(self)
        self.domain.settle()

    def lent_kids(self) -> list[Owner]:
        """The children that end with it."""
        return [kid for kid in self.kids if kid.is_lent and kid.state == LIVE]

    def end_closures(self) -> None:
        """What was registered on it is called no more."""
        for closure in list(self.closures):
            closure.end()

    # How deep objects are put into one another.

    def _steps_to_root(self) -> tuple[int, Owner]:
        steps, one, kind = 0, self, self.type
        while one.kind == BORROWED and steps <= kind.depth:
            up = next((parent for parent in one.parents if parent.type is kind), None)
            if up is None:
                break
            one = up
            steps += 1
        return steps, one

    def nest(self, item: Owner) -> str | None:
        """A method of it is to take `item`: why it may not, or None."""
        kind = item.type
        if self.type is not kind:
            return None
        steps, root = self._steps_to_root()
        height = steps + 1 + item.height
        if root is item:
            return f"{kind.name} objects cannot be put into themselves"
        if not kind.depth:
            return None
        if height > kind.depth:
            return f"{kind.name} objects would be nested more than {kind.depth} deep"
        root.height = max(root.height, height)
        return None

    def too_deep(self) -> str | None:
        """The same for a borrowed object that was just bound to its parents."""
        kind = self.type
        if not kind.depth:
            return None
        steps, root = self._steps_to_root()
        if steps > kind.depth:
            return f"{kind.name} objects would be nested more than {kind.depth} deep"
        root.height = max(root.height, steps)
        return None

    def inherit_height(self, made_of: Owner) -> None:
        """A new owned object may be nested as deep as what it was made of."""
        if self.type.depth and self.type is made_of.type and self is not made_of:
            _, root = made_of._steps_to_root()
            self.height = max(self.height, root.height)


class Domain:
    """The records of a library, and the lock that they are touched under."""

    def __init__(self, free_with: Callable[[Function, int], None]) -> None:
        self.lock = threading.RLock()
        self.live: dict[tuple[int, int], Owner] = {}
        self.untils: list[Until] = []
        self.closures: list[Any] = []
        self.blocked = False
        """Calls take the long way: the library is closed, or something waits to be destroyed."""
        self.active = 0
        """Long calls, and work on the records, under way."""
        self.called_back = 0
        """Callbacks under way."""
        self.current: Any = None
        """The objects that a call by the short way is inside of, and last its function."""
        self.seal: Type | None = None
        """The callback that runs and lets nothing in."""
        self.closed = False
        self.ended = False
        self.ended_elsewhere: deque[Any] = deque()
        """Callbacks that C gave up on another thread while the lock was held."""
        self.process = os.getpid()
        self._free_with = free_with
        self._forgotten: deque[Owner] = deque()
        self._settling: list[Owner] = []
        self._busy = False

    def find(self, type: Type, address: int) -> Owner | None:
        """The live record of an address."""
        return self.live.get((type.index, address))

    def attach(self, owner: Owner, wrapper: Any) -> None:
        """Python has an object of it."""
        owner.forgotten = False

        def collected(_: Any, owner: Owner = owner) -> None:
            domain = owner.domain
            owner.forgotten = True
            if domain.ended or owner.state != LIVE:
                return
            domain._forgotten.append(owner)
            domain.blocked = True
            if not domain.active and not domain.called_back:
                domain.drain()

        owner.reference = weakref.ref(wrapper, collected)

    def drain(self) -> None:
        """Destroys what was forgotten, when nothing is under way."""
        waiting = self._forgotten or self.ended_elsewhere
        if not waiting or not self.lock.acquire(False):
            return
        try:
            if self.active or self.called_back or self.ended:
                return
            self.active += 1
            try:
                while self.ended_elsewhere:
                    self.ended_elsewhere.popleft().end_joined()
                while self._forgotten:
                    owner = self._forgotten.popleft()
                    owner.queued = False
                    if owner.wrapper is None and owner.forgotten:
                        self.settle_later(owner)
                        self.settle()
            finally:
                self.active -= 1
                self.unblock()
        finally:
            self.lock.release()

    def unblock(self) -> None:
        """Lets calls take the short way again, when they may."""
        self.blocked = bool(self.closed or self.seal or self._forgotten or self.ended_elsewhere)

    def settle_later(self, owner: Owner) -> None:
        """`owner` is to look at itself."""
        if not owner.settling:
            owner.settling = True
            self._settling.append(owner)

    def settle(self) -> None:
        """Does what the states of records ask for now."""
        if self._busy:
            return
        self._busy = True
        self.active += 1
        try:
            while self._settling:
                owner = self._settling.pop()
                owner.settling = False
                self._settle_one(owner)
        finally:
            self.active -= 1
            self._busy = False

    def _settle_one(self, owner: Owner) -> None:
        if owner.kids or owner.calls or owner.destroying:
            return
        if owner.state == LIVE:
            if not owner.forgotten or owner.wrapper is not None:
                return
            if not owner.is_lent:
                if self.called_back and not self.ended:
                    # No C frame may be active when a destructor runs by itself.
                    if not owner.queued:
                        owner.queued = True
                        self._forgotten.append(owner)
                        self.blocked = True
                    return
                self._destroy(owner)
                return
            if owner.closures:
                return  # C may still call what was registered on it.
            owner.end(EXPIRED, None)
            self.settle_later(owner)
        elif owner.state == DISPOSED:
            self._destroy(owner)
        else:
            owner.release_parents()

    def _destroy(self, owner: Owner) -> None:
        function = owner.free or owner.type.destructor
        owner.destroying = True
        owner.end(DISPOSED, owner.ended_by)
        if owner.kind == OWNED and function is not None:
            if function.ends_borrows:
                self.function_ends(function, owner)
            self._free_with(function, owner.address)
        self.finish(owner, owner.ended_by)

    def finish(self, owner: Owner, by: Function | None) -> None:
        """`owner` is gone."""
        owner.end(GONE, by)
        self.expire(owner.lent_kids(), by)
        owner.end_closures()
        owner.memory = None
        owner.kept = {}
        owner.destroying = False
        self.settle_later(owner)

    def expire(self, owners: Iterable[Owner], by: Function | None) -> None:
        """The time of borrowed objects, and of what is borrowed from them, is over."""
        left = [owner for owner in owners if owner.is_lent and owner.state == LIVE]
        while left:
            owner = left.pop()
            if owner.state == LIVE:
                owner.end(EXPIRED, by)
            self.settle_later(owner)
            left.extend(owner.lent_kids())
            owner.end_closures()

    def function_ends(self, function: Function, parent: Owner | None) -> None:
        """Before a call of `function` enters C: ends what is valid until it is called."""
        ending = [u.child for u in self.untils if function in u.functions]
        if parent is not None:
            ending += [u.child for u in parent.untils if function in u.functions]
        self.expire(ending, function)
        for closure in list(self.closures):
            if closure.bound and closure.parent is None and function in closure.use.until:
                closure.end()
        if parent is not None:
            for closure in list(parent.closures):
                if function in closure.use.until:
                    closure.end()
        self.settle()

    def end(self) -> None:
        """Destroys everything that is still owned, children first. For the end of the process;
        what a parent process has made is the parent's to destroy."""
        if self.ended or self.process != os.getpid():
            return
        with self.lock:
            self.active += 1
            records = list(self.live.values())
            for owner in records:
                owner.end(EXPIRED if owner.is_lent else DISPOSED, None)
            for owner in records:
                owner.calls = 0
                self.settle_later(owner)
            self.settle()
            for owner in records:
                if owner.state == DISPOSED and not owner.destroying:
                    self._destroy(owner)
            self.settle()
            for closure in list(self.closures):
                closure.end()
            self.ended = self.closed = self.blocked = True
            self.active -= 1

    def after_fork(self) -> None:
        """In a child process: other threads, and the calls that they were in, are no more."""
        owned = getattr(self.lock, "_is_owned", lambda: False)()
        if not owned:
            self.lock._at_fork_reinit()  # type: ignore[attr-defined]
            self.active = self.called_back = 0
