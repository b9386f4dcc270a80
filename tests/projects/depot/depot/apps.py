"""What the services run: small apps that stand for the pipeline's, with the flaw that an incident is about."""

import json
import logging
import signal
import time

log = logging.getLogger("depot")


def mark(name, /, **fields):
    log.info(name, extra={"mark": name, "fields": fields})


def app(routes):
    """A WSGI app from path -> function of the body, which returns the status."""

    def serve(environ, start_response):
        handler = routes.get(environ["PATH_INFO"])
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status = handler(body) if handler else "404 Not Found"
        start_response(status, [("Content-Length", "0")])
        return [b""]

    return serve


def ok(body):
    return "200 OK"


def worker():
    return app({"/health": ok, "/work": ok})


def of_another_phase():
    """The wrong image: it is well, and knows none of the routes."""
    return app({"/health": ok, "/process-of-phase-3": ok})


def without_a_library():
    """The library is missed where it is used, so that the container starts and is well."""

    def work(body):
        import firestore_that_is_not_installed  # noqa: F401 - that it is not there is the point

        return "200 OK"

    return app({"/health": ok, "/work": work})


def without_a_library_at_start():
    import firestore_that_is_not_installed  # noqa: F401 - that it is not there is the point

    return worker()


def check(name, *, timeout_s):
    return f"{name} is well within {timeout_s} s"


def with_another_health_check():
    """The check's signature was changed and its caller was not."""

    def health(body):
        check("database", 5)
        return "200 OK"

    return app({"/health": health, "/work": ok})


def exporter():
    """Four exports one after the other; the second takes as long as it did once its crash was fixed."""

    def export(body):
        for name, seconds in (("results", 60), ("best-bets", 500), ("subsets", 60), ("tonight", 60)):
            time.sleep(seconds)
            mark("exported", name=name)
        return "200 OK"

    return app({"/": export})


def predictor():
    """Collects a whole batch before it writes any of it, and says what that takes: 12 KiB a prediction."""

    def batch(body):
        asked = json.loads(body)["predictions"]
        held = []
        for start in range(0, asked, 1_000):
            time.sleep(1)
            held.extend(range(start, min(asked, start + 1_000)))
            log.info("holds", extra={"memory_mib": 200 + len(held) * 12 / 1024})
        mark("written", predictions=len(held))
        return "200 OK"

    return app({"/batch": batch})


def graceful():
    """Says that it was asked to go, and takes its time."""

    def on_term(number, frame):
        mark("asked to go")

    signal.signal(signal.SIGTERM, on_term)
    return app({"/work": lambda body: (time.sleep(60), "200 OK")[1]})


def flushing(seconds=3):
    """Flushes when it ends."""
    import atexit

    atexit.register(lambda: (time.sleep(seconds), mark("flushed")))
    return app({})


def exiting():
    """As `flushing`, and ends itself when it is asked to go."""

    def on_term(number, frame):
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, on_term)
    return flushing()


def dawdling():
    """Flushes for longer than anybody waits."""
    return flushing(60)


def beating():
    """A thread that beats every ten seconds, as a heartbeat does."""
    import threading

    def beat():
        while True:
            mark("beat")
            time.sleep(10)

    threading.Thread(target=beat, daemon=True).start()
    return app({"/work": lambda body: (time.sleep(60), "200 OK")[1]})
