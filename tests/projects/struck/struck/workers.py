"""What runs in the world: every write under every name, one after the other."""

import logging
import os
import time

from struck.writes import ONLY_IN_SIM, WRITES, words

log = logging.getLogger("struck")


def strike_all() -> None:
    for service, (write, look) in {**WRITES, **ONLY_IN_SIM}.items():
        for case in os.environ["CASES"].split(","):
            name = f"{case}{service}"
            began_s = time.monotonic()
            saw = "nothing wrong"
            try:
                write(name)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what the caller was told
                saw = words(error)
            took_s = round(time.monotonic() - began_s)
            fields = {
                "service": service,
                "case": case,
                "saw": saw,
                "took_s": took_s,
                "there": look(name) if look else None,
            }
            log.info("struck", extra={"mark": "struck", "fields": fields})
    time.sleep(36_000)


kept: set[str] = set()


def shop(environ, start_response):
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] == "POST":
        kept.add(path)
    body = b'{"there": true}' if path in kept else b'{"there": false}'
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
