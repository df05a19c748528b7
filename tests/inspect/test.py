"""Debugs programs that run under `isthmus run`, as an editor would: test.py COMMAND [TEST]."""

import json
import os
import socket
import subprocess
import sys

import websocket
from client import TIMEOUT, Client, Program

HERE = os.path.dirname(os.path.abspath(__file__))
COMMAND = os.path.abspath(sys.argv[1])


def path(name):
    return os.path.join(HERE, name)


def url(name):
    return "file://" + path(name)


def breakpoints_steps_and_values():
    with Program(COMMAND, "run", "--inspect-brk=0", path("area.mjs")) as program:
        client = Client(program.url)
        client.call("Runtime.enable")
        client.call("Debugger.enable")
        bound = client.call("Debugger.setBreakpointByUrl", url=url("area.mjs"), lineNumber=4)
        client.call("Runtime.runIfWaitingForDebugger")
        first, place = client.paused()
        assert first["reason"] == "Break on start", first["reason"]
        # What is imported runs first.
        assert place == ("label.mjs", "", 0), place
        client.call("Debugger.resume")
        paused, place = client.paused()
        assert place == ("area.mjs", "area", 4), place
        assert paused["hitBreakpoints"] == [bound["breakpointId"]], paused["hitBreakpoints"]
        frame = paused["callFrames"][0]
        value = client.call(
            "Debugger.evaluateOnCallFrame",
            callFrameId=frame["callFrameId"],
            expression="`${width}x${height} ${unit} \u00e9\U0001f99c`",
        )
        assert value["result"]["value"] == "6x7 m\u00b2 \u00e9 \u00e9\U0001f99c", value
        local = next(scope for scope in frame["scopeChain"] if scope["type"] == "local")
        names = client.call("Runtime.getProperties", objectId=local["object"]["objectId"])["result"]
        assert {"width", "height", "unit"} <= {entry["name"] for entry in names}, names
        client.call("Debugger.stepOver")
        place = client.paused()[1]
        assert place == ("area.mjs", "area", 5), place
        client.call("Debugger.stepInto")
        assert client.paused()[1][:2] == ("label.mjs", "label")
        client.call("Debugger.stepOut")
        assert client.paused()[1][:2] == ("area.mjs", "area")
        client.call("Debugger.resume")
        client.logged("[42m\u00b2 \u00e9]")
        code, out, err = program.end()
        assert (code, out, err) == (0, "[42m\u00b2 \u00e9]\n", ""), (code, out, err)


def scripts_and_the_first_statement():
    with Program(COMMAND, "run", "--inspect-brk=0", path("area.mjs")) as program:
        client = Client(program.url)
        client.call("Debugger.enable")
        client.post("Runtime.runIfWaitingForDebugger")
        paused = client.paused()[0]
        script = paused["callFrames"][0]["location"]["scriptId"]
        source = client.call("Debugger.getScriptSource", scriptId=script)["scriptSource"]
        with open(path("label.mjs"), encoding="utf-8") as file:
            assert source == file.read()
        client.call("Debugger.resume")
        assert program.end()[0] == 0


def evaluation_while_the_loop_waits():
    with Program(COMMAND, "run", "--inspect=0", path("waiting.mjs")) as program:
        assert program.line() == "ready\n"
        client = Client(program.url)
        value = client.call("Runtime.evaluate", expression="kept[0].name")
        assert value["result"]["value"] == "polly wants", value
        value = client.call("Runtime.evaluate", expression="Promise.resolve(5)", awaitPromise=True)
        assert value["result"]["value"] == 5, value
        client.post("Runtime.evaluate", expression="stop('a client')")
        assert program.end()[:2] == (0, "stopped by a client\n")


def evaluation_in_the_middle_of_a_loop():
    with Program(COMMAND, "run", "--inspect=0", path("busy.mjs")) as program:
        assert program.line() == "ready\n"
        client = Client(program.url)
        client.call("Debugger.enable")
        first = client.call("Runtime.evaluate", expression="n")["result"]["value"]
        second = client.call("Runtime.evaluate", expression="n")["result"]["value"]
        assert second >= first, (first, second)
        client.call("Debugger.pause")
        place = client.paused()[1]
        assert place[0] == "busy.mjs", place
        client.call("Runtime.evaluate", expression="stop = true")
        client.call("Debugger.resume")
        assert program.end()[:2] == (0, "stopped\n")


