"""What the statements of one job share: defaults, parameters, variables, temporary functions and tables.

Knows the analysis and sessions. Must not know jobs or HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from fakes.bigquery.catalog import Table
from fakes.bigquery.errors import Unsupported, invalid_query
from fakes.bigquery.sight import PLAIN
from fakes.bigquery.sql import type_parameters
from fakes.bigquery.sql.plan import Plan
from fakes.bigquery.sql.scope import TableId
from fakes.bigquery.sql.types import INT64, STRING, Type

if TYPE_CHECKING:
    from fakes.bigquery.queries import Queries
    from fakes.bigquery.sessions import Session

NS_PER_US = 1_000


class Environment:
    """What the statements of one job share: defaults, parameters, variables, temporary functions and tables."""

    def __init__(
        self, queries: Queries, project: str, dataset: str, parameters: Mapping[str, Type], bound: Mapping[str, Any]
    ) -> None:
        self.queries = queries
        self.project, self.dataset = project, dataset
        self.parameters, self._bound = parameters, bound
        self.declared: dict[str, tuple[Type, Any]] = {}
        self.limits: dict[str, Mapping[str, Any]] = {}
        self.system: dict[str, Any] = {
            "@@project_id": project, "@@dataset_project_id": project, "@@dataset_id": dataset or None,
            "@@time_zone": "UTC",
        }  # fmt: skip
        self.functions: dict[str, Any] = {}
        self.temporary: dict[str, Table] = {}
        self.hidden: tuple[str, str] | None = None
        self.now_ns = queries.service.around.now_ns()
        self.sight = PLAIN
        self.session: Session | None = None

    def joining(self, session: Session) -> Environment:
        """The same surroundings, sharing what the jobs of `session` share."""
        shared = session.environment
        self.declared, self.system, self.functions = shared.declared, shared.system, shared.functions
        self.temporary, self.hidden, self.session = shared.temporary, shared.hidden, session
        return self

    @property
    def variables(self) -> dict[str, Type]:
        """Types of the variables in scope, system variables included."""
        found = {name: kind for name, (kind, _) in self.declared.items()}
        return found | {name: INT64 if isinstance(value, int) else STRING for name, value in self.system.items()}

    @property
    def bound(self) -> dict[str, Any]:
        """Every value a plan may bind, by key."""
        found = dict(self._bound)
        for name, (_, value) in self.declared.items():
            found["v_" + name] = value
        for name, value in self.system.items():
            found["v_" + name.replace("@@", "sys_").replace(".", "_")] = value
        return found

    def plan(self, text: str, *, of_view: bool = False) -> Plan:
        """The plan of one statement seen from here."""
        return self.queries.service.analysis.plan(
            text, self.project, self.dataset, parameters=self.parameters, variables=self.variables,
            functions=self.functions, temporary=self.temporary, history=self.queries.service.history,
            now_ns=self.now_ns, sight=self.sight, as_of=self._as_of, of_view=of_view,
        )  # fmt: skip

    def _as_of(self, node: exp.Expression) -> int:
        """The time, in ns, that a FOR SYSTEM_TIME AS OF means."""
        plan = self.plan(f"SELECT UNIX_MICROS({node.sql('bigquery')})")
        engine = self.queries.service.engine
        engine.make(set(plan.helpers))
        us = engine.run(plan.sql, self.queries.bind(plan.used, self.bound, self.now_ns))[0][0]
        if us is None:
            raise invalid_query("FOR SYSTEM_TIME AS OF expression cannot be NULL")
        if us * NS_PER_US > self.now_ns:
            raise invalid_query("Invalid time travel: FOR SYSTEM_TIME AS OF lies in the future")
        return int(us) * NS_PER_US

    def declare(self, name: str, kind: Type, value: Any, field: Mapping[str, Any] | None = None) -> None:
        """A new variable; `field` is its type's REST schema field where the type has parameters."""
        self.limits.pop(name.lower(), None)
        if field is not None and type_parameters.limited(field):
            self.limits[name.lower()] = field
        self.declared[name.lower()] = (kind, value)

    shadow = declare
    """A loop's variable, which is set anew each turn."""

    def set(self, name: str, kind: Type, value: Any) -> None:
        """Give a variable a value, or a system variable where `name` is one."""
        kind = self.declared.get(name.lower(), (kind, None))[0]
        if (field := self.limits.get(name.lower())) is not None:
            try:
                value = type_parameters.fit(kind, field, value)
            except ValueError as problem:
                raise invalid_query(str(problem)) from None
        self.declared[name.lower()] = (kind, value)

    def set_system(self, name: str, value: str) -> None:
        """Give one of the system variables that can be set a value; raises for others, and for what it would change."""
        match name.lower():
            case "@@dataset_id":
                self.dataset = value
            case "@@dataset_project_id":
                self.project = value
            case "@@time_zone" if value != "UTC":
                raise Unsupported(f"SET @@time_zone = '{value}'", "name the zone where it matters")
            case "@@time_zone" | "@@query_label":
                pass
            case other if other in self.system:
                raise invalid_query(f"System variable {name} is read-only")
            case _:
                raise Unsupported(f"system variable {name}")
        self.system[name.lower()] = value

    def get(self, name: str) -> Any:
        """The value of a variable."""
        return self.declared[name.lower()][1]

    def enter(self) -> frozenset[str]:
        """Begin a block; hand what it returns to `leave`."""
        return frozenset(self.declared)

    def leave(self, outer: frozenset[str]) -> None:
        """End a block: its own variables are gone."""
        for name in set(self.declared) - outer:
            del self.declared[name]

    def isolate(self) -> dict[str, tuple[Type, Any]]:
        """Begin a procedure, which sees no variable of its caller."""
        outside, self.declared = self.declared, {}
        return outside

    def restore(self, outside: dict[str, tuple[Type, Any]]) -> None:
        """End a procedure."""
        self.declared = outside

    def within(self, parameters: Mapping[str, Type], bound: Mapping[str, Any]) -> Environment:
        """The same surroundings with other parameters, as EXECUTE IMMEDIATE has them."""
        inner = Environment(self.queries, self.project, self.dataset, parameters, bound)
        inner.declared, inner.system, inner.functions = self.declared, self.system, self.functions
        inner.temporary, inner.hidden, inner.session = self.temporary, self.hidden, self.session
        inner.limits = self.limits
        inner.now_ns, inner.sight = self.now_ns, self.sight
        return inner

    def temporary_id(self, name: str) -> TableId:
        """Where a temporary table is kept: a dataset of this job's own."""
        if self.hidden is None:
            service = self.queries.service
            self.hidden = (self.project, f"_script{service.hidden_count}")
            service.hidden_count += 1
            service.make_dataset(*self.hidden)
        return (*self.hidden, name)
