"""A client of the Debug Adapter Protocol, as editors are: enough of it to set breakpoints, look and go on."""

import itertools
import json
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Client:
    def __init__(self, port: int, running: subprocess.Popen[str]) -> None:
        for _ in range(600):
            try:
                self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
                break
            except ConnectionRefusedError:
                assert running.poll() is None, running.communicate()
                time.sleep(0.1)
        self._file = self._socket.makefile("rb")
        self._numbers = itertools.count(1)
        self._unread: list[dict[str, Any]] = []

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def send(self, command: str, **arguments: Any) -> int:
        number = next(self._numbers)
        body = json.dumps({"seq": number, "type": "request", "command": command, "arguments": arguments}).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return number

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        return self.answer(self.send(command, **arguments))

    def answer(self, number: int) -> dict[str, Any]:
        return self._wait(lambda message: message.get("request_seq") == number)

    def event(self, name: str) -> dict[str, Any]:
        return self._wait(lambda message: message.get("event") == name)

    def _wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            for message in self._unread:
                if wanted(message):
                    self._unread.remove(message)
                    assert message.get("success", True), message
                    return message.get("body") or {}
            self._unread.append(self._read())

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._file.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the debugger hung up"
        return json.loads(self._file.read(length))

    def attach(self, breakpoints: dict[Path, list[int]]) -> None:
        self.ask("initialize", adapterID="tests", clientID="tests", pathFormat="path")
        attached = self.send("attach", justMyCode=False)
        self.event("initialized")
        for path, lines in breakpoints.items():
            answer = self.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[{"line": n} for n in lines])
            assert all(one["verified"] for one in answer["breakpoints"])
        self.ask("configurationDone")
        self.answer(attached)
