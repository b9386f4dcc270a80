"""storage-testbench's Retry Test API: faults queued per method, struck by requests that carry their test's id.

It is an asker next to the gate: where one of the gate's verdicts says it all, `ruling` gives that verdict, and the few
instructions that reach into an upload or an answer are asked for by the handlers (`upload_fault`, `unreachable`).
Grammar and wording: https://github.com/googleapis/storage-testbench, README and `testbench/common.py`.
"""

from __future__ import annotations

import random
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from fakes.gcs.http import Reply, Request
from fakes.seam import Call, Refuse, Ruling, Truncate

HEADER = "x-retry-test-id"
MAX_TESTS = 10_000
INSERT, GET = "storage.objects.insert", "storage.objects.get"

STATUS = re.compile(r"return-([0-9]+)$")
CONNECTION = re.compile(r"return-(reset-connection|broken-stream)$")
STATUS_AFTER = re.compile(r"return-([0-9]+)-after-([0-9]+)K$")
SHORT_FINAL = re.compile(r"return-broken-stream-final-chunk-after-([0-9]+)B$")
BROKEN_AFTER = re.compile(r"return-broken-stream-after-([0-9]+)K$")
STALL = re.compile(r"stall-for-([0-9]+)s-after-([0-9]+)K$")
UNREACHABLE = re.compile(r"return-unreachable-buckets-(.+)$")
GRPC_ONLY = re.compile(
    r"(redirect-send-token|redirect-send-handle-and-token|redirect-expect-token)-[a-z-]+$|return-[0-9]+-if-dp-enforced$"
)
GRAMMAR = (STATUS, CONNECTION, STATUS_AFTER, SHORT_FINAL, BROKEN_AFTER, STALL, UNREACHABLE, GRPC_ONLY)

BROKEN_AFTER_BYTES = 4
NO_GRPC = ("storage.bucket_acl.", "storage.default_object_acl.", "storage.hmacKey.", "storage.object_acl.",
           "storage.notifications.", "storage.serviceaccount.")  # fmt: skip


@dataclass(slots=True)
class RetryTest:
    """One test: its instructions left, by method."""

    id: str
    transport: str
    instructions: dict[str, deque[str]]

    def as_json(self) -> dict[str, Any]:
        """The test as the API shows it; `completed` once nothing is left."""
        return {
            "id": self.id,
            "instructions": {method: list(left) for method, left in self.instructions.items()},
            "completed": not any(self.instructions.values()),
            "transport": self.transport,
        }


@dataclass(frozen=True, slots=True)
class UploadFault:
    """A fault inside an upload: `status` (0: none) or a stall of `stall_s`, once `after_bytes` are there.

    `done()` takes it off the queue: to be called when it strikes.
    """

    status: int
    stall_s: float
    after_bytes: int
    done: Callable[[], None]


