"""INFORMATION_SCHEMA: views of the catalog itself."""

from __future__ import annotations

from collections.abc import Sequence

from fakes.bigquery.catalog import Catalog
from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.scope import Source


def is_view(parts: Sequence[str]) -> bool:
    """Whether a table name means an INFORMATION_SCHEMA view."""
    return any(p.upper().split(".")[0] == "INFORMATION_SCHEMA" for p in parts)


def source(catalog: Catalog, parts: Sequence[str], project: str, dataset: str) -> Source:
    """The view as a source."""
    raise Unsupported(".".join(parts))
