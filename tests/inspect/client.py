"""A client of the Chrome DevTools protocol over WebSocket, for the tests beside it: runs the command, finds where it
listens, and says and hears messages. Every wait ends after TIMEOUT seconds with an error that shows what was heard."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

import websocket

TIMEOUT = float(os.environ.get("INSPECT_TIMEOUT", "60"))


class Program:
    """A program under the command. `url` is the WebSocket's."""

    def __init__(self, command, *args):
        self.process = subprocess.Popen(
            [command, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = self.process.stderr.readline()
        found = re.fullmatch(r"Debugger listening on (ws://(.*):(\d+)/([0-9a-f-]{36}))\n", line)
        assert found, f"no place to connect to: {line!r}"
        self.url, self.host, self.port, self.id = found.groups()

    def get(self, path, **headers):
        """The status and the body of a page."""
        request = urllib.request.Request(f"http://{self.host}:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""

    def line(self):
        return self.process.stdout.readline()

    def end(self):
        """Waits for the program's end: its exit code and the rest of what it said."""
        out, err = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, out, err

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class Client:
    """One session."""

    def __init__(self, url, **options):
        # A client without an origin, as debuggers are; websocket-client would make one up.
        options.setdefault("suppress_origin", True)
        self.socket = websocket.create_connection(url, timeout=TIMEOUT, **options)
        self.last = 0
        self.heard = []
        self.scripts = {}

    def hear(self):
        message = json.loads(self.socket.recv())
        if message.get("method") == "Debugger.scriptParsed":
            self.scripts[message["params"]["scriptId"]] = message["params"]["url"]
        self.heard.append(message)
        return message

    def wait(self, wanted):
        """The first message, heard already or to come, that `wanted` accepts; it is taken."""
        end = time.monotonic() + TIMEOUT
        seen = 0
        while True:
            while seen < len(self.heard):
                if wanted(self.heard[seen]):
                    return self.heard.pop(seen)
                seen += 1
            assert time.monotonic() < end, f"did not come; heard {self.heard}"
            self.hear()

    def event(self, method):
        return self.wait(lambda message: message.get("method") == method)["params"]

    def paused(self):
        """Waits for a pause: what it says, and where it is: the file's name, the function's, and the line from 0."""
        said = self.event("Debugger.paused")
        frame = said["callFrames"][0]
        file = self.scripts[frame["location"]["scriptId"]].rsplit("/", 1)[-1]
        return said, (file, frame["functionName"], frame["location"]["lineNumber"])

    def logged(self, text):
        """Waits for what the console is told; the session hears what was said before it came, too."""
        self.wait(lambda m: m.get("method") == "Runtime.consoleAPICalled" and m["params"]["args"][0]["value"] == text)

    def post(self, method, **params):
        self.last += 1
        self.socket.send(json.dumps({"id": self.last, "method": method, "params": params}, ensure_ascii=False))
        return self.last

    def answer(self, number):
        answer = self.wait(lambda message: message.get("id") == number)
        assert "error" not in answer, answer
        return answer["result"]

    def call(self, method, **params):
        return self.answer(self.post(method, **params))

    def close(self):
        self.socket.close()

    def drop(self):
        """Is gone without a word."""
        self.socket.sock.close()
