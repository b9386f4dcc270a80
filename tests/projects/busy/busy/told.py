"""What the programs say: that they began, that a `finally` ran, that they finished."""

import contextlib
import logging

_log = logging.getLogger("busy")


@contextlib.contextmanager
def cleaning_up(name):
    try:
        yield
    finally:
        _log.info("cleanup", extra={"mark": "cleanup", "fields": {"of": name}})


def finished(**fields):
    _log.info("finished", extra={"mark": "finished", "fields": fields})
