"""Finds packages that have the name of one of ours: whoever comes first on the import path hides the other.

It is asked before a command is loaded, and so must not load anything of ours that is heavy.
"""

from __future__ import annotations

from pathlib import Path

import harness
from harness.cli.exits import InputError

OUR_PACKAGES = ("harness", "fakes", "reports")
OUR_ROOT = Path(harness.__file__).resolve().parent.parent


def refuse_shadows(paths: list[Path]) -> None:
    """Raise `InputError` where a module on `paths` has the name of one of our packages and is imported instead of it,
    or would be by the user's code.
    """
    for path in paths:
        if path.resolve() == OUR_ROOT:
            continue
        for name in OUR_PACKAGES:
            theirs = next(
                (found for found in (path / name / "__init__.py", path / f"{name}.py") if found.is_file()), None
            )
            if theirs is not None and not _is_ours(theirs, name):
                raise InputError(
                    f"{theirs} has the name of Windtunnel's own package {name!r} and hides it (or is hidden by it); "
                    f"rename yours, or take {path} off the import path ([tool.windtunnel] pythonpath, PYTHONPATH)"
                )


def _is_ours(found: Path, name: str) -> bool:
    return found.resolve() == OUR_ROOT / name / "__init__.py"
