"""DDL: statements that change the catalog.

Each runs at its job's end, and says in the job's statistics what it did. Knows the catalog, the engine and the
compiler. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from fakes.bigquery import options, routines
from fakes.bigquery.catalog import Dataset, Table, split_path
from fakes.bigquery.errors import Unsupported, already_exists, invalid, invalid_query, not_found
from fakes.bigquery.jobs import Job
from fakes.bigquery.sql import parsing, type_parameters
from fakes.bigquery.sql.casts import convert
from fakes.bigquery.sql.plan import Plan
from fakes.bigquery.sql.scope import Context, Expr, TableId
from fakes.bigquery.sql.types import from_ast, quoted

if TYPE_CHECKING:
    from fakes.bigquery.environment import Environment
    from fakes.bigquery.queries import Queries

NS_PER_MS = 1_000_000


class Ddl:
    """One DDL statement of one job."""

    def __init__(self, queries: Queries, job: Job, plan: Plan, environment: Environment) -> None:
        self.queries = queries
        self.service = queries.service
        self.catalog = queries.service.catalog
        self.job = job
        self.plan = plan
        self.environment = environment
        self.now_ms = job.end_ns // NS_PER_MS

    def run(self) -> None:
        """Do it; raises the vendor's errors."""
        node = self.plan.node
        match node:
            case exp.Create():
                self._create(node)
            case exp.Drop():
                self._drop(node)
            case exp.Alter():
                self._alter(node)
            case exp.Export():
                from fakes.bigquery import extracts

                extracts.export(self.queries, self.job, node, self.environment)
            case _:
                raise Unsupported(f"statement {self.plan.sql[:80]}")

    def _done(self, word: str, table: TableId | None = None, schema: list[dict[str, Any]] | None = None) -> None:
        self.job.statistics["ddlOperationPerformed"] = word
        if table is not None:
            self.job.statistics["ddlTargetTable"] = {
                "projectId": table[0], "datasetId": table[1], "tableId": table[2],
            }  # fmt: skip
        if schema:
            self.job.statistics["schema"] = {"fields": [{"mode": "NULLABLE", **f} for f in schema]}

    def _id(self, node: exp.Expression) -> TableId:
        return split_path([p.name for p in node.parts], self.environment.project, self.environment.dataset)

    def _dataset_id(self, node: exp.Expression) -> tuple[str, str]:
        parts = [p for x in node.parts for p in x.name.split(".")]
        return (parts[0], parts[1]) if len(parts) == 2 else (self.environment.project, parts[0])

    # ---- CREATE

    def _create(self, node: exp.Create) -> None:
        kind = str(node.args.get("kind")).upper()
        if kind == "SCHEMA":
            self._create_schema(node)
        elif kind in ("FUNCTION", "PROCEDURE"):
            routines.create(self, node)
        elif kind == "VIEW":
            self._create_view(node)
        elif kind == "TABLE":
            self._create_table(node)
        else:
            raise Unsupported(f"CREATE {kind}")

    def _create_schema(self, node: exp.Create) -> None:
        project, name = self._dataset_id(node.this)
        if (project, name) in self.catalog.datasets:
            if node.args.get("exists"):
                self._done("SKIP")
                return
            raise already_exists("Dataset", f"{project}:{name}")
        self.service.make_dataset(project, name, options.dataset(node))
        self._done("CREATE")

    def _exists(self, node: exp.Create, id: TableId) -> str:
        """What a CREATE does: CREATE, REPLACE or SKIP; raises 409 for a table that is there."""
        if self.catalog.find(id) is None:
            return "CREATE"
        if node.args.get("replace"):
            return "REPLACE"
        if node.args.get("exists"):
            return "SKIP"
        raise already_exists("Table", f"{id[0]}:{id[1]}.{id[2]}")

    def _create_view(self, node: exp.Create) -> None:
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        id = self._id(target)
        self.catalog.dataset(id[0], id[1], sql=True)
        word = self._exists(node, id)
        if word == "SKIP":
            self._done(word, id)
            return
        materialised = options.has(node, exp.MaterializedProperty)
        query = parsing.after_as(self.plan.sql)
        plan = self.environment.plan(query, of_view=True)
        fields = [t.rest(n) for n, t in plan.columns]
        if isinstance(node.this, exp.Schema):
            for field, column in zip(fields, node.this.expressions, strict=True):
                field["name"] = column.name
        qualified = parsing.qualified(query, self.environment.project, self.environment.dataset)
        table = Table(
            id, "MATERIALIZED_VIEW" if materialised else "VIEW", fields, self.now_ms, self.now_ms,
            view_query=qualified, extra=options.table(node),
        )  # fmt: skip
        self.catalog.add_table(table, replace=word == "REPLACE")
        self._done(word, id, fields)

    def _create_table(self, node: exp.Create) -> None:
        schema = node.this if isinstance(node.this, exp.Schema) else None
        target = schema.this if schema is not None else node.this
        if options.has(node, exp.ExternalProperty):
            raise Unsupported("external tables", "load the files")
        temporary = options.has(node, exp.TemporaryProperty)
        id = self.environment.temporary_id(target.name) if temporary else self._id(target)
        self.catalog.dataset(id[0], id[1], sql=True)
        word = self._exists(node, id)
        if word == "SKIP":
            described = schema.expressions if schema is not None else []
            self._done(word, id, [column_field(c) for c in described if isinstance(c, exp.ColumnDef)])
            return
        if (clone := node.args.get("clone")) is not None:
            self._copy(clone.this, id, word, snapshot=" SNAPSHOT " in self.plan.sql.upper()[:60])
            return
        like = options.first(node, exp.LikeProperty)
        select: Plan | None = None
        if node.args.get("expression") is not None:
            select = self.environment.plan(parsing.after_as(self.plan.sql))
        if like is not None:
            source = self.catalog.table(self._id(like.this))
            fields = [dict(f) for f in source.schema]
        elif schema is not None:
            fields = [column_field(c) for c in schema.expressions if isinstance(c, exp.ColumnDef)]
        elif select is not None:
            fields = [t.rest(n) for n, t in select.columns]
        else:
            raise invalid_query("CREATE TABLE needs a column list or a query")
        layout = options.layout(node, fields)
        extra = options.table(node) | (options.constraints(schema, self._id) if schema is not None else {})
        table = Table(id, "TABLE", fields, self.now_ms, self.now_ms, extra=extra, **layout)
        if like is not None and not layout.get("partitioning"):
            table.partitioning, table.clustering = source.partitioning, source.clustering
        if options.expiration_ms(node) is not None:
            table.expires_ms = options.expiration_ms(node)
        if select is not None:
            self._fill(table, select, word)
        else:
            self.catalog.add_table(table, replace=word == "REPLACE")
        if temporary:
            self.environment.temporary[target.name.lower()] = table
        self._done(word, id, fields)

    def _fill(self, table: Table, select: Plan, word: str) -> None:
        """CREATE TABLE … AS: the rows first go aside, since the query may read the table it replaces."""
        service = self.service
        if len(select.columns) != len(table.columns):
            raise invalid_query(
                f"The number of columns in the column definition list ({len(table.columns)}) does not match the number"
                f" of columns produced by the query ({len(select.columns)})"
            )
        context = Context(tables=None, text="")  # type: ignore[arg-type] # only helpers are noted
        items = [
            f"{type_parameters.held(context, convert(context, Expr(quoted(n), t), target), target, field)}"
            f" AS {quoted(field['name'])}"
            for (n, t), (_, target), field in zip(select.columns, table.columns, table.schema, strict=True)
        ]
        service.engine.make(set(select.helpers) | context.macros)
        parameters = self.queries.bind(select.used, self.environment.bound, self.job.start_ns)
        service.engine.run(
            f"CREATE OR REPLACE TEMP TABLE _filling AS SELECT {', '.join(items)} FROM ({select.sql})", parameters
        )
        try:
            self.catalog.add_table(table, replace=word == "REPLACE")
            names = ", ".join(quoted(n) for n, _ in table.columns)
            if table.ingestion_time:
                at = self.queries.bind(("partition",), {}, self.job.start_ns)
                service.engine.run(
                    f'INSERT INTO {table.sql} ({names}, "_PARTITIONTIME") SELECT {names},'
                    " CAST($partition AS TIMESTAMPTZ) FROM _filling", at
                )  # fmt: skip
            else:
                service.engine.run(f"INSERT INTO {table.sql} ({names}) SELECT {names} FROM _filling")
        finally:
            service.engine.run("DROP TABLE _filling")

    def _copy(self, source_node: exp.Expression, id: TableId, word: str, *, snapshot: bool) -> None:
        source = self.catalog.table(self._id(source_node))
        copy_table(
            self.queries, source, id, self.now_ms, kind="SNAPSHOT" if snapshot else "TABLE", replace=word == "REPLACE"
        )
        self._done(word, id, source.schema)

    # ---- DROP

    def _drop(self, node: exp.Drop) -> None:
        kind = str(node.args.get("kind")).upper()
        target = node.args["tables"][0] if node.args.get("tables") else node.this
        if kind == "SCHEMA":
            project, name = self._dataset_id(target)
            if (project, name) not in self.catalog.datasets:
                if node.args.get("exists"):
                    self._done("SKIP")
                    return
                raise not_found("Dataset", f"{project}:{name}")
            self.catalog.drop_dataset(project, name, contents=bool(node.args.get("cascade")))
            self._done("DROP")
            return
        if kind in ("FUNCTION", "PROCEDURE"):
            routines.drop(self, node, target)
            return
        if len(target.parts) == 1 and target.name.lower() in self.environment.temporary:
            self.catalog.drop_table(self.environment.temporary.pop(target.name.lower()))
            self._done("DROP")
            return
        id = self._id(target)
        table = self.catalog.find(id)
        if table is None:
            if node.args.get("exists"):
                self._done("SKIP", id)
                return
            raise not_found("Table", f"{id[0]}:{id[1]}.{id[2]}")
        wanted = {"VIEW": ("VIEW",), "TABLE": ("TABLE", "SNAPSHOT")}.get(kind, (kind,))
        if node.args.get("materialized"):
            wanted = ("MATERIALIZED_VIEW",)
        if table.kind not in wanted:
            raise invalid_query(f"Cannot drop {table.path}: it is a {table.kind}, not a {kind}")
        self.service.remember(table, self.job.end_ns, append=False)
        self.catalog.drop_table(table)
        self._done("DROP", id)

    # ---- ALTER

    def _alter(self, node: exp.Alter) -> None:
        kind = str(node.args.get("kind")).upper()
        if kind == "SCHEMA":
            dataset: Dataset = self.catalog.dataset(*self._dataset_id(node.this))
            dataset.resource |= options.dataset(node)
            self._done("ALTER")
            return
        if kind not in ("TABLE", "VIEW", "MATERIALIZED VIEW"):
            raise Unsupported(f"ALTER {kind}")
        id = self._id(node.this)
        table = self.catalog.find(id)
        if table is None:
            if node.args.get("exists"):
                self._done("SKIP", id)
                return
            raise not_found("Table", f"{id[0]}:{id[1]}.{id[2]}")
        self.service.weather.table_update(id, self.job.end_ns)
        for action in node.args.get("actions") or ():
            self._action(table, action)
        self.catalog.touch(table, self.now_ms, schema=True)
        self._done("ALTER", id)

    def _action(self, table: Table, action: exp.Expression) -> None:
        from fakes.bigquery import destinations

        known = {f["name"].lower(): f for f in table.schema}
        match action:
            case exp.ColumnDef():
                field = column_field(action)
                if field["name"].lower() in known:
                    if action.args.get("exists"):
                        return
                    raise invalid_query(f"Column already exists: {field['name']}")
                if field.get("mode") == "REQUIRED":
                    raise invalid("Cannot add required fields to an existing schema. (field: " + field["name"] + ")")
                destinations.add_column(self.service, table, field, self.now_ms)
            case exp.Drop():
                target = action.args["tables"][0] if action.args.get("tables") else action.this
                name = target.name
                found = known.get(name.lower())
                if found is None:
                    if action.args.get("exists"):
                        return
                    raise invalid_query(f"Column not found: {name}")
                self.service.engine.run(f"ALTER TABLE {table.sql} DROP COLUMN {quoted(found['name'])}")
                table.schema.remove(found)
            case exp.RenameColumn():
                found = known.get(action.this.name.lower())
                if found is None:
                    raise invalid_query(f"Column not found: {action.this.name}")
                new = action.args["to"].name
                self.service.engine.run(
                    f"ALTER TABLE {table.sql} RENAME COLUMN {quoted(found['name'])} TO {quoted(new)}"
                )
                found["name"] = new
            case exp.AlterRename():
                dataset = self.catalog.dataset(table.id[0], table.id[1])
                new = action.this.name
                if new in dataset.tables:
                    raise already_exists("Table", f"{table.id[0]}:{table.id[1]}.{new}")
                self.service.engine.run(f"ALTER TABLE {table.sql} RENAME TO {quoted(new)}")
                del dataset.tables[table.id[2]]
                table.id = (table.id[0], table.id[1], new)
                dataset.tables[new] = table
            case exp.AlterSet():
                settings = options.settings(action)
                if (column := action.args.get("column")) is None:
                    options.apply(table, settings)
                elif (described := known.get(column.lower())) is None:
                    raise invalid_query(f"Column not found: {column}")
                else:
                    options.apply_to_column(described, settings)
            case exp.AlterColumn():
                self._alter_column(table, action, known)
            case _:
                raise Unsupported(f"ALTER TABLE {action.sql('bigquery')[:60]}")

    def _alter_column(self, table: Table, action: exp.AlterColumn, known: Mapping[str, dict[str, Any]]) -> None:
        from fakes.bigquery import destinations

        found = known.get(action.this.name.lower())
        if found is None:
            raise invalid_query(f"Column not found: {action.this.name}")
        column = quoted(found["name"])
        if action.args.get("dtype") is not None:
            kind = from_ast(action.args["dtype"])
            self.service.engine.run(f"ALTER TABLE {table.sql} ALTER COLUMN {column} SET DATA TYPE {kind.duck}")
            found["type"] = kind.rest("x")["type"]
        elif action.args.get("default") is not None:
            found["defaultValueExpression"] = action.args["default"].sql("bigquery")
        elif action.args.get("drop") and action.args.get("allow_null"):
            destinations.relax(self.service, table, found, self.now_ms)
        elif action.args.get("drop"):
            found.pop("defaultValueExpression", None)
        else:
            raise Unsupported(f"ALTER COLUMN {action.sql('bigquery')[:60]}")


