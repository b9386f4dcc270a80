"""google-cloud-logging against the emulator: the background transport, its flush at exit, handlers, queries."""

import atexit
import logging
import time
from typing import Any

from fakes.seam import Refuse, Ruling
from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.emulated import emulated

ABOUT = Library("google-cloud-logging", loads=("google.cloud.logging", "google.cloud.logging.handlers"))


def logged(**options: Any) -> tuple[Any, Any, logging.Logger]:
    """The surroundings, the back end, and a logger whose records go there."""
    from google.cloud import logging as cloud_logging
    from google.cloud.logging.handlers import CloudLoggingHandler

    around, backend = emulated("logging")
    handler = CloudLoggingHandler(cloud_logging.Client(), name="scraper", **options)
    logger = logging.getLogger("scraper")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return around, backend, logger


def messages(backend: Any) -> list[Any]:
    """What has arrived of the logger's messages."""
    return [
        number
        for number in range(100)
        if backend.entries(f'textPayload="row {number}" OR jsonPayload.message="row {number}"')
    ]


@contract(ABOUT)
def test_the_background_thread_sends_batches_while_the_program_goes_on(trace: Trace) -> None:
    around, backend, logger = logged()
    for number in range(25):
        logger.info("row %d", number, extra={"json_fields": {"source": "espn"}})
        time.sleep(0.1)
    trace(len(messages(backend)))
    time.sleep(10)
    trace(len(messages(backend)), set(around.outcomes("WriteLogEntries")) == {"ok"})
    trace.expect((2.508, 25), (12.508, 25, True))


@contract(ABOUT)
def test_what_is_queued_is_flushed_as_the_program_exits(trace: Trace) -> None:
    _, backend, logger = logged()
    for number in range(5):
        logger.warning("row %d", number)
    trace(messages(backend))
    atexit._run_exitfuncs()
    trace(messages(backend))
    trace.expect((0.008, []), (0.014, list(range(5))))


@contract(ABOUT)
def test_the_synchronous_transport_sends_each_record_at_once(trace: Trace) -> None:
    from google.cloud.logging.handlers.transports import SyncTransport

    around, backend, logger = logged(transport=SyncTransport)
    around.rulings = [("WriteLogEntries", Ruling(Refuse(503), "f"))]
    for number in range(3):
        logger.error("row %d", number)
        trace(messages(backend))
    trace(len(around.outcomes("WriteLogEntries")))
    trace.expect((0.0427, [0]), (0.0437, [0, 1]), (0.0447, [0, 1, 2]), (0.0447, 4))


@contract(ABOUT)
def test_entries_of_every_kind_are_found_again_by_time_and_severity(trace: Trace) -> None:
    from google.cloud import logging as cloud_logging

    emulated("logging")
    client = cloud_logging.Client()
    logger = client.logger("audit")
    logger.log_text("started", severity="NOTICE")
    time.sleep(60)
    logger.log_struct({"rows": 7}, severity="ERROR", labels={"team": "data"})
    with logger.batch() as batch:
        batch.log_text("one")
        batch.log_text("two", severity="ERROR")
    trace([entry.payload for entry in client.list_entries(filter_="severity>=ERROR")])
    early = logger.list_entries(filter_='timestamp<"2026-01-16T00:01:00Z" severity=NOTICE')
    trace([entry.payload for entry in early])
    latest = next(iter(logger.list_entries(order_by="timestamp desc")))
    trace(latest.timestamp.isoformat(timespec="seconds"))
    trace.expect((60.021, [{"rows": 7.0}, "two"]), (60.026, ["started"]), (60.031, "2026-01-16T00:01:10+00:00"))


@contract(ABOUT)
def test_set_up_logging_sends_the_root_loggers_records(trace: Trace) -> None:
    from google.cloud import logging as cloud_logging

    _, backend = emulated("logging")
    client: Any = cloud_logging.Client()
    client.setup_logging(log_level=logging.INFO)
    logging.getLogger("anything").info("row 1")
    logging.getLogger().debug("row 2")
    time.sleep(10)
    trace(messages(backend))
    trace.expect((10.012, [1]))
