"""The zygote of the replays in which the libraries are loaded before the kernel; `simulated.py` starts it."""

import importlib
import sys

from harness.sim import server

if __name__ == "__main__":
    for name in sys.argv[3:]:
        importlib.import_module(name)
    server.PRELOADED = ()
    server.main()
