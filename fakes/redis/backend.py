"""Redis as a back end of a world: where it is, and its conversations.

The state machine is fakeredis'. It reads `time.time` and `random`, which are the run's own in sim (the kernel gives
them to every module) and the real ones on the wire; nothing else of it comes from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fakes.gate import Gate
from fakes.pickles import PickledLedger
from fakes.seam import GrpcMethod, MissingPackageError, Stream, StreamApp, Surroundings, WsgiApp

PORT = 6379


class Redis:
    """The `Backend` of one Redis server at `host`."""

    name = "redis"

    def __init__(
        self, around: Surroundings, host: str, version: tuple[int, ...], password: str, ledger: PickledLedger
    ) -> None:
        from fakeredis import FakeServer

        from fakes.redis.keeping import Keeping

        self.server = FakeServer(version=version, config={b"requirepass": password.encode()} if password else None)
        self._password = password
        self._host = host
        self._around = around
        self._gate = Gate(around)
        self._ledger = ledger
        self._keeping = Keeping(self.server, ledger)

    def http(self) -> Mapping[str, WsgiApp]:
        """None."""
        return {}

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """None."""
        return {}

    def streams(self) -> Mapping[tuple[str, int], StreamApp]:
        """The one port."""
        return {(self._host, PORT): self._converse}

    def environment(self, address: str | None) -> Mapping[str, str]:
        """`REDIS_URL`, and its parts as `REDIS_HOST` and `REDIS_PORT`."""
        host, _, port = (address or f"{self._host}:{PORT}").rpartition(":")
        user = f":{self._password}@" if self._password else ""
        told = {"REDIS_URL": f"redis://{user}{host}:{port}/0", "REDIS_HOST": host, "REDIS_PORT": port}
        return {**told, "REDIS_PASSWORD": self._password} if self._password else told

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Nothing: keys come to be when they are written."""

    def close(self) -> None:
        """Refuse what still comes over connections that are open, and close the file, where there is one."""
        self.server.connected = False
        self._ledger.close()

    def _converse(self, stream: Stream) -> None:
        from fakes.redis.conversation import Conversation

        Conversation(self.name, self._around, self._gate, self.server, stream, self._keeping.commit).run()


def create(
    around: Surroundings,
    *,
    host: str = "redis",
    version: str = "8.0",
    password: str = "",
    data: str | Path | None = None,
) -> Redis:
    """A Redis server at the host name `host` in sim, empty or with what is in the folder `data`, in which it keeps it.

    `version` is whose commands it knows, `password` what AUTH asks for ("": nothing). Raises `ValueError` for a bad
    version, `MissingPackageError` where fakeredis is not installed, `OSError` where `data` cannot be used.
    """
    if find_spec("fakeredis") is None:
        raise MissingPackageError("redis needs fakeredis, which is not installed: pip install 'windtunnel[redis]'")
    parts = version.split(".")
    if not all(part.isdecimal() for part in parts):
        raise ValueError(f"redis option 'version' is {version!r}; give numbers, as in 7.4")
    return Redis(around, host, tuple(map(int, parts)), password, PickledLedger(data, "fakeredis"))
