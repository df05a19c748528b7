"""Makes random structs, and all that compares their layout with the C compiler's.

generate.py FOLDER COUNT SEED writes COUNT structs in batches, each a folder's worth of: layoutN.h and layoutN.c (the
structs, and functions that take and return them by value and by pointer and check every byte), layoutN_facts.c (a
program that prints sizes and offsets as gcc sees them), layoutN.idl, and layoutN.mjs (the test, run by `isthmus run`).
The same COUNT and SEED always give the same files. Expected values live on both sides; the masks, which leave padding
out of the comparison, are made by the C compiler from the fields themselves.
"""

import json
import pathlib
import random
import string
import sys

BATCH = 250
SAFE = 2**53 - 1

# C name -> (bits, signed, kind)
SCALARS = {
    "bool": (1, False, "bool"),
    "int8_t": (8, True, "int"),
    "uint8_t": (8, False, "int"),
    "signed char": (8, True, "int"),
    "unsigned char": (8, False, "int"),
    "char": (8, True, "int"),
    "short": (16, True, "int"),
    "unsigned short": (16, False, "int"),
    "int16_t": (16, True, "int"),
    "uint16_t": (16, False, "int"),
    "int": (32, True, "int"),
    "unsigned": (32, False, "int"),
    "int32_t": (32, True, "int"),
    "uint32_t": (32, False, "int"),
    "long": (64, True, "safe"),
    "unsigned long": (64, False, "safe"),
    "size_t": (64, False, "safe"),
    "int64_t": (64, True, "big"),
    "uint64_t": (64, False, "big"),
    "long long": (64, True, "big"),
    "float": (32, True, "float"),
    "double": (64, True, "float"),
    "enum tone": (32, False, "enum"),
}
BIT_TYPES = ["unsigned", "int", "uint8_t", "int8_t", "uint16_t", "int16_t", "uint64_t", "int64_t", "bool", "unsigned long", "long long"]


class Scalar:
    """A scalar, or a bit-field of one."""

    def __init__(self, c, width=None):
        self.c, self.width = c, width
        self.bits, self.signed, self.kind = SCALARS[c]

    def value(self, rng):
        if self.kind == "bool":
            return rng.random() < 0.5
        if self.kind == "enum":
            return rng.choice([0, 7, 2000])
        if self.kind == "float":
            return rng.randrange(-(2**20), 2**20) / 8
        bits = self.width or self.bits
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if self.signed else (0, 2**bits - 1)
        if self.kind == "safe":
            low, high = max(low, -SAFE), min(high, SAFE)
        return rng.choice([low, high, rng.randint(low, high), rng.randint(low, high)])

    def c_value(self, v):
        if self.kind == "bool":
            return "true" if v else "false"
        if self.kind == "float":
            return repr(float(v))
        if self.bits == 64:
            if v == -(2**63):
                return "(-9223372036854775807ll - 1)"
            return f"{v}ull" if v > 2**63 - 1 else f"{v}ll"
        if v == -(2**31):
            return "(-2147483647 - 1)"
        return f"{v}u" if v > 2**31 - 1 else str(v)

    def js_value(self, v):
        if self.kind == "bool":
            return "true" if v else "false"
        if self.kind == "big":
            return f"{v}n"
        return repr(v)

    def fill(self, at):
        """C statements that set every bit of the value at `at`."""
        if self.kind == "bool":
            return f"{at} = true;"
        if self.kind == "float":
            return f"memset(&{at}, 255, sizeof {at});"
        if self.kind == "enum":
            return f"memset(&{at}, 255, sizeof {at});"
        if self.width:
            top = 2**self.width - 1
            return f"{at} = {'-1' if self.signed else f'{top}ull'};"
        return f"memset(&{at}, 255, sizeof {at});"


class Text:
    def __init__(self, count):
        self.count = count

    def value(self, rng):
        size = rng.randint(0, self.count - 1)
        return "".join(rng.choice(string.ascii_letters) for _ in range(size))

    def c_value(self, v):
        return "{" + ", ".join([f"'{c}'" for c in v] or ["0"]) + "}"

    def js_value(self, v):
        return json.dumps(v)

    def fill(self, at):
        return f"memset({at}, 255, sizeof {at});"


class Array:
    def __init__(self, of, count):
        self.of, self.count = of, count

    def value(self, rng):
        return [self.of.value(rng) for _ in range(self.count)]

    def c_value(self, v):
        return "{" + ", ".join(self.of.c_value(x) for x in v) + "}"

    def js_value(self, v):
        return "[" + ", ".join(self.of.js_value(x) for x in v) + "]"

    def fill(self, at):
        return "".join(self.of.fill(f"{at}[{i}]") for i in range(self.count))


