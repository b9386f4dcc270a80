"""Cloud Logging as a back end of a world: its front ends.

It must not know what the service does; `service.py` and its neighbours do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from fakes.gate import Gate
from fakes.journal import Journal, Ledger
from fakes.logging.entries import Entries, Limits
from fakes.logging.keeping import Keeping
from fakes.logging.query import compile_query
from fakes.logging.service import LoggingService
from fakes.rpc import Rpc
from fakes.seam import GrpcMethod, Surroundings, WsgiApp

HOST = "logging.googleapis.com"


class Logging:
    """The `Backend` named `logging`."""

    name = "logging"

    def __init__(self, around: Surroundings, project: str, limits: Limits, journal: Journal | None = None) -> None:
        self.project = project
        self._journal = journal
        self._entries = Entries(limits, Ledger(journal))
        if journal is not None:
            Keeping(self._entries).restore(journal)
        rpc = Rpc(self.name, Gate(around))
        self._methods = rpc.methods(LoggingService(around, self._entries).methods(rpc))

    def http(self) -> Mapping[str, WsgiApp]:
        """Nothing: the emulator speaks gRPC only, as the client library does by default."""
        return {}

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """Every RPC at the vendor's host name."""
        return {HOST: self._methods}

    def environment(self, address: str | None) -> Mapping[str, str]:
        """`LOGGING_EMULATOR_HOST` on the wire, which no client library reads: docs/up.md says what to give one."""
        return {} if address is None else {"LOGGING_EMULATOR_HOST": address}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Nothing: logs come to be when they are written."""

    def entries(self, filter_: str = "", project: str = "") -> list[Mapping[str, Any]]:
        """For tests and neighbours: the project's entries that match (this back end's by default), in JSON form."""
        parent = f"projects/{project or self.project}"
        return [one.fields for one in self._entries.find({parent}, compile_query(filter_))]

    def close(self) -> None:
        """Close the file, where there is one; nothing runs."""
        if self._journal is not None:
            self._journal.close()


def create(
    around: Surroundings, *, project: str = "windtunnel", limits: Any = "service", data: str | Path | None = None
) -> Logging:
    """The Cloud Logging back end.

    `limits` is `"service"`, the documented figures, or a mapping of the fields of `entries.Limits` to replace; `data`
    is a folder to keep the entries in, and to take them from. Raises `ValueError` for a bad option, `OSError` where
    `data` cannot be used.
    """
    known = [field.name for field in fields(Limits)]
    if limits is None or limits == "service":
        limits = {}
    if not isinstance(limits, Mapping) or not set(limits) <= set(known):
        raise ValueError(f"logging option 'limits' is {limits!r}; give \"service\" or some of {', '.join(known)}")
    return Logging(around, project, replace(Limits(), **limits), Journal(Path(data)) if data is not None else None)
