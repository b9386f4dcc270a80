"""The one way to speak HTTP to others: a pooled session whose time-out and retries are in force for every request.

Answers a retry may cure (429, 500, 502, 503, 504, broken connections) are retried; a POST only with an idempotency key,
since a lost reply would otherwise do its work twice. `Retry-After` is honoured up to a bound: an upstream may not
park us.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.util.retry import Retry

RETRY_STATUSES = (429, 500, 502, 503, 504)
RETRY_AFTER_MAX_S = 60.0
RETRIES = 3
BACKOFF_S = 0.5


class UpstreamError(Exception):
    """An upstream answered with an error, or not at all. `status` is 0 where there was no answer.

    `retryable` says whether the same request may succeed later.
    """

    def __init__(self, url: str, status: int, problem: str) -> None:
        super().__init__(f"{url} answered {status or 'nothing'}: {problem}")
        self.status = status
        self.retryable = status == 0 or status in RETRY_STATUSES


class BoundedRetry(Retry):
    """urllib3's retry with a bound on how long `Retry-After` may make us wait."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Seconds asked for by the upstream, at most `RETRY_AFTER_MAX_S`."""
        asked_s = super().get_retry_after(response)
        return None if asked_s is None else min(asked_s, RETRY_AFTER_MAX_S)


def pooled(policy: Retry, connections: int = 10) -> BaseAdapter:
    """Keep up to `connections` connections per host, and retry as `policy` says."""
    return HTTPAdapter(pool_connections=connections, pool_maxsize=connections, max_retries=policy)


def _session(methods: frozenset[str], make_adapter: Callable[[Retry], BaseAdapter]) -> requests.Session:
    policy = BoundedRetry(
        total=RETRIES,
        backoff_factor=BACKOFF_S,
        backoff_jitter=BACKOFF_S,
        status_forcelist=RETRY_STATUSES,
        allowed_methods=methods,
        raise_on_status=False,
        respect_retry_after_header=True,
    )
    session = requests.Session()
    adapter = make_adapter(policy)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class HttpPool:
    """Pooled connections with a default time-out of `timeout_s` seconds (connect and between two reads).

    `make_adapter` makes what carries a session's requests under a retry policy.
    """

    def __init__(self, timeout_s: float = 30.0, make_adapter: Callable[[Retry], BaseAdapter] = pooled) -> None:
        self._timeout_s = timeout_s
        self._safe = _session(frozenset({"GET", "HEAD"}), make_adapter)
        self._idempotent = _session(frozenset({"POST"}), make_adapter)

    def get_json(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The decoded body of a 200. Raises `UpstreamError` for anything else, an empty or truncated body included."""
        response = self._send(self._safe, "GET", url, params=params, headers=headers)
        try:
            return response.json()
        except ValueError as error:
            # Not retried at once: the same cache would give the same bytes. The caller's own schedule comes again.
            raise UpstreamError(url, 0, f"200 with a body that is not JSON ({error})") from error

    def post_json(self, url: str, body: Any, *, idempotency_key: str = "") -> requests.Response:
        """POST `body`; retried only with an `idempotency_key`, which is sent along. Raises `UpstreamError`."""
        if not idempotency_key:
            return self._send(self._safe, "POST", url, json=body)
        return self._send(self._idempotent, "POST", url, json=body, headers={"Idempotency-Key": idempotency_key})

    def close(self) -> None:
        """Close every pooled connection."""
        for session in (self._safe, self._idempotent):
            session.close()

    def _send(self, session: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
        try:
            response = session.request(method, url, timeout=self._timeout_s, **options)
        except requests.RequestException as error:
            raise UpstreamError(url, 0, f"{type(error).__name__}: {error}") from error
        if response.status_code >= 300:
            raise UpstreamError(url, response.status_code, response.text[:200])
        return response
