"""Parquet and Avro files as records with a schema."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from fakes.bigquery.errors import Unsupported


def read(kind: str, files: Sequence[tuple[str, bytes]]) -> tuple[Iterator[tuple[str, Any]], list[dict[str, Any]]]:
    """(records, REST schema) of files of one kind."""
    raise Unsupported(f"load jobs from {kind}")


__all__ = ["io", "read"]
