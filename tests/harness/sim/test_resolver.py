"""Names: what is registered resolves, nothing else."""

import socket

import pytest

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import a_network


@simulated
def test_a_registered_name_has_one_address_whatever_else_is_registered():
    network = a_network()
    network.host("api.test")
    address = socket.gethostbyname("api.test")
    assert address.startswith("10.")
    other = a_network()
    for i in range(20):
        other.host(f"host{i}.test")
    other.host("api.test")
    assert socket.gethostbyname("API.test.") == address


@simulated
def test_getaddrinfo_gives_what_the_socket_module_gives():
    a_network().host("api.test")
    address = socket.gethostbyname("api.test")
    tcp = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
    assert socket.getaddrinfo("api.test", "https", type=socket.SOCK_STREAM) == [tcp]
    assert isinstance(socket.getaddrinfo("api.test", 443)[0][0], socket.AddressFamily)
    assert socket.getaddrinfo(None, 80, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][4] == ("0.0.0.0", 80)
    assert socket.getaddrinfo(b"localhost", 80, type=socket.SOCK_STREAM)[0][4] == ("127.0.0.1", 80)
    with pytest.raises(socket.gaierror) as caught:
        socket.getaddrinfo("api.test", 443, socket.AF_INET6)
    assert caught.value.errno == socket.EAI_ADDRFAMILY


@simulated
def test_addresses_lead_back_to_names():
    network = a_network()
    host = network.host("api.test")
    assert socket.gethostbyaddr(host.address) == ("api.test", [], [host.address])
    assert socket.getnameinfo((host.address, 80), 0) == ("api.test", "80")
    assert socket.getfqdn("api.test") == "api.test"


@simulated
def test_an_unregistered_name_is_refused_with_the_remedy_and_reported():
    asked = []
    a_network(on_unknown_host=lambda caller, name: asked.append((caller, name)))
    for resolve in (socket.gethostbyname, lambda name: socket.create_connection((name, 80))):
        with pytest.raises(socket.gaierror, match="Name or service not known: no host 'nowhere") as caught:
            resolve("nowhere.test")
        assert caught.value.errno == socket.EAI_NONAME
    assert asked == [("test#0", "nowhere.test")] * 2


@simulated
def test_a_host_may_be_a_literal_address_and_others_are_unreachable():
    from harness.sim.http_server import serve
    from tests.harness.sim.world import echo

    serve(a_network(), "169.254.169.254", [80], echo)
    socket.create_connection(("169.254.169.254", 80)).close()
    with pytest.raises(OSError, match="No route to host"):
        socket.create_connection(("8.8.8.8", 80))


@simulated
def test_an_alias_is_another_name_of_a_host():
    network = a_network()
    network.alias("storage.test", of="api.test")
    assert socket.gethostbyname("storage.test") == socket.gethostbyname("api.test")


@simulated
def test_a_failing_name_server_is_a_temporary_failure_and_leaves_connections_alone():
    import requests

    from tests.harness.sim.world import echo_network

    network = echo_network()
    with requests.Session() as session:
        session.get("http://api.test/", timeout=5)
        network.host("api.test").resolves = False
        with pytest.raises(socket.gaierror) as caught:
            socket.gethostbyname("api.test")
        assert caught.value.errno == socket.EAI_AGAIN
        assert session.get("http://api.test/", timeout=5).text == "GET / "
