"""Amazon S3 as a back end of a world: its hosts, its words, and moto behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from fakes import aws
from fakes.s3.keeping import Keeping
from fakes.s3.methods import name_of
from fakes.seam import Surroundings, WsgiApp
from fakes.topology import named

HOST = "s3.amazonaws.com"

_MOST_PLACES = 10_000
"""Continuations of lists that moto remembers; a client goes on with its own soon or never."""

USUAL: Mapping[int, tuple[int, str, str]] = {
    400: (400, "BadRequest", "Bad Request"),
    401: (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    403: (403, "AccessDenied", "Access Denied"),
    404: (404, "NoSuchKey", "The specified key does not exist."),
    409: (409, "OperationAborted", "A conflicting conditional operation is currently in progress."),
    412: (412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
    # S3 has no 429: who asks too often is told to slow down.
    429: (503, "SlowDown", "Please reduce your request rate."),
    500: (500, "InternalError", "We encountered an internal error. Please try again."),
    503: (503, "SlowDown", "Please reduce your request rate."),
    504: (400, "RequestTimeout", "Your socket connection to the server was not read from or written to in time."),
}
"""Status, code and message of a refusal (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)."""


def _render(status: int, code: str, message: str) -> aws.Reply:
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'
    return aws.Reply(status, {"Content-Type": "application/xml"}, body.encode(), code)


class S3(aws.AmazonBackend):
    """The `Backend` named `s3`."""

    name = "s3"

    def __init__(self, around: Surroundings, data: str | Path | None) -> None:
        super().__init__(around, data)
        self._keeping = Keeping(self.ledger, self.moto[0])
        self._app = aws.App(
            self.name,
            around,
            aws.Words(_render, USUAL),
            self.ledger.lock,
            host=HOST,
            name=lambda asked: name_of(asked.verb, asked.path, asked.query, asked.headers),
            find=_handler,
            done=self._took,
        )

    def load(self) -> tuple[Any, ...]:
        """The one of S3."""
        from moto.s3.models import s3_backends

        return (s3_backends,)

    def http(self) -> Mapping[str, WsgiApp]:
        """One app for the global host and those of the regions, in path style."""
        return dict.fromkeys((HOST, *(f"s3.{region}.amazonaws.com" for region in aws.REGIONS)), self._app)

    def environment(self, address: str | None) -> Mapping[str, str]:
        """`AWS_ENDPOINT_URL_S3`, which boto3 and the other SDKs read, and use in path style."""
        return {"AWS_ENDPOINT_URL_S3": f"http://{address or HOST}", **aws.credentials()}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Create the topology's `s3_buckets`: names, or names with `{region: …}`."""
        for name, settings in named(topology.get("s3_buckets"), "s3_buckets").items():
            with self.ledger.lock:
                if name not in self._moto.buckets:
                    self._moto.create_bucket(name, str(settings.get("region", aws.REGION)))
                    self._keeping.made(name)

    @property
    def _moto(self) -> Any:
        return self.moto[0][aws.ACCOUNT]["aws"]

    def _took(self, asked: aws.Asked, reply: aws.Reply) -> None:
        self._keeping.took(asked, reply)
        places = self._moto._pagination_tokens
        while len(places) > _MOST_PLACES:
            del places[next(iter(places))]


_BUCKET_NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; moto looks at the length alone."""


def _handler(asked: aws.Asked) -> Any:
    from moto.s3.responses import S3Response

    bucket, _, key = asked.path.lstrip("/").partition("/")
    if name_of(asked.verb, asked.path, asked.query, asked.headers)[0] == "CreateBucket" and not (
        _BUCKET_NAME.fullmatch(bucket)
    ):
        refused = _render(400, "InvalidBucketName", "The specified bucket is not valid.")
        return lambda *_: (refused.status, refused.headers, refused.body)
    return S3Response.key_dispatch if bucket and key else S3Response.bucket_dispatch


def create(around: Surroundings, *, data: str | Path | None = None) -> S3:
    """An emulated Amazon S3 without buckets, or with those kept in the folder `data`; one in a process.

    Raises `MissingPackageError` without moto, `OSError` where `data` cannot be used.
    """
    return S3(around, data)
