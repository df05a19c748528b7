"""Compares the names that isthmus.h declares with those of a descriptor: `compare.py HEADER DESCRIPTOR`.

What the two have in common is proven by `isthmus check`; what only one of them has is found here. Functions that are
defined in the header (`static inline`) are for C alone.
"""

import json
import os
import re
import shlex
import subprocess
import sys


def preprocessed(header, *options):
    command = shlex.split(os.environ.get("CC", "cc")) + ["-std=c17", "-E", *options, "-x", "c", header]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def declarations(text):
    """The declarations at the top level, each with what is in its braces."""
    start = depth = 0
    for at, char in enumerate(text):
        depth += (char in "{(") - (char in "})")
        ends = char == ";" or (char == "}" and "static inline" in text[start:at])
        if depth == 0 and ends:
            yield re.sub(r"\s+", " ", text[start : at + 1]).strip()
            start = at + 1


def names_of_header(header):
    names = {"function": set(), "struct": set(), "handle": set(), "enum": set(), "value": set(), "callback": set()}
    for declaration in declarations(preprocessed(header, "-P").replace('__attribute__((visibility("default")))', "")):
        if "ist_" not in declaration or declaration.startswith("static inline"):
            continue
        if match := re.match(r"typedef enum (?:ist_\w+ )?\{(.*)\} (ist_\w+);", declaration):
            names["enum"].add(match[2])
            names["value"].update(re.findall(r"\b(IST_\w+)", match[1]))
        elif match := re.match(r"typedef struct (?:ist_\w+ )?\{.*\} (ist_\w+);", declaration):
            names["struct"].add(match[1])
        elif match := re.match(r"typedef struct \w+ (ist_\w+);", declaration):
            names["handle"].add(match[1])
        elif match := re.match(r"typedef .*?\( ?\*(ist_\w+)\)", declaration):
            names["callback"].add(match[1])
        elif match := re.search(r"\b(ist_\w+) ?\(", declaration):
            names["function"].add(match[1])
        elif not re.match(r"struct ist_\w+;", declaration):
            sys.exit(f"{header}: what is this? {declaration}")
    for name, value in re.findall(r"^#define (IST_\w+) (.*)$", preprocessed(header, "-dM"), re.M):
        if re.match(r"\(?-?\d", value):
            names["value"].add(name)
    return names


def names_of_descriptor(path):
    with open(path, encoding="utf-8") as file:
        descriptor = json.load(file)
    names = {"function": {f["c"] for f in descriptor["functions"] if f["c"].startswith("ist_")}, "value": set()}
    types = descriptor["types"]
    names["struct"] = {t["c"] for t in types if t["kind"] == "struct" and not t.get("union")}
    names["handle"] = {t["c"] for t in types if t["kind"] == "handle"}
    names["enum"] = {t["name"] for t in types if t["kind"] == "enum"}
    names["callback"] = {t["name"] for t in types if t["kind"] == "callback"}
    for enum in (t for t in types if t["kind"] == "enum"):
        names["value"].update(v["name"] for v in enum["values"])
    names["value"].update(c["name"] for c in descriptor["constants"])
    return names


def main():
    header, idl = names_of_header(sys.argv[1]), names_of_descriptor(sys.argv[2])
    # Records that are only reached by pointer are classes, whether or not C may look into them.
    inside = idl["handle"] & header["struct"]
    header["struct"] -= inside
    header["handle"] |= inside
    bad = 0
    for kind, known in header.items():
        if not known:
            sys.exit(f"{sys.argv[1]}: no {kind} found")
        described = idl[kind]
        if kind == "callback":
            # A function pointer that has no name of its own is called after where it stands.
            described = {name for name in described if name in known or not re.search(r"_[a-z]+_", name[3:])}
        for name in sorted(known - described):
            bad += 1
            print(f"{name}: this {kind} is in the header only")
        for name in sorted(described - known):
            bad += 1
            print(f"{name}: this {kind} is in the interface file only")
    print(f"{sum(len(known) for known in header.values())} names compared, {bad} differences")
    return 1 if bad else 0


sys.exit(main())
