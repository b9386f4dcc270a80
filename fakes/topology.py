"""A topology file, read alike by every back end, so that who misspells it is told the place and the remedy.

The form is in docs/architecture.md. This module must not know what becomes of a part: each back end creates its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


class TopologyError(ValueError):
    """A topology that cannot be created as it stands; says where it errs, with what value, and what may stand there."""


def named(declared: Any, where: str) -> dict[str, Mapping[str, Any]]:
    """What the part at `where` declares: name -> settings.

    It may be nothing, a list of names, or names with their settings (an empty YAML node has none). Raises
    `TopologyError` for anything else.
    """
    if declared is None:
        return {}
    if isinstance(declared, list | tuple) and all(isinstance(name, str) for name in declared):
        return {name: {} for name in declared}
    if not isinstance(declared, Mapping):
        raise TopologyError(
            f"topology {where} is {declared!r}; it must be a list of names, or names with their settings"
        )
    for name, settings in declared.items():
        if settings is not None and not isinstance(settings, Mapping):
            raise TopologyError(f"topology {where}.{name} is {settings!r}; it must be a mapping of settings, or empty")
    return {str(name): settings or {} for name, settings in declared.items()}


def known(config: Any, keys: Collection[str], where: str) -> Mapping[str, Any]:
    """The mapping at `where` empty where there is none; `TopologyError` for a key not of `keys`."""
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        raise TopologyError(f"topology {where} is {config!r}; it must be a mapping of {', '.join(sorted(keys))}")
    for key in config:
        if key not in keys:
            raise TopologyError(f"topology {where} has an unknown key {key!r}; it may have {', '.join(sorted(keys))}")
    return config