def a_heap_snapshot_and_a_profile():
    with Program(COMMAND, "run", "--inspect=0", path("waiting.mjs")) as program:
        assert program.line() == "ready\n"
        client = Client(program.url)
        number = client.post("HeapProfiler.takeHeapSnapshot", reportProgress=False)
        client.answer(number)
        pieces = [m["params"]["chunk"] for m in client.heard if m.get("method") == "HeapProfiler.addHeapSnapshotChunk"]
        heap = json.loads("".join(pieces))
        assert "Parrot" in heap["strings"] and "polly wants" in heap["strings"]
        client.call("Profiler.enable")
        client.call("Profiler.start")
        client.call("Runtime.evaluate", expression="for (let i = 0; i < 1e6; i++) Math.sqrt(i)")
        assert client.call("Profiler.stop")["profile"]["nodes"]
        client.post("Runtime.evaluate", expression="stop(1)")
        assert program.end()[0] == 0


def a_client_that_leaves_lets_the_program_go_on():
    for leave in (Client.close, Client.drop):
        with Program(COMMAND, "run", "--inspect-brk=0", path("area.mjs")) as program:
            client = Client(program.url)
            client.call("Debugger.enable")
            client.post("Runtime.runIfWaitingForDebugger")
            client.event("Debugger.paused")
            leave(client)
            assert program.end()[:2] == (0, "[42m\u00b2 \u00e9]\n")


def clients_one_after_another_and_together():
    with Program(COMMAND, "run", "--inspect=0", path("waiting.mjs")) as program:
        assert program.line() == "ready\n"
        for i in range(5):
            client = Client(program.url)
            value = client.call("Runtime.evaluate", expression=f"globalThis.seen = (globalThis.seen ?? 0) + 1; {i}")
            assert value["result"]["value"] == i, value
            client.close()
        clients = [Client(program.url) for _ in range(3)]
        for client in clients:
            client.call("Runtime.enable")
        clients[0].call("Runtime.evaluate", expression="console.log('for all')")
        for client in clients:
            client.logged("for all")
        value = clients[2].call("Runtime.evaluate", expression="seen")
        assert value["result"]["value"] == 5, value
        clients[1].post("Runtime.evaluate", expression="stop(2)")
        assert program.end()[0] == 0
        for client in clients:
            try:
                while True:
                    client.hear()
            except (websocket.WebSocketConnectionClosedException, ValueError):
                pass


def large_messages():
    with Program(COMMAND, "run", "--inspect=0", path("waiting.mjs")) as program:
        assert program.line() == "ready\n"
        client = Client(program.url)
        text = "\u00e9" * 3_000_000
        value = client.call("Runtime.evaluate", expression=f"'{text}'")
        assert value["result"]["value"] == text
        client.socket.send("this is no JSON")
        client.socket.send("[1]")
        assert client.call("Runtime.evaluate", expression="1")["result"]["value"] == 1


def refused(program, address, **options):
    try:
        client = websocket.create_connection(address, timeout=TIMEOUT, **options)
    except (websocket.WebSocketException, ConnectionError):
        return True
    client.close()
    return False


def who_may_connect():
    with Program(COMMAND, "run", "--inspect=0", path("waiting.mjs")) as program:
        assert program.host == "127.0.0.1"
        assert program.get("/json/version")[0] == 200
        names = ("evil.example", f"evil.example:{program.port}", "127.0.0.1.evil.example", "localhost.evil", "1", "")
        for host in names:
            assert program.get("/json", Host=host)[0] in (400, 403), host
        for host in ("localhost", f"LOCALHOST:{program.port}", "10.0.0.1", "[::1]:9229", "[::1]"):
            assert program.get("/json/list", Host=host)[0] == 200, host
        assert program.get("/")[0] == 404
        assert program.get(f"/{program.id}")[0] == 404
        target = json.loads(program.get("/json", Host="localhost:1")[1])[0]
        assert target["type"] == "node" and target["id"] == program.id, target
        assert target["url"] == target["title"] == url("waiting.mjs"), target
        assert target["webSocketDebuggerUrl"] == f"ws://localhost:1/{program.id}", target
        assert target["devtoolsFrontendUrl"].startswith("devtools://devtools/bundled/"), target
        version = json.loads(program.get("/json/version")[1])
        assert version["Browser"].startswith("isthmus/"), version

        for origin in ("http://evil.example", "https://127.0.0.1", "null", "file://", "http://devtools://"):
            assert refused(program, program.url, origin=origin), origin
        assert refused(program, program.url, suppress_origin=True, host="evil.example")
        base = program.url.rsplit("/", 1)[0]
        for wrong in ("/", "/json", "/" + "0" * 36, f"/{program.id}x"):
            assert refused(program, base + wrong, suppress_origin=True), wrong
        Client(program.url, suppress_origin=False, origin="devtools://devtools").close()
        client = Client(program.url)
        client.call("Runtime.enable")


