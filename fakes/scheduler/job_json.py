"""A job as the REST API shows and takes it (https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs).

It must not know how jobs are carried out. What the emulator does not do it refuses by the field's name.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from fakes.scheduler.job import ATTEMPT_DEADLINE_S, Job

Json = dict[str, Any]

_POST = ("POST", 1, None, 0, "HTTP_METHOD_UNSPECIFIED")
_DURATION = re.compile(r"(\d+(?:\.\d{1,9})?)s")
_REFUSED = ("pubsubTarget", "appEngineHttpTarget")
_CAMEL = re.compile(r"_([a-z])")


class UnsupportedFieldError(ValueError):
    """A field that Cloud Scheduler takes and this emulator does not."""


def shown(job: Job) -> Json:
    """What is declared of a job; how it stands is the scheduler's to add."""
    target: Json = {"uri": job.url, "httpMethod": "POST"}
    if job.body is not None:
        target["body"] = base64.b64encode(job.payload()).decode()
    if job.headers:
        target["headers"] = dict(job.headers)
    if job.oidc is not None:
        given = {"email": job.oidc} if isinstance(job.oidc, str) else dict(job.oidc)
        target["oidcToken"] = {
            "serviceAccountEmail": given.get("email", ""),
            "audience": given.get("audience") or job.url,
        }
    return {
        "httpTarget": target,
        "schedule": job.cron,
        "timeZone": job.zone,
        "attemptDeadline": f"{job.attempt_deadline_s:g}s",
        "retryConfig": {
            "retryCount": job.retries,
            "maxRetryDuration": f"{job.max_retry_duration_s:g}s",
            "minBackoffDuration": f"{job.min_backoff_s:g}s",
            "maxBackoffDuration": f"{job.max_backoff_s:g}s",
            "maxDoublings": job.max_doublings,
        },
    }


def read(name: str, body: Json) -> Job:
    """The job `name` that somebody asks for; `ValueError` for one the service refuses, or we do."""
    for field in _REFUSED:
        if field in body:
            raise UnsupportedFieldError(f"{field} is not supported by the emulator; give an httpTarget")
    target = _mapping(body, "httpTarget")
    if target.get("httpMethod") not in _POST:
        raise UnsupportedFieldError(f"httpMethod {target['httpMethod']!r} is not supported by the emulator; POST is")
    if "oauthToken" in target:
        raise UnsupportedFieldError("oauthToken is not supported by the emulator; give an oidcToken")
    url = target.get("uri")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ValueError(f"httpTarget.uri {url!r} must be a URL that begins with http:// or https://")
    if not isinstance(body.get("schedule"), str) or not isinstance(body.get("timeZone", ""), str):
        raise ValueError("schedule must be given, and schedule and timeZone must be texts")
    retry, token = _mapping(body, "retryConfig"), _mapping(target, "oidcToken")
    doublings = retry.get("maxDoublings")
    return Job(
        name=name,
        cron=body["schedule"],
        zone=body.get("timeZone") or "UTC",
        url=url,
        body=_bytes(target.get("body")),
        headers={str(key): str(value) for key, value in _mapping(target, "headers").items()},
        attempt_deadline_s=_seconds(body, "attemptDeadline") or ATTEMPT_DEADLINE_S,
        retries=_count(retry, "retryCount"),
        min_backoff_s=_seconds(retry, "minBackoffDuration") or 5.0,
        max_backoff_s=_seconds(retry, "maxBackoffDuration") or 3600.0,
        max_doublings=_count(retry, "maxDoublings") if doublings else 5,
        max_retry_duration_s=_seconds(retry, "maxRetryDuration"),
        oidc={"email": token.get("serviceAccountEmail", ""), "audience": token.get("audience", "")} if token else None,
    )


def merged(present: Json, asked: Json, mask: str) -> Json:
    """`present` with the fields of `asked` that `mask` names (`schedule,httpTarget.uri`); without one `asked` alone."""
    if not mask:
        return asked
    result = deepcopy(present)
    for path in mask.split(","):
        *way, last = (_CAMEL.sub(lambda match: match[1].upper(), part) for part in path.strip().split("."))
        here, there = result, asked
        for part in way:
            here, there = here.setdefault(part, {}), _mapping(there, part)
        here.pop(last, None)
        if last in there:
            here[last] = there[last]
    return result


def _mapping(body: Mapping[str, Any], name: str) -> Json:
    found = body.get(name) or {}
    if not isinstance(found, dict):
        raise ValueError(f"{name} {found!r} must be an object")
    return found


def _seconds(body: Json, name: str) -> float:
    text = body.get(name, "0s")
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{name} {text!r} must be a duration such as 30s")
    return float(match[1])


def _count(body: Json, name: str) -> int:
    number = body.get(name, 0)
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValueError(f"{name} {number!r} must be a whole number")
    return number


def _bytes(text: Any) -> bytes | None:
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise ValueError("httpTarget.body must be base64") from None
