"""An emulator's surroundings on the real clock: timers, chance, posting."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from fakes.seam import Answer
from fakes.wire.surroundings import RealSurroundings


@pytest.fixture
def around():
    surroundings = RealSurroundings("pubsub")
    yield surroundings
    surroundings.close()


def test_timers_run_in_the_order_of_their_times_and_may_block(around):
    order = []
    last = threading.Event()
    release = threading.Event()
    around.call_later(0.0, release.wait)
    around.call_later(0.05, lambda: (order.append("late"), last.set()))
    around.call_later(0.01, lambda: order.append("early"))
    assert last.wait(timeout=5)
    release.set()
    assert order == ["early", "late"]


def test_a_cancelled_timer_does_not_run(around):
    ran = []
    fence = threading.Event()
    around.call_later(0.01, lambda: ran.append("no")).cancel()
    around.call_later(0.02, fence.set)
    assert fence.wait(timeout=5)
    assert ran == []


def test_cancelled_timers_do_not_pile_up_and_the_others_run(around):
    fence, ran = threading.Event(), []
    for number in range(1000):
        timer = around.call_later(0.02 if number % 100 == 0 else 3600, lambda number=number: ran.append(number))
        if number % 100:
            timer.cancel()
    assert len(around._alarms._heap) < 200
    around.call_later(0.2, fence.set)
    assert fence.wait(timeout=10)
    assert sorted(ran) == list(range(0, 1000, 100))


def test_a_stream_of_chance_depends_on_its_name_and_the_back_end():
    draws = {
        RealSurroundings(backend, seed=1).rng(name).random() for backend in ("pubsub", "gcs") for name in ("a", "b")
    }
    assert len(draws) == 4
    assert RealSurroundings("gcs", seed=1).rng("a").random() in draws


def test_post_brings_the_answer_back(around):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(202)
            self.send_header("X-Path", self.path)
            self.end_headers()
            self.wfile.write(body.upper())

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answer = around.post(f"http://127.0.0.1:{server.server_port}/p?q=1", b"abc", {"A": "b"}, 5)
    server.shutdown()
    server.server_close()
    assert (answer.status, answer.body, answer.headers["X-Path"]) == (202, b"ABC", "/p?q=1")


def test_post_names_what_went_wrong_and_never_raises(around):
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    assert around.post(f"http://127.0.0.1:{port}/", b"", {}, 0.05) == Answer(0, problem="timeout")
    silent.close()
    assert around.post(f"http://127.0.0.1:{port}/", b"", {}, 1).problem in ("refused", "reset")
    assert around.post("http://nowhere.invalid/", b"", {}, 1) == Answer(0, problem="unknown host")
