"""http.client, urllib.request and http.server of the standard library."""

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.servers import scripted
from tests.harness.sim.world import a_network, echo_network

ABOUT = Library("http.client", standard=True, loads=("http.client",))
URLLIB = Library("urllib.request", standard=True, loads=("urllib.request", "http.server"))


@contract(ABOUT)
def test_bodies_go_chunked_and_answers_come_chunked(trace: Trace) -> None:
    import http.client
    import json

    from harness.sim.http_server import serve

    def stream(environ, start_response):
        start_response("200 OK", [])
        return iter([environ["wsgi.input"].read(), b"", b"-", b"end"])

    serve(a_network(latency_s=0.1), "stream.test", [80], stream)
    connection = http.client.HTTPConnection("stream.test", timeout=5)
    connection.request("POST", "/", body=iter([b"a" * 10, b"b"]), encode_chunked=True)
    response = connection.getresponse()
    trace(response.headers["Transfer-Encoding"], response.read().decode())
    connection.request("HEAD", "/")
    trace(connection.getresponse().read().decode())
    connection.request("POST", "/again", body=json.dumps([1]))
    trace(connection.getresponse().read().decode())
    trace.expect(
        (0.4, "chunked", "aaaaaaaaaab-end"),
        (0.6, ""),
        (0.8, "[1]-end"),
    )


@contract(ABOUT)
def test_a_connection_the_peer_dropped_while_idle_says_so(trace: Trace) -> None:
    import http.client
    import time

    scripted(trace, "api.test", 200, keep_alive_s=60)
    connection = http.client.HTTPConnection("api.test", timeout=5)
    connection.request("GET", "/a")
    connection.getresponse().read()
    time.sleep(61)
    try:
        connection.request("GET", "/b")
        connection.getresponse()
    except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as problem:
        trace(type(problem).__name__)
    connection.request("GET", "/c")
    trace(connection.getresponse().status)
    trace.expect(
        (0, "GET /a", 0),
        (61, "RemoteDisconnected"),
        (61, "GET /c", 0),
        (61, 200),
    )


@contract(ABOUT)
def test_a_peer_that_dies_in_the_middle_of_a_call_resets_it(trace: Trace) -> None:
    import http.client

    scripted(trace, "api.test", "reset")
    connection = http.client.HTTPSConnection("api.test", timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (ConnectionError, http.client.HTTPException) as problem:
        trace(type(problem).__name__)
    trace.expect(
        (0, "GET /", 0),
        (0, "ConnectionResetError"),
    )


@contract(ABOUT)
def test_a_time_out_covers_each_read(trace: Trace) -> None:
    import http.client
    import time

    from harness.sim.http_server import serve

    def drip(environ, start_response):
        start_response("200 OK", [("Content-Length", "3")])
        for pause in (1, 4, 6):
            time.sleep(pause)
            yield b"x"

    serve(a_network(latency_s=0.0), "drip.test", [80], drip)
    connection = http.client.HTTPConnection("drip.test", timeout=5)
    connection.request("GET", "/")
    response = connection.getresponse()
    try:
        while byte := response.read(1):
            trace(byte.decode())
    except TimeoutError as problem:
        trace(str(problem))
    trace.expect(
        (1, "x"),
        (5, "x"),
        (10, "timed out"),
    )


@contract(URLLIB)
def test_the_standard_librarys_server_answers_urllib(trace: Trace) -> None:
    import http.server
    import threading
    import urllib.error
    import urllib.request

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/missing":
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, form: str, *args: object) -> None:
            trace(self.log_date_time_string(), form % args)

    a_network(latency_s=0.1)
    server = http.server.ThreadingHTTPServer(("", 8080), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    trace(urllib.request.urlopen("http://localhost:8080/path", timeout=5).read().decode())
    try:
        urllib.request.urlopen("http://localhost:8080/missing", timeout=5)
    except urllib.error.HTTPError as problem:
        trace(problem.code, problem.headers["Date"])
    server.shutdown()
    thread.join()
    server.server_close()
    trace("shut down")
    trace.expect(
        (0, "16/Jan/2026 00:00:10", '"GET /path HTTP/1.1" 200 -'),
        (0, "/path"),
        (0.0001, "16/Jan/2026 00:00:10", "code 404, message Not Found"),
        (0.0001, "16/Jan/2026 00:00:10", '"GET /missing HTTP/1.1" 404 -'),
        (0.0001, 404, "Fri, 16 Jan 2026 00:00:10 GMT"),
        (0.5001, "shut down"),
    )


@contract(URLLIB)
def test_urlopen_times_out_and_follows_redirects(trace: Trace) -> None:
    import urllib.error
    import urllib.request

    scripted(trace, "api.test", (302, {"Location": "http://api.test/there"}), 200, 60.0)
    trace(urllib.request.urlopen("http://api.test/here", timeout=5).url)
    try:
        urllib.request.urlopen("http://api.test/slow", timeout=5)
    except TimeoutError as problem:
        trace(str(problem))
    trace.expect(
        (0, "GET /here", 0),
        (0, "GET /there", 0),
        (0, "http://api.test/there"),
        (0, "GET /slow", 0),
        (5, "timed out"),
    )


@contract(URLLIB)
def test_urlretrieve_writes_a_file_whose_name_comes_from_the_seed(trace: Trace) -> None:
    import urllib.request
    from pathlib import Path

    echo_network()
    name, _ = urllib.request.urlretrieve("https://api.test/file")
    trace(Path(name).read_text())
    urllib.request.urlcleanup()
    trace(Path(name).exists())
    trace.expect(
        (0.002, "GET /file "),
        (0.002, False),
    )
