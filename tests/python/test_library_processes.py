"""The end of the interpreter, and fork, with objects and callbacks alive."""

from __future__ import annotations

from conftest import Alone
from libraries import preamble


def test_the_end_destroys_what_is_left(alone: Alone) -> None:
    said = alone(
        preamble()
        + """
import atexit, ctypes
handles, callbacks, sqlite3 = fixture("handles"), fixture("callbacks"), real("sqlite3")
import os
library = ctypes.CDLL(os.environ["ISTHMUS_BUILD"] + "/tests/libfixture.so")
def last():
    print("counters", library.counters_alive(), "cursors", library.cursors_alive(), "misused",
          library.counters_misused(), "emitters", library.emitters_alive(), flush=True)
import isthmus._library.library as module
atexit.unregister(module._end)
atexit.register(last)
atexit.register(module._end)
kept = [handles.Counter(1), handles.Cursor(handles.Counter(2)), handles.Counter(3).leaf(0)]
ring = []
ring.append((ring, handles.Counter(4)))
e = callbacks.Emitter()
e.on(lambda n: e.emit(n))
callbacks.forever_add(lambda n: print("too late"))
db = sqlite3.Database(":memory:")
db.create_function_v2("f", 0, func=lambda context, values: None)
statement = db.prepare("select f()")
print("ready")
"""
    )
    assert said == "ready\ncounters 0 cursors 0 misused 0 emitters 0\n"


def test_the_end_in_a_callback(alone: Alone) -> None:
    said = alone(
        preamble()
        + """
callbacks = fixture("callbacks")
def leave(value):
    print("leaving", flush=True)
    sys.exit(3)
callbacks.visit(0, 3, leave)
""",
        code=3,
    )
    assert said == "leaving\n"


def test_the_end_with_threads_in_calls(alone: Alone) -> None:
    said = alone(
        preamble()
        + """
import threading
zlib, handles = real("zlib"), fixture("handles")
c = handles.Counter(1)
data = bytes(1 << 20)
def work():
    while True:
        zlib.crc32(0, data)
        c.add(0)
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
import time
time.sleep(0.2)
print("done", flush=True)
"""
    )
    assert said == "done\n"


def test_fork(alone: Alone) -> None:
    said = alone(
        preamble()
        + """
import os, threading, gc
handles, callbacks, zlib = fixture("handles"), fixture("callbacks"), real("zlib")
c = handles.Counter(5)
stop = False
def work():
    while not stop:
        c.add(0)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for i in range(20):
    child = os.fork()
    if child == 0:
        stop = True
        assert c.value() == 5
        assert handles.Counter(3).value() == 3
        assert callbacks.visit(0, 1, lambda v: 7) == 7
        assert len(zlib.compress2(b"x" * 100)) < 100
        gc.collect()
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
stop = True
for thread in threads: thread.join()
print(c.value())
child = os.fork()
if child == 0:
    sys.exit(4)   # what the parent has made is the parent's to destroy
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4
def inside(value):
    child = os.fork()
    if child == 0:
        return handles.counters_alive() and 1
    os.waitpid(child, 0)
    return 2
got = callbacks.visit(0, 1, inside)
if got == 1:
    os._exit(0)
print(got, c.value())
"""
    )
    assert said == "5\n2 5\n"


def test_an_exception_that_nobody_waits_for(alone: Alone) -> None:
    alone(
        preamble()
        + """
callbacks = fixture("callbacks")
import threading
def fail(n):
    raise ValueError("alone")
callbacks.forever_add(fail)
try:
    callbacks.forever_fire(1)
except ValueError as error:
    print(error)
"""
    )


def test_ctrl_c_in_a_callback(alone: Alone) -> None:
    said = alone(
        preamble()
        + """
import time
callbacks = fixture("callbacks")
def wait(value):
    print("waiting", flush=True)
    time.sleep(100)
    return 1
try:
    callbacks.visit(0, 1, wait)
except KeyboardInterrupt:
    print("interrupted")
print(callbacks.visit(0, 1, lambda v: 4))
""",
        interrupt_after="waiting",
    )
    assert said == "waiting\ninterrupted\n4\n"
