"""Wildcard tables: `dataset.prefix*` as one source with `_TABLE_SUFFIX`."""

from __future__ import annotations

from fakes.bigquery.catalog import Catalog
from fakes.bigquery.errors import invalid_query
from fakes.bigquery.sql.casts import text
from fakes.bigquery.sql.scope import Source, TableId
from fakes.bigquery.sql.types import STRING, quoted


def source(catalog: Catalog, id: TableId) -> Source:
    """All tables whose names begin so, with the schema of the one made last; raises where there is none."""
    dataset = catalog.dataset(id[0], id[1], sql=True)
    prefix = id[2][:-1]
    tables = [t for n, t in sorted(dataset.tables.items()) if n.startswith(prefix) and t.stored]
    if not tables:
        raise invalid_query(f"{id[0]}:{id[1]}.{id[2]} does not match any table.")
    newest = max(tables, key=lambda t: (t.created_ms, t.version))
    parts = []
    for table in tables:
        own = {n.lower(): n for n, _ in table.columns}
        cells = [
            f"CAST({quoted(own[n.lower()])} AS {t.duck}) AS {quoted(n)}"
            if n.lower() in own
            else f"CAST(NULL AS {t.duck}) AS {quoted(n)}"
            for n, t in newest.columns
        ]
        suffix = text(table.id[2][len(prefix) :])
        parts.append(f'SELECT {", ".join(cells)}, {suffix} AS "_TABLE_SUFFIX" FROM {table.sql}')
    return Source(
        id,
        newest.columns,
        sql="(" + " UNION ALL ".join(parts) + ")",
        hidden=[("_TABLE_SUFFIX", STRING, '{alias}."_TABLE_SUFFIX"')],
        wildcard=True,
        version=catalog.generation,
    )
