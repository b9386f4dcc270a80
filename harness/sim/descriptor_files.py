"""Files over simulated descriptors: `open(fd)` and `os.fdopen`.

This module exists because the interpreter's own file objects call read(2) in C, where a simulated descriptor is none.
It must not know what a descriptor leads to: it reads and writes with `os`.
"""

from __future__ import annotations

import io
import os
from typing import Any

from harness.sim.descriptors import FIRST_FD, TABLE
from harness.sim.repoint import repoint

_MODES = {"r", "w", "a", "x"}


class DescriptorFile(io.RawIOBase):
    """What `io.FileIO` is for a real descriptor; `closefd` says whether closing it closes `fd`. Raises EBADF."""

    def __init__(self, fd: int, mode: str, *, closefd: bool) -> None:
        TABLE.get(fd)
        self.name = fd
        self.mode = mode
        self._closefd = closefd

    def fileno(self) -> int:
        """The descriptor."""
        self._check()
        return self.name

    def readable(self) -> bool:
        """Whether it was opened to be read."""
        self._check()
        return "r" in self.mode or "+" in self.mode

    def writable(self) -> bool:
        """Whether it was opened to be written."""
        self._check()
        return "r" not in self.mode or "+" in self.mode

    def readinto(self, buffer: Any) -> int | None:
        """Read what there is, waiting for the first byte; None where a non-blocking one has nothing."""
        if not self.readable():
            raise io.UnsupportedOperation("File not open for reading")
        view = memoryview(buffer).cast("B")
        try:
            data = os.read(self.name, len(view))
        except BlockingIOError:
            return None
        view[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int | None:
        """Write what fits; None where a non-blocking one has no room."""
        if not self.writable():
            raise io.UnsupportedOperation("File not open for writing")
        try:
            return os.write(self.name, data)
        except BlockingIOError:
            return None

    def close(self) -> None:
        """Close the descriptor too, unless `closefd` was false."""
        if not self.closed:
            super().close()
            if self._closefd:
                os.close(self.name)

    def _check(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")


def install() -> None:
    """Let `open` take simulated descriptors too."""

    def either(file: Any, *args: Any, **kwargs: Any) -> Any:
        if type(file) is int and file >= FIRST_FD:
            return _open(file, *args, **kwargs)
        return real(file, *args, **kwargs)

    real = repoint(io.open, either)


def _open(
    fd: int,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: object = None,
) -> Any:
    """As the built-in `open`, whose parameters and errors these are; `opener` is for paths."""
    binary = "b" in mode
    letters = mode.replace("b", "").replace("t", "")
    if len(_MODES & set(letters)) != 1 or set(letters) - _MODES - {"+"} or ("t" in mode and binary):
        raise ValueError(f"invalid mode: {mode!r}")
    if binary and (encoding, errors, newline) != (None, None, None):
        raise ValueError("binary mode doesn't take an encoding, errors or newline argument")
    if buffering == 0 and not binary:
        raise ValueError("can't have unbuffered text I/O")
    raw = DescriptorFile(fd, letters, closefd=closefd)
    if buffering == 0:
        return raw
    if "+" in letters:
        raise io.UnsupportedOperation("File or stream is not seekable.")
    size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
    buffered = io.BufferedReader(raw, size) if letters == "r" else io.BufferedWriter(raw, size)
    if binary:
        return buffered
    text = io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)
    text.mode = mode  # type: ignore[misc]  # the built-in `open` sets it too
    return text
