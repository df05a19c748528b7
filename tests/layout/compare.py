"""Compares a descriptor's sizes and offsets with those that gcc printed: compare.py DESCRIPTOR FACTS.

Prints how many structs agree; each difference is a line, and the exit code is then 1.
"""

import json
import sys


def main():
    descriptor = json.load(open(sys.argv[1]))
    structs = {t["name"]: t for t in descriptor["types"] if t["kind"] == "struct"}
    wrong = fields = count = 0
    for line in open(sys.argv[2]):
        name, size, align, *facts = line.split()
        got = structs[name]
        count += 1
        if (got["size"], got["align"]) != (int(size), int(align)):
            print(f"{name}: size {got['size']}, align {got['align']}; gcc says {size}, {align}")
            wrong += 1
        known = {f["name"]: f for f in got["fields"] if f.get("name")}
        for fact in facts:
            fields += 1
            if ":" in fact:
                field, place = fact.split(":")
                offset, width = map(int, place.split("+"))
                f = known[field]
                # A bit-field of bool holds one bit, however wide it is declared.
                if f.get("bit_offset") != offset or (f.get("bit_width") != width and width != 1):
                    print(f"{name}.{field}: bits {f.get('bit_offset')}+{f.get('bit_width')}; gcc says {offset}+{width}")
                    wrong += 1
            else:
                field, offset = fact.split("=")
                if known[field]["offset"] != int(offset):
                    print(f"{name}.{field}: offset {known[field]['offset']}; gcc says {offset}")
                    wrong += 1
    print(f"{count} structs, {fields} fields: {'all as gcc lays them out' if not wrong else f'{wrong} differ'}")
    sys.exit(1 if wrong else 0)


main()
