"""From the text of a query job to a plan: names resolved against the catalog, plans kept by text.

A kept plan is used again as long as the tables it names have not changed their shape. Knows SQL and the catalog; must
not know jobs or HTTP.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from fakes.bigquery import information_schema, job_views, meta_tables, wildcards
from fakes.bigquery.catalog import Catalog, Table, split_path
from fakes.bigquery.errors import not_found
from fakes.bigquery.history import History
from fakes.bigquery.jobs import Jobs
from fakes.bigquery.sight import PLAIN, Sight
from fakes.bigquery.sql import parsing
from fakes.bigquery.sql.dml import Statements
from fakes.bigquery.sql.plan import Plan
from fakes.bigquery.sql.scope import Context, Source
from fakes.bigquery.sql.types import Type

DDL = {
    exp.Create: "CREATE",
    exp.Drop: "DROP",
    exp.Alter: "ALTER",
    exp.Export: "EXPORT_DATA",
}


class View:
    """The catalog as one statement sees it: default project and dataset, and the tables of its session."""

    def __init__(
        self, catalog: Catalog, project: str, dataset: str, temporary: Mapping[str, Table] | None = None
    ) -> None:
        self.catalog = catalog
        self.project = project
        self.dataset = dataset
        self.temporary = temporary if temporary is not None else {}
        self.used_temporary = False
        self.used_routines = False
        self.generation: int | None = None
        self.history: History | None = None
        self.sight = PLAIN
        self.now_ns = 0
        self.jobs: Jobs | None = None

    def source(self, parts: Sequence[str], as_of_ns: int | None) -> Source:
        """The table of 1–3 name parts."""
        if len(parts) == 1 and (temporary := self.temporary.get(parts[0].lower())):
            self.used_temporary = True
            return self.catalog.source(temporary)
        if meta_tables.is_tables(parts):
            self.generation = -1
            return meta_tables.tables(self.catalog, parts, self.project, self.dataset)
        if information_schema.is_view(parts):
            self.generation = -1
            path = [x for p in parts for x in p.split(".")]
            if path[-1].upper() in job_views.VIEWS and self.jobs is not None:
                named = len(path) > 2 and not path[0].lower().startswith("region-")
                return job_views.source(path[0] if named else self.project, self.jobs.every(), self.now_ns)
            return information_schema.source(self.catalog, parts, self.project, self.dataset)
        id = split_path(parts, self.project, self.dataset)
        if id[2].endswith("*"):
            self.generation = self.catalog.generation
            return wildcards.source(self.catalog, id)
        dataset = self.catalog.dataset(id[0], id[1], sql=True)
        table = dataset.table(id[2])
        if table is None:
            raise not_found("Table", f"{id[0]}:{id[1]}.{id[2]}", location=dataset.location)
        if as_of_ns is None and self.sight.age_s:
            as_of_ns = self.now_ns - round(self.sight.age_s * 1e9)
        if as_of_ns is not None and self.history is not None:
            self.generation = -1
            return self.history.source(table, as_of_ns, self.now_ns)
        return self.sight.source(table, self.catalog.source(table), self.now_ns // 1_000)

    def routine(self, parts: Sequence[str]) -> Any:
        """The function of that path, or None."""
        if len(parts) == 1:
            return None
        self.used_routines = True
        self.generation = self.catalog.generation
        id = split_path(parts, self.project, self.dataset)
        dataset = self.catalog.datasets.get((id[0], id[1]))
        return dataset.routines.get(id[2].lower()) if dataset else None


class Analysis:
    """Compiles statements against one catalog and keeps the plans."""

    def __init__(self, catalog: Catalog, jobs: Jobs, keep: int = 2_000) -> None:
        self.catalog = catalog
        self.jobs = jobs
        self._plans: OrderedDict[tuple[Any, ...], Plan] = OrderedDict()
        self._keep = keep

    def plan(
        self,
        text: str,
        project: str,
        dataset: str = "",
        *,
        parameters: Mapping[str, Type] | None = None,
        variables: Mapping[str, Type] | None = None,
        functions: Mapping[str, Any] | None = None,
        temporary: Mapping[str, Table] | None = None,
        of_view: bool = False,
        history: History | None = None,
        now_ns: int = 0,
        sight: Sight = PLAIN,
        as_of: Callable[[exp.Expression], int] | None = None,
    ) -> Plan:
        """The plan of one statement; raises the vendor's error for a bad one."""
        parameters = parameters or {}
        key = None
        if not functions and not temporary and sight.plain and not of_view:
            key = (text, project, dataset, tuple(parameters.items()), tuple((variables or {}).items()))
            kept = self._plans.get(key)
            if kept is not None and self._fresh(kept):
                self._plans.move_to_end(key)
                return kept
        node = parsing.statement(text)
        if type(node) in DDL or isinstance(node, exp.Command):
            return Plan(statement_type(node), text, node=node)
        view = View(self.catalog, project, dataset, temporary)
        view.history, view.now_ns, view.sight = history, now_ns, sight
        view.jobs = self.jobs
        context = Context(view, text, parameters, variables or {}, functions or {})
        context.as_of = as_of
        statements = Statements(context)
        plan = statements.select(node, view=True) if of_view else statements.plan(node)
        if view.generation is not None:
            plan = replace(plan, generation=view.generation)
        if key is not None and plan.generation != -1:
            self._plans[key] = plan
            if len(self._plans) > self._keep:
                self._plans.popitem(last=False)
        return plan

    def _fresh(self, plan: Plan) -> bool:
        if plan.generation is not None and plan.generation != self.catalog.generation:
            return False
        for source in plan.sources:
            table = self.catalog.find(source.id)
            if table is None:
                if not source.wildcard:
                    return False
            elif table.version != source.version:
                return False
        return True


def statement_type(node: exp.Expression) -> str:
    """The vendor's `statementType` of a statement that is no query and no DML."""
    if isinstance(node, exp.Export):
        return "EXPORT_DATA"
    if isinstance(node, exp.Command):
        return str(node.this).upper()
    kind = str(node.args.get("kind") or "TABLE").upper()
    if isinstance(node, exp.Create):
        if kind == "TABLE" and node.args.get("expression") is not None:
            return "CREATE_TABLE_AS_SELECT"
        if kind == "VIEW" and _materialised(node):
            return "CREATE_MATERIALIZED_VIEW"
        if kind == "FUNCTION" and isinstance(node.args.get("expression"), exp.Query):
            return "CREATE_TABLE_FUNCTION"
        return f"CREATE_{kind}"
    if isinstance(node, exp.Drop):
        return "DROP_MATERIALIZED_VIEW" if node.args.get("materialized") else f"DROP_{kind}"
    return f"ALTER_{kind}"


def _materialised(node: exp.Create) -> bool:
    properties = node.args.get("properties")
    return properties is not None and any(isinstance(p, exp.MaterializedProperty) for p in properties.expressions)
