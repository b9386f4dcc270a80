"""Services behind the platform: ASGI apps, apps that stream, apps given as such, and how each ends."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.history import History
from harness.outcome import Verdict
from harness.request import RunRequest
from harness.runner import run
from harness.scenario.load import load

KIOSK = Path(__file__).resolve().parents[2] / "projects" / "kiosk"


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strangers") / "kiosk"
    shutil.copytree(KIOSK, folder)
    return folder


def ran(folder: Path, out: str) -> History:
    scenario = load(folder / "scenarios" / "visit.yaml")
    run(RunRequest(scenario, ("w",), 7, folder / out))
    return History.parse((folder / out / "w" / "history.jsonl").read_bytes())


@pytest.fixture(scope="module")
def told(kiosk: Path) -> History:
    return ran(kiosk, "first")


def fields(told: History, name: str) -> dict[str, Any]:
    (mark,) = told.marks(name)
    return dict(mark.fields)


def test_an_asgi_app_starts_and_stops_by_its_lifespan(told: History) -> None:
    started, stopped = told.marks("lifespan")
    assert started.fields == {"what": "started", "thread": "MainThread"}
    assert stopped.fields == {"what": "stopped", "thread": "MainThread"}
    (ready,) = [e for e in told.of("process") if e.process == "api" and e["event"] == "ready"]
    (gone,) = [e for e in told.of("process") if e.process == "api" and e["event"] == "exit"]
    assert ready.t_ns - started.t_ns < 1000
    assert (gone["reason"], gone.t_ns - stopped.t_ns < 1000) == ("scaled in", True)


def test_sync_routes_run_in_threads_and_async_ones_on_the_loop_all_at_once(told: History) -> None:
    eight = fields(told, "eight")
    assert eight["numbers"] == list(range(8))
    assert eight["threads"] == ["MainThread", "AnyIO worker thread"] * 4
    # Two seconds to start the container, one for the lifespan, one for all the requests together.
    assert eight["took_s"] == 4.002
    assert fields(told, "to_thread") == {"answer": 7}


def test_a_background_task_runs_after_its_answer(told: History) -> None:
    (later,), (finished,) = told.marks("later"), told.marks("finished")
    assert later.fields == {"status": 202, "answer": {"accepted": 1}, "took_s": 0.002}
    assert finished.t_ns - later.t_ns == pytest.approx(4_999_500_000, abs=1000)


def test_a_streamed_answer_arrives_as_it_is_made_from_asgi_and_from_wsgi(told: History) -> None:
    from_asgi, from_wsgi = told.marks("lines")
    assert from_asgi.fields["lines"] == [["0", 0.0], ["1", 1.0], ["2", 2.0], ["3", 3.0]]
    # This one had to start its container.
    assert from_wsgi.fields["lines"] == [["0", 2.0], ["1", 3.0], ["2", 4.0], ["3", 5.0]]
    assert fields(told, "flood") == {"size": 8_192_000}


def test_an_app_that_raises_is_a_500_and_in_the_middle_of_its_answer_a_broken_connection(told: History) -> None:
    assert fields(told, "wrong") == {"status": 500}
    assert fields(told, "broken") == {"problem": "ChunkedEncodingError"}
    raised = [event["message"] for event in told.of("log") if event["level"] == "ERROR"]
    assert raised == ["the app raised while answering GET /wrong", "the app raised while answering GET /broken"]


def test_an_app_made_at_import_and_one_without_lifespan_are_served(told: History) -> None:
    assert fields(told, "index") == {"text": "index"}
    assert fields(told, "bare") == {"text": "BODYc=d", "path": "/a%2Fb"}


def test_an_app_learns_that_its_client_has_gone_and_that_its_time_is_up(told: History) -> None:
    left, cut = told.marks("events")
    assert left.fields == {"lasted_s": 1.001}
    assert cut.fields == {"lasted_s": 60.0}
    assert fields(told, "cut") == {"problem": "ReadError", "took_s": 60.002}
    assert fields(told, "slow") == {"status": 504, "took_s": 60.002}


def test_services_that_stream_replay(kiosk: Path, told: History) -> None:
    assert ran(kiosk, "again").sha256() == told.sha256()


def test_an_asgi_app_that_refuses_to_start_fails_the_run_with_its_reason(kiosk: Path) -> None:
    scenario = load(kiosk / "scenarios" / "refuse.yaml")
    (outcome,) = run(RunRequest(scenario, ("w",), 7, kiosk / "refused")).outcomes
    assert outcome.verdict is Verdict.FAIL
    assert "no database" in (kiosk / "refused" / "w" / "problem.txt").read_text()
