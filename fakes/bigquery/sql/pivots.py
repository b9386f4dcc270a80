"""PIVOT and UNPIVOT: rows turned into columns and back.

https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#pivot_operator. Knows relations and
aggregates; must not know where in a FROM clause the operator stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.casts import text
from fakes.bigquery.sql.scope import Query, Scope
from fakes.bigquery.sql.types import INT64, STRING, Type, quoted

if TYPE_CHECKING:
    from fakes.bigquery.sql.relations import Relations


def apply(relations: Relations, query: Query, alias: str, node: exp.Pivot) -> Query:
    """`query`, known as `alias`, after one PIVOT or UNPIVOT; raises the service's errors."""
    if node.args.get("unpivot"):
        return _unpivot(relations, query, node)
    return _pivot(relations, query, alias, node)


# --------------------------------------------------------------------------------------------------------------------
# PIVOT


def _pivot(relations: Relations, query: Query, alias: str, node: exp.Pivot) -> Query:
    context, expressions = relations.context, relations.expressions
    source = context.alias()
    scope = Scope()
    relation = relations.derived(source, query)
    relation.alias = alias
    scope.relations = [relation]
    condition = node.args["fields"][0]
    subject = expressions.compile(condition.this, scope)
    if any(one.find(exp.Query) for one in node.expressions):
        raise Unsupported("a subquery in PIVOT")
    used = {c.parts[-1].name.lower() if len(c.parts) == 2 and c.parts[0].name.lower() == alias.lower()
            else c.parts[0].name.lower()
            for one in [*node.expressions, condition.this] for c in one.find_all(exp.Column)}  # fmt: skip
    groups = [(n, t) for n, t in query.columns if n.lower() not in used]
    columns, items = list(groups), [f"{quoted(source)}.{quoted(n)} AS {quoted(n)}" for n, _ in groups]
    if len(node.expressions) > 1 and not all(isinstance(e, exp.Alias) for e in node.expressions):
        raise context.fail("PIVOT expression must have an alias", node.expressions[0])
    for option in condition.expressions:
        value_node = option.this if isinstance(option, exp.PivotAlias) else option
        value = expressions.compile(value_node, Scope())
        (left, right), _ = expressions.unify([subject, value], "PIVOT", value_node)
        label = _label(option.args["alias"]) if isinstance(option, exp.PivotAlias) else _named_after(value_node)
        for one in node.expressions:
            call = one.this if isinstance(one, exp.Alias) else one
            if not isinstance(call, exp.Anonymous):
                raise context.fail("PIVOT expression must be an aggregate function call", call)
            found = expressions.calls.named(
                call.name.upper(), call, scope, f"FILTER (WHERE {left} IS NOT DISTINCT FROM {right})"
            )
            name = f"{one.alias}_{label.removeprefix('_')}" if isinstance(one, exp.Alias) else label
            columns.append((name, found.type))
            items.append(f"{found.sql} AS {quoted(name)}")
    by = f" GROUP BY {', '.join(f'{quoted(source)}.{quoted(n)}' for n, _ in groups)}" if groups else ""
    sql = f"SELECT {', '.join(items)} FROM ({query.sql}) AS {quoted(source)}{by}"
    return Query(sql, columns, needs=query.needs)


def _label(node: exp.Expression) -> str:
    return str(node.this) if isinstance(node, exp.Literal) else node.name


def _named_after(node: exp.Expression) -> str:
    """The column name that a pivot value without an alias gives."""
    match node:
        case exp.Null():
            return "NULL"
        case exp.Boolean():
            return "TRUE" if node.this else "FALSE"
        case exp.Literal() if node.is_string:
            return str(node.this)
        case exp.Literal():
            return "_" + str(node.this).replace(".", "_point_")
        case exp.Neg() if isinstance(node.this, exp.Literal):
            return "_minus_" + str(node.this.this).replace(".", "_point_")
        case exp.Cast() if isinstance(node.this, exp.Literal):
            number = str(node.this.this)
            if node.to.this.value in ("DATE",):
                return "_" + number.replace("-", "_")
            if node.to.this.value in ("DECIMAL", "BIGDECIMAL"):
                return "_" + number.replace("-", "minus_").replace(".", "_point_")
    raise Unsupported(f"the column name of the PIVOT value {node.sql('bigquery')[:60]}", "give it an alias")


# --------------------------------------------------------------------------------------------------------------------
# UNPIVOT


def _unpivot(relations: Relations, query: Query, node: exp.Pivot) -> Query:
    context = relations.context
    kinds = {n.lower(): (n, t) for n, t in query.columns}
    first = node.expressions[0]
    names = [e.name for e in (first.expressions if isinstance(first, exp.Tuple) else node.expressions)]
    condition = node.args["fields"][0]
    source, taken = context.alias(), set[str]()
    rows: list[str] = []
    types: list[Type | None] = [None] * len(names)
    labels: list[str | int] = []
    for option in condition.expressions:
        columns_node = option.this if isinstance(option, exp.PivotAlias) else option
        cells = columns_node.expressions if isinstance(columns_node, exp.Tuple) else [columns_node.unnest()]
        if len(cells) != len(names):
            raise context.fail("The number of new columns introduced as value columns must be the same as the number of"
                               " columns in the column groups of UNPIVOT IN clause", columns_node)  # fmt: skip
        parts = []
        for i, cell in enumerate(cells):
            found = kinds.get(cell.name.lower())
            if found is None:
                raise context.fail(f"Unrecognized name: {cell.name}", cell)
            if types[i] not in (None, found[1]):
                raise context.fail(
                    f"The datatype of column does not match with other datatypes in the IN clause. Expected {types[i]},"
                    f" Found {found[1]}", cell
                )  # fmt: skip
            types[i] = found[1]
            taken.add(found[0].lower())
            parts.append(f"v{i} := {quoted(source)}.{quoted(found[0])}")
        label = _unpivot_label(option, cells)
        labels.append(label)
        parts.append(f"n := {text(label) if isinstance(label, str) else f'CAST({label} AS BIGINT)'}")
        rows.append(f"struct_pack({', '.join(parts)})")
    if len({type(label) for label in labels}) > 1:
        raise context.fail("UNPIVOT labels must all be STRING or all be INT64", condition)
    kept = [(n, t) for n, t in query.columns if n.lower() not in taken]
    columns = [*kept, *((n, t or INT64) for n, t in zip(names, types, strict=True)),
               (condition.this.name, STRING if isinstance(labels[0], str) else INT64)]  # fmt: skip
    inner = ", ".join([*(f"{quoted(source)}.{quoted(n)}" for n, _ in kept), f"unnest([{', '.join(rows)}]) AS _u"])
    shown = [*(quoted(n) for n, _ in kept), *(f"_u.v{i} AS {quoted(n)}" for i, n in enumerate(names)),
             f"_u.n AS {quoted(condition.this.name)}"]  # fmt: skip
    sql = f"SELECT {', '.join(shown)} FROM (SELECT {inner} FROM ({query.sql}) AS {quoted(source)})"
    if not node.args.get("include_nulls"):
        sql += " WHERE " + " OR ".join(f"_u.v{i} IS NOT NULL" for i in range(len(names)))
    return Query(sql, columns, needs=query.needs)


def _unpivot_label(option: exp.Expression, cells: list[exp.Expression]) -> str | int:
    if isinstance(option, exp.PivotAlias):
        alias = option.args["alias"]
        if isinstance(alias, exp.Literal) and not alias.is_string:
            return int(alias.this)
        return _label(alias)
    return "_".join(c.name for c in cells)
