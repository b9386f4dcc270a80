"""What `windtunnel new` writes: files to start from, which run as they stand. It must not know where they go."""

from __future__ import annotations

SETTINGS = """\
[tool.windtunnel]
scenarios = ["scenarios"]
"""

SCENARIO = """\
# docs/scenarios.md describes every key. `windtunnel explain {name}` says what this comes to.
title: {title}
owner: ""
tags: []
start: 2026-01-16T00:00:00Z   # the virtual time of day at which the run begins, with its zone
span: 2h                      # durations have units: 90s, 15m, 36h, 7d
seed: 1

worlds:
  fixed:
    build: worlds:build       # module:function of yours, called with a Tunnel

faults:
  - id: bigquery-unavailable
    call: {{service: bigquery, method: "jobs.*"}}
    refuse: 503
    from: 30m
    for: 10m

checks:
  - attempts-bounded: {{at_most: 10, within: 1h}}
  - no-lost-message: {{deadline: 1h}}
"""

WORLD = """\
\"\"\"What this project's scenarios run in (docs/worlds.md), and a job to put your own code in the place of.\"\"\"

import logging

log = logging.getLogger(__name__)


def build(tunnel):
    \"\"\"Only declares; all of it then runs in virtual time, before emulators that misbehave as a scenario says.\"\"\"
    tunnel.backend("bigquery", project="my-project")
    tunnel.topology({"datasets": {"shop": {"tables": {"orders": {"schema": [{"name": "number", "type": "INT64"}]}}}}})
    tunnel.worker("job", main="worlds:job")  # yours: main="package.module:function"
    # An app as on Cloud Run (WSGI or ASGI), and what calls it:
    # tunnel.service("orders", app="package.module:app", max_instances=10, env={"STAGE": "sim"})
    # tunnel.schedule("nightly", cron="30 6 * * *", zone="America/New_York", post="orders/process", body={})


def job():
    \"\"\"Ten batches of ten orders into BigQuery: correct, until it dies half way and is started again.\"\"\"
    from google.cloud import bigquery

    client = bigquery.Client(project="my-project")
    done = set()  # the remedy: {row.number for row in client.query("SELECT number FROM shop.orders").result()}
    for first in range(0, 100, 10):
        numbers = [number for number in range(first, first + 10) if number not in done]
        if not numbers:
            continue
        values = ", ".join(f"({number})" for number in numbers)
        client.query(f"INSERT INTO shop.orders (number) VALUES {values}").result()
        for number in numbers:  # what only your code knows, it tells the history by logging
            log.info("written", extra={"mark": "written", "fields": {"order": number}})
"""

FIRST = """\
# docs/scenarios.md describes every key. `windtunnel explain first` says what this comes to, `windtunnel run first`
# tries it: the run fails, for a reason that worlds.py has the remedy of. Then put your own code in the world.
title: A job while BigQuery refuses and loses, and the job is killed half way
start: 2026-01-16T00:00:00Z
span: 1h
seed: 1

worlds: {now: "worlds:build"}

faults:
  - id: busy
    call: {service: bigquery, method: "jobs.get*"}
    refuse: 503
    probability: 0.3
  - id: answer-lost
    call: {service: bigquery, method: jobs.insert}
    lose_reply: 503
    skip: 1
    count: 1
  - id: killed
    call: {service: bigquery, method: jobs.insert}
    crash: {process: job}
    skip: 6
    count: 1

checks:
  - mark-seen: {mark: written, at_least: 100}
  - no-duplicates: {mark: written, by: [order]}
  - calls <= 200
"""
