"""Helper functions written in Python: name → (parameter types, result type, function).

For what DuckDB cannot say exactly: text of dates and numbers, JSON, FORMAT, hashes. Each gets plain values, NULL in
gives NULL out unless marked, and a ValueError becomes the service's error with the same message.
"""

from __future__ import annotations

from fakes.bigquery.sql import (
    bytes_functions,
    format_elements,
    formats,
    json_functions,
    network_functions,
    number_functions,
    text_functions,
    time_functions,
)
from fakes.bigquery.sql.native import Native

NATIVES: dict[str, Native] = {
    **number_functions.NATIVES, **time_functions.NATIVES, **json_functions.NATIVES, **text_functions.NATIVES,
    **network_functions.NATIVES, **bytes_functions.NATIVES,
    **format_elements.NATIVES, **formats.NATIVES,
}  # fmt: skip
"""Every helper in Python."""
