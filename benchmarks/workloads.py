"""Calls that leave every emulator as it was: the same few names written, read and deleted over and over.

Calls go in where a server would hand them: WSGI, gRPC methods, streams. What a call leaves behind is the emulator's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from fakes.seam import WsgiApp
from fakes.wire.surroundings import RealSurroundings

NAMES = 50
"""How many objects, documents, keys a workload has."""

PROJECT = "benchmark-project"

Use = Callable[[int], None]
"""Makes the n-th call."""


@dataclass(frozen=True, slots=True)
class Workload:
    """`begin` makes the back end and gives what makes a call; after `fills_after` calls what it keeps is full."""

    begin: Callable[[RealSurroundings, Path | None], Use]
    fills_after: int = 1_000


def _made(name: str, around: RealSurroundings, data: Path | None, **options: Any) -> Any:
    return import_module(f"fakes.{name}").create(around, **options, **({} if data is None else {"data": data / name}))


def _request(app: WsgiApp, verb: str, target: str, body: bytes = b"", **headers: str) -> bytes:
    """One request in process; AssertionError for an answer of 400 and above."""
    path, _, query = target.partition("?")
    statuses: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": verb, "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_URI": target, "SERVER_NAME": "x",
        "SERVER_PORT": "80", "HTTP_HOST": "x", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(body),
        "CONTENT_LENGTH": str(len(body)), **headers,
    }  # fmt: skip
    answer = b"".join(app(environ, lambda status, _headers: statuses.append(status)))
    if statuses[0] >= "4":
        raise AssertionError(f"{verb} {target}: {statuses[0]} {answer[:200]!r}")
    return answer


def _gcs(around: RealSurroundings, data: Path | None) -> Use:
    made = _made("gcs", around, data, limits="none")
    made.provision({"buckets": {"the-bucket": {}}})
    app = made.http()["storage.googleapis.com"]

    def use(number: int) -> None:
        name = f"o{number // 4 % NAMES}"
        match number % 4:
            case 0:
                _request(app, "POST", f"/upload/storage/v1/b/the-bucket/o?uploadType=media&name={name}", b"x" * 1024)
            case 1:
                _request(app, "GET", f"/download/storage/v1/b/the-bucket/o/{name}?alt=media")
            case 2:
                _request(app, "GET", "/storage/v1/b/the-bucket/o?prefix=o1")
            case _:
                _request(app, "DELETE", f"/storage/v1/b/the-bucket/o/{name}")

    return use


class _Context:
    """A gRPC call whose peer stays."""

    caller = ""
    metadata: Mapping[str, str] = {}

    def is_active(self) -> bool:
        return True

    def time_remaining(self) -> float | None:
        return None

    def add_callback(self, action: Callable[[], None]) -> bool:
        return True


class _Rpc:
    """A back end's unary RPCs and streams of answers, by their last word."""

    def __init__(self, made: Any) -> None:
        self._methods = {
            path.rsplit("/", 1)[1]: one for methods in made.grpc().values() for path, one in methods.items()
        }

    def call(self, method: str, request: Any, answer: Any = None) -> Any:
        """`request` and `answer` are a proto-plus message and a type."""
        data = self._methods[method].serve(type(request).serialize(request), _Context())
        return None if answer is None else answer.deserialize(data)

    def answers(self, method: str, request: Any) -> int:
        """How many answers come."""
        return sum(1 for _ in self._methods[method].serve(type(request).serialize(request), _Context()))


def _pubsub(around: RealSurroundings, data: Path | None) -> Use:
    from google.pubsub_v1 import types

    made = _made("pubsub", around, data, project=PROJECT)
    made.provision({"project": PROJECT, "topics": {"the-topic": {"subscriptions": {"the-sub": {}}}}})
    rpc, held = _Rpc(made), list[str]()
    topic, sub = f"projects/{PROJECT}/topics/the-topic", f"projects/{PROJECT}/subscriptions/the-sub"

    def use(number: int) -> None:
        match number % 4:
            case 0:
                message = types.PubsubMessage(data=b"x" * 200, attributes={"n": str(number)})
                rpc.call("Publish", types.PublishRequest(topic=topic, messages=[message]))
            case 1:
                asked = types.PullRequest(subscription=sub, max_messages=10)
                held[:] = [one.ack_id for one in rpc.call("Pull", asked, types.PullResponse).received_messages]
            case 2:
                rpc.call("ModifyAckDeadline", types.ModifyAckDeadlineRequest(
                    subscription=sub, ack_ids=held, ack_deadline_seconds=60))  # fmt: skip
            case _:
                rpc.call("Acknowledge", types.AcknowledgeRequest(subscription=sub, ack_ids=held))

    return use


