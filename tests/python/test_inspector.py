"""A debugger talks to an isolate by the Chrome DevTools protocol."""

from __future__ import annotations

import threading
from typing import Any

import isthmus as ist
import pytest


def everything(session: ist.Session) -> list[dict[str, Any]]:
    received = []
    while True:
        try:
            received.append(session.receive(timeout=0))
        except TimeoutError:
            return received


def until(session: ist.Session, method: str) -> dict[str, Any]:
    while True:
        message = session.receive(timeout=60)
        if message.get("method") == method:
            return message


def evaluate(number: int, expression: str) -> dict[str, Any]:
    return {"id": number, "method": "Runtime.evaluate", "params": {"expression": expression}}


def test_evaluating(context: ist.Context) -> None:
    with context.isolate.inspector() as inspector:
        inspector.add_context(context)
        session = inspector.session()
        session.send(evaluate(1, "6 * 7"))
        answer = session.receive(timeout=0)
        assert answer["id"] == 1
        assert answer["result"]["result"]["value"] == 42


def test_messages_to_a_function(context: ist.Context) -> None:
    received: list[dict[str, Any]] = []
    with context.isolate.inspector() as inspector:
        inspector.add_context(context, "shown")
        session = inspector.session(received.append)
        session.send('{"id": 1, "method": "Runtime.enable"}')
        names = [
            message["params"]["context"]["name"]
            for message in received
            if message.get("method") == "Runtime.executionContextCreated"
        ]
    assert names == ["shown"]
    assert received[-1] == {"id": 1, "result": {}}


def test_consoles_are_told(context: ist.Context, capsys: pytest.CaptureFixture[str]) -> None:
    with context.isolate.inspector() as inspector:
        inspector.add_context(context)
        session = inspector.session()
        session.send({"id": 1, "method": "Runtime.enable"})
        context.eval("console.log('hello')")
        told = until(session, "Runtime.consoleAPICalled")
    assert told["params"]["args"][0]["value"] == "hello"
    assert capsys.readouterr().out == "hello\n"


def test_pausing_in_one_thread(context: ist.Context) -> None:
    def pause(inspector: ist.Inspector) -> None:
        assert inspector.paused
        session.send(evaluate(2, "x + 1"))
        session.send({"id": 3, "method": "Debugger.resume"})
        assert not inspector.paused

    with context.isolate.inspector(pause=pause) as inspector:
        inspector.add_context(context)
        session = inspector.session()
        session.send({"id": 1, "method": "Debugger.enable"})
        assert context.eval("var x = 4; debugger; x * 2") == 8
        messages = everything(session)
    methods = [message.get("method") for message in messages]
    assert methods.index("Debugger.paused") < methods.index("Debugger.resumed")
    (answer,) = (message for message in messages if message.get("id") == 2)
    assert answer["result"]["result"]["value"] == 5


def test_pausing_at_the_next_statement(context: ist.Context) -> None:
    def pause(inspector: ist.Inspector) -> None:
        session.send({"id": 2, "method": "Debugger.resume"})

    with context.isolate.inspector(pause=pause) as inspector:
        inspector.add_context(context)
        session = inspector.session()
        session.send({"id": 1, "method": "Debugger.enable"})
        inspector.pause("because")
        context.eval("1 + 1")
        assert until(session, "Debugger.paused")["params"]["reason"] == "because"


def test_another_thread_debugs(context: ist.Context) -> None:
    results: list[Any] = []
    with context.isolate.inspector() as inspector:
        inspector.add_context(context)
        session = inspector.session()
        session.send({"id": 1, "method": "Debugger.enable"})
        started = threading.Event()
        context["started"] = started.set
        program = "var going = true; started(); while (going); 'ended'"
        thread = threading.Thread(target=lambda: results.append(context.eval(program)))
        thread.start()
        started.wait()
        session.send({"id": 2, "method": "Debugger.pause"})
        until(session, "Debugger.paused")
        assert inspector.paused
        session.send(evaluate(3, "going = false"))
        session.send({"id": 4, "method": "Debugger.resume"})
        thread.join()
    assert results == ["ended"]


def test_closing_lets_it_go_on(context: ist.Context) -> None:
    results: list[Any] = []
    inspector = context.isolate.inspector()
    inspector.add_context(context)
    session = inspector.session()
    session.send({"id": 1, "method": "Debugger.enable"})
    thread = threading.Thread(target=lambda: results.append(context.eval("debugger; 5")))
    thread.start()
    until(session, "Debugger.paused")
    session.close()
    thread.join()
    assert results == [5]
    inspector.close()
    inspector.close()
    assert inspector.closed


def test_a_program_that_waits(context: ist.Context) -> None:
    ready: list[ist.Inspector] = []
    with context.isolate.inspector(ready=ready.append) as inspector:
        session = inspector.session()
        session.send({"id": 1, "method": "Runtime.runIfWaitingForDebugger"})
        assert ready == [inspector]


def test_unknown_methods_are_answered(context: ist.Context) -> None:
    with context.isolate.inspector() as inspector:
        session = inspector.session()
        session.send({"id": 1, "method": "No.such"})
        assert "'No.such' wasn't found" in session.receive(timeout=0)["error"]["message"]


@pytest.mark.parametrize("message", ["[1]", "5", "no json", b"\xff", '"text"'])
def test_what_is_no_message(context: ist.Context, message: Any) -> None:
    with context.isolate.inspector() as inspector:
        session = inspector.session()
        with pytest.raises(ValueError):
            session.send(message)


def test_misuse(context: ist.Context) -> None:
    isolate = context.isolate
    inspector = isolate.inspector()
    with pytest.raises(ist.StateError, match="the isolate has an inspector already"):
        isolate.inspector()
    with pytest.raises(TypeError, match="pause must be a callable or None, not int"):
        isolate.inspector(pause=5)  # type: ignore[arg-type]
    with ist.Isolate() as other, pytest.raises(ist.StateError, match="belongs to another isolate"):
        inspector.add_context(other.context())
    session = inspector.session()
    with pytest.raises(TimeoutError, match="the inspector has sent no message"):
        session.receive(timeout=0)
    session.close()
    session.close()
    with pytest.raises(ist.ClosedError, match="the session is closed"):
        session.send({})
    with pytest.raises(ist.ClosedError, match="the session is closed"):
        session.receive()
    inspector.close()
    with pytest.raises(ist.ClosedError, match="the inspector is closed"):
        inspector.session()
    isolate.inspector()
    isolate.close()


def test_sending_within_receive(context: ist.Context) -> None:
    problems: list[BaseException] = []

    def receive(message: dict[str, Any]) -> None:
        try:
            session.send({"id": 2, "method": "Runtime.enable"})
        except ist.StateError as problem:
            problems.append(problem)

    with context.isolate.inspector() as inspector:
        session = inspector.session(receive)
        session.send(evaluate(1, "1"))
    assert str(problems[0]).startswith("an inspector's message is being told")


def test_sessions_come_and_go(context: ist.Context) -> None:
    with context.isolate.inspector() as inspector:
        inspector.add_context(context)
        for number in range(50):
            with inspector.session() as session:
                session.send(evaluate(number, str(number)))
                assert session.receive(timeout=0)["result"]["result"]["value"] == number
