"""Whatever Python passes, in whatever order, the process lives, and errors are errors.

A monkey calls everything that the fixture has with values of every kind and with what earlier calls
gave, from inside callbacks too. It does the same everywhere, unless MONKEY_SEED asks for another
run, and MONKEY_ROUNDS for a longer one.
"""

from __future__ import annotations

import os

import pytest
from conftest import Alone
from libraries import preamble

MONKEY = """
import array, collections.abc, ctypes, gc, inspect, random, re, sys, types, warnings
import isthmus
warnings.simplefilter("ignore")
seed, rounds = int(sys.argv[1]), int(sys.argv[2])
rng = random.Random(seed)
names = ["numbers", "texts", "buffers", "structs", "pointers", "handles", "gauges", "callbacks",
         "failures", "nesting", "unions"]
names = rng.sample(names, len(names))
libraries = [fixture(name) for name in names]
calls = []
for library in libraries:
    for name in dir(library):
        if "forever" in name or "thread" in name or name == "close":
            continue
        value = getattr(library, name)
        if isinstance(value, types.FunctionType):
            calls.append((f"{library!r}.{name}", value, False))
        elif isinstance(value, type) and not issubclass(value, (Exception, int)):
            calls.append((f"{library!r}.{name}", value, False))
            for inner in dir(value):
                member = getattr(value, inner)
                if inner.startswith("_") and inner not in ("__enter__", "__bytes__", "__repr__"):
                    continue
                if "thread" not in inner and callable(member):
                    calls.append((f"{name}.{inner}", member, True))

pools = {}
depth = 0
done = 0
class Sly(collections.abc.Mapping):
    def __getitem__(self, key):
        act()
        return rng.randrange(5)
    def __iter__(self):
        act()
        return iter(["x", "y"])
    def __len__(self):
        return 2
class Index:
    def __index__(self):
        act()
        return rng.randrange(5)

def keep(value):
    if value is None or isinstance(value, (int, float, str)):
        return
    pool = pools.setdefault(type(value).__name__, [])
    if len(pool) < 40:
        pool.append(value)
    else:
        pool[rng.randrange(40)] = value

def anything():
    if not pools:
        return 1
    return rng.choice(rng.choice(list(pools.values())))

def called(*values):
    act()
    for value in values:
        if rng.randrange(8) == 0:
            keep(value)
    if rng.randrange(4) == 0:
        raise rng.choice([KeyError, ValueError, RecursionError])("monkey")
    return rng.choice([1, 0, -1, True, "x", None, 2.5, {"x": 1}, values[0] if values else 1])

CODES = "bBhHiIqQfd?"
def buffer():
    code = rng.choice(CODES)
    made = array.array(code if code != "?" else "B", [1] * rng.randrange(20))
    return rng.choice([made, memoryview(made), bytearray(made.tobytes()), made.tobytes(),
                       memoryview(made).toreadonly(), (ctypes.c_int * 4)()])

makes = [
    lambda: rng.randrange(12) - 2,
    lambda: rng.randrange(12) - 2,
    lambda: rng.choice([2**31, 2**31 - 1, -(2**31), 2**53, 2**63, 2**64, -(2**63), 10**30]),
    lambda: rng.choice([0.5, float("nan"), float("inf"), -0.0, 1e39, 1e300]),
    lambda: rng.choice([None, True, False, object(), int, len, (), [], {}]),
    lambda: rng.choice(["", "text", "\\xe9\\u20ac", "a\\0b", "\\ud800", "x" * rng.randrange(300)]),
    lambda: rng.choice([b"", b"bytes", b"a\\0b", b"x" * 300]),
    buffer,
    buffer,
    lambda: {"x": rng.randrange(5), "y": rng.random()},
    lambda: {rng.choice(["name", "age", "friend", "photo", "photo_size", "get", "step", "tag",
                         "whole", "compare", "tick", "i", "f", "as", "type"]): make()},
    lambda: Sly(),
    lambda: Index(),
    lambda: called,
    lambda: called,
    lambda: [anything(), anything()],
    lambda: ["a", "bcd"],
    anything,
    anything,
    anything,
]

def make():
    return rng.choice(makes)()

# What a refusal says that a parameter takes is what it gets the next times, mostly.
hints = {}
def hinted(text):
    if text.startswith(("an integer", "one of", "a combination", "a number")):
        return lambda: rng.randrange(4)
    if text.startswith("a string"):
        return lambda: "text"
    if text.startswith("a function"):
        return lambda: called
    if text.startswith("a bool"):
        return lambda: rng.random() < 0.5
    found = re.match("a buffer of ([a-z]+)([0-9]*)", text)
    if found:
        code = CODE_OF[found[1] + found[2]]
        return lambda: array.array(code, [1] * rng.randrange(1, 20))
    if text.startswith("a bytes-like"):
        return lambda: bytearray(rng.randrange(40))
    if text.startswith("a list of strings"):
        return lambda: ["a", "bcd"]
    found = re.match("an? ([A-Za-z_]+)( or a dict)?", text)
    if found:
        return lambda: rng.choice(pools.get(found[1]) or ([{}] if found[2] else [anything()]))
    return None
CODE_OF = {"int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I",
           "int64": "q", "uint64": "Q", "float32": "f", "float64": "d", "bool": "B"}

def call(name, function, bound):
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        parameters = []
    usual = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if rng.randrange(12) == 0:
        usual = usual[1:] if rng.randrange(2) else [*usual, "more"]
    values = []
    for one in usual:
        hint = hints.get((name, one)) if rng.randrange(4) else None
        values.append((hint or make)())
    if bound and values:
        values[0] = rng.choice(pools.get(name.split(".")[0]) or [anything()])
    options = {}
    if any(p.name == "into" for p in parameters) and rng.randrange(4) == 0:
        options["into"] = {rng.choice(["v", "to", "dest", "p", "info"]): make()}
    if "'numbers'" not in name:
        # Great numbers, and counts from far below zero, make C count and fill memory for hours.
        values = [v % 50 if isinstance(v, int) and abs(v) > 1000 else v for v in values]
    try:
        keep(function(*values, **options))
        good.add(name)
    except (TypeError, ValueError) as error:
        found = re.search("expected (.*), got", str(error))
        if found and getattr(error, "parameter", None):
            hint = hinted(found[1])
            if hint:
                hints[name, error.parameter] = hint
        raise

good = set()
def act():
    global depth, done
    if depth > 3:
        return
    depth += 1
    done += 1
    try:
        what = rng.randrange(40)
        if what == 0:
            gc.collect()
        elif what == 1 and pools:
            rng.choice(list(pools.values())).clear()
        elif what == 2:
            value = anything()
            for name in dir(value)[:40]:
                if not name.startswith("_") and not callable(getattr(type(value), name, None)):
                    if rng.randrange(2):
                        keep(getattr(value, name))
                    else:
                        setattr(value, name, make())
        elif what == 3:
            value = anything()
            if isinstance(value, bytearray):
                value.extend(b"more") if rng.randrange(2) else value.clear()
        elif what == 4:
            value = anything()
            value[rng.randrange(4)] = make()
        else:
            call(*rng.choice(calls))
    except (TypeError, ValueError, OverflowError, ArithmeticError, LookupError, AttributeError,
            RecursionError, BufferError, MemoryError, isthmus.Error):
        pass
    finally:
        depth -= 1

for round_ in range(rounds):
    act()
pools.clear()
gc.collect()
for library in libraries:
    for name in dir(library):
        if name.endswith("_misused") or name.endswith("_broken"):
            assert getattr(library, name)() == 0, name
print("lives", done >= rounds, len(good) > len(calls) // 2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(2))
def test_the_process_lives(alone: Alone, turn: int) -> None:
    seed = os.environ.get("MONKEY_SEED", str(turn))
    rounds = os.environ.get("MONKEY_ROUNDS", "6000")
    print(f"MONKEY_SEED={seed} MONKEY_ROUNDS={rounds}")
    assert alone(preamble() + MONKEY, seed, rounds) == "lives True True\n"
