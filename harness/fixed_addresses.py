"""Becomes another program whose memory lies where it always does: `python -I -S fixed_addresses.py COMMAND…`.

This module exists because the system's layout of memory is chosen at exec, and the process that starts a zygote must
not set it between fork and exec: that takes a fork with all its handlers, and gRPC's abort a child forked while its
channels are busy, as they may be in anybody's test run. It runs as a script, before the interpreter that matters has
begun, and must import nothing of ours.
"""

import ctypes
import os
import platform
import sys

ADDR_NO_RANDOMIZE = 0x0040000
"""`personality(2)`: the same addresses in every replay, for hashes that are addresses. Best effort: containers may
refuse it, and nothing may depend on it."""

if __name__ == "__main__":
    if platform.system() == "Linux":
        ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE)
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - no shell is wanted: the command is the harness's own
