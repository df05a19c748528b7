"""Compares what cffi's ABI mode makes of declarations with descriptors: `layout.py FOLDER`.

For every NAME.json in FOLDER there is NAME.cdef. cffi must take all of it, and give each struct,
union and handle with fields the descriptor's size, each member the descriptor's place. A bit-field
may be missing, a member may be bytes; nothing may be elsewhere.
"""

from __future__ import annotations

import json
import pathlib
import sys

import cffi

POINTER = 8


def members_of(ctype):
    """The fields by name, those of members without a name among them."""
    fields = {}
    for name, field in ctype.fields or ():
        if name:
            fields[name] = field
        else:
            fields.update(members_of(field.type))
    return fields


def compare_member(ffi, ctype, field, member, types):
    """What differs, as text; the place of bit-fields in bits."""
    if field is None:
        return None if "bit_width" in member else "cffi has no such member"
    if "bit_width" in member:
        got = (ctype_offset(ffi, ctype, member, field) * 8 + field.bitshift, field.bitsize)
        wanted = (member["bit_offset"], member["bit_width"])
    else:
        got = (ffi.offsetof(ctype, member["name"]), ffi.sizeof(field.type))
        wanted = (member["offset"], types[member["type"]].get("size", POINTER))
    return None if got == wanted else f"cffi has {got}, the descriptor {wanted}"


def ctype_offset(ffi, ctype, member, field):
    """Where the unit of a bit-field begins.

    offsetof refuses bit-fields, and field.offset counts from the inner type.
    """
    for name, outer in ctype.fields:
        if not name and member["name"] in members_of(outer.type):
            return outer.offset + ctype_offset(ffi, outer.type, member, field)
    return field.offset


def compare(ffi, descriptor):
    """Yields what differs; counts what was compared."""
    types = descriptor["types"]
    for entry in types:
        if entry["kind"] not in ("struct", "handle") or "c" not in entry:
            continue
        ctype = ffi.typeof(entry["c"])
        if entry["kind"] == "handle" and not entry.get("fields"):
            continue
        counted["types"] += 1
        size, align = ffi.sizeof(ctype), ffi.alignof(ctype)
        if size != entry["size"]:
            yield f"{entry['c']}: cffi has {size} bytes, the descriptor {entry['size']}"
        if align > entry["align"]:
            yield f"{entry['c']}: cffi aligns to {align}, the descriptor to {entry['align']}"
        fields = members_of(ctype)
        for member in entry["fields"]:
            counted["members"] += 1
            problem = compare_member(ffi, ctype, fields.get(member["name"]), member, types)
            if problem:
                yield f"{entry['c']}.{member['name']}: {problem}"


counted = {"files": 0, "types": 0, "members": 0}
failed = 0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    counted["files"] += 1
    ffi = cffi.FFI()
    ffi.cdef(path.with_suffix(".cdef").read_text())
    for problem in compare(ffi, json.loads(path.read_text())):
        print(f"FAILED {path.stem}: {problem}")
        failed += 1
compared = f"{counted['types']} structs and {counted['members']} members"
print(f"{counted['files']} files: of {compared}, {failed} disagree")
sys.exit(failed > 0 or not counted["members"])