class Struct:
    def __init__(self, name, fields, packed):
        self.name, self.fields, self.packed = name, fields, packed

    def value(self, rng):
        return {f.name: f.type.value(rng) for f in self.fields if f.name}

    def c_value(self, v):
        return "{" + ", ".join(f".{f.name} = {f.type.c_value(v[f.name])}" for f in self.fields if f.name) + "}"

    def js_value(self, v):
        return "{" + ", ".join(f"{f.name}: {f.type.js_value(v[f.name])}" for f in self.fields if f.name) + "}"

    def fill(self, at):
        return f"fill_{self.name}(&{at});"


class Field:
    def __init__(self, name, type, align=0):
        self.name, self.type, self.align = name, type, align


def base(type):
    dims = ""
    while isinstance(type, Array):
        dims += f"[{type.count}]"
        type = type.of
    if isinstance(type, Text):
        return "char", f"{dims}[{type.count}]"
    return (type.name if isinstance(type, Struct) else type.c), dims


def size_bound(type):
    if isinstance(type, Array):
        return type.count * size_bound(type.of)
    if isinstance(type, Text):
        return type.count
    if isinstance(type, Struct):
        return sum(max(size_bound(f.type), 8) + f.align for f in type.fields)
    return 8


class Maker:
    def __init__(self, rng):
        self.rng = rng

    def field_type(self, structs, small):
        rng = self.rng
        roll = rng.random()
        if roll < 0.12 and structs:
            nested = rng.choice(structs[-40:])
            if size_bound(nested) < 300:
                return nested
        if roll < 0.25 and not small:
            of = Scalar(rng.choice([c for c in SCALARS if c != "char"]))
            if structs and rng.random() < 0.25:
                nested = rng.choice(structs[-40:])
                if size_bound(nested) < 100:
                    of = nested
            array = Array(of, rng.randint(1, 5))
            return Array(array, rng.randint(1, 3)) if rng.random() < 0.2 else array
        if roll < 0.29 and not small:
            return Text(rng.randint(1, 12))
        if roll < 0.45:
            # Kinds that meet in one eightbyte decide between the register files.
            return Scalar(rng.choice(["float", "double", "float"]))
        return Scalar(rng.choice(list(SCALARS)))

    def struct(self, name, structs):
        rng = self.rng
        small = rng.random() < 0.5
        packed = rng.random() < 0.12
        bits = rng.random() < 0.3
        fields = []
        for i in range(rng.randint(1, 4 if small else 8)):
            if bits and rng.random() < 0.65:
                c = rng.choice(BIT_TYPES)
                if rng.random() < 0.1 and fields:
                    width = 0 if rng.random() < 0.5 else rng.randint(1, SCALARS[c][0])
                    if width and fields[0].name != "wide":
                        # By value, gcc and clang disagree about an eightbyte that only an unnamed bit-field is in: such
                        # structs are made too large for registers.
                        fields.insert(0, Field("wide", Array(Scalar("double"), 2)))
                    fields.append(Field(None, Scalar(c, width)))
                    continue
                fields.append(Field(f"f{i}", Scalar(c, rng.randint(1, SCALARS[c][0]))))
                continue
            align = rng.choice([2, 4, 8, 16, 16, 32, 64]) if rng.random() < 0.05 else 0
            fields.append(Field(f"f{i}", self.field_type(structs, small), align))
        if not any(f.name for f in fields):
            fields.append(Field("last", Scalar("int")))
        return Struct(name, fields, packed)


def c_struct(s):
    lines = []
    for f in s.fields:
        c, dims = base(f.type)
        width = getattr(f.type, "width", None)
        bits = f" : {width}" if width is not None else ""
        align = f" __attribute__((aligned({f.align})))" if f.align else ""
        lines.append(f"  {c} {f.name or ''}{dims}{bits}{align};\n")
    packed = " __attribute__((packed))" if s.packed else ""
    return f"typedef struct{packed} {s.name} {{\n{''.join(lines)}}} {s.name};\n"


def idl_struct(s):
    lines = []
    for f in s.fields:
        c, dims = base(f.type)
        width = getattr(f.type, "width", None)
        bits = f" : {width}" if width is not None else ""
        align = f"[[align({f.align})]] " if f.align else ""
        lines.append(f"  {align}{c} {f.name or ''}{dims}{bits};\n")
    packed = "[[packed]] " if s.packed else ""
    return f"{packed}typedef struct {s.name} {{\n{''.join(lines)}}} {s.name};\n"


