"""Flask and FastAPI behind the platform: cold starts, requests at once, streams, errors, and how instances end."""

from __future__ import annotations

import threading
import time
from typing import Any

from tests.harness.sim.contracts import hosted_apps
from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.hosted import hosted

FLASK = Library("flask", loads=("flask", "requests"))
FASTAPI = Library("fastapi", loads=("fastapi", "requests"), beside=("starlette", "pydantic"))
APPS = hosted_apps.__name__


def _at_once(*calls: Any) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contract(FLASK)
def test_flask_instances_answer_as_many_at_once_as_they_may(trace: Trace) -> None:
    import requests

    def ask(seconds: float) -> None:
        answer = requests.get(f"http://shop/slow?seconds={seconds}", timeout=60)
        trace(answer.status_code, answer.json())

    hosted(trace, {"shop": f"{APPS}:a_flask_app"}, concurrency=2, max_instances=2, cold_start_s=2.0)
    _at_once(*(lambda seconds=seconds: ask(seconds) for seconds in (3, 2, 1)))
    ask(0)
    trace.expect(
        (0.0015, "shop#0 start"),
        (0.0015, "shop#1 start"),
        (2.0015, "shop#0 ready"),
        (2.0015, "shop#1 ready"),
        (3.002, 200, {"asked": 1, "thread": False}),
        (4.002, 200, {"asked": 2, "thread": False}),
        (5.002, 200, {"asked": 2, "thread": False}),
        (5.004, 200, {"asked": 3, "thread": False}),
    )


@contract(FLASK)
def test_flask_streams_takes_json_and_fails_as_a_500(trace: Trace) -> None:
    import requests

    hosted(trace, {"shop": f"{APPS}:a_flask_app"}, min_instances=1)
    time.sleep(5)
    answer = requests.post("http://shop/echo", json={"team": "LAL"}, timeout=60)
    trace(answer.status_code, answer.json())
    with requests.get("http://shop/lines", stream=True, timeout=60) as streamed:
        for line in streamed.iter_lines():
            trace("line", line.decode())
    for path in ("wrong", "nowhere"):
        trace(path, requests.get(f"http://shop/{path}", timeout=60).status_code)
    trace.expect(
        (0, "shop#0 start"),
        (4, "shop#0 ready"),
        (5.002, 201, [{"team": "LAL"}, "shop"]),
        (5.004, "line", "0"),
        (6.004, "line", "1"),
        (7.004, "line", "2"),
        (8.006, "wrong", 500),
        (8.008, "nowhere", 404),
    )


@contract(FLASK, know="on SIGTERM, `atexit` hooks and handlers of the app have ten seconds, as on Cloud Run")
def test_flask_instances_end_with_their_hooks_and_handlers(trace: Trace) -> None:
    import requests

    hosted_apps.notes = trace
    apps = {"shop": f"{APPS}:a_flask_app_that_flushes", "bar": f"{APPS}:a_flask_app_that_hears_sigterm"}
    hosted(trace, apps, rollout_at="60s", min_instances=1, max_instances=1)
    time.sleep(45)
    trace(requests.get("http://shop/slow?seconds=8", timeout=60).json()["asked"])
    time.sleep(60)
    trace.expect(
        (0, "shop#0 start"),
        (0, "bar#0 start"),
        (4, "shop#0 ready"),
        (4, "bar#0 ready"),
        (53.002, 1),
        (60, "shop#1 start"),
        (60, "bar#1 start"),
        (64, "shop#1 ready"),
        (64, "bar#1 ready"),
        (64, "SIGTERM"),
        (66, "flushed"),
        (66, "shop#0 exit", "revision without traffic"),
        (66, "flushed"),
        (66, "bar#0 exit", "revision without traffic"),
    )


@contract(FASTAPI)
def test_fastapi_runs_its_lifespan_routes_and_background_tasks(trace: Trace) -> None:
    import requests

    def ask(path: str) -> None:
        trace(path, requests.get(f"http://api/{path}", timeout=60).json())

    hosted_apps.notes = trace
    hosted(trace, {"api": f"{APPS}:a_fastapi_app"}, rollout_at="30s", min_instances=1, max_instances=1)
    time.sleep(8)
    _at_once(*(lambda path=path: ask(path) for path in ("loop/2", "thread/2", "loop/1")))
    answer = requests.post("http://api/orders", json={"team": "LAL", "seats": 2}, timeout=60)
    trace(answer.status_code, answer.json())
    answer = requests.post("http://api/orders", json={"team": "LAL", "seats": 0}, timeout=60)
    trace(answer.status_code, answer.json()["detail"][0]["msg"])
    with requests.get("http://api/lines", stream=True, timeout=60) as streamed:
        for line in streamed.iter_lines():
            trace("line", line.decode())
    time.sleep(30)
    trace.expect(
        (0, "api#0 start"),
        (5, "started"),
        (5, "api#0 ready"),
        (9.002, "loop/1", {"slept": 1.0}),
        (10.002, "loop/2", {"slept": 2.0}),
        (10.002, "thread/2", {"slept": 2.0}),
        (10.004, 201, {"team": "LAL", "seats": 2}),
        (10.006, 422, "Input should be greater than 0"),
        (10.008, "line", "0"),
        (11.008, "line", "1"),
        (12.0035, "mailed LAL"),
        (12.008, "line", "2"),
        (30, "api#1 start"),
        (35, "started"),
        (35, "api#1 ready"),
        (36, "stopped"),
        (36, "api#0 exit", "revision without traffic"),
    )
