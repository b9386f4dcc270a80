"""The vendor's client in virtual time, over its own secure channel: nothing of it is replaced."""

from typing import Any

from tests.harness.sim.around import Around
from tests.harness.sim.simulated import simulated

PROJECT = "nba-props-platform"


@simulated
def test_a_background_handler_delivers_and_the_monitor_finds_it_by_time() -> None:
    import logging
    import time

    from google.auth.credentials import AnonymousCredentials
    from google.cloud import logging as cloud_logging
    from google.cloud.logging.handlers import CloudLoggingHandler

    from fakes.logging import create
    from harness.sim.rpc.install import install

    backend = create(Around(), project=PROJECT)
    install(backend.grpc().get, lambda: "client#0")
    client: Any = cloud_logging.Client(project=PROJECT, credentials=AnonymousCredentials())
    logger = logging.getLogger("pipeline.heartbeat")
    logger.addHandler(CloudLoggingHandler(client, name="heartbeats"))
    logger.setLevel(logging.INFO)
    for minute in range(3):
        logger.info("alive", extra={"json_fields": {"processor": "PGS", "minute": minute}})
        time.sleep(60)
    found = client.list_entries(filter_='jsonPayload.processor=PGS timestamp>="2026-01-16T00:00:30Z"')
    assert [entry.payload["minute"] for entry in found] == [1, 2]
    assert len(backend.entries("jsonPayload.processor=PGS")) == 3
