"""Passes structs by value as cffi's ABI mode is told to: `calls.py FOLDER LIBFIXTURE`.

The stand-ins in the declarations must travel as the structs do, in registers and on the stack, into
functions and callbacks and out of them.
"""

from __future__ import annotations

import pathlib
import sys

import cffi


def load(name):
    ffi = cffi.FFI()
    ffi.cdef((pathlib.Path(sys.argv[1]) / f"fixture-{name}.cdef").read_text())
    return ffi, ffi.dlopen(sys.argv[2])


def give(ffi, ctype, pointer):
    """What is passed for the struct at `pointer`."""
    return ffi.cast(ffi.getctype(ctype, "*"), pointer)[0]


def take(ffi, name, result):
    """The struct that came as `result`."""
    pointer = ffi.new(f"{name} *")
    assert ffi.sizeof(name) == ffi.sizeof(ffi.typeof(result)), name
    ffi.memmove(pointer, ffi.addressof(result), ffi.sizeof(name))
    return pointer


def call(ffi, lib, function, result, *args):
    """Calls with structs as pointers; a pointer to the struct that comes back, or a number."""
    types = ffi.typeof(getattr(lib, function)).args
    lowered = [
        give(ffi, ctype, arg) if isinstance(arg, ffi.CData) and ctype.kind == "struct" else arg
        for ctype, arg in zip(types, args)
    ]
    came = getattr(lib, function)(*lowered)
    return take(ffi, result, came) if result else came


checks = 0


def equal(got, wanted, what):
    global checks
    checks += 1
    if got != wanted:
        sys.exit(f"{what}: got {got}, expected {wanted}")


def unions():
    ffi, lib = load("unions")
    word = call(ffi, lib, "un_word_of", "un_word", 0x3F800000)
    equal(word.f, 1.0, "un_word_of")
    mixed = ffi.new("un_mixed *")
    mixed.named.id, mixed.named.scale, mixed.point.z = 20, 1.5, 4.0
    twice = call(ffi, lib, "un_mixed_twice", "un_mixed", 1, mixed, 0.25)
    equal((twice.named.id, twice.point.y, twice.point.z), (41, 3.0, 8.25), "un_mixed_twice")
    floats = ffi.new("un_floats *", {"three": {"a": 1, "b": 2, "c": 3}})
    floats = call(ffi, lib, "un_floats_next", "un_floats", floats)
    equal((floats.three.a, floats.three.b, floats.three.c), (2, 4, 6), "un_floats_next")
    large = ffi.new("un_large *", {"numbers": [1, -2, 1 << 40]})
    large = call(ffi, lib, "un_large_next", "un_large", large)
    equal(list(large.numbers), [2, -1, (1 << 40) + 1], "un_large_next")
    value = call(ffi, lib, "un_value_number", "un_value", 2.5)
    value = call(ffi, lib, "un_value_same", "un_value", value)
    equal((value.type, value.owner, getattr(value, "as").number), (4, 7, 2.5), "un_value_same")
    big = ffi.new("union un_big *", {"d": 1.5})
    equal(call(ffi, lib, "un_big_sum", None, big, big), 3.0, "un_big_sum")
    variant = call(ffi, lib, "un_variant_of", "un_variant", 3)
    equal((variant.pair.a, variant.pair.b, variant.right), (3, 4, 20), "un_variant_of")

    callback_type = ffi.typeof(lib.un_mixed_map).args[1]

    @ffi.callback(callback_type)
    def ten_times(mixed):
        inner = take(ffi, "un_mixed", mixed)
        inner.point.z *= 10
        return give(ffi, callback_type.result, inner)

    mapped = call(ffi, lib, "un_mixed_map", "un_mixed", mixed, ten_times)
    equal((mapped.named.id, mapped.named.scale, mapped.point.z), (20, 1.5, 40.0), "un_mixed_map")


def structs():
    ffi, lib = load("structs")
    bits = call(ffi, lib, "bits_make", "struct bits", 5, -1, 1 << 39, True, 100)
    equal(
        (bits.a, bits.b, bits.wide, bits.flag, bits.last), (5, -1, 1 << 39, True, 100), "bits_make"
    )
    bits = call(ffi, lib, "bits_same", "struct bits", bits)
    equal(
        (bits.a, bits.b, bits.wide, bits.flag, bits.last), (5, -1, 1 << 39, True, 100), "bits_same"
    )
    seg = call(ffi, lib, "seg_make", "Seg", 2.0, 9)
    equal((seg.id, lib.seg_id(seg)), (9, 18), "seg_make")
    packed = ffi.new("Packed *", {"kind": 3})
    ffi.buffer(packed)[1:5] = (70000).to_bytes(4, sys.byteorder)
    equal(lib.packed_sum(packed), 70003.0, "packed_sum")
    for refused in ("packed_same", "aligned_same"):
        equal(hasattr(lib, refused), False, refused)


unions()
structs()
print(f"{checks} calls by value agree")
