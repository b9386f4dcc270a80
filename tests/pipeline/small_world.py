"""The pipeline's four services over the emulators, in one process on a clock moved by hand.

The vendors' BigQuery and Storage clients and `requests` run for real against the emulators' front ends; only the
batching thread of Pub/Sub's publisher is left out. Pushes go from Pub/Sub to the Flask apps. Faults that clients
would sleep over belong into simulations.
"""

import concurrent.futures
import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage
from google.pubsub_v1 import types
from requests.adapters import BaseAdapter
from ruamel.yaml import YAML
from urllib3.util.retry import Retry
from werkzeug.test import Client

from fakes import bigquery as fake_bigquery
from fakes import gcs, pubsub, upstreams
from fakes.seam import Answer
from pipeline.clients import Clients
from pipeline.http_pool import HttpPool
from pipeline.services import analytics, monitoring, raw, scrapers
from pipeline.settings import Settings
from tests.fakes.direct import Direct
from tests.fakes.inprocess import InProcessAdapter, google_session
from tests.fakes.manual import ManualSurroundings

ROOT = Path(__file__).parents[2]
PROJECT = "nba-props-platform"
SETTINGS = Settings(
    project=PROJECT,
    bdl_api_key="k",
    odds_api_key="k",
    slack_webhook_url="https://hooks.slack.com/services/T0/B0/x",
    credentials="anonymous",
)


class Publishing:
    """What `PublisherClient` does for us, without its batching thread: one message, one RPC."""

    def __init__(self, backend: pubsub.PubSub) -> None:
        self._rpc = Direct(backend)

    def topic_path(self, project: str, topic: str) -> str:
        return f"projects/{project}/topics/{topic}"

    def publish(self, topic: str, data: bytes, timeout: float, **attributes: str) -> concurrent.futures.Future[str]:
        message = types.PubsubMessage(data=data, attributes=attributes)
        request = types.PublishRequest(topic=topic, messages=[message])
        future: concurrent.futures.Future[str] = concurrent.futures.Future()
        future.set_result(self._rpc.call("Publish", request, types.PublishResponse).message_ids[0])
        return future

    def stop(self) -> None:
        """Nothing is held."""


class ByHost(BaseAdapter):
    """Carries each request to the upstream of its host, in process and without retries."""

    def __init__(self, backend: upstreams.Upstreams) -> None:
        super().__init__()
        self._adapters = {host: InProcessAdapter(app) for host, app in backend.http().items()}

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        return self._adapters[urlsplit(request.url).hostname].send(request, **options)

    def close(self) -> None:
        """Nothing is held."""


class SmallWorld:
    """`start` is the time of day it begins; `season` are options of the upstreams."""

    def __init__(self, start: str, **season: Any) -> None:
        self.around = ManualSurroundings()
        self.at(start)
        self.pubsub = pubsub.create(self.around, project=PROJECT)
        self.gcs = gcs.create(self.around, limits="none")
        self.bigquery = fake_bigquery.create(self.around, project=PROJECT)
        self.upstreams = upstreams.create(self.around, **season)
        self.backends = {"pubsub": self.pubsub, "gcs": self.gcs, "bigquery": self.bigquery, "upstreams": self.upstreams}
        self.around.peers.update(self.backends)
        self.topology = YAML(typ="safe").load(ROOT / "pipeline" / "deploy" / "topology.yaml")
        for backend in self.backends.values():
            backend.provision(self.topology)
        self.around.answer = self._push
        self.query = bigquery.Client(PROJECT, AnonymousCredentials(), _http=google_session(self.bigquery))
        self.storage = storage.Client(PROJECT, AnonymousCredentials(), _http=google_session(self.gcs))
        self.clients = self.new_clients()
        self.services: dict[str, Client] = {
            "nba-phase1-scrapers": self._service(scrapers),
            "nba-phase2-raw-processors": self._service(raw),
            "nba-phase3-analytics-processors": self._service(analytics),
            "nba-monitoring": self._service(monitoring),
        }
        self.answers: list[tuple[str, int]] = []

    def new_clients(self) -> Clients:
        """Clients of one instance."""

        def adapter(_: Retry) -> BaseAdapter:
            return ByHost(self.upstreams)

        return Clients(
            SETTINGS,
            make_http=lambda: HttpPool(make_adapter=adapter),
            make_bigquery=lambda: self.query,
            make_storage=lambda: self.storage,
            make_publisher=lambda: Publishing(self.pubsub),
        )

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.around.now_ns() / 1e9, dt.UTC)

    def at(self, text: str) -> None:
        """Let time pass until an ISO time; what falls due on the way happens."""
        self.around.advance(dt.datetime.fromisoformat(text).timestamp() - self.around.now_ns() / 1e9)

    def post(self, target: str, body: Any = None) -> tuple[int, Any]:
        """POST to `service/path` as a schedule does."""
        service, _, path = target.partition("/")
        answer = self.services[service].post(f"/{path}", json=body)
        return answer.status_code, answer.get_json(silent=True)

    def settle(self, seconds: float = 30.0) -> None:
        """Let the pushes under way go through all phases."""
        self.around.advance(seconds)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row.items()) for row in self.query.query_and_wait(sql)]

    def dead_letters(self, topic: str) -> list[Mapping[str, str]]:
        """Attributes of the messages in the dead-letter topic's monitor subscription."""
        request = types.PullRequest(
            subscription=f"projects/{PROJECT}/subscriptions/{topic}-monitor", max_messages=100, return_immediately=True
        )
        received = Direct(self.pubsub).call("Pull", request, types.PullResponse).received_messages
        return [dict(one.message.attributes) for one in received]

    def publish(self, topic: str, body: Mapping[str, Any] | bytes) -> None:
        self.pubsub.publish(topic, body if isinstance(body, bytes) else json.dumps(body).encode())

    def _service(self, module: Any) -> Client:
        app = module.create_app(module.production_parts(SETTINGS, self.clients, self.now))
        return app.test_client()

    def _push(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        answer = self.services[parts.hostname].post(parts.path, data=body, headers=dict(headers))
        self.answers.append((parts.hostname, answer.status_code))
        return Answer(answer.status_code, answer.get_data())
