"""Proxies as a console shows them: what is there, without running anything of the program's."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Optional

from ._core import Hold
from ._errors import ClosedError, Error
from ._extension import ffi, lib
from ._undefined import undefined

if TYPE_CHECKING:
    from ._proxies import JSObject

_DEEPEST, _LONGEST, _WIDEST, _TEXT = 2, 100, 76, 1000
_NAME = re.compile(r"[A-Za-z_$][\w$]*\Z")
_VIEWS = range(lib.IST_CLASS_ARRAY_BUFFER, lib.IST_CLASS_DATA_VIEW + 1)


def show(proxy: JSObject) -> str:
    """The text of a proxy. Never an exception: what is wrong is shown, too."""
    name = type(proxy).__name__
    try:
        with Hold(proxy._context) as hold:
            return _Shower(hold).object(hold.lower(proxy), 0)
    except ClosedError:
        return f"<{name} (closed)>"
    except Error as problem:
        return f"<{name} ({type(problem).__name__}: {problem})>"


def quote(text: str) -> str:
    """A text as JavaScript writes it in quotes."""
    if len(text) > _TEXT:
        return quote(text[:_TEXT]) + f"... {len(text) - _TEXT} more characters"
    body = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"')
    body = re.sub("[\ud800-\udfff\x7f-\x9f\u2028\u2029]", lambda m: f"\\u{ord(m[0]):04x}", body)
    for mark in "'\"`":
        if mark not in body:
            return mark + body + mark
    return "'" + body.replace("'", "\\'") + "'"


def number(value: float) -> str:
    """A number as JavaScript writes it, near enough."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e21:
        return "-0" if value == 0 and str(value)[0] == "-" else str(int(value))
    return re.sub(r"e([+-])0*", r"e\1", repr(value))