PRELUDE_JS = """// Made by generate.py: each struct goes to C and comes back, by value, by pointer and through a callback.
import * as lib from "ffi:@LIB@";

let failed = 0;
let checks = 0;
function say(name, what) {
  if (failed++ < 20) console.log(`${name}: ${what}`);
}
function same(name, got, wanted, path) {
  checks++;
  if (typeof wanted === "object") {
    for (const key of Object.keys(wanted)) same(name, got[key], wanted[key], `${path}.${key}`);
    if (Array.isArray(wanted) && got.length !== wanted.length) say(name, `${path}.length: ${got.length}`);
  } else if (!Object.is(got, wanted) && !(got === 0 && wanted === 0)) {
    say(name, `${path}: expected ${String(wanted)}, got ${String(got)}`);
  }
}
function none(name, what, diff) {
  checks++;
  if (diff !== -1) say(name, `${what}: byte ${diff} differs`);
}
function attempt(name, fn) {
  try {
    fn();
  } catch (error) {
    say(name, `${error.name}: ${error.message}`);
  }
}
const cases = [
"""

POSTLUDE_JS = """];
let before = null;
for (const [name, a, b] of cases) {
  attempt(name, () => {
    const Class = lib[name];
    const instance = new Class(a);
    same(name, instance, a, "instance");
    none(name, "an instance by pointer", lib[`diff_${name}`](instance));
    none(name, "an instance by value", lib[`take_${name}`](instance));
    none(name, "a literal by pointer", lib[`diff_${name}`](a));
    none(name, "a literal by value", lib[`take_${name}`](a));
    for (const key of Object.keys(b)) instance[key] = b[key];
    same(name, instance, b, "assigned");
    for (const key of Object.keys(a).reverse()) instance[key] = a[key];
    none(name, "assigned field by field", lib[`diff_${name}`](instance));
    same(name, lib[`give_${name}`](), b, "returned");
    same(name, lib[`fill_out_${name}`](), b, "filled");
    none(name, "what came back", lib[`diff_b_${name}`](lib[`give_${name}`]()));
    same(name, lib[`swap_${name}`](instance, 7, 2.5), b, "swapped");
    same(name, new Class(instance.toJSON === undefined ? a : a), a, "again");
    if (before) none(name, "among others", lib[`mix_${name}`](3, instance, 0.5, before, 4n, 1.25));
    if (lib[`call_${name}`]) {
      const result = lib[`call_${name}`]((v) => {
        same(name, v, a, "in a callback");
        return b;
      });
      none(name, "returned by a callback", result);
    }
    before = a;
  });
}
console.log(`${cases.length} structs, ${checks} comparisons, ${failed} failed`);
if (failed) throw new Error("layouts differ");
"""


