"""A library as Python sees it: an object like a module, whose functions, classes and constants are
made when they are first asked for."""

from __future__ import annotations

import atexit
import collections
import enum
import os
import threading
import weakref
from collections.abc import Iterable, Sequence
from typing import (
    Any,
    Callable,
)

from .. import _errors
from .._errors import NotFoundError
from . import abi, faces, generator
from .callbacks import Pool
from .calls import Call
from .descriptor import (
    Bundle,
    Descriptor,
    Expression,
    Function,
    Param,
    Type,
    literal,
    python_name,
    read,
)
from .expressions import Evaluate, Fault, compile_expression
from .handles import handle_class
from .native import settle
from .owners import BORROWED, Domain, Owner
from .plans import Plan
from .structs import struct_class
from .texts import Site, perhaps

_errno = threading.local()
_opened: weakref.WeakSet[_Core] = weakref.WeakSet()
_cache: dict[tuple[Any, ...], Library] = {}
_lock = threading.Lock()


class _Core:
    """What the parts of a library share; the rest of this package calls it `library`."""

    Error = _errors.Error

    def __init__(
        self,
        descriptor: Descriptor,
        declare: Callable[[], str],
        granted: Callable[[Function], bool],
    ) -> None:
        self.descriptor = descriptor
        self.name = descriptor.name
        self.granted = granted
        self.shared = abi.Shared(self.name, descriptor.link, declare)
        self.domain = Domain(self.free_with)
        self.calls_back = _calls_back(descriptor)
        self.addresses = [
            self.shared.find(function.symbol)
            if function.optional
            else self.shared.need(function.symbol)
            for function in descriptor.functions
        ]
        self._pools: dict[tuple[Any, Any], Pool] = {}
        self._raw: dict[int, Callable[[list[Any]], Any]] = {}
        self._results: dict[int, Any] = {}
        self._making = threading.RLock()
        for kind in descriptor.types:
            kind.library = self
            if kind.kind == "enum" and kind.values:
                kind.bound = _enum_values(kind)
        _opened.add(self)

    def compile(self, expression: Expression) -> Evaluate:
        """An expression as a function."""
        return compile_expression(expression, self.descriptor.functions, self.raw_call)

    def plan(self, function: Function) -> Plan:
        """The plan of a function."""
        with self._making:
            if function.plan is None:
                function.plan = Plan(self, function)
            made: Plan = function.plan
            return made

    def new_call(self, plan: Plan, site: Site) -> Call:
        """The state of a call that is to be made."""
        return Call(plan, site)

    def raw_call(self, function: Function) -> Callable[[list[Any]], Any]:
        """What calls a function with raw values, for expressions; None stands for the
        parameter's own value."""
        known = self._raw.get(function.index)
        if known is None:
            known = self._raw[function.index] = self._make_raw(function)
        return known

    def _make_raw(self, function: Function) -> Callable[[list[Any]], Any]:
        address = self.addresses[function.index]
        domain = self.domain
        own = [_own_value(self, param) for param in function.params]
        call = self.shared.function(function, address) if address else None

        def run(values: list[Any]) -> Any:
            if call is None:
                raise Fault(f"{function.label}: this version of the library lacks it")
            if domain.closed and not domain.ended:
                raise Fault(f"{function.label}: the library is closed")
            passed = []
            for index, param in enumerate(function.params):
                value = values[index] if index < len(values) else None
                if value is None:
                    value = own[index]()
                passed.append(self.convert(param, value))
            return call(*passed)

        return run

    def convert(self, param: Param, value: Any) -> Any:
        """A raw value as cffi takes it for a parameter. Fault."""
        kind = param.type
        if kind.kind in ("int", "enum"):
            if not isinstance(value, int):
                raise Fault(f"{param.name}: expected an integer")
            if not kind.minimum <= value <= kind.maximum:
                raise Fault(
                    f"{param.name}: expected an integer from {kind.minimum} to {kind.maximum}, "
                    f"got {value}"
                )
            return value
        if kind.kind == "float":
            return float(value)
        if kind.kind == "bool":
            return bool(value)
        if isinstance(value, str):
            value = value.encode()
        if abi.param_name(param) == "void *":
            return abi.pointer_to(value & _MASK) if isinstance(value, int) else value
        if isinstance(value, int):
            return value & _MASK
        return abi.address_of(abi.from_buffer(value) if isinstance(value, bytes) else value)

    def free_with(self, function: Function, address: int) -> None:
        """Calls what frees, on one address."""
        if not self.addresses[function.index]:
            return
        values: list[Any] = [None] * len(function.params)
        target = _target(function)
        if target is None:
            return
        values[target.index] = address
        try:
            was_closed, self.domain.closed = self.domain.closed, False
            try:
                self.raw_call(function)(values)
            finally:
                self.domain.closed = was_closed
        except Fault:
            pass

    def pool(self, signature: Any, answer: Any) -> Pool:
        """The slots for callbacks of one signature and answer."""
        key = (signature, answer)
        known = self._pools.get(key)
        if known is None:
            known = self._pools[key] = Pool(signature, answer)
        return known

    def set_errno(self, value: int) -> None:
        """Keeps what a function has left."""
        _errno.value = value

    # ---- objects ----

    def class_of(self, kind: Type) -> Any:
        """The class of a struct or handle."""
        if kind.bound is None:
            with self._making:
                if kind.bound is None:
                    if kind.kind == "handle":
                        kind.bound = handle_class(kind, self.granted)
                    else:
                        kind.bound = struct_class(kind)
        return kind.bound

    def error_class(self, bundle: Bundle) -> type[Any]:
        """The class of an error bundle."""
        if bundle.bound is None:
            members = {
                "__doc__": bundle.doc,
                "__module__": f"isthmus.library.{self.name}",
                "code": None,
                "library": None,
                "function": None,
            }
            bundle.bound = type(bundle.name, (_errors.Error,), members)
        made: type[Any] = bundle.bound
        return made

    def results_class(self, function: Function) -> Any:
        """The class of what a function with several outputs gives."""
        known = self._results.get(function.index)
        if known is None:
            names = [
                "result" if index < 0 else function.params[index].attribute
                for index in function.outputs
            ]
            names = [name.lstrip("_") or "value" for name in names]
            make: Any = collections.namedtuple
            known = make(f"{function.name}_result", names, rename=True)
            self._results[function.index] = known
        return known

    def borrow(self, ref: Type, address: int) -> tuple[Owner, bool]:
        """The live record of an address, or a new borrowed one."""
        owner = self.domain.find(ref.to, address)
        if owner is not None:
            owner.is_const = owner.is_const and ref.const
            return owner, False
        owner = Owner(self.domain, ref.to, address, BORROWED)
        owner.is_const = ref.const
        return owner, True

    def attach(self, owner: Owner, made: Any) -> None:
        """Makes an object that of a record."""
        kind = owner.type
        memory = abi.memory_at(owner.address, kind.size) if kind.size else None
        settle(made, kind, owner.address, memory, owner)
        self.domain.attach(owner, made)

    def wrap(self, owner: Owner) -> Any:
        """The object of a record: the one that there is, or a new one."""
        made = owner.wrapper
        if made is None:
            cls = self.class_of(owner.type)
            made = cls.__new__(cls)
            self.attach(owner, made)
        return made

    def wrap_constructed(self, owner: Owner, call: Call) -> Any:
        """The object of a record in memory of ours."""
        receiver = call.receiver
        if receiver is None:
            return self.wrap(owner)
        self.attach(owner, receiver)
        call.receiver = None
        return receiver


