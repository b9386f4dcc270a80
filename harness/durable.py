"""Files that are there whole or not at all. It must not know what they hold."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader, or a crash half-way, sees the old file or the new one; raises OSError.

    The new file is written beside the old one and renamed over it, which POSIX makes atomic.
    """
    growing = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with growing.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        growing.replace(path)
    except BaseException:
        growing.unlink(missing_ok=True)
        raise
