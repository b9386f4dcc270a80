"""Fingerprints of rows: the same facts give the same one, whenever and by whomever they were written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any


def of_row(row: Mapping[str, Any], without: frozenset[str] = frozenset()) -> str:
    """16 hex digits over the columns of `row` but those in `without` (times of writing, say)."""
    facts = {name: value for name, value in row.items() if name not in without}
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def of_rows(hashes: Iterable[str]) -> str:
    """16 hex digits over the fingerprints of rows, in any order; "" for none."""
    ordered = sorted(hashes)
    return hashlib.sha256("\n".join(ordered).encode()).hexdigest()[:16] if ordered else ""
