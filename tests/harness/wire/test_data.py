"""What clients were told is done outlives `kill -9` of the server, whenever it comes."""

import contextlib
import json
import os
import random
import re
import signal
import smtplib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPIError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import LogEntry
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from redis import Redis, RedisError
from requests import RequestException, Session

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ("gcs", "pubsub", "firestore", "logging", "bigquery", "redis", "s3", "ses", "smtp")
KILLS = int(os.environ.get("WINDTUNNEL_KILLS", "2"))
"""How often the server is killed; more make a campaign of it."""

MOST_A_LIFE = 100
"""Writes of one kind at most: lists come in pages, and reading many takes long."""

PARENT = "projects/p/databases/(default)/documents"
TOPIC, SUBSCRIPTION = "projects/p/topics/the-topic", "projects/p/subscriptions/the-sub"
GONE = (GoogleAPIError, RequestException, RedisError, smtplib.SMTPException, grpc.RpcError, OSError)


class Server:
    """`windtunnel up --data`, killed and started again."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "harness.cli", "up", *SERVICES, "--format", "json", "--data", str(self._data)]
        self._process = subprocess.Popen(
            [*command, "--set", "gcs.limits=none", "--set", "bigquery.limits=none"],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        assert self._process.stdout is not None
        self.control = json.loads(self._process.stdout.readline())["WINDTUNNEL_CONTROL"]
        with Session() as session:
            self.addresses = session.get(f"{self.control}/health").json()["emulators"]

    def stop(self, how: signal.Signals) -> int:
        self._process.send_signal(how)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return self._process.wait(30)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    assert running.stop(signal.SIGTERM) == 0


def objects(server: Server) -> tuple[Callable[[str], None], Callable[[], set[str]]]:
    url, session = f"http://{server.addresses['gcs']}", Session()

    def write(name: str) -> None:
        answer = session.post(f"{url}/upload/storage/v1/b/the-bucket/o?uploadType=media&name={name}", data=name)
        answer.raise_for_status()

    def read() -> set[str]:
        names = [one["name"] for one in session.get(f"{url}/storage/v1/b/the-bucket/o").json().get("items", [])]
        assert all(session.get(f"{url}/storage/v1/b/the-bucket/o/{name}?alt=media").text == name for name in names[-3:])
        return set(names)

    session.post(f"{url}/storage/v1/b?project=p", json={"name": "the-bucket"})
    return write, read


def messages(server: Server) -> tuple[Callable[[str], None], Callable[[], set[str]]]:
    channel = grpc.insecure_channel(server.addresses["pubsub"])
    publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
    subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
    with contextlib.suppress(GoogleAPIError):
        publisher.create_topic(name=TOPIC)
        subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)

    def write(name: str) -> None:
        publisher.publish(topic=TOPIC, messages=[{"data": name.encode()}], retry=None)

    def read() -> set[str]:
        pull = {"subscription": SUBSCRIPTION, "max_messages": 1000}
        found: set[str] = set()
        while received := subscriber.pull(request={**pull, "return_immediately": True}).received_messages:
            found |= {one.message.data.decode() for one in received}
        return found

    return write, read


def documents(server: Server) -> tuple[Callable[[str], None], Callable[[], set[str]]]:
    transport = FirestoreGrpcTransport(channel=grpc.insecure_channel(server.addresses["firestore"]))
    client = FirestoreClient(transport=transport)

    def write(name: str) -> None:
        update = {"name": f"{PARENT}/things/{name}", "fields": {"n": {"string_value": name}}}
        client.commit(
            request={"database": "projects/p/databases/(default)", "writes": [{"update": update}]}, retry=None
        )

    def read() -> set[str]:
        listed = client.list_documents(request={"parent": PARENT, "collection_id": "things", "page_size": 300})
        return {one.fields["n"].string_value for one in listed}

    return write, read


def entries(server: Server) -> tuple[Callable[[str], None], Callable[[], set[str]]]:
    channel = grpc.insecure_channel(server.addresses["logging"])
    client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))

    def write(name: str) -> None:
        entry = LogEntry(
            log_name="projects/p/logs/the-log", resource={"type": "global"}, insert_id=name, text_payload=name
        )
        client.write_log_entries(request={"entries": [entry]}, retry=None)

    def read() -> set[str]:
        listed = client.list_log_entries(request={"resource_names": ["projects/p"], "page_size": 1000})
        return {one.text_payload for one in listed}

    return write, read


def rows(server: Server) -> tuple[Callable[[str], None], Callable[[], set[str]]]:
    options = ClientOptions(api_endpoint=f"http://{server.addresses['bigquery']}")
    client = bigquery.Client("p", AnonymousCredentials(), client_options=options)
    client.create_dataset("d", exists_ok=True)
    client.query("CREATE TABLE IF NOT EXISTS d.t (name STRING)").result()

    def write(name: str) -> None:
        # By turns a stream and a job; neither is tried again.
        if int(name.rpartition("-")[2]) % 2:
            assert client.insert_rows_json("d.t", [{"name": name}], retry=None) == []
        else:
            client.query(f"INSERT INTO d.t VALUES ('{name}')", retry=None, job_retry=None).result(retry=None)

    def read() -> set[str]:
        found = [row.name for row in client.query("SELECT name FROM d.t").result()]
        assert len(found) == len(set(found))
        return set(found)

    return write, read


def keys(server: Server) -> tuple[Callable[[str], None], Callable[[], set[str]]]:
    host, _, port = server.addresses["redis"].rpartition(":")
    client = Redis(host=host, port=int(port), decode_responses=True)

    def write(name: str) -> None:
        # By turns a value of its own and a part of one.
        if int(name.rpartition("-")[2]) % 2:
            client.set(name, name)
        else:
            client.rpush("the-list", name)

    def read() -> set[str]:
        return set(client.keys("*-*")) - {"the-list"} | set(client.lrange("the-list", 0, -1))

    return write, read


def blobs(server: Server) -> tuple[Callable[[str], None], Callable[[], set[str]]]:
    url, session = f"http://{server.addresses['s3']}/the-bucket", Session()
    session.headers["Authorization"] = "AWS anybody:signature"
    session.put(url)

    def write(name: str) -> None:
        session.put(f"{url}/{name}", data=name).raise_for_status()

    def read() -> set[str]:
        names = set(re.findall("<Key>([^<]+)</Key>", session.get(url).text))
        assert all(session.get(f"{url}/{name}").text == name for name in sorted(names)[-3:])
        return names

    return write, read


def mails(server: Server) -> set[str]:
    with Session() as session:
        return {one["subject"] for one in session.get(f"{server.control}/mail").json()["mail"]}


def mails_by_api(server: Server) -> tuple[Callable[[str], None], Callable[[], set[str]]]:
    session = Session()
    form = {"Action": "SendEmail", "Source": "a@b.example", "Destination.ToAddresses.member.1": "c@d.example"}

    def write(name: str) -> None:
        words = {"Message.Subject.Data": f"ses {name}", "Message.Body.Text.Data": name}
        session.post(f"http://{server.addresses['ses']}/", data={**form, **words}).raise_for_status()

    return write, lambda: {one.removeprefix("ses ") for one in mails(server) if one.startswith("ses ")}


def mails_by_protocol(server: Server) -> tuple[Callable[[str], None], Callable[[], set[str]]]:
    host, _, port = server.addresses["smtp"].rpartition(":")
    client = smtplib.SMTP(host, int(port))

    def write(name: str) -> None:
        client.sendmail("a@b.example", ["c@d.example"], f"Subject: smtp {name}\r\n\r\n{name}\r\n")

    return write, lambda: {one.removeprefix("smtp ") for one in mails(server) if one.startswith("smtp ")}


KINDS = {
    "bigquery": rows,
    "gcs": objects,
    "pubsub": messages,
    "firestore": documents,
    "logging": entries,
    "redis": keys,
    "s3": blobs,
    "ses": mails_by_api,
    "smtp": mails_by_protocol,
}


def test_what_was_acknowledged_is_there_after_kills_at_random_points(server):
    dice = random.Random(1)
    told: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for life in range(KILLS):
        writers = {kind: make(server)[0] for kind, make in KINDS.items()}
        goal = min(map(len, told.values())) + dice.randrange(3, 15)
        enough = threading.Event()

        def work(kind: str, life=life, writers=writers, goal=goal, enough=enough) -> None:
            with contextlib.suppress(*GONE):
                for number in range(MOST_A_LIFE):
                    writers[kind](f"{life}-{number}")
                    told[kind].add(f"{life}-{number}")
                    if min(map(len, told.values())) >= goal:
                        enough.set()

        threads = [threading.Thread(target=work, args=(kind,)) for kind in KINDS]
        for thread in threads:
            thread.start()
        assert enough.wait(60), {kind: len(done) for kind, done in told.items()}
        server.stop(signal.SIGKILL)
        for thread in threads:
            thread.join()
        server.start()
        found = {kind: make(server)[1]() for kind, make in KINDS.items()}
        for kind, done in told.items():
            assert done, kind
            # One more than was acknowledged may be there: its answer was lost.
            assert done <= found[kind], f"{kind} lost {sorted(done - found[kind])[:5]}"
            assert len(found[kind] - done) <= life + 1
