"""Tries every body, and what only virtual time can try."""

import logging
import os
import smtplib
import time
import traceback

import redis

from mounts.bodies import BODIES

log = logging.getLogger("mounts")


def mark(name: str, **fields: object) -> None:
    log.info("%s", name, extra={"mark": name, "fields": fields})


def a_key_expires_to_the_second() -> None:
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.set("hour", 1, ex=3600)
    time.sleep(3599)
    assert client.ttl("hour") == 1
    time.sleep(1.1)
    assert client.get("hour") is None


def mail_goes_over_an_upgraded_connection() -> None:
    with smtplib.SMTP(os.environ["SMTP_HOST"], 587) as server:
        server.starttls()
        server.login("user", "password")
        server.sendmail("me@here.example", "tls@there.example", "Subject: over TLS\n\n")


def try_all() -> None:
    for body in (*BODIES.values(), a_key_expires_to_the_second, mail_goes_over_an_upgraded_connection):
        try:
            body()
        except Exception:  # noqa: BLE001 - whatever a body raises is what the test wants to know
            mark("tried", body=body.__name__, problem=traceback.format_exc())
        else:
            mark("tried", body=body.__name__, problem="")
    time.sleep(7200)
