"""The real google-cloud-logging client, with its background thread, on the simulated channel."""

import logging
import time
from typing import Any

from fakes.seam import GrpcMethod
from tests.harness.sim.simulated import simulated

HOST = "logging.googleapis.com"
SERVICE = "/google.logging.v2.LoggingServiceV2/"


class Logs:
    """Keeps what is written: (virtual second of the call, texts in it)."""

    def __init__(self) -> None:
        self.batches: list[tuple[float, list[str]]] = []

    def methods(self) -> Any:
        return {SERVICE + "WriteLogEntries": GrpcMethod("unary_unary", self.write)}

    def write(self, raw: bytes, context: Any) -> bytes:
        from google.cloud.logging_v2 import types

        request = types.WriteLogEntriesRequest.deserialize(raw)
        texts = [entry.text_payload or dict(entry.json_payload or {}).get("message") for entry in request.entries]
        # The client's first call carries an entry about itself (`logging.googleapis.com/diagnostic`).
        texts = [text for text in texts if text]
        self.batches.append((round(time.monotonic(), 1), texts))
        serialised: bytes = types.WriteLogEntriesResponse.serialize(types.WriteLogEntriesResponse())
        return serialised


def world() -> tuple[Logs, Any]:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import logging as cloud_logging

    from harness.sim.rpc.install import install

    logs = Logs()
    install({HOST: logs.methods()}.get, lambda: "client#0")
    return logs, cloud_logging.Client(project="nba-props-platform", credentials=AnonymousCredentials())


@simulated
def test_an_entry_is_written_when_it_is_logged() -> None:
    logs, client = world()
    client.logger("scraper").log_text("started")
    assert [texts for _, texts in logs.batches] == [["started"]]


@simulated
def test_the_handlers_background_thread_sends_in_virtual_time() -> None:
    from google.cloud.logging.handlers import CloudLoggingHandler

    logs, client = world()
    handler = CloudLoggingHandler(client, name="scraper")
    logger = logging.getLogger("scraper")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    for number in range(25):
        logger.info("row %d", number)
        time.sleep(0.1)
    time.sleep(10)
    assert [text for _, texts in logs.batches for text in texts] == [f"row {number}" for number in range(25)]
    assert len(logs.batches) > 2
