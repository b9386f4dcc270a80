"""urllib3: pools, retries, time-outs."""

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.servers import scripted
from tests.harness.sim.world import echo_network

ABOUT = Library("urllib3")


@contract(ABOUT)
def test_retries_come_first_at_once_and_then_double(trace: Trace) -> None:
    import urllib3

    scripted(trace, "flaky.test", 503, 503, 503, 503, 200)
    retries = urllib3.Retry(5, backoff_factor=1, status_forcelist=[503])
    trace(urllib3.PoolManager(retries=retries).request("GET", "http://flaky.test/").data.decode())
    trace.expect(
        (0, "GET /", 0),
        (0, "GET /", 0),
        (2, "GET /", 0),
        (6, "GET /", 0),
        (14, "GET /", 0),
        (14, "ok"),
    )


@contract(ABOUT)
def test_a_retry_after_date_is_read_by_the_virtual_clock(trace: Trace) -> None:
    import email.utils
    import time

    import urllib3

    when = email.utils.formatdate(time.time() + 90, usegmt=True)
    scripted(trace, "busy.test", (503, {"Retry-After": when}), 200)
    retries = urllib3.Retry(2, status_forcelist=[503])
    trace(urllib3.PoolManager(retries=retries).request("GET", "http://busy.test/").status)
    trace.expect(
        (0, "GET /", 0),
        (90, "GET /", 0),
        (90, 200),
    )


@contract(ABOUT)
def test_back_off_jitter_comes_from_the_seed(trace: Trace) -> None:
    import urllib3

    scripted(trace, "flaky.test", 503)
    retries = urllib3.Retry(3, backoff_factor=2, backoff_jitter=1.0, status_forcelist=[503], backoff_max=10)
    try:
        urllib3.PoolManager(retries=retries).request("GET", "http://flaky.test/")
    except urllib3.exceptions.MaxRetryError as problem:
        trace(str(problem.reason))
    trace.expect(
        (0, "GET /", 0),
        (0, "GET /", 0),
        (4.2774, "GET /", 0),
        (12.4635, "GET /", 0),
        (12.4635, "too many 503 error responses"),
    )


@contract(ABOUT)
def test_a_pool_that_is_exhausted_waits_as_long_as_it_may(trace: Trace) -> None:
    import threading

    import urllib3

    scripted(trace, "slow.test", 30.0)
    pool = urllib3.HTTPConnectionPool("slow.test", maxsize=1, block=True, retries=False)
    threading.Thread(target=pool.request, args=("GET", "/first"), daemon=True).start()
    try:
        pool.urlopen("GET", "/second", pool_timeout=3)
    except urllib3.exceptions.EmptyPoolError:
        trace("no connection")
    trace(pool.urlopen("GET", "/third", pool_timeout=60).status)
    trace.expect(
        (0, "GET /first", 0),
        (3, "no connection"),
        (30, "GET /third", 0),
        (60, 200),
    )


@contract(ABOUT)
def test_a_connect_time_out_of_an_unreachable_peer_is_exact(trace: Trace) -> None:
    import urllib3

    network = echo_network()
    network.part(["test#0"], ["api.test"])
    try:
        urllib3.PoolManager(retries=False).request("GET", "http://api.test/", timeout=urllib3.Timeout(connect=3))
    except urllib3.exceptions.ConnectTimeoutError as problem:
        trace(type(problem).__name__, "connect timeout=3" in str(problem))
    trace.expect(
        (3, "ConnectTimeoutError", True),
    )


@contract(ABOUT)
def test_idle_connections_are_kept_one_per_host_up_to_the_number_of_pools(trace: Trace) -> None:
    import urllib3

    from tests.harness.sim.contracts.servers import add_scripted

    network = scripted(trace, "a.test", 200)
    for host in ("b.test", "c.test"):
        add_scripted(network, trace, host, 200)
    manager = urllib3.PoolManager(num_pools=2)
    for host in ("a", "b", "a", "c", "a", "b"):
        manager.request("GET", f"http://{host}.test/")
    trace({host: network._numbers[host, "test#0"] for host in ("a.test", "b.test", "c.test")})
    trace.expect(
        (0, "GET /", 0),
        (0, "GET /", 0),
        (0, "GET /", 0),
        (0, "GET /", 0),
        (0, "GET /", 0),
        (0, "GET /", 0),
        (0, {"a.test": 1, "b.test": 2, "c.test": 1}),
    )


@contract(ABOUT)
def test_a_chunked_answer_streams_as_it_comes(trace: Trace) -> None:
    import time

    import urllib3

    from harness.sim.http_server import serve
    from tests.harness.sim.world import a_network

    def app(environ, start_response):
        start_response("200 OK", [])
        for part in (b"one", b"two", b"three"):
            time.sleep(1)
            yield part

    serve(a_network(latency_s=0.0), "stream.test", [443], app)
    response = urllib3.PoolManager().request("GET", "https://stream.test/", preload_content=False)
    for part in response.stream():
        trace(part.decode())
    response.release_conn()
    trace.expect(
        (1, "one"),
        (2, "two"),
        (3, "three"),
    )


@contract(ABOUT)
def test_a_proxy_tunnels_https(trace: Trace) -> None:
    import socketserver
    import threading

    import urllib3

    class Proxy(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            import socket

            line = self.rfile.readline().decode().split()
            while self.rfile.readline().strip():
                pass
            trace(*line[:2])
            host, port = line[1].split(":")
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection((host, int(port))) as onward:
                back = threading.Thread(target=self._copy, args=(onward, self.connection), daemon=True)
                back.start()
                self._copy(self.connection, onward)

        @staticmethod
        def _copy(source, target) -> None:
            while data := source.recv(65536):
                target.sendall(data)

    echo_network(latency_s=0.1)
    proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 3128), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    manager = urllib3.ProxyManager("http://127.0.0.1:3128")
    trace(manager.request("GET", "https://api.test/secret", timeout=5).data.decode())
    manager.clear()
    proxy.shutdown()
    proxy.server_close()
    trace("shut down")
    trace.expect(
        (0, "CONNECT", "api.test:443"),
        (0.4, "GET /secret "),
        (0.5, "shut down"),
    )
