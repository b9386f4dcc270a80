"""Real client libraries, unmodified, over the simulated network."""

import json

import pytest

from tests.harness.sim.simulated import in_late_simulation, in_simulation, simulated
from tests.harness.sim.world import echo_network, now_s


def pooled_connections(network) -> int:
    return len(network.host("api.test").connections)


@simulated
def test_requests_goes_to_simulated_hosts_over_http_and_https():
    import requests

    echo_network()
    assert requests.get("http://api.test/a", timeout=5).text == "GET /a "
    assert requests.post("https://api.test/b", data=b"body", timeout=5).text == "POST /b body"


@simulated
def test_a_session_of_240_requests_keeps_one_connection():
    import requests

    network = echo_network()
    with requests.Session() as session:
        for _ in range(240):
            assert session.get("http://api.test/", timeout=5).status_code == 200
        assert pooled_connections(network) == 1
        [connection] = network.host("api.test").connections
        assert connection.number == 1


@simulated
def test_a_request_costs_two_round_trips_with_its_connection_and_one_without():
    import requests

    echo_network(latency_s=0.1)
    with requests.Session() as session:
        began = now_s()
        session.get("http://api.test/", timeout=5)
        first = now_s()
        session.get("http://api.test/", timeout=5)
        assert round(first - began, 6) == 0.4
        assert round(now_s() - first, 6) == 0.2


@simulated
def test_a_connection_that_the_server_closed_is_dropped_from_the_pool_and_replaced():
    import time

    import requests

    network = echo_network()
    with requests.Session() as session:
        session.get("http://api.test/", timeout=5)
        time.sleep(611)  # past the server's keep-alive time-out
        assert session.get("http://api.test/", timeout=5).text == "GET / "
        assert [connection.number for connection in network.host("api.test").connections] == [2]


@simulated
def test_an_unregistered_name_does_not_resolve_and_an_empty_port_refuses():
    import requests

    echo_network()
    problems = []
    for url in ("http://nowhere.test/", "http://api.test:81/"):
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError as problem:
            problems.append(str(problem))
    assert "no host 'nowhere.test' in this simulation" in problems[0]
    assert "Connection refused" in problems[1]


@simulated
def test_a_read_time_out_is_exact_in_virtual_time():
    import time

    import requests

    from harness.sim.http_server import serve
    from tests.harness.sim.world import a_network

    def slow(environ, start_response):
        time.sleep(60)
        start_response("200 OK", [])
        return [b""]

    serve(a_network(latency_s=0.0), "slow.test", [80], slow)
    began = now_s()
    try:
        requests.get("http://slow.test/", timeout=5)
    except requests.ReadTimeout:
        assert round(now_s() - began, 5) == 5.0
    else:
        raise AssertionError("the request did not time out")


@simulated
def test_http_client_sends_chunked_bodies_and_reads_chunked_answers():
    import http.client

    from harness.sim.http_server import serve

    network = echo_network()

    def stream(environ, start_response):
        start_response("200 OK", [])
        return iter([environ["wsgi.input"].read(), b"", b"-", b"end"])

    serve(network, "stream.test", [80], stream)
    connection = http.client.HTTPConnection("stream.test", timeout=5)
    connection.request("POST", "/", body=iter([b"a" * 10, b"b"]), encode_chunked=True)
    response = connection.getresponse()
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert response.read() == b"a" * 10 + b"b-end"
    connection.request("HEAD", "/")
    assert connection.getresponse().read() == b""
    connection.request("POST", "/again", body=json.dumps([1]))
    assert connection.getresponse().read() == b"[1]-end"


@pytest.mark.parametrize("simulation", [in_simulation, in_late_simulation])
def test_clients_loaded_before_or_after_the_kernel_stay_on_the_simulated_network(simulation):
    assert simulation("tests.harness.sim.early_clients:answers") == ["GET / "] * 7
    names = simulation("tests.harness.sim.early_clients:early_names")
    assert names == ["SimSocket", "SimTlsSocket", "SimSocket"]
