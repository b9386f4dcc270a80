"""For each service a write under a name, tried once, and a look whether it took place."""

import os
import smtplib
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
import redis
import requests
from botocore.config import Config
from redis.backoff import NoBackoff
from redis.retry import Retry

PROJECT = "struck-project"
ANONYMOUS: Any = None


@cache
def bigquery() -> Any:
    from google.cloud import bigquery

    return bigquery.Client(project=PROJECT, credentials=_anonymous())


@cache
def bucket() -> Any:
    from google.cloud import storage

    return storage.Client(project=PROJECT, credentials=_anonymous()).bucket("struck-bucket")


@cache
def publisher() -> Any:
    from google.cloud import pubsub_v1

    return pubsub_v1.PublisherClient()


@cache
def firestore() -> Any:
    from google.cloud import firestore

    return firestore.Client(project=PROJECT, credentials=_anonymous())


@cache
def logs() -> Any:
    import grpc
    from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
    from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport

    # The library reads no variable; in a simulation the vendor's own host is the emulator.
    host = os.environ.get("LOGGING_EMULATOR_HOST", "logging.googleapis.com")
    return LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=grpc.insecure_channel(host)))


def aws(service: str) -> Any:
    return boto3.client(service, "us-east-1", config=Config(retries={"total_max_attempts": 1}, read_timeout=300))


@cache
def store() -> Any:
    return redis.Redis.from_url(os.environ["REDIS_URL"], retry=Retry(NoBackoff(), 0), socket_timeout=300)


def _anonymous() -> Any:
    from google.auth.credentials import AnonymousCredentials

    return AnonymousCredentials()


def _found(look: Callable[[], Any]) -> bool:
    from google.api_core.exceptions import NotFound

    try:
        look()
    except NotFound:
        return False
    return True


def _make_dataset(name: str) -> None:
    client = bigquery()
    client._http.headers["X-Case"] = name  # a call that makes something names nothing yet, so faults go by the header
    client.create_dataset(name, retry=None, timeout=300)


def _topic(name: str) -> str:
    return f"projects/{PROJECT}/topics/{name}"


def _log(name: str) -> str:
    return f"projects/{PROJECT}/logs/{name}"


def _write_log(name: str) -> None:
    entry = {"text_payload": "x", "resource": {"type": "global"}}
    logs().write_log_entries(log_name=_log(name), entries=[entry], retry=None, timeout=300)


def _logged(name: str) -> bool:
    wanted = f'logName="{_log(name)}"'
    request = {"resource_names": [f"projects/{PROJECT}"], "filter": wanted}
    return bool(list(logs().list_log_entries(request=request)))


def _send(name: str) -> None:
    message = {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}
    aws("ses").send_email(
        Source="me@sender.example", Destination={"ToAddresses": [f"{name}@ses.example"]}, Message=message
    )


def _mail(name: str) -> None:
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]), timeout=300) as server:
        server.sendmail("me@sender.example", [f"{name}@smtp.example"], "Subject: x\n\nx")


def _web(method: str, url: str, name: str) -> Any:
    headers = {"Authorization": "key", "X-Case": name}
    answer = requests.request(method, url, headers=headers, timeout=300)
    answer.raise_for_status()
    return answer.json()


_JOBS = f"https://cloudscheduler.googleapis.com/v1/projects/{PROJECT}/locations/us-west2/jobs"
_SITE = "https://api.balldontlie.io"
Write = Callable[[str], Any]
Look = Callable[[str], bool] | None

WRITES: dict[str, tuple[Write, Look]] = {
    "bigquery": (
        _make_dataset,
        lambda name: _found(lambda: bigquery().get_dataset(name)),
    ),
    "gcs": (
        lambda name: bucket().blob(name).upload_from_string("x", retry=None, timeout=300),
        lambda name: bucket().blob(name).exists(),
    ),
    "pubsub": (
        lambda name: publisher().create_topic(name=_topic(name), retry=None, timeout=300),
        lambda name: _found(lambda: publisher().get_topic(topic=_topic(name))),
    ),
    "firestore": (
        lambda name: firestore().document(f"things/{name}").set({"x": 1}, retry=None, timeout=300),
        lambda name: firestore().document(f"things/{name}").get().exists,
    ),
    "logging": (_write_log, _logged),
    "redis": (lambda name: store().set(name, "x"), lambda name: store().exists(name) == 1),
    "s3": (
        lambda name: aws("s3").put_object(Bucket="struck-bucket", Key=name, Body=b"x"),
        lambda name: "Contents" in aws("s3").list_objects_v2(Bucket="struck-bucket", Prefix=name),
    ),
    "ses": (_send, None),
    "smtp": (_mail, None),
    "upstreams": (
        lambda name: _web("GET", f"{os.environ.get('UPSTREAM_API_BALLDONTLIE_IO_URL', _SITE)}/v1/teams", name),
        None,
    ),
}
"""In a simulation and on the wire alike. What has no look is mail, or is only read."""

ONLY_IN_SIM: dict[str, tuple[Write, Look]] = {
    "scheduler": (
        lambda name: _web("POST", f"{_JOBS}/{name}:pause", name),
        lambda name: _web("GET", f"{_JOBS}/{name}", "")["state"] == "PAUSED",
    ),
    "shop": (
        lambda name: _web("POST", f"http://shop/{name}", name),
        lambda name: _web("GET", f"http://shop/{name}", "")["there"],
    ),
}
"""What only a world has: its schedules and its services."""


def words(error: BaseException) -> str:
    """What the caller was told: the exception's type, and the code it carries, if any."""
    code = getattr(error, "smtp_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(getattr(error, "response", None), dict):
        code = error.response["Error"]["Code"]  # type: ignore[attr-defined]  # botocore's
    return f"{type(error).__name__} {code}" if code else type(error).__name__
