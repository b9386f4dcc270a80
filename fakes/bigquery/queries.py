# ruff: noqa: E501 - the vendor's messages are long
"""Query jobs: what a request asks for, when it runs, and what it leaves behind.

Knows the analysis, the engine, the weather and the jobs. Must not know HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from fakes.bigquery import costs, destinations, values
from fakes.bigquery.environment import Environment
from fakes.bigquery.errors import ApiError, Unsupported, invalid, invalid_query
from fakes.bigquery.jobs import Job, Result
from fakes.bigquery.results_cache import ResultsCache
from fakes.bigquery.sql import moments, scripts
from fakes.bigquery.sql.casts import use
from fakes.bigquery.sql.plan import Plan
from fakes.bigquery.sql.scope import Context, parameter_key
from fakes.bigquery.sql.types import Type, from_parameter, quoted

if TYPE_CHECKING:
    from fakes.bigquery.service import Service

NS_PER_MS, NS_PER_US, NS_PER_S = 1_000_000, 1_000, 1_000_000_000


class Queries:
    """Runs query jobs of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.cache = ResultsCache(service.catalog)

    # ---- accepting

    def prepare(self, job: Job) -> None:
        """Analyse the query of `job`, decide when it runs, and give it its work; raises for a bad query."""
        service = self.service
        config = job.config["query"]
        text = config.get("query")
        if not isinstance(text, str) or not text.strip():
            raise ApiError("required", "Required parameter is missing: query")
        if len(text.encode()) > service.weather.limits.query_bytes:
            raise ApiError(
                "invalid",
                "The query is too large. The maximum standard SQL query length is 1024.00K characters, including comments and white space characters.",
            )
        if config.get("useLegacySql", False) is True:
            raise Unsupported("legacy SQL", "set useLegacySql to false")
        if config.get("tableDefinitions"):
            raise Unsupported("external tables of a query (tableDefinitions)", "load the files into a table")
        parameters, bound = read_parameters(config)
        default = config.get("defaultDataset") or {}
        text = text.strip().rstrip(";").rstrip()
        environment = Environment(
            self, default.get("projectId") or job.project, default.get("datasetId", ""), parameters, bound
        )
        if (session := service.sessions.of(config, environment)) is not None:
            environment = environment.joining(session)
            job.statistics["sessionInfo"] = {"sessionId": session.id}
        if scripts.is_script(text):
            from fakes.bigquery import scripting

            if not job.sight.plain:
                raise Unsupported("a stale or distorted read by a script")
            scripting.prepare(self, job, text, environment)
            return
        environment.sight = job.sight
        plan = environment.plan(text)
        if not job.sight.plain and plan.kind != "SELECT":
            raise Unsupported(f"a stale or distorted read by {plan.kind}")
        job.statement = plan.kind
        costs.estimate(service, job, plan, text)
        service.locate(job, [*(s.id for s in plan.sources), *([plan.target] if plan.target else [])])
        if (destination := config.get("destinationTable")) and plan.kind == "SELECT":
            job.destination = (destination["projectId"], destination["datasetId"], destination["tableId"])
            destinations.check(service.catalog, job, config)
        if plan.target:
            job.destination = plan.target
        self.schedule(job, plan)
        job.work = partial(self._work, plan=plan, environment=environment)
        if job.config.get("dryRun"):
            job.statistics |= foretold(plan, service, environment)
            job.result = Result(plan.columns) if plan.kind == "SELECT" else None
            return
        if plan.kind == "SELECT" and job.destination is None and not job.queued:
            # A query reads the tables as they are when it starts; only its answer comes later. One that had to wait
            # reads them at its end.
            result = self._cached(job, plan, environment, text)
            costs.check_size(service, result)
            job.result = result
            job.work = None

    def _cached(self, job: Job, plan: Plan, environment: Environment, text: str) -> Result:
        """The rows of a SELECT, from the cache where the job allows it and the tables have not changed."""
        key = None
        wanted = job.config["query"].get("useQueryCache", True) is not False
        if wanted and job.sight.plain and environment.session is None:
            default = f"{environment.project}.{environment.dataset}"
            key = self.cache.key(text, default, plan, environment.bound, job.created_ns)
        if key is None:
            return self.answer(plan, environment, job)
        result = self.cache.get(key, job.created_ns)
        if result is not None:
            job.statistics |= {"cached": True, "bytes": 0, "billed": 0}
            return Result(result.columns, result.rows)
        result = self.answer(plan, environment, job)
        self.cache.keep(key, result, job.created_ns)
        return result

    def schedule(self, job: Job, plan: Plan) -> None:
        """Set the times of `job`."""
        service = self.service
        kind = "SELECT" if plan.kind == "SELECT" else "DML" if plan.dml else "DDL"
        duration_ns = service.duration_ns(kind)
        job.end_ns = job.start_ns + duration_ns
        if job.config.get("dryRun"):
            return
        competition = service.competition
        table = plan.target if plan.mutating else None
        turn = competition.enter(job.project, table, partial(service.jobs.begin, job))
        job.queued = turn.waits
        job.release = partial(competition.leave, turn)

    # ---- running

    def _work(self, job: Job, plan: Plan, environment: Environment) -> bool:
        service = self.service
        if plan.mutating and plan.target and service.competition.conflict(plan.target, job.start_ns):
            job.attempts += 1
            if job.attempts > service.weather.limits.mutating_dml_retries:
                raise invalid_query(
                    f"Could not serialize access to table {plan.target[0]}:{plan.target[1]}.{plan.target[2]} due to"
                    " concurrent update"
                )
            duration_ns = job.end_ns - job.start_ns
            job.start_ns, job.end_ns = job.end_ns, job.end_ns + duration_ns
            return False
        self.execute(job, plan, environment)
        return True

    def execute(self, job: Job, plan: Plan, environment: Environment) -> Result | None:
        """Run `plan` for `job` now, at the job's end."""
        if plan.kind == "SELECT":
            result = self.answer(plan, environment, job)
            if job.destination is not None:
                result = destinations.write(self.service, job, result)
            job.result = result
            return result
        if plan.dml:
            self.change(job, plan, environment)
            return None
        from fakes.bigquery import ddl

        ddl.run(self, job, plan, environment)
        return None

    def select(self, plan: Plan, environment: Environment, job: Job) -> Result:
        """The rows of a SELECT of `job`."""
        return self.rows(plan, environment, job.start_ns)

    def rows(self, plan: Plan, environment: Environment, start_ns: int) -> Result:
        """The rows of a SELECT that began at `start_ns`."""
        engine = self.service.engine
        sql, helpers = fetching(plan.sql, plan.columns)
        engine.make(set(plan.helpers) | helpers)
        return Result(plan.columns, engine.run(sql, self.bind(plan.used, environment.bound, start_ns)))

    def answer(self, plan: Plan, environment: Environment, job: Job) -> Result:
        """The rows of a SELECT as they are shown or stored, which excludes arrays with NULL in them."""
        result = self.select(plan, environment, job)
        for i, (name, kind) in enumerate(result.columns):
            if values.holds_array(kind) and any(values.null_element(kind, row[i]) for row in result.rows):
                raise invalid_query(f"Array cannot have a null element; error in writing field {name}")
            if values.holds_date(kind) and any(values.beyond(kind, row[i]) for row in result.rows):
                raise invalid_query(f"A value of {name} is out of the range of {kind}: 0001-01-01 to 9999-12-31")
        return result

    def change(self, job: Job, plan: Plan, environment: Environment) -> None:
        """Run an INSERT, UPDATE, DELETE, MERGE or TRUNCATE."""
        service = self.service
        assert plan.target
        table = service.catalog.table(plan.target)
        service.engine.make(set(plan.helpers))
        parameters = self.bind(plan.used, environment.bound, job.start_ns)
        now_us = job.end_ns // NS_PER_US
        for check in plan.checks:
            if check.only_if_buffered and table.buffer_until_us <= now_us:
                continue
            needed = {k: v for k, v in parameters.items() if f"${k}" in check.sql}
            if "$buffer" in check.sql:
                needed["buffer"] = now_us
            if service.engine.run(check.sql, needed):
                raise invalid_query(check.message)
        used = {k: v for k, v in parameters.items() if f"${k}" in plan.sql}
        service.remember(table, job.end_ns, append=plan.kind == "INSERT")
        rows = service.engine.run(plan.sql, used)
        counts = {"INSERT": 0, "UPDATE": 0, "DELETE": 0}
        if plan.kind == "MERGE":
            for (action,) in rows:
                counts[action] += 1
        else:
            counts["DELETE" if plan.kind == "TRUNCATE_TABLE" else plan.kind] = rows[0][0] if rows else 0
        affected = sum(counts.values())
        if plan.mutating and affected:
            service.competition.changed(plan.target, job.end_ns)
        service.catalog.touch(table, job.end_ns // NS_PER_MS)
        job.statistics["dmlStats"] = {
            "insertedRowCount": counts["INSERT"], "updatedRowCount": counts["UPDATE"],
            "deletedRowCount": counts["DELETE"],
        }  # fmt: skip
        job.statistics["affected"] = affected

    def bind(self, used: tuple[str, ...], bound: Mapping[str, Any], start_ns: int) -> dict[str, Any]:
        """Values for the parameters of a plan: the query's own, and the job's clock and dice."""
        parameters: dict[str, Any] = {}
        for key in used:
            if key == "now":
                us = start_ns // NS_PER_US
                parameters[key] = moments.at(us)
            elif key == "partition":
                us = start_ns // NS_PER_US // 86_400_000_000 * 86_400_000_000
                parameters[key] = moments.at(us)
            elif key == "seed":
                parameters[key] = self.service.around.rng("sql").getrandbits(62)
            else:
                parameters[key] = bound[key]
        return parameters


def foretold(plan: Plan, service: Service, environment: Environment) -> dict[str, Any]:
    """What a dry run says of a statement it does not run."""
    if plan.kind == "SELECT":
        return {"schema": {"fields": [t.rest(n) for n, t in plan.columns]}}
    if plan.target is not None:
        fields = service.catalog.table(plan.target).schema
        return {"schema": {"fields": [{"mode": "NULLABLE", **f} for f in fields]}}
    if plan.kind == "CREATE_TABLE" and isinstance(plan.node, exp.Create) and isinstance(plan.node.this, exp.Schema):
        from fakes.bigquery.ddl import column_field

        fields = [column_field(c) for c in plan.node.this.expressions if isinstance(c, exp.ColumnDef)]
        return {
            "ddlOperationPerformed": "CREATE", "schema": {"fields": [{"mode": "NULLABLE", **f} for f in fields]},
        }  # fmt: skip
    return {}


def fetching(sql: str, columns: tuple[tuple[str, Type], ...]) -> tuple[str, set[str]]:
    """(`sql` so that every column arrives as a plain Python value, helpers needed for that)."""
    if not any(values.needs_wrapping(t) for _, t in columns):
        return sql, set()
    context = Context(tables=None, text="")  # type: ignore[arg-type] # only helpers are noted
    items = ", ".join(f"{use(context, values.fetchable(n, t))} AS {quoted(n)}" for n, t in columns)
    return f"SELECT {items} FROM ({sql})", context.macros


def read_parameters(config: Mapping[str, Any]) -> tuple[dict[str, Type], dict[str, Any]]:
    """(types by name, bound values by key) of a query's parameters; positional ones are named 1, 2, …"""
    types: dict[str, Type] = {}
    bound: dict[str, Any] = {}
    for i, node in enumerate(config.get("queryParameters") or (), 1):
        name = node.get("name") or str(i)
        if "parameterType" not in node:
            raise invalid(f"Query parameter '{name}' has no type")
        kind = from_parameter(node["parameterType"])
        types[name] = kind
        bound[parameter_key(name)] = values.parameter(kind, node.get("parameterValue") or {})
    return types, bound


_NAME = r"`([^`]+)`|((?:[A-Za-z_][\w-]*\.)*[A-Za-z_][\w$*-]*)"
_MAIN = re.compile(r"\b(?:FROM|INTO|UPDATE|MERGE|TABLE|DELETE)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:" + _NAME + ")", re.I)
_WORDS = {"INTO", "FROM", "UNNEST", "SELECT", "IF"}


@lru_cache(maxsize=4_096)
def main_table(text: str, project: str, dataset: str) -> str:
    """`project.dataset.table` of the first table a statement names, by its looks; the project where there is none."""
    for match in _MAIN.finditer(text[:20_000]):
        name = match.group(1) or match.group(2)
        if name.upper() in _WORDS:
            continue
        parts = name.split(".")
        if len(parts) == 1 and not dataset:
            continue
        full = [*[project, dataset][: max(0, 3 - len(parts))], *parts]
        return ".".join(full)
    return project


def resource_of(config: Mapping[str, Any], project: str) -> str:
    """What a job is about, for faults: its destination or main table, else the project."""
    for kind, key in (("load", "destinationTable"), ("copy", "destinationTable"), ("extract", "sourceTable")):
        if kind in config:
            table = config[kind].get(key) or {}
            if table.get("tableId"):
                return f"{table.get('projectId', project)}.{table.get('datasetId', '')}.{table['tableId']}"
            return project
    query = config.get("query") or {}
    default = query.get("defaultDataset") or {}
    return main_table(str(query.get("query") or ""), project, str(default.get("datasetId") or ""))
