"""The pool's time-outs and retries, to the second, over the simulated network."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import a_network, now_s

URL = "https://api.test/v1/x"


class Script:
    """Answers with `statuses` one after the other, the last for ever; keeps what it was asked."""

    def __init__(self, *statuses: int, headers: dict[str, str] | None = None) -> None:
        self.statuses = list(statuses)
        self.headers = headers or {}
        self.asked: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(environ)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        body = b'{"ok": true}'
        start_response(f"{status} x", [("Content-Length", str(len(body))), *self.headers.items()])
        return [body]


def on_the_network(app: Any) -> Any:
    from harness.sim.http_server import serve

    serve(a_network(), "api.test", (80, 443), app)
    return app


@simulated
def test_a_429_is_waited_for_as_long_as_it_asks():
    from pipeline.http_pool import HttpPool

    script = on_the_network(Script(429, 200, headers={"Retry-After": "7"}))
    assert HttpPool().get_json(URL) == {"ok": True}
    assert len(script.asked) == 2
    assert round(now_s()) == 7


@simulated
def test_an_upstream_that_asks_for_an_hour_gets_a_minute():
    from pipeline.http_pool import HttpPool

    on_the_network(Script(503, 200, headers={"Retry-After": "3600"}))
    HttpPool().get_json(URL)
    assert round(now_s()) == 60


@simulated
def test_four_tries_and_no_more_then_the_status_is_named():
    from pipeline.http_pool import HttpPool, UpstreamError

    script = on_the_network(Script(503))
    try:
        HttpPool().get_json(URL)
    except UpstreamError as error:
        assert (error.status, error.retryable) == (503, True)
    else:
        raise AssertionError("a 503 for ever must not pass for an answer")
    assert len(script.asked) == 4


@simulated
def test_what_a_retry_cannot_cure_is_not_retried():
    from pipeline.http_pool import HttpPool, UpstreamError

    for status in (400, 401, 403, 404, 422):
        script = on_the_network(Script(status))
        try:
            HttpPool().get_json(URL)
        except UpstreamError as error:
            assert (error.status, error.retryable) == (status, False)
        assert len(script.asked) == 1, status


@simulated
def test_a_hanging_upstream_is_given_up_by_the_default_timeout():
    import time

    from pipeline.http_pool import HttpPool, UpstreamError

    def hangs(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        time.sleep(10_000)
        return []

    on_the_network(hangs)
    try:
        HttpPool(timeout_s=30).get_json(URL)
    except UpstreamError as error:
        assert (error.status, error.retryable) == (0, True)
    else:
        raise AssertionError("nothing answered")
    assert 120 <= now_s() < 135  # four tries of 30 s and the waits between them


@simulated
def test_a_post_is_sent_again_only_with_an_idempotency_key_which_goes_along():
    from pipeline.http_pool import HttpPool, UpstreamError

    script = on_the_network(Script(503, 200))
    try:
        HttpPool().post_json(URL, {})
    except UpstreamError as error:
        assert error.status == 503
    assert len(script.asked) == 1
    script = on_the_network(Script(503, 200))
    assert HttpPool().post_json(URL, {}, idempotency_key="k1").status_code == 200
    assert [environ["HTTP_IDEMPOTENCY_KEY"] for environ in script.asked] == ["k1", "k1"]


@simulated
def test_a_200_without_json_is_an_error_and_names_the_address():
    from pipeline.http_pool import HttpPool, UpstreamError

    def empty(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "0")])
        return []

    on_the_network(empty)
    try:
        HttpPool().get_json(URL)
    except UpstreamError as error:
        assert URL in str(error)
        assert error.retryable
    else:
        raise AssertionError("an empty 200 passed for data")
