"""The way to C: opening libraries, finding symbols, and calling them through cffi in ABI mode.

No compiler is used, and nothing is declared that is not called: a function's type is made when the
function is first used. What C sees of a value is lowered: handles, structs by pointer and user data
are plain addresses, text and buffers are `void *`. Structs by value take the types that the
interface compiler's declarations give them, since cffi alone cannot pass unions, bit-fields and
packed structs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Callable

import cffi

from .._errors import InterfaceError
from .descriptor import Function, Param, Type

ffi: Any = cffi.FFI()
ffi.cdef(
    """
    void *dlopen(const char *name, int flags);
    uintptr_t dlsym(void *library, const char *name);
    char *dlerror(void);
    void *memchr(const void *memory, int byte, size_t size);
    """
)
_process: Any = ffi.dlopen(None)
# Looked up before there is an error: to look it up would clear that.
_dlerror = _process.dlerror
NULL = ffi.NULL
new = ffi.new
cast = ffi.cast
string = ffi.string
buffer = ffi.buffer
from_buffer = ffi.from_buffer

_ALLOCATORS = ("malloc", "calloc", "realloc", "free")


def address_of(pointer: Any) -> int:
    """The address that a cdata pointer or array holds."""
    return int(cast("uintptr_t", pointer))


def pointer_to(address: int) -> Any:
    """A `void *`."""
    return cast("void *", address)


def memory_at(address: int, size: int) -> Any:
    """The bytes at an address, as a buffer that can be written."""
    return buffer(cast("char *", address), size)


def text_length(encoding: str | None, address: int) -> int:
    """How many units a text has before its NUL."""
    if encoding == "utf16":
        units = cast("uint16_t *", address)
        count = 0
        while units[count]:
            count += 1
        return count
    return len(string(cast("char *", address)))


def scalar_name(kind: Type) -> str:
    """What cffi calls a scalar type."""
    if kind.kind == "void":
        return "void"
    if kind.kind == "float":
        return "float" if kind.size == 4 else "double"
    if kind.kind == "bool":
        return "_Bool" if kind.size == 1 else f"uint{kind.bits}_t"
    if kind.kind in ("int", "enum"):
        return f"{'' if kind.signed else 'u'}int{kind.bits}_t"
    return "uintptr_t"


def param_name(param: Param) -> str:
    """What cffi calls a parameter, but for a struct by value."""
    kind = param.type
    if kind.kind == "string" or (kind.kind == "pointer" and param.role in ("buffer", "cell")):
        return "void *"
    return scalar_name(kind)


def raw_name(kind: Type) -> str:
    """The element of a cell."""
    return scalar_name(kind)


class Shared:
    """An opened shared library."""

    def __init__(self, name: str, links: Sequence[str], declare: Callable[[], str]) -> None:
        self.name = name
        self.opened = ""
        self._declare = declare
        self._declared: Any = None
        self._handle = self._open(links)
        self._signatures: dict[str, Any] = {}

    def _open(self, links: Sequence[str]) -> Any:
        reasons = []
        for link in links:
            flags = os.RTLD_NOW | os.RTLD_LOCAL
            handle = _process.dlopen(os.fsencode(link) if link else NULL, flags)
            if handle:
                self.opened = link
                return handle
            reason = _dlerror()
            reasons.append(string(reason).decode("utf-8", "replace") if reason else "?")
        raise InterfaceError(f"{self.name}: cannot be opened: {'; '.join(reasons)}")

    def find(self, symbol: str) -> int:
        """The address of a symbol, or 0."""
        if symbol in _ALLOCATORS:
            # Memory goes back to the allocator that the whole process uses.
            found: int = _process.dlsym(NULL, symbol.encode())
            if found:
                return found
        address: int = _process.dlsym(self._handle, symbol.encode())
        return address

    def need(self, symbol: str) -> int:
        """The address of a symbol that must be there."""
        address = self.find(symbol)
        if not address:
            where = self.opened or "the process"
            raise InterfaceError(f"{self.name}: {where} has no symbol {symbol}")
        return address

    def declared(self) -> Any:
        """The compiler's declarations, for structs by value."""
        if self._declared is None:
            declarations = cffi.FFI()
            declarations.cdef(self._declare())
            self._declared = (declarations, declarations.dlopen(self.opened or None))
        return self._declared

    def function(self, function: Function, address: int) -> Any:
        """A callable for a function at an address."""
        kinds = [param.type for param in function.params] + [function.result.type]
        if any(kind.kind == "struct" for kind in kinds):
            return self._by_value(function, address)
        params = [param_name(param) for param in function.params]
        return cast(self.signature(result_name(function.result), params), address)

    def signature(self, result: str, params: list[str]) -> Any:
        """The type of a pointer to a function."""
        text = f"{result}(*)({', '.join(params) or 'void'})"
        known = self._signatures.get(text)
        if known is None:
            known = self._signatures[text] = ffi.typeof(text)
        return known

    def _by_value(self, function: Function, address: int) -> Any:
        declarations, library = self.declared()
        try:
            kind = declarations.typeof(getattr(library, function.symbol))
        except AttributeError:
            raise InterfaceError(
                f"{function.label}: cffi cannot pass its structs by value"
            ) from None
        lowered = _lowered(declarations, kind, function.params, function.result)
        return declarations.cast(lowered, address)

    def callback_type(self, kind: Type, user: Function | None, index: int) -> Any:
        """The type of a pointer to what C calls, which `user` takes as a parameter."""
        assert kind.result is not None
        kinds = [param.type for param in kind.params] + [kind.result.type]
        if not any(one.kind == "struct" for one in kinds):
            names = [scalar_name(param.type) for param in kind.params]
            return self.signature(scalar_name(kind.result.type), names)
        declarations, library = self.declared()
        try:
            if user is None:
                made = declarations.typeof(f"{kind.name} *")
            else:
                made = declarations.typeof(getattr(library, user.symbol)).args[index]
        except (AttributeError, cffi.CDefError, cffi.FFIError):
            raise InterfaceError(f"{kind.label}: cffi cannot pass its structs by value") from None
        if made.kind == "pointer" and made.item.kind != "void":
            made = made.item
        return _lowered(declarations, made, kind.params, kind.result)


def result_name(result: Param) -> str:
    """What cffi calls a result, but for a struct by value."""
    if result.type.kind == "string" and result.within is None:
        return "char *"
    return scalar_name(result.type)


def _lowered(declarations: Any, made: Any, params: list[Param], result: Param) -> Any:
    """The type of a function pointer whose structs by value have stand-ins."""
    names = [
        declarations.getctype(stand_in) if param.type.kind == "struct" else param_name(param)
        for param, stand_in in zip(params, made.args)
    ]
    by_value = result.type.kind == "struct"
    back = declarations.getctype(made.result) if by_value else result_name(result)
    return declarations.typeof(f"{back}(*)({', '.join(names) or 'void'})")