_MASK = (1 << 64) - 1


def _own_value(core: _Core, param: Param) -> Callable[[], Any]:
    if param.value is not None:
        evaluate = core.compile(param.value)
        return lambda: evaluate(None)
    if param.default is not None:
        value = literal(param.default, param.type)
        return lambda: 0 if value is None else value
    return lambda: 0


def _target(function: Function) -> Param | None:
    """The parameter that a function which frees takes the address by."""
    if function.self_index is not None:
        return function.params[function.self_index]
    for param in function.params:
        own = param.value is not None or param.default is not None
        if param.role in ("data", "destroy") or own:
            continue
        if param.type.kind in ("ref", "pointer", "string"):
            return param
    return None


def _calls_back(descriptor: Descriptor) -> bool:
    """Whether some callback outlives its call."""
    for function in descriptor.functions:
        if any(param.scope not in (None, "call") for param in function.params):
            return True
    return any(
        field.use is not None and field.use.scope != "call"
        for kind in descriptor.types
        for field in kind.fields
    )


def _enum_class(kind: Type) -> Any:
    members = [(value["name"], int(value["value"])) for value in kind.values]
    base: Any = enum.IntFlag if kind.flags else enum.IntEnum
    try:
        made = base(kind.name, members, module=f"isthmus.library.{kind.label.split('.')[0]}")
    except (TypeError, ValueError):
        return None
    made.__doc__ = kind.doc or f"Values of {kind.name}."
    return made


