"""What is under test: the commit of the user's repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

NO_COMMIT = "no commit"


def current(root: Path) -> str:
    """The commit checked out in `root`, 12 digits, with `+dirty` where tracked files differ from it.

    Files that git does not know make no difference: the runs themselves may be among them. `NO_COMMIT` outside a
    repository.
    """
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return NO_COMMIT
    return f"{commit}+dirty" if _git(root, "status", "--porcelain", "--untracked-files=no") else commit


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
