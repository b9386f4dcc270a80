"""Firestore as a back end of a world: its front ends and its environment.

It must not know what the service does; `database.py` and its neighbours do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from fakes.firestore.database import Concurrency, Database
from fakes.firestore.documents import Documents
from fakes.firestore.keeping import Keeping
from fakes.firestore.limits import Limits
from fakes.firestore.listen import Listen
from fakes.firestore.partitions import Partitions
from fakes.gate import Gate
from fakes.journal import Journal, Ledger
from fakes.rpc import Rpc
from fakes.seam import GrpcMethod, Surroundings, WsgiApp

HOST = "firestore.googleapis.com"


class Firestore:
    """The `Backend` named `firestore`."""

    name = "firestore"

    def __init__(
        self,
        around: Surroundings,
        project: str,
        limits: Limits,
        concurrency: Concurrency,
        journal: Journal | None = None,
    ) -> None:
        self.project = project
        self._journal = journal
        self.database = Database(around, limits, concurrency, Ledger(journal))
        if journal is not None:
            Keeping(self.database.store, self.database.ledger).restore(journal)
        rpc = Rpc(self.name, Gate(around))
        self._methods = rpc.methods(
            Documents(self.database, around.rng("document ids")).methods(rpc),
            Listen(self.database).methods(rpc),
            Partitions(self.database).methods(rpc),
        )

    def http(self) -> Mapping[str, WsgiApp]:
        """Nothing: the emulator speaks gRPC only, as the server client libraries do."""
        return {}

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """Every RPC at the vendor's host name."""
        return {HOST: self._methods}

    def environment(self, address: str | None) -> Mapping[str, str]:
        """`FIRESTORE_EMULATOR_HOST`, which every server client library of the vendor's reads."""
        return {"FIRESTORE_EMULATOR_HOST": address or f"{HOST}:443"}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Nothing: collections and documents come to be when they are written."""

    def close(self) -> None:
        """Let go of everybody who waits."""
        self.database.close()
        if self._journal is not None:
            self._journal.close()


def create(
    around: Surroundings,
    *,
    project: str = "windtunnel",
    limits: Any = "service",
    concurrency: Concurrency = "pessimistic",
    data: str | Path | None = None,
) -> Firestore:
    """The Firestore back end.

    `limits` is `"service"`, the documented figures, or a mapping of the fields of `limits.Limits` to replace;
    `concurrency` is how read-write transactions that do not say otherwise keep others out; `data` is a folder to keep
    the state in, and to take it from. Raises `ValueError` for a bad option, `OSError` where `data` cannot be used.
    """
    if concurrency not in ("pessimistic", "optimistic"):
        raise ValueError(f'firestore option \'concurrency\' is {concurrency!r}; give "pessimistic" or "optimistic"')
    return Firestore(around, project, _limits(limits), concurrency, Journal(Path(data)) if data is not None else None)


def _limits(value: Any) -> Limits:
    if value is None or value == "service":
        return Limits()
    if isinstance(value, Limits):
        return value
    known = [field.name for field in fields(Limits)]
    if not isinstance(value, Mapping) or not set(value) <= set(known):
        raise ValueError(f"firestore option 'limits' is {value!r}; give \"service\" or some of {', '.join(known)}")
    return replace(Limits(), **value)
