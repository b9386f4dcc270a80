"""What the front answers for instances: theirs, or its own when they cannot."""

import base64
import io
import json
import threading

import pytest

from fakes.cloudrun import create
from fakes.seam import InstanceGone, WebReply
from tests.fakes.manual import ManualSurroundings

OK = WebReply("200 OK", (("Content-Length", "2"),), b"ok")


class Launcher:
    """Instances that are ready at once and answer as told."""

    def __init__(self, around, reply):
        self.around, self.reply, self.launched, self.stopped = around, reply, [], []
        self.throttled, self.killed, self.seen = [], [], []

    def launch(self, service, revision, number, on_ready, on_exit):
        self.launched.append(number)
        self.around.call_later(0, on_ready)
        return self

    def throttle(self, on):
        self.throttled.append(on)

    def handle(self, environ):
        self.seen.append(environ)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply

    def stop(self, grace_s, reason):
        self.stopped.append((grace_s, reason))

    def kill(self, event, reason):
        self.killed.append((event, reason))


def asked(around, platform, path="/x", service="svc", **environ_of):
    """What a request gets; the clock is moved by hand while the front waits."""
    told = {}

    def start_response(status, headers):
        told["status"] = status

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "CONTENT_LENGTH": "0", **environ_of}
    asking = threading.Thread(
        target=lambda: told.update(body=b"".join(platform.http()[service](environ, start_response)))
    )
    asking.start()
    for _ in range(2_000):
        around.advance(1)
        asking.join(0.005)
        if not asking.is_alive():
            break
    return told["status"], told["body"]


def platform(reply, **fields):
    around = ManualSurroundings()
    launcher = Launcher(around, reply)
    made = create(around, services={"svc": {"cold_start_s": 0, **fields}}, launcher=launcher, project="p")
    return around, launcher, made


def test_an_instances_answer_is_passed_on_and_the_call_recorded():
    around, launcher, made = platform(OK)
    assert asked(around, made) == ("200 OK", b"ok")
    assert launcher.launched == [0]
    (call,) = [event for event in around.events if event["kind"] == "call"]
    assert (call["service"], call["method"], call["resource"], call["status"]) == ("svc", "POST", "/x", 200)


def test_an_instance_that_dies_under_a_request_is_a_503_that_may_have_been_applied():
    around, _, made = platform(InstanceGone("crash"))
    status, _ = asked(around, made)
    assert status.startswith("503")
    assert around.events[-1]["applied"] == "unknown"


def never_ready(launcher):
    launcher.launch = lambda service, revision, number, on_ready, on_exit: launcher


@pytest.mark.parametrize(("most", "status"), [(1, "429"), (2, "500")])
def test_a_request_that_finds_no_instance_in_ten_seconds_is_a_429_at_the_maximum_and_a_500_below_it(most, status):
    around, launcher, made = platform(OK, max_instances=most)
    never_ready(launcher)
    got, body = asked(around, made)
    assert got.startswith(status)
    assert b"no available instance" in body
    assert [event["event"] for event in around.events if event["kind"] == "process"] == ["no_instance"]
    assert around.events[-1]["applied"] is False


def test_a_request_over_32_mib_is_a_413_and_reaches_no_instance():
    around, launcher, made = platform(OK)
    status, _ = asked(around, made, CONTENT_LENGTH=str(32 * 1024 * 1024 + 1))
    assert status == "413 Request Entity Too Large"
    assert launcher.launched == []


def test_an_answer_over_32_mib_is_a_500():
    around, _, made = platform(WebReply("200 OK", (), b"x" * (32 * 1024 * 1024 + 1)))
    assert asked(around, made)[0].startswith("500")


