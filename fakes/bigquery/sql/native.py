"""What a helper function written in Python is to DuckDB: its types and whether it wants to see NULLs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TEXT, BIGINT, DOUBLE, BOOL, NUMERIC, BLOB = "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DECIMAL(38,9)", "BLOB"
BIGNUMERIC = "DECIMAL(38,18)"
NUMERICS, BIGNUMERICS = "DECIMAL(38,9)[]", "DECIMAL(38,18)[]"
TEXTS, BIGINTS, DOUBLES, BOOLS, BLOBS = "VARCHAR[]", "BIGINT[]", "DOUBLE[]", "BOOLEAN[]", "BLOB[]"


@dataclass(frozen=True, slots=True)
class Native:
    """A Python function for DuckDB. `nulls` means that it wants to see NULLs itself."""

    parameters: tuple[str, ...]
    result: str
    call: Callable[..., Any]
    nulls: bool = False
