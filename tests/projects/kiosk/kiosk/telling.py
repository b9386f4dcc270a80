"""Says what happened, with the time since the process began."""

import logging
import time

log = logging.getLogger("kiosk")


def tell(name, **fields):
    log.info(name, extra={"mark": name, "fields": fields})


def timed(ask):
    """What `ask()` gives, and how long it took."""
    began = time.monotonic()
    given = ask()
    return given, round(time.monotonic() - began, 3)
