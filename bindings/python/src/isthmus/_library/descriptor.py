"""Descriptors: what the interface compiler says of a library (docs/descriptor.md), as objects.

Every index of the document is resolved here, once; the rest of the package never sees JSON. The
objects are not changed after `read` has given them.
"""

from __future__ import annotations

import keyword
from typing import Any

Json = dict[str, Any]
Expression = Json


class Type:
    """A type of C, as a parameter, result or field has it."""

    __slots__ = (
        "align",
        "args",
        "bits",
        "bound",
        "c",
        "const",
        "constructors",
        "count",
        "depth",
        "destructor",
        "doc",
        "encoding",
        "fields",
        "flags",
        "functions",
        "index",
        "inline",
        "kind",
        "label",
        "library",
        "maximum",
        "methods",
        "minimum",
        "name",
        "no_reenter",
        "open",
        "params",
        "pointers",
        "result",
        "scalar",
        "signed",
        "size",
        "statics",
        "to",
        "type_params",
        "union",
        "values",
    )

    def __init__(self, index: int, json: Json, library: str) -> None:
        self.index = index
        self.kind: str = json["kind"]
        self.name = str(json.get("name", self.kind))
        self.label = f"{library}.{self.name}"
        self.c = str(json.get("c", self.name))
        self.doc: str | None = json.get("doc")
        self.size: int = json.get("size", 0)
        self.align: int = json.get("align", 1)
        self.signed: bool = json.get("signed", False)
        self.bits = 8 * self.size
        self.scalar = self.kind in ("int", "bool", "float", "enum")
        self.minimum = -(1 << (self.bits - 1)) if self.signed and self.size else 0
        self.maximum = (1 << (self.bits - self.signed)) - 1 if self.size else 0
        self.flags: bool = json.get("flags", False)
        self.open: bool = json.get("open", False)
        self.values: list[Json] = json.get("values", [])
        self.union: bool = json.get("union", False)
        self.pointers: bool = json.get("pointers", False)
        self.inline: bool = json.get("inline", False)
        self.no_reenter: bool = json.get("no_reenter", False)
        self.depth: int = json.get("depth", 0)
        self.const: bool = json.get("const", False)
        self.count: int = json.get("count", 0)
        self.encoding: str | None = json.get("encoding", json.get("text"))
        self.type_params: list[str] = json.get("type_params", [])
        self.args: list[int] = json.get("args", [])
        self.to: Type = self
        self.fields: list[Field] = []
        self.params: list[Param] = []
        self.result: Param | None = None
        self.constructors: list[Function] = []
        self.methods: list[Function] = []
        self.statics: list[Function] = []
        self.destructor: Function | None = None
        self.functions = False
        """Holds functions that Python may store, in itself or in what it contains."""
        self.bound: Any = None
        """What makes Python's values of raw ones, once there is one: a class, or a function."""
        self.library: Any = None
        """The open library that the type belongs to."""

    @property
    def element(self) -> int:
        """The size of an element of a buffer of this type."""
        if self.kind == "void":
            return 1
        return self.size or 8

    @property
    def is_text(self) -> bool:
        """Whether this is a fixed array of characters."""
        return self.kind == "array" and self.encoding is not None

    @property
    def holds_pointers(self) -> bool:
        """Whether memory of this type holds pointers, nested structs and arrays included."""
        if self.kind in ("struct", "handle"):
            return self.pointers
        if self.kind == "array":
            return self.to.holds_pointers
        return not self.scalar


class Field:
    """A member of a struct, union or handle."""

    __slots__ = (
        "attribute",
        "bit_offset",
        "bit_width",
        "cases",
        "doc",
        "group",
        "index",
        "length",
        "name",
        "offset",
        "readonly",
        "shown",
        "tag",
        "tag_values",
        "text",
        "type",
        "use",
        "value",
    )

    def __init__(self, index: int, json: Json, types: list[Type]) -> None:
        self.index = index
        self.name: str = json["name"]
        self.attribute = python_name(self.name)
        self.type = types[json["type"]]
        self.offset: int = json.get("offset", 0)
        self.bit_offset: int = json.get("bit_offset", 0)
        self.bit_width: int = json.get("bit_width", 0)
        self.length: Field | None = None
        self.text: str | None = json.get("text")
        self.readonly: bool = json.get("readonly", False)
        self.group: int | None = json.get("union")
        self.value: Expression | None = json.get("value")
        self.doc: str | None = json.get("doc")
        self.tag: Field | None = None
        self.tag_values: list[int] = []
        self.cases: dict[int, Field] = {}
        self.use: Param | None = None
        self.shown = (
            self.type.kind != "callback"
            and self.value is None
            and not (self.type.kind == "pointer" and "len" not in json)
        )

    def resolve(self, json: Json, fields: list[Field], read: Reader) -> None:
        """Links what names other fields."""
        if "len" in json:
            self.length = fields[json["len"]]
        when, choice = json.get("when"), json.get("as")
        if when:
            self.tag = fields[when["field"]]
            self.tag_values = [int(value) for value in when["values"]]
        if choice:
            self.tag = fields[choice["field"]]
            members = self.type.fields
            self.cases = {int(c["value"]): members[c["member"]] for c in choice["cases"]}
            self.tag_values = list(self.cases)
        use = json.get("callback")
        if use:
            self.use = Param(dict(use, name=self.name, type=self.type.index, role="value"), 0, read)


