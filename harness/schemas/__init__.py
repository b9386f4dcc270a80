"""The published formats as JSON Schema files, so that other languages can read what a run leaves behind.

This module only finds the files; it must not know what they describe.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema called `name` (`history-event`, `outcome`, `run`); FileNotFoundError for any other name."""
    text = resources.files(__name__).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
