"""Cloud Logging seen through the vendor's own client."""

import datetime
import logging

import grpc
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import logging as cloud_logging
from google.cloud.logging.handlers import CloudLoggingHandler
from google.cloud.logging.handlers.transports import SyncTransport
from google.cloud.logging_v2 import types
from google.cloud.logging_v2._gapic import _LoggingAPI
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport

from fakes.logging import create
from fakes.seam import Refuse, Ruling
from fakes.wire.grpc_server import GrpcServer
from fakes.wire.surroundings import RealSurroundings

PROJECT = "nba-props-platform"


@pytest.fixture
def served():
    rulings = []
    around = RealSurroundings("logging", rule=lambda call: rulings.pop() if rulings else Ruling())
    backend = create(around)
    server = GrpcServer([backend])
    channel = grpc.insecure_channel(server.address)
    generated = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
    client = cloud_logging.Client(project=PROJECT, credentials=AnonymousCredentials(), _use_grpc=True)
    # The hand-written client makes its own secure channel and reads no emulator variable.
    client._logging_api = _LoggingAPI(generated, client)
    yield client, generated, rulings
    channel.close()
    backend.close()
    server.close()
    around.close()


def test_what_a_logger_writes_is_found_by_severity_payload_and_label(served):
    client, _, _ = served
    log = client.logger("phase3")
    log.log_text("plain", severity="INFO")
    log.log_struct({"message": "Quota exceeded", "rows": 12}, severity="ERROR", labels={"processor": "PGS"})
    log.log_struct({"message": "late"}, severity="WARNING")
    found = list(client.list_entries(filter_='severity>=ERROR jsonPayload.message:quota labels.processor="PGS"'))
    assert [entry.payload for entry in found] == [{"message": "Quota exceeded", "rows": 12.0}]
    # The client also writes an entry about itself.
    ours = '-jsonPayload."logging.googleapis.com/diagnostic":*'
    by_time = client.list_entries(filter_=ours, order_by=cloud_logging.DESCENDING, page_size=2)
    assert [entry.severity for entry in by_time] == ["WARNING", "ERROR", "INFO"]


def test_the_project_is_a_label_of_every_resource(served):
    logger = served[0].logger("runs")
    resource = cloud_logging.Resource(type="cloud_run_revision", labels={"service_name": "phase3"})
    logger.log_text("hello", resource=resource)
    [entry] = logger.list_entries(filter_='textPayload="hello"')
    assert entry.resource.labels == {"service_name": "phase3", "project_id": PROJECT}


def test_the_standard_librarys_handler_reaches_it(served):
    client, _, _ = served
    handler = CloudLoggingHandler(client, name="pipeline", transport=SyncTransport)
    logger = logging.getLogger("test-of-cloud-logging")
    logger.addHandler(handler)
    logger.propagate = False
    logger.error("merge failed", extra={"json_fields": {"table": "player_game_summary"}})
    logger.removeHandler(handler)
    [entry] = client.list_entries(filter_="jsonPayload.table=player_game_summary")
    assert (entry.severity, entry.payload["message"]) == ("ERROR", "merge failed")


def test_the_same_insert_id_at_the_same_time_is_one_entry(served):
    client, generated, _ = served
    entry = types.LogEntry(
        log_name=f"projects/{PROJECT}/logs/a",
        insert_id="one",
        timestamp=datetime.datetime.now(datetime.UTC),
        text_payload="x",
        resource={"type": "global"},
    )
    for _ in range(3):
        generated.write_log_entries(entries=[entry])
    assert len(list(client.list_entries())) == 1


def test_a_bad_entry_fails_the_batch_unless_partial_success_is_asked_for(served):
    client, generated, _ = served
    good = types.LogEntry(log_name=f"projects/{PROJECT}/logs/a", text_payload="good")
    bad = types.LogEntry(log_name=f"projects/{PROJECT}/logs/a", text_payload="x" * 300_000)
    with pytest.raises(exceptions.InvalidArgument, match="262,144"):
        generated.write_log_entries(entries=[good, bad])
    assert list(client.list_entries()) == []
    with pytest.raises(exceptions.InvalidArgument):
        generated.write_log_entries(types.WriteLogEntriesRequest(entries=[good, bad], partial_success=True))
    assert [entry.payload for entry in client.list_entries()] == ["good"]


def test_logs_are_listed_and_deleted(served):
    client, generated, _ = served
    for name in ("b", "a"):
        client.logger(name).log_text("x")
    assert [name.rsplit("/", 1)[1] for name in generated.list_logs(parent=f"projects/{PROJECT}")] == ["a", "b"]
    client.logger("a").delete()
    with pytest.raises(exceptions.NotFound):
        client.logger("a").delete()


def test_an_illegal_filter_is_an_invalid_argument(served):
    client, _, _ = served
    with pytest.raises(exceptions.InvalidArgument, match="Unparseable filter"):
        list(client.list_entries(filter_="severity>="))


def test_a_fault_reaches_the_writer(served):
    client, _, rulings = served
    rulings.append(Ruling(Refuse(403), "no-logging"))
    with pytest.raises(exceptions.PermissionDenied):
        client.logger("a").log_text("x")


def test_a_bad_option_is_refused():
    with pytest.raises(ValueError, match="retention_days"):
        create(RealSurroundings("logging"), limits={"days": 1})