def write_batch(folder, number, rng, count):
    maker = Maker(rng)
    lib = f"layout{number}"
    structs = []
    h = ["#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\nenum tone { TONE_A, TONE_B = 7, TONE_C = 2000 };\n\n"]
    c = [f'#include "{lib}.h"\n#include <string.h>\n\n'
         "static int diff(const void *at, const void *wanted, const void *mask, size_t size) {\n"
         "  const unsigned char *a = at, *b = wanted, *m = mask;\n"
         "  for (size_t i = 0; i < size; i++)\n    if ((a[i] ^ b[i]) & m[i]) return (int)i;\n  return -1;\n}\n"]
    facts = [f'#include "{lib}.h"\n#include <stdio.h>\n#include <string.h>\n\n'
             "static void bits(const char *name, const void *at, size_t size) {\n"
             "  const unsigned char *b = at;\n  long first = -1, count = 0;\n"
             "  for (size_t i = 0; i < size * 8; i++)\n    if (b[i / 8] >> (i % 8) & 1) {\n"
             "      if (first < 0) first = (long)i;\n      count++;\n    }\n"
             '  printf(" %s:%ld+%ld", name, first, count);\n}\n\n']
    facts_main = []
    idl = [f'library {lib};\nlink "./{lib}.so", "{lib}.so";\nheader "{lib}.h";\n\nenum tone {{ TONE_A, TONE_B = 7, TONE_C = 2000 }};\n\n']
    js = [PRELUDE_JS.replace("@LIB@", lib)]
    before = None
    for i in range(count):
        s = maker.struct(f"S{i}", structs)
        structs.append(s)
        n = s.name
        a, b = s.value(rng), s.value(rng)
        h.append(c_struct(s))
        prototypes = [
            f"int diff_{n}(const {n} *v)",
            f"int diff_b_{n}(const {n} *v)",
            f"int take_{n}({n} v)",
            f"{n} give_{n}(void)",
            f"void fill_out_{n}({n} *v)",
            f"{n} swap_{n}({n} v, int a, double b)",
        ]
        if before:
            prototypes.append(f"int mix_{n}(int a, {n} v, double b, {before[0]} w, int64_t c, float d)")
        with_callback = i % 8 == 0
        if with_callback:
            h.append(f"typedef {n} turn_{n}({n} v, void *data);\n")
            prototypes.append(f"int call_{n}(turn_{n} *cb, void *data)")
        h.extend(f"{p};\n" for p in prototypes)

        fill = "".join(f"  {f.type.fill('v->' + f.name)}\n" for f in s.fields if f.name)
        c.append(f"static void fill_{n}({n} *v) {{\n{fill}}}\n")
        facts.append(f"void fill_{n}({n} *v);\nvoid fill_{n}({n} *v) {{\n{fill}}}\n")
        c.append(f"static const {n} a_{n} = {s.c_value(a)};\nstatic const {n} b_{n} = {s.c_value(b)};\n")
        body = f"{{\n  {n} mask;\n  memset(&mask, 0, sizeof mask);\n  fill_{n}(&mask);\n  return diff(v, &%s_{n}, &mask, sizeof *v);\n}}\n"
        c.append(f"int diff_{n}(const {n} *v) " + body % "a")
        c.append(f"int diff_b_{n}(const {n} *v) " + body % "b")
        c.append(f"int take_{n}({n} v) {{\n  return diff_{n}(&v);\n}}\n")
        c.append(f"{n} give_{n}(void) {{\n  return b_{n};\n}}\n")
        c.append(f"void fill_out_{n}({n} *v) {{\n  *v = b_{n};\n}}\n")
        c.append(f"{n} swap_{n}({n} v, int a, double b) {{\n  return a == 7 && b == 2.5 && diff_{n}(&v) == -1 ? b_{n} : v;\n}}\n")
        if before:
            c.append(f"int mix_{n}(int a, {n} v, double b, {before[0]} w, int64_t c, float d) {{\n"
                     f"  if (a != 3 || b != 0.5 || c != 4 || d != 1.25f) return -2;\n"
                     f"  int at = diff_{n}(&v);\n  return at != -1 ? at : diff_{before[0]}(&w) == -1 ? -1 : 100000;\n}}\n")
        if with_callback:
            c.append(f"int call_{n}(turn_{n} *cb, void *data) {{\n  {n} v = cb(a_{n}, data);\n  return diff_b_{n}(&v);\n}}\n")

        facts_main.append(f'  printf("{n} %zu %zu", sizeof({n}), _Alignof({n}));\n')
        for f in s.fields:
            if not f.name:
                continue
            if getattr(f.type, "width", None) is not None:
                top = "true" if f.type.kind == "bool" else "-1" if f.type.signed else f"{2**f.type.width - 1}ull"
                facts_main.append(f'  {{\n    {n} v;\n    memset(&v, 0, sizeof v);\n    v.{f.name} = {top};\n    bits("{f.name}", &v, sizeof v);\n  }}\n')
            else:
                facts_main.append(f'  printf(" {f.name}=%zu", offsetof({n}, {f.name}));\n')
        facts_main.append("  putchar('\\n');\n")

        idl.append(idl_struct(s))
        idl.append(f"int diff_{n}(const {n} *v);\nint diff_b_{n}(const {n} *v);\nint take_{n}({n} v);\n{n} give_{n}(void);\n"
                   f"void fill_out_{n}([[out]] {n} *v);\n{n} swap_{n}({n} v, int a, double b);\n")
        if before:
            idl.append(f"int mix_{n}(int a, {n} v, double b, {before[0]} w, int64_t c, float d);\n")
        if with_callback:
            idl.append(f"callback {n} turn_{n}({n} v, [[data]] void *data);\n"
                       f"int call_{n}([[scope(call), data(data), on_throw(0)]] turn_{n} *cb, void *data);\n")
        js.append(f'["{n}", {s.js_value(a)}, {s.js_value(b)}],\n')
        before = (n,)
    js.append(POSTLUDE_JS)
    facts.append("int main(void) {\n" + "".join(facts_main) + "  return 0;\n}\n")
    for suffix, parts in ((".h", h), (".c", c), ("_facts.c", facts), (".idl", idl), (".mjs", js)):
        (folder / f"{lib}{suffix}").write_text("".join(parts))


def main():
    folder, count, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    number = 0
    while count > 0:
        write_batch(folder, number, random.Random(seed * 1000 + number), min(count, BATCH))
        count -= BATCH
        number += 1


main()
