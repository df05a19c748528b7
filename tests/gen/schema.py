"""Validates descriptors against their JSON Schema: `schema.py SCHEMA FILE…`.

Also checks what a schema cannot say: that every index points into its table.
"""

import json
import sys

import jsonschema


def indexes(node, key, descriptor, where):
    """Yields (what, index, table size) of every cross reference in an expression or member."""
    tables = {"call": "functions", "free": "functions", "error": "errors"}
    lists = {"until": "functions", "functions": "functions", "constructors": "functions", "methods": "functions",
             "statics": "functions"}
    if isinstance(node, dict):
        for name, value in node.items():
            if name in tables and isinstance(value, int):
                yield f"{where}.{name}", value, len(descriptor[tables[name]])
            elif name in ("type", "to", "owner") or (name == "of" and "count" in node):
                yield f"{where}.{name}", value, len(descriptor["types"])
            elif name == "destructor" and isinstance(value, int):
                yield f"{where}.{name}", value, len(descriptor["functions"])
            elif name in lists:
                for item in value:
                    yield f"{where}.{name}", item, len(descriptor[lists[name]])
            else:
                yield from indexes(value, name, descriptor, f"{where}.{name}")
    elif isinstance(node, list) and key not in ("args", "outputs", "lengths", "keeps"):
        for i, item in enumerate(node):
            yield from indexes(item, key, descriptor, f"{where}[{i}]")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    bad = 0
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            descriptor = json.load(file)
        name = path.rsplit("/", 1)[-1]
        for error in validator.iter_errors(descriptor):
            bad += 1
            place = "/".join(str(p) for p in error.absolute_path)
            print(f"FAIL {name}: {place}: {error.message[:400]}")
        for table in ("types", "functions", "errors", "constants"):
            for where, index, size in indexes(descriptor[table], table, descriptor, table):
                if not 0 <= index < size:
                    bad += 1
                    print(f"FAIL {name}: {where} is {index} of {size}")
    print(f"schema: {len(sys.argv) - 2} descriptors follow it, {bad} failures")
    return 1 if bad else 0


sys.exit(main())