def copy_table(
    queries: Queries, source: Table, id: TableId, now_ms: int, *, kind: str, replace: bool, rows: str = ""
) -> Table:  # fmt: skip
    """A new table with `source`'s shape and rows, which are read from `rows` where they are others than now."""
    catalog = queries.service.catalog
    if not source.stored:
        raise invalid(f"Cannot copy {source.kind} {source.path}")
    table = Table(
        id, kind, [dict(f) for f in source.schema], now_ms, now_ms, partitioning=source.partitioning,
        range_partitioning=source.range_partitioning, clustering=source.clustering,
        require_filter=source.require_filter, extra=dict(source.extra),
    )  # fmt: skip
    if replace and id == source.id:
        return source
    catalog.add_table(table, replace=replace)
    names = [quoted(n) for n, _ in table.columns] + (['"_PARTITIONTIME"'] if table.ingestion_time else [])
    shown = ", ".join(names)
    queries.service.engine.run(f"INSERT INTO {table.sql} ({shown}) SELECT {shown} FROM {rows or source.sql}")
    return table


def column_field(node: exp.ColumnDef) -> dict[str, Any]:
    """The REST schema field of a column definition."""
    kind = from_ast(node.args["kind"])
    field = kind.rest(node.name)
    if field["mode"] == "NULLABLE":
        del field["mode"]
    for constraint in node.args.get("constraints") or ():
        what = constraint.kind if isinstance(constraint, exp.ColumnConstraint) else constraint
        if isinstance(what, exp.NotNullColumnConstraint) and not what.args.get("allow_null"):
            field["mode"] = "REQUIRED"
        elif isinstance(what, exp.DefaultColumnConstraint):
            field["defaultValueExpression"] = what.this.sql("bigquery")
        elif isinstance(what, exp.Properties):
            for setting in what.expressions:
                if setting.name.lower() == "description":
                    field["description"] = setting.args["value"].name
        elif isinstance(what, (exp.PrimaryKeyColumnConstraint,)):
            continue  # keys are not enforced by the service either
        elif isinstance(what, exp.CollateColumnConstraint):
            raise Unsupported("COLLATE in a column definition")
    return type_parameters.described(node.args["kind"], field)


def run(queries: Queries, job: Job, plan: Plan, environment: Environment) -> None:
    """Run a DDL statement at the job's end."""
    Ddl(queries, job, plan, environment).run()
