"""Lets a server load the vendor's message types without the vendor's clients.

The packages that hold the messages of Google's services import, when they are loaded, every client, transport and
retry policy beside them: a second of processor time that a server never uses. It must not know what the messages are
for.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

CLIENT_PACKAGES = ("google.pubsub_v1", "google.cloud.firestore_v1", "google.cloud.logging_v2")
"""Packages of which the emulators use the part `types` only."""


def without_clients() -> None:
    """Put bare packages in the place of those that are not loaded yet.

    Their parts can be imported one by one; whoever asks one for anything else has it loaded whole at that moment.
    """
    for name in CLIENT_PACKAGES:
        if name not in sys.modules:
            _make_bare(name)


def _make_bare(name: str) -> None:
    parent_name, _, leaf = name.rpartition(".")
    parent = import_module(parent_name)
    spec = PathFinder.find_spec(name, parent.__path__)
    if spec is None or spec.submodule_search_locations is None:
        return  # not installed: whoever needs it will say so
    bare = ModuleType(name)
    bare.__path__ = list(spec.submodule_search_locations)
    bare.__spec__ = spec
    bare.__file__ = spec.origin

    def load_whole(attribute: str) -> Any:
        if attribute.startswith("__") or spec.loader is None or "__getattr__" not in vars(bare):
            raise AttributeError(f"module {name!r} has no attribute {attribute!r}")
        del bare.__getattr__
        spec.loader.exec_module(bare)
        return getattr(bare, attribute)

    vars(bare)["__getattr__"] = load_whole
    sys.modules[name] = bare
    setattr(parent, leaf, bare)
