"""Step one of a call: everything that can run the caller's code. Values are read and copied here;
objects, whose lives that code could end, are only noted, for step two to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import abi, buffers
from .descriptor import Param, Type
from .native import (
    ArrayView,
    Native,
    check_writable,
    native,
)
from .plans import takes_into
from .scalars import (
    allocate,
    encode,
    lower_scalar,
    terminator,
)
from .state import Argument, State
from .structs import lower_part, lower_struct
from .texts import Site, article, perhaps

_MOST_ELEMENTS = 1 << 24


class Lowering(State):
    """Step one."""

    __slots__ = ()

    def _lower(self, given: tuple[Any, ...], into: Any) -> None:
        function = self.function
        for index, value in zip(function.args, given):
            self._lower_one(function.params[index], value)
        for param, value in self.plan.hidden_defaults:
            self._lower_one(param, value)
        for param in self.plan.cells:
            self._lay_cell(param)
        if into is not None:
            self._read_into(into)

    def _lay_cell(self, param: Param) -> None:
        argument = self.arguments[param.index]
        if argument.absent:
            self.values[param.index] = abi.NULL
            return
        if argument.cell is None:
            argument.cell = abi.new(abi.raw_name(param.type.to) + " *")
        self.values[param.index] = argument.cell

    def _read_into(self, into: Any) -> None:
        site = self.site.at("into")
        if not isinstance(into, Mapping):
            raise site.expected(TypeError, "a dict", into)
        takes = {
            param.name: param for param in self.function.params if takes_into(self.plan, param)
        }
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