class Param:
    """A parameter or result; the members are those of docs/descriptor.md."""

    __slots__ = (
        "arg",
        "attribute",
        "copy",
        "count",
        "data",
        "default",
        "destroy",
        "dir",
        "doc",
        "element_null",
        "error_text",
        "filled",
        "free",
        "hidden",
        "index",
        "keeps",
        "lengths",
        "maximum",
        "minimum",
        "name",
        "null",
        "of",
        "on_throw",
        "own",
        "own_always",
        "parent",
        "replaced",
        "role",
        "scope",
        "size",
        "take",
        "terminated",
        "text",
        "type",
        "type_args",
        "until",
        "value",
        "within",
    )

    def __init__(self, json: Json, index: int, read: Reader) -> None:
        self.index = index
        self.name: str = json.get("name", "result")
        self.attribute = python_name(self.name)
        self.type = read.types[json["type"]]
        self.role: str = json["role"]
        self.dir: str = json.get("dir", "in")
        self.null: bool = json.get("null", False)
        self.element_null: bool = json.get("element_null", False)
        self.default: Expression | None = json.get("default")
        self.arg: int = json.get("arg", -1)
        self.lengths: list[int] = json.get("lengths", [])
        self.minimum: Expression | None = json.get("min")
        self.maximum: Expression | None = json.get("max")
        self.count: Expression | None = json.get("count")
        self.terminated: bool = json.get("terminated", False)
        self.size: Expression | None = json.get("size")
        self.filled: Expression | None = json.get("filled")
        self.text: str | None = json.get("text")
        self.value: Expression | None = json.get("value")
        own = json.get("own")
        self.own = own is not None
        self.own_always: bool = bool(own and own.get("always"))
        self.free: Function | None = None
        if own and "free" in own:
            self.free = read.functions[own["free"]]
        self.take: bool = json.get("take", False)
        self.keeps: list[int] = json.get("keeps", [])
        self.until: tuple[Function, ...] = tuple(read.functions[f] for f in json.get("until", []))
        self.parent: int | None = json.get("parent")
        self.copy: bool = json.get("copy", False)
        self.within: int | None = json.get("within")
        self.error_text: bool = json.get("error_text", False)
        self.hidden: bool = json.get("hidden", False)
        scope = json.get("scope")
        self.scope: str | None = scope["kind"] if scope else None
        self.replaced = bool(scope and scope.get("replaced"))
        if scope and scope.get("functions"):
            self.until = tuple(read.functions[f] for f in scope["functions"])
        self.data: int | None = json.get("data")
        self.destroy: int | None = json.get("destroy")
        self.of: int | None = json.get("of")
        self.on_throw: Expression | None = json.get("on_throw")
        self.type_args: list[Expression] = json.get("type_args", [])
        self.doc: str | None = json.get("doc")

    @property
    def is_bound(self) -> bool:
        """Whether what comes back points into what somebody else owns."""
        return bool(self.keeps or self.until or self.parent is not None)


class Function:
    """A described function."""

    __slots__ = (
        "args",
        "c",
        "doc",
        "ends_borrows",
        "errno",
        "except_",
        "hidden",
        "index",
        "kind",
        "label",
        "name",
        "no_reenter",
        "optional",
        "outputs",
        "owner",
        "params",
        "plan",
        "required",
        "result",
        "self_index",
        "symbol",
        "tags",
        "throw_args",
        "throws",
        "unsafe",
    )

    def __init__(self, index: int, json: Json) -> None:
        self.index = index
        self.name: str = json["name"]
        self.c: str = json["c"]
        self.symbol: str = json["symbol"]
        self.kind: str = json["kind"]
        self.doc: str | None = json.get("doc")
        self.args: list[int] = json["args"]
        self.required: int = json["required"]
        self.outputs: list[int] = json["outputs"]
        self.self_index: int | None = json.get("self")
        self.hidden: bool = json.get("hidden", False)
        self.optional: bool = json.get("optional", False)
        self.no_reenter: bool = json.get("no_reenter", False)
        self.tags: list[str] = json.get("tags", [])
        self.unsafe: str | None = json.get("unsafe")
        self.errno: bool = json.get("errno", False)
        self.params: list[Param] = []
        self.result: Param
        self.owner: Type | None = None
        self.label = self.name
        self.throws: Bundle | None = None
        self.throw_args: list[Expression] = []
        self.except_: list[Expression] = []
        self.ends_borrows = False
        """Some result, output or callback is valid until this function is called."""
        self.plan: Any = None


