"""Servers of HTTP in the user's own code: http.server, wsgiref, Werkzeug's, and uvicorn."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.world import a_network

HTTP_SERVER = Library("http.server", loads=("http.server", "requests"), standard=True)
WSGIREF = Library("wsgiref", loads=("wsgiref.simple_server", "requests"), standard=True)
WERKZEUG = Library("Werkzeug", loads=("werkzeug.serving", "flask", "requests"), beside=("flask",))
UVICORN = Library("uvicorn", loads=("uvicorn", "fastapi", "requests"), beside=("fastapi",))


def _ask_twice(trace: Trace, url: str) -> None:
    """Two requests at once, of a second each."""
    import requests

    def ask(path: str) -> None:
        answer = requests.get(url + path, timeout=10)
        trace(answer.status_code, answer.text)

    asking = [threading.Thread(target=ask, args=(path,)) for path in ("/a", "/b")]
    for thread in asking:
        thread.start()
        time.sleep(0.1)
    for thread in asking:
        thread.join()


def _slow_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    time.sleep(1)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]


@contract(HTTP_SERVER)
def test_a_threading_server_answers_two_at_once_and_shuts_down(trace: Trace) -> None:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(1)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    a_network()
    server = ThreadingHTTPServer(("127.0.0.1", 8000), Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    _ask_twice(trace, "http://127.0.0.1:8000")
    server.shutdown()
    serving.join()
    trace("over")
    trace.expect((1.0, 200, "/a"), (1.1, 200, "/b"), (1.6, "over"))


@contract(WSGIREF, know="one request at a time, as its server is")
def test_the_simple_server_answers_one_after_the_other(trace: Trace) -> None:
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    a_network()
    server = make_server("127.0.0.1", 8000, _slow_app, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _ask_twice(trace, "http://127.0.0.1:8000")
    server.shutdown()
    trace.expect((1.0, 200, "/a"), (2.0, 200, "/b"))


@contract(WERKZEUG, know="`app.run(debug=True)` would start a second interpreter: use_reloader=False")
def test_a_flask_app_runs_under_the_development_server(trace: Trace) -> None:
    import flask
    from werkzeug.serving import make_server

    app = flask.Flask("served")

    @app.get("/<name>")
    def slow(name: str) -> str:
        time.sleep(1)
        return name

    a_network()
    server = make_server("0.0.0.0", 8000, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _ask_twice(trace, "http://127.0.0.1:8000")
    server.shutdown()
    trace.expect((1.0, 200, "a"), (1.1, 200, "b"))


@contract(UVICORN, know="`uvicorn.run(app, …)` with one worker and no reload; workers are child processes")
def test_a_program_runs_uvicorn_itself_and_ends_it(trace: Trace) -> None:
    import asyncio

    import fastapi
    import uvicorn

    app = fastapi.FastAPI()

    @app.get("/{name}")
    async def slow(name: str) -> str:
        await asyncio.sleep(1)
        return name

    a_network()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=8000, log_level="warning"))
    serving = threading.Thread(target=server.run)
    serving.start()
    time.sleep(0.5)
    _ask_twice(trace, "http://127.0.0.1:8000")
    server.should_exit = True
    serving.join()
    trace("over")
    trace.expect((1.5, 200, '"a"'), (1.6, 200, '"b"'), (1.8, "over"))


@contract(UVICORN)
def test_uvicorn_has_the_main_thread_until_a_signal_ends_it_gracefully(trace: Trace) -> None:
    import os
    import signal

    import fastapi
    import requests
    import uvicorn

    app = fastapi.FastAPI()

    @app.get("/slow")
    def slow() -> str:
        time.sleep(5)
        return "slow"

    def ask() -> None:
        time.sleep(1)
        threading.Thread(target=lambda: trace(requests.get("http://127.0.0.1:8080/slow", timeout=10).json())).start()
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
        try:
            requests.get("http://127.0.0.1:8080/slow", timeout=10)
        except requests.ConnectionError:
            trace("refused")

    signal.signal(signal.SIGTERM, lambda number, frame: trace("the program's own handler", number))
    a_network()
    asking = threading.Thread(target=ask)
    asking.start()
    uvicorn.run(app, host="0.0.0.0", port=8080, log_level="warning")
    trace("over")
    asking.join()
    trace.expect(
        (3, "refused"),
        (6, "slow"),
        (6.1, "the program's own handler", 15),
        (6.1, "over"),
    )