class RetryTests:
    """The tests that are set up, and what they demand of a call."""

    def __init__(self, ids: random.Random) -> None:
        self._ids = ids
        self._tests: OrderedDict[str, RetryTest] = OrderedDict()
        self.methods: frozenset[str] = frozenset()

    def _next(self, headers: Mapping[str, str], method: str) -> tuple[str, Callable[[], None]] | None:
        test = self._tests.get(headers.get(HEADER, ""))
        queue = test.instructions.get(method) if test is not None and test.transport == "HTTP" else None
        if test is None or not queue:
            return None

        def done() -> None:
            if queue:
                queue.popleft()

        return queue[0], done

    def ruling(self, call: Call, *, final_chunk: bool = False) -> Ruling | None:
        """The verdict on `call`, None where no test has anything to say.

        `final_chunk` says that the call ends a resumable upload, which one instruction waits for.
        """
        if HEADER not in call.headers:
            return None
        found = self._next(call.headers, call.method)
        if found is None:
            return None
        instruction, done = found
        fault = f"retry_test/{call.headers[HEADER]}"
        if match := STATUS.match(instruction):
            done()
            status = match.group(1)
            return Ruling(Refuse(int(status), message=f"Retry Test: Caused a {status}"), fault)
        if match := CONNECTION.match(instruction):
            done()
            broken = match.group(1) == "broken-stream"
            return Ruling(Truncate(BROKEN_AFTER_BYTES) if broken else Refuse(0), fault)
        if (match := BROKEN_AFTER.match(instruction)) and call.method == GET:
            done()
            return Ruling(Truncate(int(match.group(1)) * 1024), fault)
        if (match := SHORT_FINAL.match(instruction)) and call.method == INSERT and final_chunk:
            done()
            return Ruling(Truncate(int(match.group(1))), fault)
        return None

    def upload_fault(self, headers: Mapping[str, str], method: str) -> UploadFault | None:
        """The fault that waits inside an upload."""
        found = self._next(headers, method) if HEADER in headers else None
        if found is None:
            return None
        instruction, done = found
        if match := STATUS_AFTER.match(instruction):
            return UploadFault(int(match.group(1)), 0.0, int(match.group(2)) * 1024, done)
        if match := STALL.match(instruction):
            return UploadFault(0, float(match.group(1)), int(match.group(2)) * 1024, done)
        return None

    def stall(self, reply: Reply, headers: Mapping[str, str], method: str) -> Reply:
        """Let an answer of any method but an upload stall where a test says so."""
        found = self._next(headers, method) if HEADER in headers and method != INSERT else None
        match = STALL.match(found[0]) if found else None
        if found and match:
            at = int(match.group(2)) * 1024
            if len(reply.body) > at:
                found[1]()
                reply.pauses = ((at, float(match.group(1))),)
        return reply

    def unreachable(self, headers: Mapping[str, str]) -> list[str]:
        """Names of buckets a listing is to leave out as unreachable."""
        found = self._next(headers, "storage.buckets.list") if HEADER in headers else None
        match = UNREACHABLE.match(found[0]) if found else None
        if not found or not match:
            return []
        found[1]()
        return [name.rpartition("/")[2] for name in match.group(1).split(",")]

    def serve(self, request: Request) -> Reply | None:
        """Answer `/retry_test…`; None where the path is another."""
        path = request.path.rstrip("/")
        if path == "/retry_tests" and request.method == "GET":
            return _json({"retry_test": [test.as_json() for test in self._tests.values()]})
        if path == "/retry_test" and request.method == "POST":
            return self._create(request)
        if not path.startswith("/retry_test/"):
            return None
        test_id = path.removeprefix("/retry_test/")
        if test_id not in self._tests:
            return _problem(404, f"Retry Test {test_id} does not exist.")
        if request.method == "GET":
            return _json(self._tests[test_id].as_json())
        if request.method == "DELETE":
            del self._tests[test_id]
            return Reply(200, [("Content-Type", "text/plain; charset=utf-8")], f"Deleted {test_id}".encode())
        return None

    def _create(self, request: Request) -> Reply:
        try:
            asked = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            asked = None
        instructions = asked.get("instructions") if isinstance(asked, dict) else None
        if not instructions or not isinstance(instructions, dict):
            return Reply(400, [("Content-Type", "text/plain; charset=utf-8")], b"instructions is not defined")
        transport = str(asked.get("transport", "HTTP")).upper()
        if transport not in ("HTTP", "GRPC"):
            return _problem(400, f"The requested transport <{transport}> is invalid.")
        for method, queue in instructions.items():
            if method not in self.methods:
                return _problem(400, f"The requested method <{method}> for fault injection is invalid.")
            if transport == "GRPC" and method.startswith(NO_GRPC):
                return _problem(501, f"Retry Test API not supported for the requested method <{method}> in GRPC is not "
                                "implemented.")  # fmt: skip
            if not isinstance(queue, list):
                return _problem(400, f"The fault injection request <{queue}> is invalid.")
            for instruction in queue:
                if not isinstance(instruction, str) or not any(known.match(instruction) for known in GRAMMAR):
                    return _problem(400, f"The fault injection request <{instruction}> is invalid.")
        test = RetryTest(
            id=f"{self._ids.getrandbits(128):032x}",
            transport=transport,
            instructions={method: deque(queue) for method, queue in instructions.items()},
        )
        self._tests[test.id] = test
        if len(self._tests) > MAX_TESTS:
            self._tests.popitem(last=False)
        return _json(test.as_json())


def _json(value: Any) -> Reply:
    return Reply(200, [("Content-Type", "application/json")], orjson.dumps(value))


def _problem(status: int, message: str) -> Reply:
    body = {"error": {"code": status, "message": message, "errors": [{"domain": "global", "message": message}]}}
    return Reply(status, [("Content-Type", "application/json")], orjson.dumps(body))
