"""Default values of columns, for rows that arrive without them by insertAll or a load job.

https://cloud.google.com/bigquery/docs/default-values. Statements apply defaults themselves. Knows tables and queries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakes.bigquery.sql import moments

if TYPE_CHECKING:
    from fakes.bigquery.catalog import Table
    from fakes.bigquery.service import Service


def values_of(service: Service, table: Table) -> dict[str, Any]:
    """The default of each column that has one, by its name, evaluated now; TIMESTAMPs as datetimes in UTC."""
    given = {f["name"]: f["defaultValueExpression"] for f in table.schema if f.get("defaultValueExpression")}
    if not given:
        return {}
    from fakes.bigquery.environment import Environment

    queries = service.queries
    environment = Environment(queries, table.id[0], table.id[1], {}, {})
    kinds = dict(table.columns)
    items = ", ".join(f"CAST({text} AS {kinds[name].sql})" for name, text in given.items())
    result = queries.rows(environment.plan(f"SELECT {items}"), environment, environment.now_ns)
    return {
        name: moments.at(value) if kinds[name].kind == "TIMESTAMP" and isinstance(value, int) else value
        for name, value in zip(given, result.rows[0], strict=True)
    }