def _firestore(around: RealSurroundings, data: Path | None) -> Use:
    from google.cloud.firestore_v1 import types

    rpc = _Rpc(_made("firestore", around, data, project=PROJECT))
    database = f"projects/{PROJECT}/databases/(default)"

    def use(number: int) -> None:
        name = f"{database}/documents/things/{number // 4 % NAMES}"
        match number % 4:
            case 0:
                fields = {"n": types.Value(integer_value=number), "s": types.Value(string_value="x" * 200)}
                write = types.Write(update=types.Document(name=name, fields=fields))
                rpc.call("Commit", types.CommitRequest(database=database, writes=[write]))
            case 1:
                rpc.call("GetDocument", types.GetDocumentRequest(name=name))
            case 2:
                began = rpc.call(
                    "BeginTransaction", types.BeginTransactionRequest(database=database), types.BeginTransactionResponse
                )
                rpc.call("Rollback", types.RollbackRequest(database=database, transaction=began.transaction))
            case _:
                query = types.StructuredQuery(from_=[{"collection_id": "things"}], limit=5)
                rpc.answers("RunQuery", types.RunQueryRequest(parent=f"{database}/documents", structured_query=query))

    return use


def _logging(around: RealSurroundings, data: Path | None) -> Use:
    from google.cloud.logging_v2 import types

    rpc = _Rpc(_made("logging", around, data, project=PROJECT))
    log = {"log_name": f"projects/{PROJECT}/logs/l", "resource": {"type": "global"}}

    def use(number: int) -> None:
        entry = {"text_payload": "x" * 100, "severity": "ERROR", "labels": {"n": str(number)}}
        rpc.call("WriteLogEntries", types.WriteLogEntriesRequest(**log, entries=[entry]))

    return use


class _Stream:
    """A connection on which each `say` is answered at once."""

    caller = ""
    can_upgrade = False

    def __init__(self) -> None:
        self.answers = 0
        self.ended = False

    def send(self, data: bytes) -> None:
        """What the server says."""
        self.answers += 1

    def receive(self, most: int) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        self.ended = True


