"""Running scripts: variables, control flow, transactions, procedures, temporary tables.

A script is one job with child jobs; it runs at the job's end. Knows queries and the engine. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from fakes.bigquery import costs
from fakes.bigquery.catalog import Dataset, split_path
from fakes.bigquery.environment import Environment
from fakes.bigquery.errors import ApiError, Unsupported, invalid_query, not_found
from fakes.bigquery.jobs import Job, Result, Stage
from fakes.bigquery.routines import Routine
from fakes.bigquery.sql import moments, parsing, script_tree, scripts, type_parameters
from fakes.bigquery.sql.scope import parameter_key
from fakes.bigquery.sql.types import BOOL, STRING, Type, coercible, from_ast, struct

if TYPE_CHECKING:
    from fakes.bigquery.queries import Queries
    from fakes.bigquery.sql.plan import Plan

NS_PER_MS = 1_000_000
MOST_TURNS = 100_000
"""Statements one script may run; the service stops one after its six-hour limit, which no loop here reaches."""


class _Leave(Exception):  # noqa: N818 - control flow, not an error
    def __init__(self, kind: str, label: str = "") -> None:
        super().__init__(kind)
        self.kind, self.label = kind, label


def prepare(queries: Queries, job: Job, text: str, environment: Environment) -> None:
    """Check the script of `job` as far as that goes without running it, and schedule it."""
    tree = scripts.parse(text)
    job.statement = "SCRIPT"
    plain = [s for s in tree if not isinstance(s, script_tree.Declare)]
    job.end_ns = job.start_ns + queries.service.duration_ns("SCRIPT") * max(1, min(len(plain), 20))
    job.work = partial(_work, queries=queries, tree=tree, environment=environment)


def _work(job: Job, *, queries: Queries, tree: Sequence[Any], environment: Environment) -> bool:
    Script(queries, job, environment).run(tree)
    return True


class Script:
    """One run of one script."""

    def __init__(self, queries: Queries, job: Job, environment: Environment) -> None:
        self.queries = queries
        self.service = queries.service
        self.job = job
        self.environment = environment
        self.children = 0
        self.turns = 0
        self.in_transaction = False
        self.transaction_id = ""
        self.last: Result | None = None
        self.error: ApiError | None = None
        environment.system["@@script.job_id"] = job.id

    def run(self, tree: Sequence[Any]) -> None:
        """Run every statement; the last query's rows are the job's."""
        try:
            self.body(tree)
        except _Leave as leave:
            if leave.kind != "RETURN":
                raise invalid_query(f"{leave.kind} outside a loop") from None
        finally:
            if self.in_transaction:
                self.service.engine.transaction("ROLLBACK")
                if self.environment.session is not None and self.error is None:
                    raise Unsupported("a transaction of a session that outlives its job")
            if self.environment.session is None and self.environment.hidden is not None:
                self.service.catalog.drop_dataset(*self.environment.hidden, contents=True)
        self.job.result = self.last
        self.job.statistics["numChildJobs"] = str(self.children)

    def body(self, statements: Sequence[Any]) -> None:
        """Run statements in order; variables declared in a nested block end with it."""
        for statement in statements:
            self.turns += 1
            if self.turns > MOST_TURNS:
                raise Unsupported(f"a script of more than {MOST_TURNS} statements")
            self._step(statement)

    def _step(self, statement: Any) -> None:
        match statement:
            case script_tree.Statement(text):
                self._statement(text)
            case script_tree.Declare():
                self._declare(statement)
            case script_tree.Assign():
                self._assign(statement)
            case script_tree.Branch(arms, otherwise):
                for test, body in arms:
                    if self._truth(test):
                        self.body(body)
                        return
                self.body(otherwise)
            case script_tree.Loop():
                self._loop(statement)
            case script_tree.For():
                self._for(statement)
            case script_tree.Block():
                self._block(statement)
            case script_tree.Word(kind, argument):
                self._word(kind, argument)
            case script_tree.Raise(message):
                if not message and self.error is not None:
                    raise self.error
                raise invalid_query(str(self._value(message)[1]) if message else "RAISE outside an exception handler")
            case script_tree.Assertion(test, message):
                if not self._truth(test):
                    shown = str(self._value(message)[1]) if message else "Assertion failed"
                    raise invalid_query(shown)
            case script_tree.Execute():
                self._execute(statement)
            case script_tree.Call(path, arguments):
                self._call(path, arguments)
            case script_tree.Procedure():
                self._procedure(statement)
            case _:
                raise Unsupported(f"script statement {type(statement).__name__}")

    # ---- statements and values

    def _statement(self, text: str, environment: Environment | None = None) -> Result | None:
        environment = environment or self.environment
        plan = environment.plan(text)
        child = self._query(text, plan, "STATEMENT")
        result = self.queries.execute(child, plan, environment)
        self.last = result if result is not None else Result()
        if plan.dml:
            self.environment.system["@@row_count"] = child.statistics.get("affected", 0)
        self.service.jobs.add(child)
        return result

    def _query(self, text: str, plan: Plan, evaluated: str) -> Job:
        """A child job for a query, whose cost is the script's too."""
        child = self._child(text, plan.kind)
        child.statistics["scriptStatistics"] = {"evaluationKind": evaluated}
        costs.estimate(self.service, child, plan, text)
        for key in ("bytes", "billed"):
            self.job.statistics[key] = self.job.statistics.get(key, 0) + child.statistics.get(key, 0)
        return child

    def _child(self, text: str, statement: str) -> Job:
        self.children += 1
        child = Job(
            self.job.project, f"script_job_{self.job.id}_{self.children}", self.job.location, "QUERY",
            {"query": {"query": text, "useLegacySql": False}}, self.job.created_ns, self.job.start_ns, self.job.end_ns,
            statement=statement, parent=self.job.id, resource=self.job.resource, stage=Stage.DONE,
        )  # fmt: skip
        if self.in_transaction:
            child.statistics["transactionInfo"] = {"transactionId": self.transaction_id}
        return child

    def _value(self, expression: str) -> tuple[Type, Any]:
        text = f"SELECT {expression}"
        plan = self.environment.plan(text)
        result = self.queries.select(plan, self.environment, self.job)
        if plan.sources:  # one that reads tables is a query of its own, as the vendor's sample query_script counts them
            self.service.jobs.add(self._query(text, plan, "EXPRESSION"))
        kind = result.columns[0][1]
        return kind, bindable(kind, result.rows[0][0])

    def _truth(self, expression: str) -> bool:
        kind, value = self._value(expression)
        if kind != BOOL:
            raise invalid_query(f"Condition must be BOOL but is {kind}: {expression}")
        return bool(value)

    def _declare(self, node: script_tree.Declare) -> None:
        spelled = parsing.type_of(node.type) if node.type else None
        kind = from_ast(spelled) if spelled is not None else None
        field = type_parameters.described(spelled, kind.rest("")) if kind and spelled else None
        for name in node.names:
            if name.lower() in self.environment.declared:
                raise invalid_query(f"Variable '{name}' redeclaration")
            if node.default:
                given, value = (kind, self._coerced(node.default, kind)) if kind else self._value(node.default)
                self.environment.declare(name, kind or given, value, field)
                self.environment.set(name, kind or given, value)
            else:
                assert kind is not None
                self.environment.declare(name, kind, [] if kind.kind == "ARRAY" else None, field)

    def _assign(self, node: script_tree.Assign) -> None:
        if not node.apart:
            self._set(node.names[0], node.value)
            return
        kind, value = self._value(node.value)
        if kind.kind != "STRUCT" or len(kind.fields) != len(node.names):
            raise invalid_query(f"SET needs a STRUCT of {len(node.names)} fields, not {kind}")
        for name, (field, field_type) in zip(node.names, kind.named_fields, strict=True):
            self._checked(name)
            self.environment.set(name, field_type, value[field] if value is not None else None)

    def _checked(self, name: str) -> Type:
        kind = self.environment.variables.get(name.lower())
        if kind is None:
            raise invalid_query(f"Undeclared variable: {name}")
        return kind

    def _set(self, name: str, expression: str) -> None:
        if name.startswith("@@"):
            self.environment.set_system(name, str(self._coerced(expression, STRING)))
            return
        head, _, rest = name.partition(".")
        kind = self._checked(head)
        if rest:
            raise Unsupported(f"SET {name}: assigning one field of a STRUCT")
        self.environment.set(head, kind, self._coerced(expression, kind))

    def _coerced(self, expression: str, kind: Type) -> Any:
        """The value of `expression` where a `kind` is wanted."""
        given = self.environment.plan(f"SELECT {expression}").columns[0][1]
        if given == kind:
            return self._value(expression)[1]
        node = parsing.query(f"SELECT {expression}").expressions[0]
        literal = all(isinstance(n, (exp.Array, exp.Struct)) for n in node.find_all(exp.Func, exp.Query, exp.Column))
        untyped = literal and (node.find(exp.Null) or (isinstance(node, exp.Array) and not node.expressions))
        if not untyped and not coercible(given, kind, literal=literal):
            raise invalid_query(f"Cannot coerce expression {expression} of type {given} to type {kind}")
        return self._value(f"CAST(({expression}) AS {kind.sql})")[1]

    # ---- control flow

    def _block(self, node: script_tree.Block) -> None:
        outer = self.environment.enter()
        try:
            self.body(node.body)
        except ApiError as problem:
            if node.handler is None or isinstance(problem, Unsupported):
                raise
            before = self.error
            self.error = problem
            self.environment.leave(outer)
            self.environment.system["@@error.message"] = problem.message
            self.environment.system["@@error.statement_text"] = ""
            self.environment.system["@@error.formatted_stack_trace"] = ""
            self.body(node.handler)
            self.error = before
        except _Leave as leave:
            if leave.kind != "BREAK" or not node.label or leave.label != node.label:
                raise
        finally:
            self.environment.leave(outer)

    def _loop(self, node: script_tree.Loop) -> None:
        while node.after or not node.test or self._truth(node.test):
            if self._turn(node.body, node.label):
                return
            if node.after and self._truth(node.test):
                return

    def _turn(self, body: Sequence[Any], label: str) -> bool:
        """Run one turn; True where the loop ends."""
        self.turns += 1
        if self.turns > MOST_TURNS:
            raise Unsupported(f"a script of more than {MOST_TURNS} statements")
        try:
            self.body(body)
        except _Leave as leave:
            if leave.kind == "RETURN" or (leave.label and leave.label != label):
                raise
            return leave.kind == "BREAK"
        return False

    def _for(self, node: script_tree.For) -> None:
        plan = self.environment.plan(node.query.strip().removeprefix("(").removesuffix(")"))
        result = self.queries.select(plan, self.environment, self.job)
        kind = struct(list(result.columns))
        outer = self.environment.enter()
        try:
            for row in result.rows:
                names = [n for n, _ in kind.named_fields]
                record = {n: bindable(t, v) for n, (_, t), v in zip(names, kind.named_fields, row, strict=True)}
                self.environment.shadow(node.name, kind, record)
                if self._turn(node.body, node.label):
                    return
        finally:
            self.environment.leave(outer)

    def _word(self, kind: str, argument: str) -> None:
        match kind:
            case "BEGIN TRANSACTION":
                if self.in_transaction:
                    raise invalid_query("Transaction is already in progress")
                self.service.engine.transaction("BEGIN TRANSACTION")
                self.in_transaction = True
                self.transaction_id = f"{self.service.around.rng('transaction ids').getrandbits(128):032x}"
                self.service.jobs.add(self._child("BEGIN TRANSACTION", "BEGIN_TRANSACTION"))
            case "COMMIT" | "ROLLBACK":
                if not self.in_transaction:
                    raise invalid_query(f"There is no active transaction to {kind.lower()}")
                self.service.engine.transaction(kind)
                self.service.jobs.add(self._child(f"{kind} TRANSACTION", f"{kind}_TRANSACTION"))
                self.in_transaction = False
            case _:
                raise _Leave(kind, argument)

    # ---- EXECUTE IMMEDIATE, procedures

    def _execute(self, node: script_tree.Execute) -> None:
        kind, text = self._value(node.sql)
        if kind != STRING or text is None:
            raise invalid_query("EXECUTE IMMEDIATE sql string cannot be NULL" if text is None else
                                f"EXECUTE IMMEDIATE needs a STRING, not {kind}")  # fmt: skip
        parameters: dict[str, Type] = {}
        bound: dict[str, Any] = {}
        for i, (name, expression) in enumerate(node.using, 1):
            given, value = self._value(expression)
            parameters[name or str(i)] = given
            bound[parameter_key(name or str(i))] = value
        inner = self.environment.within(parameters, bound)
        if scripts.is_script(text.strip().rstrip(";")):
            raise invalid_query("EXECUTE IMMEDIATE takes one statement")
        result = self._statement(text.strip().rstrip(";"), inner)
        if node.into:
            rows = result.rows if result is not None else ()
            if len(rows) > 1:
                raise invalid_query("EXECUTE IMMEDIATE … INTO: the query gave more than one row")
            assert result is not None
            for i, name in enumerate(node.into):
                self._checked(name)
                column = result.columns[i][1]
                self.environment.set(name, column, bindable(column, rows[0][i]) if rows else None)

    def _call(self, path: Sequence[str], arguments: Sequence[str]) -> None:
        if len(path) >= 2 and path[-2].upper() == "BQ":
            if path[-1].upper() == "REFRESH_MATERIALIZED_VIEW":
                return  # views are always fresh here
            if path[-1].upper() == "ABORT_SESSION" and self.environment.session is not None:
                self.service.sessions.end(self.environment.session)
                return
            raise Unsupported(f"CALL {'.'.join(path)}")
        id = split_path(list(path), self.environment.project, self.environment.dataset)
        dataset = self.service.catalog.dataset(id[0], id[1], sql=True)
        routine = dataset.routines.get(id[2].lower())
        if routine is None or routine.kind != "PROCEDURE":
            raise not_found("Routine", f"{id[0]}:{id[1]}.{id[2]}")
        if len(arguments) != len(routine.parameters):
            raise invalid_query(f"Procedure {id[2]} needs {len(routine.parameters)} arguments, found {len(arguments)}")
        frame: list[tuple[str, Type, Any]] = []
        triples = list(zip(routine.parameters, routine.modes, arguments, strict=True))
        for (name, kind), mode, expression in triples:
            assert kind is not None
            value = None
            if mode != "OUT":
                _, value = self._value(f"CAST(({expression}) AS {kind.sql})")
            frame.append((name, kind, value))
        outside = self.environment.isolate()
        for name, kind, value in frame:
            self.environment.declare(name, kind, value)
        try:
            self.body(routine.block.body) if routine.block.handler is None else self._block(routine.block)
        except _Leave as leave:
            if leave.kind != "RETURN":
                raise
        finally:
            outputs = {name: self.environment.get(name) for name, _, _ in frame}
            self.environment.restore(outside)
        for (name, kind), mode, expression in triples:
            if mode in ("OUT", "INOUT"):
                target = expression.strip()
                self._checked(target)
                assert kind is not None
                self.environment.set(target, kind, outputs[name])

    def _procedure(self, node: script_tree.Procedure) -> None:
        id = split_path(node.path, self.environment.project, self.environment.dataset)
        dataset: Dataset = self.service.catalog.dataset(id[0], id[1], sql=True)
        if id[2].lower() in dataset.routines and not node.replace:
            if node.exists:
                return
            raise ApiError("duplicate", f"Already Exists: Routine {id[0]}:{id[1]}.{id[2]}")
        parameters: list[tuple[str, Type | None]] = [
            (name, from_ast(parsing.type_of(kind))) for _, name, kind in node.arguments
        ]
        routine = Routine(id, "PROCEDURE", parameters, None, None, node.text, modes=[m for m, _, _ in node.arguments],
                          created_ms=self.job.end_ns // NS_PER_MS)  # fmt: skip
        routine.block = node.body
        dataset.routines[id[2].lower()] = routine
        self.service.catalog.generation += 1
        self.last = Result()


def bindable(kind: Type, value: Any) -> Any:
    """A fetched value as it is bound again: TIMESTAMPs at the top arrive as microseconds."""
    if kind.kind == "TIMESTAMP" and isinstance(value, int):
        return moments.at(value)
    return value
