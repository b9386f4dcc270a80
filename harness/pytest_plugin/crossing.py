"""What crosses between worker and child: values of outside fixtures one way, warnings the other.

A fixture is made inside the simulation, anew for each test, unless it is named as `outside`: then it is made once in
the worker, real clock and real network and all, and its value crosses by pickling. It must not know how tests are run.
"""

from __future__ import annotations

import base64
import builtins
import importlib
import pickle
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

REMEDY = (
    "make it inside the simulation (take it off 'outside'; every fixture is made there otherwise), or let it give "
    "something that can be pickled, such as a path or plain data"
)


def _definition(item: Any, name: str) -> Any:
    definitions = item._fixtureinfo.name2fixturedefs.get(name)
    return definitions[-1] if definitions else None


def evaluate(item: Any, names: Sequence[str]) -> dict[str, str]:
    """Make the fixtures `names` that `item` uses, here and now, and pack their values.

    Fails the test, naming fixture and remedy, for a fixture of function scope or a value that cannot be pickled.
    """
    packed: dict[str, str] = {}
    for name in names:
        definition = _definition(item, name)
        if definition is None:
            continue
        if definition.scope == "function":
            raise pytest.UsageError(
                f"fixture {name!r} is named as 'outside' but has function scope: it would be made anew for each test "
                "anyway. Remedy: give it scope='session' or 'module', or take it off 'outside'"
            )
        value = item._request.getfixturevalue(name)
        try:
            packed[name] = base64.b64encode(pickle.dumps(value)).decode()
            pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes: some things pickle that cannot be unpickled
        except Exception as error:
            raise pytest.UsageError(
                f"fixture {name!r} cannot cross into the simulation: its value, {type(value).__module__}."
                f"{type(value).__qualname__}, cannot be pickled ({error}). Remedy: {REMEDY}"
            ) from error
    return packed


def replace(item: Any, packed: Mapping[str, str]) -> None:
    """Let the fixtures of `item` that were made outside give the values that came; for a forked child."""
    for name, text in packed.items():
        definition = _definition(item, name)
        value = pickle.loads(base64.b64decode(text))  # noqa: S301 - the worker's own bytes
        definition.func = _giver(value)
        definition.argnames = ()


def _giver(value: Any) -> Any:
    def give() -> Any:
        return value

    return give


def revive(config: pytest.Config, data: Mapping[str, Any]) -> Any:
    """A report out of what JSON made of it: tuples, which others insist on, come out of JSON as lists."""
    report = config.hook.pytest_report_from_serializable(config=config, data=dict(data))
    for name in ("longrepr", "location"):
        if isinstance(getattr(report, name, None), list):
            setattr(report, name, tuple(getattr(report, name)))
    for name in ("sections", "user_properties"):
        setattr(report, name, [tuple(pair) for pair in getattr(report, name)])
    return report


def pack_warning(message: warnings.WarningMessage, when: str, nodeid: str, location: Any) -> dict[str, Any]:
    """A warning as plain values."""
    category = message.category
    return {
        "module": category.__module__,
        "category": category.__qualname__,
        "text": str(message.message),
        "filename": message.filename,
        "lineno": message.lineno,
        "when": when,
        "nodeid": nodeid,
        "location": location,
    }


def unpack_warning(packed: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the hook `pytest_warning_recorded` that `pack_warning` was given."""
    try:
        category = getattr(importlib.import_module(packed["module"]), packed["category"])
    except (ImportError, AttributeError):
        category = builtins.UserWarning
    try:
        text: Any = category(packed["text"])
    except TypeError:  # a category that wants other arguments
        text, category = UserWarning(packed["text"]), UserWarning
    message = warnings.WarningMessage(text, category, packed["filename"], packed["lineno"])
    location = tuple(packed["location"]) if packed["location"] else None
    return {"warning_message": message, "when": packed["when"], "nodeid": packed["nodeid"], "location": location}
