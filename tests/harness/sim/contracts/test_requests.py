"""requests: sessions, time-outs, stale connections."""

from tests.harness.sim.contracts.contract import Library, Trace, contract
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


@contract(ABOUT, know="a connection that the server closed is dropped and replaced")
def test_a_stale_connection_is_replaced(trace: Trace) -> None:
    import time

    import requests

    network = echo_network()
    with requests.Session() as session:
        trace(session.get("http://api.test/a", timeout=5).text)
        time.sleep(611)  # past the server's keep-alive time-out
        trace(session.get("http://api.test/b", timeout=5).text)
    trace([connection.number for connection in network.host("api.test").connections])