class Bundle:
    """An error bundle: what a failure is."""

    __slots__ = ("bound", "cleanup", "code", "doc", "fail", "message", "name", "ok", "params")

    def __init__(self, json: Json) -> None:
        self.name: str = json["name"]
        self.params: list[Json] = json["params"]
        self.ok: Expression | None = json.get("ok")
        self.fail: Expression | None = json.get("fail")
        self.code: Expression | None = json.get("code")
        self.message: Expression | None = json.get("message")
        self.cleanup: Expression | None = json.get("cleanup")
        self.doc: str | None = json.get("doc")
        self.bound: Any = None


class Constant:
    """A constant of the module."""

    __slots__ = ("doc", "name", "value")

    def __init__(self, json: Json, types: list[Type]) -> None:
        self.name: str = json["name"]
        self.value = literal(json["value"], types[json["type"]])
        self.doc: str | None = json.get("doc")


class Descriptor:
    """A whole library."""

    def __init__(self, json: Json) -> None:
        self.name: str = json["library"]
        self.doc: str | None = json.get("doc")
        self.link: list[str] = json["link"]
        self.types: list[Type] = []
        self.functions: list[Function] = []
        self.errors: list[Bundle] = []
        self.constants: list[Constant] = []


class Reader:
    """What indexes lead to while a document is read."""

    def __init__(self, types: list[Type], functions: list[Function]) -> None:
        self.types = types
        self.functions = functions


def python_name(name: str) -> str:
    """What Python calls something: keywords get an underscore at their end."""
    return name + "_" if keyword.iskeyword(name) else name


def literal(expression: Expression, kind: Type) -> Any:
    """The Python value of a constant or default."""
    if "int" in expression:
        number = int(expression["int"])
        if kind.kind == "bool":
            return bool(number)
        return float(number) if kind.kind == "float" else number
    if "float" in expression:
        return float(expression["float"])
    if "string" in expression:
        return expression["string"]
    return None


def read(json: Json) -> Descriptor:
    """The descriptor of a JSON document that the compiler has made."""
    made = Descriptor(json)
    name = made.name
    types = made.types = [Type(i, item, name) for i, item in enumerate(json["types"])]
    functions = made.functions = [Function(i, item) for i, item in enumerate(json["functions"])]
    made.errors = [Bundle(item) for item in json["errors"]]
    made.constants = [Constant(item, types) for item in json["constants"]]
    reader = Reader(types, functions)
    for one, item in zip(types, json["types"]):
        _read_type(one, item, reader)
    for one, item in zip(types, json["types"]):
        for field, inner in zip(one.fields, item.get("fields", [])):
            field.resolve(inner, one.fields, reader)
    for function, item in zip(functions, json["functions"]):
        _read_function(function, item, made, reader)
    _spread(made)
    return made


def _read_type(one: Type, json: Json, reader: Reader) -> None:
    types, functions = reader.types, reader.functions
    to = json.get("to", json.get("of"))
    if to is not None:
        one.to = types[to]
    one.fields = [Field(i, field, types) for i, field in enumerate(json.get("fields", []))]
    one.constructors = [functions[f] for f in json.get("constructors", [])]
    one.methods = [functions[f] for f in json.get("methods", [])]
    one.statics = [functions[f] for f in json.get("statics", [])]
    if "destructor" in json:
        one.destructor = functions[json["destructor"]]
    if one.kind == "callback":
        one.params = [Param(p, i, reader) for i, p in enumerate(json["params"])]
        one.result = Param(json["result"], -1, reader)


def _read_function(function: Function, json: Json, made: Descriptor, reader: Reader) -> None:
    function.params = [Param(p, i, reader) for i, p in enumerate(json["params"])]
    function.result = Param(json["result"], -1, reader)
    if "owner" in json:
        function.owner = made.types[json["owner"]]
        function.label = f"{made.name}.{function.owner.name}.{function.name}"
    else:
        function.label = f"{made.name}.{function.name}"
    throws = json.get("throws")
    if throws:
        function.throws = made.errors[throws["error"]]
        function.throw_args = throws["args"]
        function.except_ = throws.get("except", [])


def _spread(made: Descriptor) -> None:
    for function in made.functions:
        for param in [*function.params, function.result]:
            for ending in param.until:
                ending.ends_borrows = True
    for one in made.types:
        for field in one.fields:
            if field.use:
                one.functions = True
                for ending in field.use.until:
                    ending.ends_borrows = True
    changed = True
    while changed:
        changed = False
        for one in made.types:
            inner = [field.type for field in one.fields]
            if one.kind == "array":
                inner.append(one.to)
            if not one.functions and any(
                i.functions for i in inner if i.kind in ("struct", "array")
            ):
                one.functions = changed = True