def two_programs_at_once_and_a_port_in_use():
    with Program(COMMAND, "run", "--inspect=0", path("waiting.mjs")) as one:
        with Program(COMMAND, "run", "--inspect=127.0.0.1:0", path("waiting.mjs")) as two:
            assert one.port != two.port and one.id != two.id
            for program in (one, two):
                assert program.line() == "ready\n"
                client = Client(program.url)
                client.post("Runtime.evaluate", expression="stop('it')")
                assert program.end()[:2] == (0, "stopped by it\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = subprocess.run(
            [COMMAND, "run", f"--inspect={port}", path("area.mjs")], capture_output=True, text=True, timeout=TIMEOUT
        )
        assert ran.returncode == 1 and ran.stdout == "", ran
        assert f"cannot listen for debuggers on 127.0.0.1:{port}: Address already in use" in ran.stderr, ran.stderr


def interruption_and_wrong_places():
    with Program(COMMAND, "run", "--inspect-brk=0", path("area.mjs")) as program:
        program.interrupt()
        assert program.end()[:2] == (-2, "")
    with Program(COMMAND, "run", "--inspect-brk=0", path("area.mjs")) as program:
        client = Client(program.url)
        client.call("Debugger.enable")
        client.post("Runtime.runIfWaitingForDebugger")
        client.event("Debugger.paused")
        program.interrupt()
        assert program.end()[:2] == (-2, "")
    for place in ("evil.example:1", "1.2.3", "70000", "[::1", "127.0.0.1:x", ""):
        ran = subprocess.run(
            [COMMAND, "run", f"--inspect={place}", path("area.mjs")], capture_output=True, text=True, timeout=TIMEOUT
        )
        assert ran.returncode == 2 and "expected a port" in ran.stderr, (place, ran)


def eval_and_standard_input():
    with Program(COMMAND, "eval", "--inspect-brk=0", "const a = 20;\na + 1;\nconsole.log(a * 2)") as program:
        client = Client(program.url)
        client.call("Debugger.enable")
        client.post("Runtime.runIfWaitingForDebugger")
        assert client.paused()[1][2] == 0
        client.call("Debugger.stepOver")
        assert client.paused()[1][2] == 1
        client.call("Debugger.resume")
        assert program.end()[:2] == (0, "40\n")


def uncaught_errors():
    with Program(COMMAND, "run", "--inspect=0", path("waiting.mjs")) as program:
        assert program.line() == "ready\n"
        client = Client(program.url)
        client.call("Runtime.enable")
        client.post("Runtime.evaluate", expression="setTimeout(function late() { null.x }); stop('it')")
        thrown = client.event("Runtime.exceptionThrown")["exceptionDetails"]
        assert thrown["text"] == "Uncaught", thrown
        assert thrown["exception"]["className"] == "TypeError", thrown
        assert thrown["stackTrace"]["callFrames"][0]["functionName"] == "late", thrown
        code, out, err = program.end()
        assert code == 1 and out == "stopped by it\n" and "TypeError" in err, (code, out, err)


def exit_codes():
    with Program(COMMAND, "eval", "--inspect-brk=0", "import { exit } from 'isthmus:host';\nexit(7)") as program:
        client = Client(program.url)
        client.call("Debugger.enable")
        client.post("Runtime.runIfWaitingForDebugger")
        client.event("Debugger.paused")
        client.call("Debugger.resume")
        assert program.end()[0] == 7
    with Program(COMMAND, "eval", "--inspect=0", "throw new Error('x')") as program:
        assert program.end()[0] == 1


TESTS = [
    breakpoints_steps_and_values,
    scripts_and_the_first_statement,
    evaluation_while_the_loop_waits,
    evaluation_in_the_middle_of_a_loop,
    a_heap_snapshot_and_a_profile,
    a_client_that_leaves_lets_the_program_go_on,
    clients_one_after_another_and_together,
    large_messages,
    who_may_connect,
    two_programs_at_once_and_a_port_in_use,
    interruption_and_wrong_places,
    eval_and_standard_input,
    uncaught_errors,
    exit_codes,
]

failed = 0
for test in TESTS:
    if len(sys.argv) > 2 and test.__name__ not in sys.argv[2:]:
        continue
    try:
        test()
        print("ok", test.__name__, flush=True)
    except Exception as error:  # each is shown, and the rest goes on
        import traceback

        traceback.print_exc()
        print("FAILED", test.__name__, repr(error), flush=True)
        failed += 1
sys.exit(1 if failed else 0)
