"""Programs that run until they return."""

import logging
import os
import socket
import time

log = logging.getLogger(__name__)
LOOPS = 0


def spin():
    deadline = time.monotonic() + 3600
    while time.monotonic() < deadline:
        pass


def count():
    global LOOPS
    try:
        while True:
            LOOPS += 1
            log.info(
                "loop",
                extra={"mark": "loop", "fields": {"n": LOOPS, "host": socket.gethostname(), "pid": os.getpid()}},
            )
            time.sleep(10)
    finally:
        log.info("never", extra={"mark": "cleanup", "fields": {}})
