"""A process killed at any instant of its traffic leaves nothing behind on the network."""

import itertools
from typing import Any

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import echo_network


def left_behind(network: Any) -> dict[str, int]:
    from harness.sim.descriptors import TABLE

    return {
        "ends": len(network._ends),
        "connections": len(network.host("api.test").connections),
        "descriptors": len(list(TABLE)),
    }


@simulated
def test_a_client_killed_every_quarter_millisecond_of_its_work_leaves_nothing():
    import gevent
    import requests

    from harness.sim.kernel import install

    network = echo_network(latency_s=0.0005)
    kernel = install()
    finished: list[int] = []

    def work(number: int) -> None:
        with requests.Session() as session:
            for _ in range(2):
                session.get("http://api.test/", timeout=5)
                session.post("https://api.test/", data=b"x" * 2000, timeout=5)
        finished.append(number)

    for number in itertools.count():
        process = kernel.process("client", number, {})
        process.on_death(lambda process=process: network.reset_owner(process.label))
        process.spawn(work, number)
        gevent.sleep(0.00025 * number)
        process.die()
        gevent.sleep(1)
        assert left_behind(network) == {"ends": 0, "connections": 0, "descriptors": 0}, number
        if finished:
            break
    assert number > 20


@simulated
def test_a_server_killed_every_quarter_millisecond_resets_its_callers_and_leaves_nothing():
    import http.client
    import socket

    import gevent

    from harness.sim.kernel import install

    network = echo_network(latency_s=0.0005)
    kernel = install()
    outcomes: dict[str, int] = {}

    def serve() -> None:
        server = socket.create_server(("0.0.0.0", 8080))
        while True:
            accepted, _ = server.accept()
            accepted.recv(1000)
            gevent.sleep(0.001)
            accepted.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
            accepted.close()

    for number in range(30):
        process = kernel.process("server", number, {})
        process.on_death(lambda process=process: network.reset_owner(process.label))
        process.spawn(serve)
        gevent.sleep(0.01)
        gevent.spawn_later(0.00025 * number, process.die)
        for _ in range(3):
            connection = http.client.HTTPConnection(process.host_name, 8080, timeout=5)
            try:
                connection.request("GET", "/")
                outcome = connection.getresponse().read().decode()
            except (OSError, http.client.HTTPException) as problem:
                outcome = type(problem).__name__
            connection.close()
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        process.die()
        gevent.sleep(1)
        assert left_behind(network) == {"ends": 0, "connections": 0, "descriptors": 0}, number
    assert set(outcomes) == {"ok", "ConnectionRefusedError", "ConnectionResetError"}


@simulated
def test_forgotten_attempts_to_connect_leave_nothing():
    import socket

    import gevent

    network = echo_network()
    network.part({"test"}, {"api.test"})
    for address in (("api.test", 80), ("127.0.0.1", 9), ("8.8.8.8", 80)):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(address)
        del sock
    gevent.sleep(200)
    assert left_behind(network) == {"ends": 0, "connections": 0, "descriptors": 0}
