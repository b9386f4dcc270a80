"""requests: sessions, time-outs, retries, stale connections, streams, threads."""

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.servers import scripted
from tests.harness.sim.world import echo_network

ABOUT = Library("requests")


@contract(ABOUT)
def test_a_session_of_240_requests_keeps_one_connection(trace: Trace) -> None:
    import requests

    network = echo_network(latency_s=0.01)
    with requests.Session() as session:
        for _ in range(240):
            session.get("http://api.test/", timeout=5).raise_for_status()
    trace("connections", network._numbers["api.test", "test#0"])
    trace.expect((0.02 + 240 * 0.02, "connections", 1))


@contract(ABOUT)
def test_https_costs_two_round_trips_with_its_connection_and_one_without(trace: Trace) -> None:
    import requests

    echo_network(latency_s=0.1)
    with requests.Session() as session:
        for path in ("/first", "/second"):
            trace(session.post(f"https://api.test{path}", data=b"body", timeout=5).text)
    trace.expect((0.4, "POST /first body"), (0.6, "POST /second body"))


@contract(ABOUT)
def test_a_connection_the_server_closed_is_dropped_from_the_pool_and_replaced(trace: Trace) -> None:
    import time

    import requests

    network = echo_network()
    with requests.Session() as session:
        session.get("http://api.test/", timeout=5)
        time.sleep(611)  # past the server's keep-alive time-out
        session.get("http://api.test/", timeout=5).raise_for_status()
        trace("numbers", [connection.number for connection in network.host("api.test").connections])
    trace.expect((611.004, "numbers", [2]))


@contract(ABOUT)
def test_connect_and_read_time_outs_end_at_their_second(trace: Trace) -> None:
    import requests

    network = scripted(trace, "slow.test", 60.0)
    network.host("dead.test")  # it has an address, and nothing answers there
    try:
        requests.get("http://slow.test/", timeout=(1, 5))
    except requests.ReadTimeout as problem:
        trace(str(problem))
    try:
        requests.get("http://dead.test/", timeout=(1, 5))
    except requests.ConnectionError as problem:
        trace(type(problem).__name__, "Connection refused" in str(problem))
    trace.expect(
        (0, "GET /", 0),
        (5, "HTTPConnectionPool(host='slow.test', port=80): Read timed out. (read timeout=5)"),
        (5, "ConnectionError", True),
    )


@contract(ABOUT)
def test_retries_of_an_adapter_wait_as_long_as_retry_after_says(trace: Trace) -> None:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    scripted(trace, "api.test", 503, (429, {"Retry-After": "7"}), "reset", 200)
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(5, backoff_factor=1, status_forcelist=[429, 503])))
        trace(session.get("http://api.test/", timeout=5).status_code)
    trace.expect(
        (0, "GET /", 0),
        (0, "GET /", 0),
        (7, "GET /", 0),
        (11, "GET /", 0),
        (11, 200),
    )


@contract(ABOUT)
def test_twenty_threads_share_a_session_whose_pool_blocks(trace: Trace) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import requests
    from requests.adapters import HTTPAdapter

    network = scripted(trace, "api.test", 1.0)
    with requests.Session() as session, ThreadPoolExecutor(20) as pool:
        session.mount("http://", HTTPAdapter(pool_maxsize=5, pool_block=True))
        answers = pool.map(lambda i: session.get(f"http://api.test/{i}", timeout=10).status_code, range(20))
        trace("answers", sum(answers), "connections", network._numbers["api.test", "test#0"])
    trace.expect(
        (0, "GET /0", 0),
        (0, "GET /1", 0),
        (0, "GET /2", 0),
        (0, "GET /3", 0),
        (0, "GET /4", 0),
        (1, "GET /5", 0),
        (1, "GET /6", 0),
        (1, "GET /7", 0),
        (1, "GET /8", 0),
        (1, "GET /9", 0),
        (2, "GET /10", 0),
        (2, "GET /11", 0),
        (2, "GET /12", 0),
        (2, "GET /13", 0),
        (2, "GET /14", 0),
        (3, "GET /15", 0),
        (3, "GET /16", 0),
        (3, "GET /17", 0),
        (3, "GET /18", 0),
        (3, "GET /19", 0),
        (4, "answers", 4000, "connections", 5),
    )


@contract(ABOUT)
def test_a_streamed_download_that_breaks_off_is_an_error(trace: Trace) -> None:
    import requests

    from harness.sim.http_server import serve
    from tests.harness.sim.world import a_network

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "100")])
        return [b"x" * 40]

    serve(a_network(latency_s=0.1), "api.test", [80], app)
    with requests.get("http://api.test/", stream=True, timeout=5) as response:
        read = 0
        try:
            for chunk in response.iter_content(10):
                read += len(chunk)
        except requests.exceptions.ChunkedEncodingError as problem:
            trace(read, "IncompleteRead(40 bytes read, 60 more expected)" in str(problem))
    trace.expect(
        (0.4, 40, True),
    )


@contract(ABOUT)
def test_redirects_cookies_and_uploads_from_a_file_work(trace: Trace) -> None:
    import tempfile

    import requests

    scripted(
        trace,
        "api.test",
        (302, {"Location": "/there", "Set-Cookie": "session=abc; Path=/; Max-Age=60"}),
        200,
        200,
        latency_s=0.05,
    )
    with requests.Session() as session, tempfile.TemporaryFile() as upload:
        upload.write(b"x" * 200_000)
        upload.seek(0)
        response = session.get("http://api.test/here", timeout=5)
        trace(response.url, [old.status_code for old in response.history], dict(session.cookies))
        session.post("http://api.test/upload", files={"file": upload}, timeout=5)
    trace.expect(
        (0.15, "GET /here", 0),
        (0.25, "GET /there", 0),
        (0.3, "http://api.test/there", [302], {"session": "abc"}),
        (0.35, "POST /upload", 200140),
    )


@contract(ABOUT)
def test_a_name_nobody_registered_does_not_resolve(trace: Trace) -> None:
    import requests

    echo_network()
    try:
        requests.get("http://nowhere.test/", timeout=5)
    except requests.ConnectionError as problem:
        trace("no host 'nowhere.test' in this simulation" in str(problem))
    trace.expect((0.0, True))