def _enum_values(kind: Type) -> Any:
    made = _enum_class(kind)
    if made is None:
        return lambda raw: raw
    if kind.flags:

        def flags(raw: int) -> Any:
            try:
                return made(raw)
            except ValueError:
                return raw

        flags.cls = made  # type: ignore[attr-defined]
        return flags
    known = made._value2member_map_

    def member(raw: int) -> Any:
        return known.get(raw, raw)

    member.cls = made  # type: ignore[attr-defined]
    return member


class Library:
    """A C library, described by an interface file: its functions, classes, enums, constants and
    errors are the attributes. They cannot be changed."""

    def __init__(self, core: _Core, path: str) -> None:
        vars(self)["_core"] = core
        vars(self)["_path"] = path
        vars(self)["_makers"] = self._names(core)
        vars(self)["__doc__"] = core.descriptor.doc
        vars(self)["__name__"] = f"isthmus.library.{core.name}"
        vars(self)["__file__"] = path

    def _names(self, core: _Core) -> dict[str, Callable[[], Any]]:
        makers: dict[str, Callable[[], Any]] = {}

        def add(name: str, make: Callable[[], Any]) -> None:
            makers[name] = make
            makers[python_name(name)] = make

        descriptor = core.descriptor
        for kind in descriptor.types:
            if kind.kind in ("struct", "handle"):
                add(kind.name, lambda kind=kind: core.class_of(kind))  # type: ignore[misc]
            elif kind.kind == "enum" and kind.values:
                cls = getattr(kind.bound, "cls", None)
                for value in kind.values:
                    name, number = value["name"], int(value["value"])
                    made = cls(number) if cls is not None else number
                    add(name, lambda made=made: made)  # type: ignore[misc]
                if cls is not None:
                    add(kind.name, lambda cls=cls: cls)  # type: ignore[misc]
        for constant in descriptor.constants:
            add(constant.name, lambda value=constant.value: value)  # type: ignore[misc]
        for bundle in descriptor.errors:
            add(bundle.name, lambda bundle=bundle: core.error_class(bundle))  # type: ignore[misc]
        for function in descriptor.functions:
            if function.kind == "function" and not function.hidden and core.granted(function):
                add(
                    function.name,
                    lambda function=function: faces.function(core, function),  # type: ignore[misc]
                )
        return makers

    def __getattr__(self, name: str) -> Any:
        core: _Core = vars(self)["_core"]
        makers: dict[str, Callable[[], Any]] = vars(self)["_makers"]
        make = makers.get(name)
        if make is None:
            hint = perhaps(name, makers)
            raise AttributeError(f"the library {core.name} has no {name!r}{hint}")
        with core._making:
            if name not in vars(self):
                vars(self)[name] = made = make()
                for other, its in makers.items():
                    if its is make:
                        vars(self)[other] = made
        return vars(self)[name]

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"the library {vars(self)['_core'].name} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"the library {vars(self)['_core'].name} cannot be changed")

    def __dir__(self) -> Iterable[str]:
        return sorted({*vars(self)["_makers"], "close"})

    def __repr__(self) -> str:
        core: _Core = vars(self)["_core"]
        state = "closed" if core.domain.closed else core.shared.opened or "the process"
        return f"<library {core.name!r}: {state}>"

    def __reduce__(self) -> Any:
        raise TypeError("a library cannot be pickled: load it where it is needed")

    def close(self) -> None:
        """Ends the library: every later call raises ClosedError, and so does this object's every
        other use of C. What Python still owns is destroyed when it is forgotten."""
        close(self)


