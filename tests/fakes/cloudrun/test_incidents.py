"""The platform shows what the incidents showed (seed-system.md 3.2, by number), from its own mechanism.

Figures are what the mechanism gives for the deployment of the incident; none is fitted, so they are near, not equal.
"""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from harness.history import History
from harness.request import RunRequest
from harness.runner import run
from harness.scenario.load import load

DEPOT = Path(__file__).resolve().parents[2] / "projects" / "depot"


@pytest.fixture(scope="module")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strangers") / "depot"
    shutil.copytree(DEPOT, folder)
    return folder


def ran(folder: Path, world: str, span: str) -> History:
    path = folder / "scenarios" / f"{world}.yaml"
    path.write_text(
        f"title: t\nstart: 2026-01-16T00:00:00Z\nspan: {span}\nseed: 3\n"
        f"worlds: {{w: 'depot.world:{world}'}}\nchecks: [attempts >= 0]\n"
    )
    (outcome,) = run(RunRequest(load(path), ("w",), 3, folder / world)).outcomes
    told = History.parse((folder / world / "w" / "history.jsonl").read_bytes())
    assert list(told.of("run.end")), outcome
    return told


def statuses(told: History, service: str, path: str) -> Counter[int]:
    return Counter(call["status"] for call in told.calls(service, resource=path))


def events(told: History, process: str, event: str) -> list[str]:
    return [each["reason"] for each in told.of("process") if each.process == process and each["event"] == event]


def first_attempts(told: History) -> Counter[int]:
    """The statuses of what had been sent in the first seconds: each request's first attempt."""
    return Counter(call["status"] for call in told.calls("worker") if call["started_ns"] < 63 * 10**9)


def test_no_9_a_burst_on_services_scaled_to_zero_finds_no_instance_and_warm_ones_take_it(depot: Path) -> None:
    told = ran(depot, "cold_start_storm", "20m")
    refused = events(told, "worker", "no_instance")
    within = [each.t_s for each in told.of("process") if each["event"] == "no_instance"]
    assert len([t for t in within if t < 60 + 180]) >= 20  # the incident: 41 within 3 minutes
    assert len(refused) < 200  # the back-off of the senders ends it
    assert statuses(told, "worker", "/work")[200] == 60
    warm = ran(depot, "warm", "20m")
    assert events(warm, "worker", "no_instance") == []
    assert statuses(warm, "worker", "/work") == Counter({200: 60})


def test_no_43_ten_workers_of_five_refuse_much_of_220_messages_at_once(depot: Path) -> None:
    told = ran(depot, "scaling", "30m")
    first = first_attempts(told)
    assert sum(first.values()) == 220
    assert 0.2 <= first[429] / 220 <= 0.6  # the incident: 32 %
    assert statuses(told, "worker", "/work")[200] == 220


def test_no_59_a_burst_on_no_instance_is_refused_in_large_part(depot: Path) -> None:
    told = ran(depot, "burst_from_nothing", "30m")
    first = first_attempts(told)
    assert sum(first.values()) == 154
    assert first[429] >= 50
    assert min(call.t_s for call in told.calls("worker") if call["status"] == 429) < 120
    assert statuses(told, "worker", "/work")[200] == 154


def test_no_50_a_library_missed_at_work_is_a_storm_of_500_under_a_green_health_check(depot: Path) -> None:
    told = ran(depot, "missing_library", "30m")
    assert set(statuses(told, "worker", "/work")) == {500}
    a_minute = statuses(told, "worker", "/work")[500] / 29
    assert a_minute > 20  # the incident: 20 and more a minute
    assert any("firestore_that_is_not_installed" in str(each["fields"]) for each in told.of("log"))
    assert events(told, "worker", "exit") == []


