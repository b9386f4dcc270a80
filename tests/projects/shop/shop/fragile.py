"""A service with a breaker in its container's memory, as the pipeline of 16 January had (fact 3)."""

import logging

log = logging.getLogger(__name__)
FAILURES = 0
THRESHOLD = 5


def create_app():
    def app(environ, start_response):
        global FAILURES
        if FAILURES >= THRESHOLD:
            log.info("open", extra={"mark": "attempt", "fields": {"processor": "f", "key": "k", "status": "skipped"}})
        else:
            FAILURES += 1
            log.info("run", extra={"mark": "attempt", "fields": {"processor": "f", "key": "k", "status": "failed"}})
        start_response("500 Internal Server Error", [("Content-Length", "0")])
        return [b""]

    return app
