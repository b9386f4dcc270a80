"""TLS as identity, and handshakes that fail on purpose."""

import socket
import ssl

import pytest

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import a_network, echo_network, now_s


def failing(certificate_name: str) -> None:
    from harness.sim.host import Certificate

    echo_network().host("api.test").certificate = Certificate[certificate_name]


@simulated
def test_a_bad_certificate_fails_requests_unless_it_does_not_verify():
    import requests

    for name, words in {
        "EXPIRED": "certificate has expired",
        "SELF_SIGNED": "self-signed certificate",
        "WRONG_HOST": "certificate is not valid for 'api.test'",
    }.items():
        failing(name)
        with pytest.raises(requests.exceptions.SSLError, match=words):
            requests.get("https://api.test/", timeout=5)
        assert requests.get("https://api.test/", timeout=5, verify=False).text == "GET / "
        assert requests.get("http://api.test/", timeout=5).text == "GET / "


@simulated
def test_a_bad_certificate_fails_asyncio_clients_too():
    import asyncio

    import aiohttp

    failing("EXPIRED")

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            await session.get("https://api.test/")

    with pytest.raises(aiohttp.ClientConnectorCertificateError, match="certificate has expired"):
        asyncio.run(main())


@simulated
def test_a_hanging_handshake_lasts_until_the_time_out():
    import requests

    failing("HANDSHAKE_HANGS")
    began = now_s()
    with pytest.raises(requests.exceptions.Timeout, match="timed out"):
        requests.get("https://api.test/", timeout=5)
    assert round(now_s() - began, 2) == 5.0


@simulated
def test_the_error_is_the_one_openssl_raises():
    failing("EXPIRED")
    sock = socket.create_connection(("api.test", 443))
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        ssl.create_default_context().wrap_socket(sock, server_hostname="api.test")
    assert (caught.value.verify_code, caught.value.reason) == (10, "CERTIFICATE_VERIFY_FAILED")
    assert str(caught.value).startswith("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has")


@simulated
def test_a_wrapped_socket_is_an_ssl_socket_that_behaves():
    echo_network()
    context = ssl.create_default_context()
    sock = socket.create_connection(("api.test", 443))
    with pytest.raises(ValueError, match="check_hostname requires server_hostname"):
        context.wrap_socket(socket.create_connection(("api.test", 443)))
    tls = context.wrap_socket(sock, server_hostname="api.test")
    assert isinstance(tls, ssl.SSLSocket)
    assert isinstance(tls, socket.socket)
    assert sock.fileno() == -1
    assert tls.getpeercert()["subjectAltName"] == (("DNS", "api.test"),)
    assert (tls.version(), tls.context, tls.selected_alpn_protocol()) == ("TLSv1.3", context, None)
    tls.settimeout(2)
    with pytest.raises(TimeoutError, match="The read operation timed out"):
        tls.recv(1)
    tls.setblocking(False)
    with pytest.raises(ssl.SSLWantReadError):
        tls.recv(1)
    tls.setblocking(True)
    tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
    with tls.makefile("rb") as file:
        assert file.read().endswith(b"GET / ")
    plain = tls.unwrap()
    assert plain is tls
    assert plain.recv(1) == b""


@simulated
def test_a_server_in_user_code_may_speak_tls():
    import threading

    a_network()
    server = socket.create_server(("127.0.0.1", 7000))
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_socket(server, server_side=True)

    def serve() -> None:
        accepted, _ = secure.accept()
        accepted.sendall(accepted.recv(10).upper())
        accepted.close()

    threading.Thread(target=serve).start()
    client = ssl.create_default_context().wrap_socket(
        socket.create_connection(("localhost", 7000)), server_hostname="localhost"
    )
    client.sendall(b"hello")
    assert client.recv(10) == b"HELLO"


@simulated
def test_a_forgotten_tls_socket_is_closed_without_a_collection():
    network = echo_network()
    tls = ssl.create_default_context().wrap_socket(
        socket.create_connection(("api.test", 443)), server_hostname="api.test"
    )
    del tls
    import time

    time.sleep(1)
    assert len(network.host("api.test").connections) == 0


@simulated
def test_a_missing_certificate_file_is_still_missed():
    a_network()
    with pytest.raises(FileNotFoundError):
        ssl.create_default_context(cafile="/nowhere/ca.pem")
