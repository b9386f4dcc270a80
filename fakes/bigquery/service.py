"""The state machine: one engine, one catalog, its jobs and its weather, and the lock round them.

Everything that a REST method does happens through this object while its lock is held; nobody sleeps holding it. Knows
no HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fakes.bigquery.analysis import Analysis
from fakes.bigquery.catalog import Catalog, Dataset, Table
from fakes.bigquery.engine import Engine
from fakes.bigquery.errors import not_found
from fakes.bigquery.history import History
from fakes.bigquery.jobs import Job, Jobs
from fakes.bigquery.keeping import Keeping
from fakes.bigquery.queries import Queries
from fakes.bigquery.sessions import Sessions
from fakes.bigquery.sql.scope import TableId
from fakes.bigquery.weather import Competition, Limits, Weather
from fakes.journal import Journal, KeepingLock, Lock
from fakes.seam import Surroundings

NS_PER_MS, NS_PER_S = 1_000_000, 1_000_000_000


class Service:
    """One emulated BigQuery."""

    def __init__(
        self,
        around: Surroundings,
        project: str,
        limits: Limits,
        *,
        location: str,
        keep_results: int,
        keep_jobs: int,
        history_s: float,
        data: Path | None = None,
    ) -> None:
        self.around = around
        self.project = project
        self.location = location
        self.journal = None if data is None else Journal(data)
        self.lock: Lock = threading.Lock()
        self.keeping: Keeping | None = None
        self.engine = Engine()
        self.catalog = Catalog(self.engine)
        self.history = History(self.engine, self.catalog, history_s)
        self.weather = Weather(limits)
        self.competition = Competition(limits)
        self.jobs = Jobs(around, keep_results, keep_jobs, self.wake)
        self.analysis = Analysis(self.catalog, self.jobs)
        self.queries = Queries(self)
        self.sessions = Sessions(self)
        self.hidden_count = 0
        self.uploads: dict[str, Any] = {}
        if self.journal is not None and data is not None:
            self.keeping = Keeping(self, self.journal, data)
            self.keeping.restore()
            self.lock = KeepingLock(self.keeping.commit)

    @property
    def now_ms(self) -> int:
        """The time of day in ms."""
        return self.around.now_ns() // NS_PER_MS

    def duration_ns(self, kind: str) -> int:
        """How long a job of `kind` (`SELECT`, `DML`, `LOAD`…) runs."""
        return round(self.weather.limits.durations_s[kind] * NS_PER_S)

    def wake(self) -> None:
        """Let what is due have its effect although nobody asks."""
        with self.lock:
            self.settle()

    def settle(self) -> int:
        """Let every job that is due have its effect, and return the time now in ns."""
        now_ns = self.around.now_ns()
        self.jobs.settle(now_ns)
        return now_ns

    def locate(self, job: Job, tables: Iterable[TableId]) -> None:
        """Put `job` where the datasets of `tables` are; raises 404 `notFound` where it was asked to be elsewhere."""
        for project, name, _ in tables:
            dataset = self.catalog.datasets.get((project, name))
            if dataset is None or name.startswith("_"):
                continue
            if job.located and job.location.lower() != dataset.location.lower():
                raise not_found("Dataset", dataset.path, location=job.location)
            if not job.located:
                job.location, job.located = dataset.location, True

    def remember(self, table: Table, now_ns: int, *, append: bool) -> None:
        """Called before `table`'s rows change."""
        self.history.remember(table, now_ns, append=append)
        if self.keeping is not None and not append:
            self.keeping.rewritten(table)

    def make_dataset(self, project: str, name: str, resource: Mapping[str, Any] | None = None) -> Dataset:
        """Create a dataset; raises 409 `duplicate`."""
        now_ms = self.now_ms
        dataset = Dataset(project, name, now_ms, now_ms, {"location": self.location, **(resource or {})})
        self.catalog.add_dataset(dataset)
        return dataset
