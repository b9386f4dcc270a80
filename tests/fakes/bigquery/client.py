"""The vendor's client against the emulator in process: a `requests` adapter that calls a WSGI app, no sockets."""

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from fakes.bigquery import BigQuery, create
from fakes.seam import ConnectionLost, WsgiApp
from tests.fakes.manual import ManualSurroundings

PROJECT = "nba-props-platform"


class WsgiAdapter(BaseAdapter):
    """Sends a prepared request into a WSGI app; a lost connection is `requests.ConnectionError`."""

    def __init__(self, app: WsgiApp) -> None:
        super().__init__()
        self.app = app

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override] # the options go unused
        url = urlsplit(request.url or "")
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, bytes):
            body = body.read()
        headers = {k: v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
        environ = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": unquote(url.path),
            "QUERY_STRING": url.query,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": headers.get("Content-Type", ""),
            "HTTP_HOST": url.netloc,
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": url.scheme,
            **{"HTTP_" + k.upper().replace("-", "_"): v for k, v in headers.items()},
        }
        answer: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            answer.update(status=int(status.split()[0]), reason=status.partition(" ")[2], headers=dict(headers))

        try:
            content = b"".join(self.app(environ, start_response))
        except ConnectionLost as lost:
            raise requests.ConnectionError("connection lost") from lost
        response = requests.Response()
        response.status_code, response.reason = answer["status"], answer["reason"]
        response.headers = CaseInsensitiveDict(answer["headers"])
        response._content = content
        response.url, response.request = request.url or "", request
        return response

    def close(self) -> None:
        pass


def connect(backend: BigQuery, project: str = PROJECT, **options: Any) -> bigquery.Client:
    """A real client whose requests end in `backend`."""
    session = requests.Session()
    session.mount("https://", WsgiAdapter(backend.app))
    session.mount("http://", WsgiAdapter(backend.app))
    return bigquery.Client(
        project=project, credentials=AnonymousCredentials(), _http=session,
        client_options=ClientOptions(api_endpoint="https://bigquery.googleapis.com"), **options,
    )  # fmt: skip


AT_ONCE = {"LOAD": 0.0, "COPY": 0.0, "EXTRACT": 0.0}
"""The client polls jobs without results by sleeping in real time, so in a test these are done when accepted."""


class World:
    """An emulator, its surroundings and a client. `limits` are laid over the service's."""

    def __init__(self, limits: Mapping[str, Any] | None = None, **options: Any) -> None:
        limits = {**(limits or {}), "durations_s": {**AT_ONCE, **(limits or {}).get("durations_s", {})}}
        self.around = ManualSurroundings()
        self.backend = create(self.around, project=PROJECT, limits=limits, **options)
        self.client = connect(self.backend)

    def rows(self, sql: str, **config: Any) -> list[dict[str, Any]]:
        """The rows of a query as dicts."""
        job = self.client.query(sql, job_config=bigquery.QueryJobConfig(**config) if config else None)
        return [dict(row) for row in job.result()]
