"""Loads rows, and tries again when the warehouse is busy."""

import logging
import random
import time

from google.api_core.exceptions import ServiceUnavailable
from google.cloud import bigquery

log = logging.getLogger(__name__)
TABLE = "takings.day.sales"
LOADS = 0


def load(rows, attempts=4):
    global LOADS
    LOADS += 1
    client = bigquery.Client(project="takings")
    for attempt in range(attempts):
        try:
            job = client.query(
                f"INSERT INTO `{TABLE}` (shop, amount) VALUES "
                + ", ".join(f"('{shop}', {amount})" for shop, amount in rows),
                retry=None,
                job_retry=None,
            )
            job.result(retry=None)
        except ServiceUnavailable:
            log.warning("busy, attempt %d", attempt + 1)
            time.sleep(60 * 2**attempt * random.uniform(0.9, 1.1))
            continue
        log.info("loaded", extra={"mark": "loaded", "fields": {"rows": len(rows), "attempt": attempt + 1}})
        return attempt + 1
    raise RuntimeError(f"gave up after {attempts} attempts")


def total():
    client = bigquery.Client(project="takings")
    return next(iter(client.query(f"SELECT SUM(amount) AS total FROM `{TABLE}`").result())).total
