"""The back end: the state machine with its front end, as the seam wants it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fakes.bigquery.edges import EDGES
from fakes.bigquery.front import App
from fakes.bigquery.provision import provision
from fakes.bigquery.service import Service
from fakes.bigquery.weather import limits as read_limits
from fakes.seam import GrpcMethod, Surroundings, WsgiApp

HOST = "bigquery.googleapis.com"


class BigQuery:
    """An emulated BigQuery; see `create`."""

    name = "bigquery"
    edges = EDGES
    """Points inside jobs.insert and jobs.query at which faults are asked (`phase: mid`)."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.app = App(service)

    def http(self) -> Mapping[str, WsgiApp]:
        """The REST API on the vendor's host; the app answers on any host."""
        return {HOST: self.app}

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """None: the Storage Read and Write APIs are not emulated (clients fall back to REST)."""
        return {}

    def environment(self, address: str | None) -> Mapping[str, str]:
        """`BIGQUERY_EMULATOR_HOST` on the wire, nothing in sim."""
        return {} if address is None else {"BIGQUERY_EMULATOR_HOST": f"http://{address}"}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Create the datasets, tables and views of a topology file."""
        with self.service.lock:
            provision(self.service, topology)

    def close(self) -> None:
        """Free what the process holds."""
        self.service.jobs.close()
        if self.service.journal is not None:
            self.service.journal.close()
        self.service.engine.close()


def create(
    around: Surroundings,
    *,
    project: str = "windtunnel",
    limits: str | Mapping[str, object] = "service",
    location: str = "US",
    keep_results: int = 5_000,
    keep_jobs: int = 10_000,
    history_s: float = 0.0,
    data: str | Path | None = None,
) -> BigQuery:
    """An emulated BigQuery.

    `project` is the default project. `limits` is `service` (the vendor's quotas and rules, the default), `none`, or a
    mapping of fields of `fakes.bigquery.weather.Limits` laid over the service's (None lifts one). `location` is where
    datasets and jobs are unless they say otherwise. `keep_results` is how many query results are kept before the oldest
    go, `keep_jobs` how many finished jobs: an older one is not found, and its id may be used again. `history_s` is how
    far back `FOR SYSTEM_TIME AS OF` and stale reads reach: 0 keeps no past, since each change of rows that are there
    then costs a copy of its table. `data` is a folder to keep the state in, and to take it from. Raises ValueError
    naming a bad option, OSError where `data` cannot be used.
    """
    if not project:
        raise ValueError("project: give the id of the default project")
    if keep_results < 1:
        raise ValueError(f"keep_results={keep_results}: at least 1, or nobody can read a result")
    if keep_jobs < 100:
        raise ValueError(f"keep_jobs={keep_jobs}: at least 100, or a client cannot find its own job again")
    if not 0 <= history_s <= 7 * 86_400:
        raise ValueError(f"history_s={history_s}: between 0 and 604800, the service's seven days")
    service = Service(
        around,
        project,
        read_limits(limits),
        location=location,
        keep_results=keep_results,
        keep_jobs=keep_jobs,
        history_s=history_s,
        data=None if data is None else Path(data),
    )
    return BigQuery(service)