def test_a_container_sees_the_trace_and_who_asked():
    around, launcher, made = platform(OK)
    asked(around, made, REMOTE_ADDR="35.191.0.1", HTTP_TRACEPARENT=f"00-{'a' * 32}-{'b' * 16}-01")
    asked(around, made)
    first, second = launcher.seen
    assert first["HTTP_X_CLOUD_TRACE_CONTEXT"].startswith("a" * 32 + "/")
    assert first["HTTP_X_CLOUD_TRACE_CONTEXT"].endswith(";o=1")
    assert first["HTTP_TRACEPARENT"].startswith(f"00-{'a' * 32}-")
    assert first["HTTP_X_FORWARDED_FOR"] == "35.191.0.1"
    assert len(second["HTTP_TRACEPARENT"]) == 55
    assert second["HTTP_TRACEPARENT"].split("-")[1] != "a" * 32


def test_a_push_comes_as_a_cloud_event_where_the_service_is_triggered_by_eventarc():
    around, launcher, made = platform(OK, events="done")
    push = {"message": {"messageId": "7", "publishTime": "2026-01-16T00:00:00Z", "data": ""}, "subscription": "p/s"}
    body = json.dumps(push).encode()
    asked(around, made, CONTENT_LENGTH=str(len(body)), **{"wsgi.input": io.BytesIO(body)})
    (seen,) = launcher.seen
    assert (seen["HTTP_CE_ID"], seen["HTTP_CE_TYPE"]) == ("7", "google.cloud.pubsub.topic.v1.messagePublished")
    assert seen["HTTP_CE_SOURCE"] == "//pubsub.googleapis.com/projects/p/topics/done"
    assert seen["wsgi.input"].read() == body


def test_an_instance_over_its_memory_limit_is_killed_and_the_request_is_a_503():
    around, launcher, made = platform(OK, memory_mib=256, memory={"": 100, "/big": 157, "/small": 156})
    assert asked(around, made, "/small")[0].startswith("200")
    assert launcher.killed == []
    assert asked(around, made, "/big")[0].startswith("503")
    ((event, reason),) = launcher.killed
    assert (event, "256 MiB exceeded with 257 MiB" in reason) == ("oom", True)


def test_what_an_instance_says_it_holds_counts_in_place_of_what_was_declared():
    around, launcher, made = platform(OK, memory_mib=256, memory={"": 100})
    asked(around, made)
    made.reported("svc", 0, 256.0)
    assert launcher.killed == []
    made.reported("svc", 0, 256.5)
    assert [event for event, _ in launcher.killed] == ["oom"]


def test_an_instance_has_cpu_only_while_it_serves_where_that_is_what_is_paid_for():
    around, launcher, made = platform(OK, cpu="request")
    asked(around, made)
    assert launcher.throttled == [False, True]


def test_an_idle_instance_gets_sigterm_and_ten_seconds():
    around, launcher, made = platform(OK)
    made.start()
    asked(around, made)
    around.advance(1000)
    assert launcher.stopped == [(10.0, "scaled in")]


def test_an_instance_lives_no_longer_than_it_may():
    around, launcher, made = platform(OK, min_instances=1, lifetime_s=4 * 3600)
    made.start()
    around.advance(4 * 3600 - 1)
    assert launcher.stopped == []
    around.advance(2)
    assert launcher.stopped == [(10.0, "end of its lifetime")]
    assert launcher.launched == [0, 1]


def test_the_metadata_server_gives_the_project_and_a_token():
    _, _, made = platform(OK)
    told = []
    app = made.http()["metadata.google.internal"]

    def ask(path, query="", **headers):
        environ = {"PATH_INFO": f"/computeMetadata/v1/{path}", "QUERY_STRING": query, **headers}
        return b"".join(app(environ, lambda status, headers: told.append((status, dict(headers)))))

    flavour = {"HTTP_METADATA_FLAVOR": "Google"}
    assert ask("project/project-id", **flavour) == b"p"
    assert told[-1][1]["Metadata-Flavor"] == "Google"
    ask("project/project-id")
    assert told[-1][0].startswith("403")
    token = ask("instance/service-accounts/default/identity", "audience=https://svc", **flavour).decode().split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(token + "=="))["aud"] == "https://svc"
