"""Bodies in a module that loads its client libraries at once: before the kernel, where the test so wants."""

import asyncio
import select
import selectors
import socket
import ssl
import urllib.request
from http.client import HTTPConnection
from select import epoll, poll
from selectors import DefaultSelector
from socket import create_connection, getaddrinfo, gethostbyname
from socket import socket as early_socket

import aiohttp
import httpx
import requests
import urllib3

from tests.harness.sim.world import echo_network

early_context = ssl.create_default_context()
early_session = requests.Session()


def answers() -> list[str]:
    """What every client is told, made before the simulation where that is usual."""
    echo_network()
    connection = HTTPConnection("api.test", timeout=5)
    connection.request("GET", "/")
    told = [
        early_session.get("http://api.test/", timeout=5).text,
        early_session.get("https://api.test/", timeout=5).text,
        urllib3.PoolManager().request("GET", "https://api.test/").data.decode(),
        connection.getresponse().read().decode(),
        urllib.request.urlopen("https://api.test/", timeout=5).read().decode(),
        httpx.get("https://api.test/").text,
    ]

    async def main() -> str:
        async with aiohttp.ClientSession() as session, session.get("https://api.test/") as response:
            return await response.text()

    told.append(asyncio.run(main()))
    return told


def early_names() -> list[str]:
    """The kinds of things that names bound before the simulation make."""
    network = echo_network()
    sock = create_connection(("api.test", 443))
    wrapped = early_context.wrap_socket(sock, server_hostname="api.test")
    ready = poll()
    ready.register(wrapped)
    with epoll() as waiting:
        waiting.register(wrapped, select.EPOLLOUT)
        assert waiting.poll(0) == [(wrapped.fileno(), select.EPOLLOUT)]
    made = early_socket(socket.AF_INET, socket.SOCK_STREAM)
    selector = DefaultSelector()
    selector.register(wrapped, selectors.EVENT_WRITE)
    assert gethostbyname("api.test") == getaddrinfo("api.test", 80)[0][4][0] == network.host("api.test").address
    assert ready.poll(0) == [(wrapped.fileno(), select.POLLOUT)]
    assert [key.fileobj for key, _ in selector.select(0)] == [wrapped]
    return [type(thing).__name__ for thing in (sock, wrapped, made)]
