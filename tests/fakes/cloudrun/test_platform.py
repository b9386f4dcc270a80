"""What the front answers for instances: theirs, or its own when they cannot."""

import threading

from fakes.cloudrun import create
from fakes.seam import InstanceGone, WebReply
from tests.fakes.manual import ManualSurroundings

OK = WebReply("200 OK", (("Content-Length", "2"),), b"ok")


class Launcher:
    """Instances that are ready at once and answer as told."""

    def __init__(self, around, reply):
        self.around, self.reply, self.launched, self.stopped = around, reply, [], []

    def launch(self, service, number, on_ready, on_exit):
        self.launched.append(number)
        self.around.call_later(0, on_ready)
        return self

    def handle(self, environ):
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply

    def stop(self):
        self.stopped.append(True)


def asked(around, platform, path="/x", service="svc"):
    """What a request gets; the clock is moved by hand while the front waits."""
    told = {}

    def start_response(status, headers):
        told["status"] = status

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "CONTENT_LENGTH": "0"}
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


def test_a_request_that_finds_no_instance_in_ten_seconds_is_a_429_and_history_says_so():
    around, launcher, made = platform(OK)
    launcher.launch = lambda service, number, on_ready, on_exit: launcher  # one that never gets ready
    status, body = asked(around, made)
    assert status.startswith("429")
    assert b"no available instance" in body
    assert [event["event"] for event in around.events if event["kind"] == "process"] == ["no_instance"]


def test_the_metadata_server_gives_the_project_and_a_token():
    _, _, made = platform(OK)
    told = []
    app = made.http()["metadata.google.internal"]
    body = app(
        {"PATH_INFO": "/computeMetadata/v1/project/project-id"}, lambda status, headers: told.append(dict(headers))
    )
    assert list(body) == [b"p"]
    assert told[0]["Metadata-Flavor"] == "Google"