class _Said(_Stream):
    """A connection that says `data` and hangs up."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._left = [data]

    def receive(self, most: int) -> bytes:
        return self._left.pop() if self._left else b""


def _redis(around: RealSurroundings, data: Path | None) -> Use:
    from fakes.redis.resp import encode

    converse = next(iter(_made("redis", around, data).streams().values()))

    def use(number: int) -> None:
        key = b"k%d" % (number // 8 % NAMES)
        say: list[bytes] = (
            [b"SET", key, b"x" * 100, b"EX", b"60"], [b"GET", key], [b"DEL", key], [b"HSET", b"h" + key, b"f", b"v"],
            [b"RPUSH", b"l" + key, b"x"], [b"LPOP", b"l" + key], [b"XADD", b"s", b"MAXLEN", b"10", b"*", b"f", b"v"],
            [b"EVAL", b"return redis.call('INCR', KEYS[1])", b"1", b"n"],
        )[number % 8]  # fmt: skip
        stream = _Said(encode(say))
        converse(stream)
        if not stream.answers:
            raise AssertionError(f"{say!r} is not answered")

    return use


def _s3(around: RealSurroundings, data: Path | None) -> Use:
    made = _made("s3", around, data)
    made.provision({"s3_buckets": ["the-bucket"]})
    app = next(iter(made.http().values()))

    signed = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"

    def use(number: int) -> None:
        name = f"o{number // 4 % NAMES}"
        verb, target, body = (
            ("PUT", f"/the-bucket/{name}", b"x" * 1024), ("GET", f"/the-bucket/{name}", b""),
            ("GET", "/the-bucket?list-type=2&max-keys=5", b""), ("DELETE", f"/the-bucket/{name}", b""),
        )[number % 4]  # fmt: skip
        _request(app, verb, target, body, HTTP_AUTHORIZATION=signed)

    return use


def _ses(around: RealSurroundings, data: Path | None) -> Use:
    app = next(iter(_made("ses", around, data).http().values()))
    form = (
        "Action=SendEmail&Source=a@b.example&Destination.ToAddresses.member.1=c@d.example&Message.Subject.Data=x"
        f"&Message.Body.Text.Data={'x' * 300}"
    ).encode()

    def use(number: int) -> None:
        _request(app, "POST", "/", form, CONTENT_TYPE="application/x-www-form-urlencoded")

    return use


def _smtp(around: RealSurroundings, data: Path | None) -> Use:
    converse = next(iter(_made("smtp", around, data).streams().values()))
    text = "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSubject: x\r\n\r\n{}\r\n.\r\nQUIT\r\n"
    said = text.format("x" * 300).encode()

    def use(number: int) -> None:
        stream = _Said(said)
        converse(stream)
        if stream.answers < 7:
            raise AssertionError("the mail is not taken")

    return use


def _scheduler(around: RealSurroundings, data: Path | None) -> Use:
    job = {"name": "j", "cron": "0 0 1 1 *", "zone": "UTC", "url": "http://127.0.0.1:9/x"}
    app = next(iter(_made("scheduler", around, data, jobs=[job], project=PROJECT).http().values()))
    jobs = f"/v1/projects/{PROJECT}/locations/us-west2/jobs"

    def use(number: int) -> None:
        verb, target = (("GET", jobs), ("POST", f"{jobs}/j:pause"), ("GET", f"{jobs}/j"), ("POST", f"{jobs}/j:resume"))[
            number % 4
        ]
        _request(app, verb, target)

    return use


def _upstreams(around: RealSurroundings, data: Path | None) -> Use:
    apps = import_module("fakes.upstreams").create(around, limits="none").http()
    mail = json.dumps({
        "personalizations": [{"to": [{"email": "c@d.example"}]}], "from": {"email": "a@b.example"}, "subject": "x",
        "content": [{"type": "text/plain", "value": "x"}],
    }).encode()  # fmt: skip
    asked = (
        ("api.balldontlie.io", "GET", "/v1/games?dates[]=2026-01-16", b""),
        ("api.the-odds-api.com", "GET", "/v4/sports/basketball_nba/scores?apiKey=k&daysFrom=1", b""),
        ("api.sendgrid.com", "POST", "/v3/mail/send", mail),
        ("hooks.slack.com", "POST", "/services/T000/B000/XXX", b'{"text": "x"}'),
        ("statsapi.mlb.com", "GET", "/api/v1/schedule?sportId=1&date=2026-04-10", b""),
    )

    def use(number: int) -> None:
        host, verb, target, body = asked[number % len(asked)]
        _request(apps[host], verb, target, body, HTTP_AUTHORIZATION="Bearer k", CONTENT_TYPE="application/json")

    return use


def _history(around: RealSurroundings, data: Path | None) -> Use:
    from harness.wire.record import Record

    record = Record(0)
    fields = {"caller": "", "service": "gcs", "method": "storage.objects.get", "outcome": "ok", "status": 200,
              "reason": "", "applied": True, "fault": "", "bytes_in": 0, "bytes_out": 1024}  # fmt: skip

    def use(number: int) -> None:
        now_ns = around.now_ns()
        record.append(now_ns, "gcs", "call", {**fields, "id": number, "resource": f"b/o{number}",
                                              "started_epoch_ns": now_ns - 90_000})  # fmt: skip

    return use


WORKLOADS: Mapping[str, Workload] = {
    "gcs": Workload(_gcs, fills_after=45_000),
    "pubsub": Workload(_pubsub, fills_after=10_000),
    "firestore": Workload(_firestore, fills_after=41_000),
    "logging": Workload(_logging, fills_after=111_000),
    "redis": Workload(_redis),
    "s3": Workload(_s3),
    "ses": Workload(_ses, fills_after=10_500),
    "smtp": Workload(_smtp, fills_after=10_500),
    "scheduler": Workload(_scheduler),
    "upstreams": Workload(_upstreams, fills_after=51_000),
    "history": Workload(_history, fills_after=101_000),
}