class _Shower:
    def __init__(self, hold: Hold) -> None:
        self.hold = hold
        self.isolate = hold.core.isolate()
        self.context = hold.context._ptr
        self.path: list[Any] = []
        self.memory: list[Any] = []

    # What is asked of isthmus.h runs no code of the program's, but for proxies, which are not
    # looked into.

    def value(self, value: Any, depth: int) -> str:
        kind = value.type
        if kind in (lib.IST_OBJECT, lib.IST_FUNCTION):
            return self.object(value, depth)
        if kind == lib.IST_SYMBOL:
            return self.symbol(value)
        if kind == lib.IST_STRING:
            text = self.text(value)
            return quote(text)
        plain = self.hold.lift(value)
        if plain is None:
            return "null"
        if plain is undefined:
            return "undefined"
        if isinstance(plain, bool):
            return "true" if plain else "false"
        if kind == lib.IST_BIGINT:
            bits = plain.bit_length()
            return f"{plain}n" if bits < 4000 else f"{hex(plain)[:32]}...n ({bits} bits)"
        return number(plain)

    def text(self, value: Any) -> str:
        lifted = self.hold.lift(value)
        lib.ipy_frame_reset(self.hold.frame.c)
        return lifted if isinstance(lifted, str) else ""

    def symbol(self, value: Any) -> str:
        got = ffi.new("ist_value *")
        self.hold.check(lib.ist_symbol_description(self.isolate, value, got))
        return f"Symbol({self.text(got[0])})"

    def named(self, about: Any) -> str:
        got = ffi.new("ist_value *")
        self.hold.check(lib.ist_object_constructor_name(self.isolate, about, got))
        return self.text(got[0])

    def object(self, about: Any, depth: int) -> str:
        kind = ffi.new("ist_class *")
        self.hold.check(lib.ist_value_class(self.isolate, about, kind))
        cls = kind[0]
        if cls == lib.IST_CLASS_PROXY:
            return "[Proxy]"
        same = ffi.new("bool *")
        for one in self.path:
            self.hold.check(lib.ist_value_same(self.isolate, one, about, same))
            if same[0]:
                return "[Circular]"
        self.path.append(about)
        try:
            return self.by_class(about, cls, depth)
        finally:
            self.path.pop()

    def by_class(self, about: Any, cls: int, depth: int) -> str:
        name = self.named(about)
        if cls == lib.IST_CLASS_ARRAY:
            return self.array(about, name, depth)
        if cls in (lib.IST_CLASS_MAP, lib.IST_CLASS_SET):
            return self.collection(about, cls, name, depth)
        if cls == lib.IST_CLASS_FUNCTION:
            own = self.data(about, "name")
            parts = self.properties(about, depth)
            shown = f"[Function: {own}]" if own else "[Function (anonymous)]"
            return f"{shown} {_braces(parts)}" if parts else shown
        if cls == lib.IST_CLASS_ERROR:
            stack, message = self.data(about, "stack"), self.data(about, "message")
            return f"[{(stack or '').splitlines()[0] if stack else f'{name}: {message or str()}'}]"
        if cls == lib.IST_CLASS_REGEXP:
            pattern, flags = ffi.new("ist_value *"), ffi.new("ist_value *")
            self.hold.check(lib.ist_regexp_read(self.context, about, pattern, flags))
            return f"/{self.text(pattern[0])}/{self.text(flags[0])}"
        if cls == lib.IST_CLASS_DATE:
            return "Invalid Date" if self.milliseconds(about) else self.hold.lift(about).isoformat()
        if cls == lib.IST_CLASS_PROMISE:
            return self.promise(about, depth)
        if cls in _VIEWS:
            return self.view(about, name)
        parts = self.properties(about, depth)
        prefix = "" if name == "Object" and cls == lib.IST_CLASS_OBJECT else f"{name} "
        if depth > _DEEPEST and parts:
            return f"[{name}]"
        return prefix + _braces(parts)

    def milliseconds(self, about: Any) -> bool:
        got = ffi.new("double *")
        self.hold.check(lib.ist_date_read(self.isolate, about, got))
        return not -62135596800000.0 <= got[0] <= 253402300799999.0

    def promise(self, about: Any, depth: int) -> str:
        state, got = ffi.new("ist_promise_state *"), ffi.new("ist_value *")
        self.hold.check(lib.ist_promise_read(self.isolate, about, state, got))
        if state[0] == lib.IST_PROMISE_PENDING:
            return "Promise { <pending> }"
        mark = "<rejected> " if state[0] == lib.IST_PROMISE_REJECTED else ""
        return f"Promise {{ {mark}{self.value(got[0], depth + 1)} }}"

    def view(self, about: Any, name: str) -> str:
        memory = self.hold.lift(about)
        try:
            shown = memoryview(memory)
        except TypeError:
            return f"{name} (detached)"
        parts = [number(one) for one in shown[:_LONGEST]]
        if len(shown) > _LONGEST:
            parts.append(_more(len(shown) - _LONGEST))
        return f"{name}({len(shown)}) {_brackets(parts)}"

    def elements(self, about: Any, most: int) -> tuple[list[Any], int]:
        length, got = ffi.new("uint32_t *"), ffi.new("uint32_t *")
        self.hold.check(lib.ist_array_length(self.isolate, about, length))
        count = min(length[0], most)
        values = ffi.new("ist_value[]", max(count, 1))
        problem = ffi.new("ist_error **")
        self.hold.check(
            lib.ist_array_read(self.context, about, 0, values, count, got, problem), problem
        )
        # They stand in this memory.
        self.memory.append(values)
        return [values[i] for i in range(got[0])], length[0]

    def array(self, about: Any, name: str, depth: int) -> str:
        length = ffi.new("uint32_t *")
        self.hold.check(lib.ist_array_length(self.isolate, about, length))
        if depth > _DEEPEST and length[0]:
            return f"[{name}]"
        parts: list[str] = []
        holes = 0
        for i in range(min(length[0], _LONGEST)):
            shown = self.property(about, self.index(i), depth)
            if shown is None:
                holes += 1
                continue
            if holes:
                parts.append(_holes(holes))
                holes = 0
            parts.append(shown)
        if holes:
            parts.append(_holes(holes))
        if length[0] > _LONGEST:
            parts.append(_more(length[0] - _LONGEST))
        prefix = "" if name == "Array" else f"{name}({length[0]}) "
        return prefix + _brackets(parts)

    def collection(self, about: Any, cls: int, name: str, depth: int) -> str:
        size, flat = ffi.new("size_t *"), ffi.new("ist_value *")
        self.hold.check(lib.ist_collection_size(self.isolate, about, size))
        if depth > _DEEPEST and size[0]:
            return f"[{name}]"
        self.hold.check(lib.ist_collection_entries(self.context, about, flat))
        step = 2 if cls == lib.IST_CLASS_MAP else 1
        values, _ = self.elements(flat[0], _LONGEST * step)
        shown = [self.value(value, depth + 1) for value in values]
        parts = shown
        if step == 2:
            parts = [f"{key} => {value}" for key, value in zip(shown[::2], shown[1::2])]
        if size[0] > _LONGEST:
            parts.append(_more(size[0] - _LONGEST))
        return f"{name}({size[0]}) {_braces(parts)}"

    def index(self, at: int) -> Any:
        return self.hold.lower(at)

    def property(self, about: Any, key: Any, depth: int) -> Optional[str]:
        """A property's value as text; None when there is none."""
        got = ffi.new("ist_property *")
        got.size = ffi.sizeof("ist_property")
        problem = ffi.new("ist_error **")
        status = lib.ist_object_property(self.context, about, key, got, problem)
        if status == lib.IST_ERR_NOT_FOUND:
            lib.ist_error_free(problem[0])
            return None
        self.hold.check(status, problem)
        if not got.accessor:
            return self.value(got.value, depth + 1)
        if got.getter.type == lib.IST_UNDEFINED:
            return "[Setter]"
        return "[Getter]" if got.setter.type == lib.IST_UNDEFINED else "[Getter/Setter]"

    def data(self, about: Any, name: str) -> Optional[str]:
        """The text that is the value of an own property, if that is one."""
        got = ffi.new("ist_property *")
        got.size = ffi.sizeof("ist_property")
        problem = ffi.new("ist_error **")
        status = lib.ist_object_property(self.context, about, self.hold.lower(name), got, problem)
        if status:
            lib.ist_error_free(problem[0])
            return None
        if got.accessor or got.value.type != lib.IST_STRING:
            return None
        return self.text(got.value)

    def properties(self, about: Any, depth: int) -> list[str]:
        keys, problem = ffi.new("ist_value *"), ffi.new("ist_error **")
        flags = lib.IST_KEYS_ENUMERABLE | lib.IST_KEYS_SYMBOLS
        self.hold.check(lib.ist_object_keys(self.context, about, flags, keys, problem), problem)
        found, length = self.elements(keys[0], _LONGEST)
        if depth > _DEEPEST and found:
            return ["..."]
        parts = []
        for key in found:
            if key.type == lib.IST_SYMBOL:
                label = f"[{self.symbol(key)}]"
            elif key.type == lib.IST_STRING:
                text = self.text(key)
                label = text if _NAME.match(text) else quote(text)
            else:
                label = f"'{self.hold.lift(key)}'"
            parts.append(f"{label}: {self.property(about, key, depth)}")
        if length > _LONGEST:
            parts.append(_more(length - _LONGEST))
        return parts


def _holes(count: int) -> str:
    return f"<{count} empty item{'s' if count > 1 else ''}>"


def _more(count: int) -> str:
    return f"... {count} more item{'s' if count > 1 else ''}"


def _brackets(parts: list[str]) -> str:
    if len(parts) > 6 and max(map(len, parts)) <= 24 and "\n" not in "".join(parts):
        return _joined("[", _rows(parts), "]")
    return _joined("[", parts, "]")


def _rows(parts: list[str]) -> list[str]:
    """Short parts side by side."""
    rows: list[str] = []
    for part in parts:
        if rows and len(rows[-1]) + len(part) + 2 <= _WIDEST:
            rows[-1] += ", " + part
        else:
            rows.append(part)
    return rows


def _braces(parts: list[str]) -> str:
    return _joined("{", parts, "}")


def _joined(begin: str, parts: list[str], end: str) -> str:
    if not parts:
        return begin + end
    line = ", ".join(parts)
    if len(line) <= _WIDEST and "\n" not in line:
        return f"{begin} {line} {end}"
    lines = ",\n".join("  " + part.replace("\n", "\n  ") for part in parts)
    return f"{begin}\n{lines}\n{end}"