def test_no_50_a_library_missed_at_the_start_never_gets_traffic(depot: Path) -> None:
    told = ran(depot, "bad_revision", "40m")
    assert [mark.fields["event"] for mark in told.marks("rollout")] == ["deploying", "failed"]
    assert set(statuses(told, "worker", "/work")) == {200}
    assert len(events(told, "worker", "exit")) == 1


def test_nos_40_and_51_a_wrong_image_is_404_on_every_route_while_its_health_is_green(depot: Path) -> None:
    told = ran(depot, "wrong_image", "6h")
    work = statuses(told, "phase4", "/work")
    assert work[404] == 15  # four hours, every quarter of an hour, the first before the new revision was up
    assert set(statuses(told, "phase4", "/health")) == {200}
    assert [mark.fields["event"] for mark in told.marks("rollout")] == ["deploying", "ready", "split"]
    after = [call["status"] for call in told.calls("phase4", resource="/work") if call.t_s > 5 * 3600 + 60]
    assert set(after) == {200}


def test_no_49_a_health_check_that_raises_is_a_crash_loop_until_the_rollback(depot: Path) -> None:
    told = ran(depot, "crash_loop", "9h")
    ends = [each for each in told.of("process") if each["event"] == "exit" and "liveness" in each["reason"]]
    hours = (ends[-1].t_s - ends[0].t_s) / 3600
    assert hours > 7.5  # the incident: eight hours and more
    assert len(ends) > 7.5 * 3600 / 40  # three probes ten seconds apart, and a cold start
    assert ends[-1].t_s < 8 * 3600 + 60


def test_no_57_a_function_ends_at_540_seconds_and_the_later_exports_are_missing(depot: Path) -> None:
    told = ran(depot, "timeout_cascade", "4h")
    (call,) = told.calls("export")
    assert (call["status"], round(call.t_s - call["started_ns"] / 1e9, 3)) == (504, 540.0)
    done = {mark.fields["name"]: mark.t_s for mark in told.marks("exported")}
    assert [name for name, t_s in done.items() if t_s <= call.t_s] == ["results"]
    assert set(done) <= {"results", "best-bets"}  # a sleep that ended meanwhile is noticed when SIGTERM gives CPU again


def test_no_58_a_batch_too_large_is_killed_in_the_middle_and_all_of_it_is_lost(depot: Path) -> None:
    told = ran(depot, "out_of_memory", "2h")
    (killed,) = events(told, "predictor", "oom")
    assert "512 MiB exceeded" in killed
    assert [mark.fields["predictions"] for mark in told.marks("written")] == [20_000]
    assert [call["status"] for call in told.calls("predictor")] == [503, 200]


def test_a_retired_instance_hears_sigterm_and_is_killed_ten_seconds_later(depot: Path) -> None:
    told = ran(depot, "going", "20m")
    asked = [mark.t_s for mark in told.marks("asked to go")]
    (killed,) = [each for each in told.of("process") if each["event"] == "exit"]
    assert killed.t_s - asked[0] == pytest.approx(10, abs=0.001)
    assert "killed after 10 s" in killed["reason"]


def test_what_runs_at_exit_has_ten_seconds_in_a_retired_instance(depot: Path) -> None:
    told = ran(depot, "leaving", "20m")
    ends = {each.process: each for each in told.of("process") if each["event"] == "exit"}
    assert {mark.process: mark.t_s for mark in told.marks("flushed")} == {
        name: pytest.approx(ends[name].t_s, abs=0.001) for name in ("flushing", "exiting")
    }
    assert ends["dawdling"].t_s - ends["flushing"].t_s == pytest.approx(7, abs=0.01)
    assert "killed after 10 s" in ends["dawdling"]["reason"]


def test_a_thread_stands_still_where_cpu_is_given_for_requests_only(depot: Path) -> None:
    told = ran(depot, "throttled", "30m")
    beats = Counter(mark.process for mark in told.marks("beat"))
    assert beats["always"] > 150
    assert beats["throttled"] <= 10  # at the start, and in the minute of the request
