"""The progress bar is for people at a terminal, and only for them."""

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import time
from harness.cli.progress import progress_bar
from harness.request import Progress
with progress_bar(["as-was", "fixed"], wanted=True) as tell:
    tell(Progress("as-was", 3600 * 10**9, 7200 * 10**9, 5))
"""


def shown_on(descriptor):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT],
        stderr=descriptor,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        check=True,
    )


def test_a_terminal_shows_how_far_each_world_is():
    ours, theirs = pty.openpty()
    shown_on(theirs)
    os.close(theirs)
    text = os.read(ours, 65536).decode()
    os.close(ours)
    assert "as-was" in text
    assert "50%" in text


def test_a_pipe_shows_nothing(tmp_path):
    with (tmp_path / "err").open("wb") as file:
        shown_on(file)
    assert (tmp_path / "err").read_bytes() == b""