def close(library: Library) -> None:
    """The same as `library.close()`, also where the library has a function of that name.

    Args:
        library: what `load` has given.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(library, Library):
        raise TypeError("close: expected a library")
    core: _Core = vars(library)["_core"]
    core.domain.closed = core.domain.blocked = True
    with _lock:
        for key in [key for key, known in _cache.items() if known is library]:
            del _cache[key]


def errno() -> int:
    """C's errno as the last function that is `[[errno]]` left it on this thread: an `int`, 0 before
    the first one."""
    value: int = getattr(_errno, "value", 0)
    return value


def load(
    name_or_path: str | os.PathLike[str],
    *,
    dirs: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    tags: Iterable[str] | None = None,
    unsafe: bool = False,
) -> Library:
    """Opens a C library by the name or path of its interface file.

    V8 is neither started nor loaded. The same file with the same arguments is the same object.

    Args:
        name_or_path: a name (`"zlib"`), which is looked up in `dirs` and then among the installed
            files; or a path, which ends with `.idl`.
        dirs: one folder or several.
        tags: leaves only the functions that have one of these tags; None: all.
        unsafe: adds the functions whose interface cannot be described completely. Wrong arguments
            to these end the process.

    Raises:
        NotFoundError: there is no such file.
        InterfaceError: it has errors, or the library or one of its symbols is not there.
    """
    wanted = os.fspath(name_or_path)
    if not isinstance(wanted, str):
        raise TypeError("load: expected a name or path as str")
    if isinstance(dirs, (str, os.PathLike)):
        dirs = [dirs]
    folders = [os.fspath(folder) for folder in dirs]
    if isinstance(tags, str):
        raise TypeError("load: tags: expected a list of strings, got a string")
    chosen = None if tags is None else frozenset(tags)
    path = generator.locate(wanted, folders)
    try:
        status = os.stat(path)
    except OSError:
        raise NotFoundError(f"Cannot find the interface file '{wanted}'") from None
    key = (os.path.realpath(path), status.st_mtime_ns, status.st_size, chosen, unsafe)
    with _lock:
        known = _cache.get(key)
    if known is not None:
        return known
    compiler = generator.generator()
    descriptor = read(compiler.descriptor(path, folders))
    if chosen is not None:
        _check_tags(descriptor, chosen)
    core = _Core(
        descriptor,
        lambda: compiler.declarations(path, folders),
        _grant(chosen, unsafe),
    )
    made = Library(core, path)
    with _lock:
        return _cache.setdefault(key, made)


def _grant(tags: frozenset[str] | None, unsafe: bool) -> Callable[[Function], bool]:
    def granted(function: Function) -> bool:
        if function.unsafe is not None:
            return unsafe
        return tags is None or not tags.isdisjoint(function.tags)

    return granted


def _check_tags(descriptor: Descriptor, tags: frozenset[str]) -> None:
    known = {tag for function in descriptor.functions for tag in function.tags}
    for tag in tags:
        if tag not in known:
            raise NotFoundError(
                f'{descriptor.name} has no function with the tag "{tag}"{perhaps(tag, known)}'
            )


def _end() -> None:
    for core in list(_opened):
        core.domain.end()


def _after_fork() -> None:
    for core in list(_opened):
        core.domain.after_fork()


atexit.register(_end)
os.register_at_fork(after_in_child=_after_fork)

__all__ = ["Library", "close", "errno", "load"]
