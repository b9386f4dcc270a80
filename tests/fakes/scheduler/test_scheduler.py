"""Cron lines fire at their times, in their zone, once each."""

import base64
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import scheduler_v1
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import CloudSchedulerRestTransport
from hypothesis import given
from hypothesis import strategies as st

from fakes.scheduler import Job, create
from fakes.scheduler.cron import next_due
from fakes.seam import Answer
from tests.fakes.inprocess import mount
from tests.fakes.manual import START_NS, ManualSurroundings

HOUR_S = 3600


def scheduler(**fields):
    around = ManualSurroundings()
    posted = []

    def answer(url, body, headers):
        posted.append(((around.now_ns() - START_NS) / 1e9, url, body))
        return around.reply

    around.reply = Answer(200)
    around.answer = answer
    job = {"name": "j", "cron": "30 6 * * *", "zone": "America/New_York", "url": "https://svc/x", **fields}
    around.scheduler = create(around, jobs=[job])
    around.scheduler.start()
    return around, posted


def test_a_job_fires_at_its_local_time_once_a_day():
    around, posted = scheduler(body={"day": "YESTERDAY"})
    around.advance(48 * HOUR_S)
    assert [at for at, _, _ in posted] == [11.5 * HOUR_S, 35.5 * HOUR_S]  # 06:30 Eastern is 11:30 UTC in January
    assert json.loads(posted[0][2]) == {"day": "YESTERDAY"}


def test_a_failed_attempt_is_repeated_only_as_often_as_the_job_asks():
    around, posted = scheduler(retries=2)
    around.reply = Answer(500)
    around.advance(12 * HOUR_S)
    assert [at - 11.5 * HOUR_S for at, _, _ in posted] == [0, 5, 15]


def test_without_retries_a_failure_waits_for_the_next_day():
    around, posted = scheduler()
    around.reply = Answer(0, problem="timeout")
    around.advance(24 * HOUR_S)
    assert len(posted) == 1


def test_the_time_that_summer_time_leaves_out_does_not_come_and_the_one_that_comes_twice_is_due_twice():
    zone = ZoneInfo("America/New_York")

    def due(cron, *after, times=2):
        now, found = datetime(*after, tzinfo=zone), []
        for _ in range(times):
            now = next_due(cron, zone, now)
            found.append(now.isoformat())
        return found

    assert due("30 2 * * *", 2026, 3, 7, 12) == ["2026-03-09T02:30:00-04:00", "2026-03-10T02:30:00-04:00"]
    assert due("30 1 * * *", 2026, 10, 31, 12) == ["2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"]
    assert due("0 3 * * *", 2026, 3, 7, 12) == ["2026-03-08T03:00:00-04:00", "2026-03-09T03:00:00-04:00"]
    half_hours = due("*/30 * * * *", 2026, 3, 8, 1, 10, times=3)
    assert half_hours == ["2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00"]


@given(st.integers(0, 366 * 24 * 60), st.sampled_from(["*/15 * * * *", "5 * * * *", "30 2 * * *", "0 0 * * 0"]))
def test_what_is_due_is_the_first_minute_after_now_whose_wall_clock_fits(minutes, cron):
    zone = ZoneInfo("America/New_York")
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    due = next_due(cron, zone, now)
    assert due > now
    fields = cron.split()

    def fits(moment):
        at = moment.astimezone(zone)
        minute = at.minute % int(fields[0][2:]) == 0 if "/" in fields[0] else at.minute == int(fields[0])
        return minute and (fields[1] == "*" or at.hour == int(fields[1])) and (fields[4] == "*" or at.isoweekday() == 7)

    assert fits(due)
    between = (due.astimezone(UTC) - now) // timedelta(minutes=1)
    assert not any(fits(now + timedelta(minutes=step)) for step in range(1, min(between, 3000)))


def test_back_off_doubles_so_often_then_grows_by_the_last_step():
    job = Job("j", "* * * * *", "UTC", "u", retries=5, min_backoff_s=10, max_backoff_s=300, max_doublings=3)
    assert [job.backoff_s(retry) for retry in range(1, 9)] == [10, 20, 40, 80, 160, 240, 300, 300]


def test_with_a_duration_retries_go_on_until_both_limits_are_reached():
    around, posted = scheduler(retries=1, max_retry_duration_s=100)
    around.reply = Answer(500)
    around.advance(12 * HOUR_S)
    assert [at - 11.5 * HOUR_S for at, _, _ in posted] == [0, 5, 15, 35, 75]


def test_retries_end_at_the_next_scheduled_start():
    around, posted = scheduler(cron="* * * * *", retries=5, min_backoff_s=25)
    around.reply = Answer(500)
    around.advance(125)
    assert [at for at, _, _ in posted] == [60, 85, 120]  # 50 s more would be after the next start


def test_an_execution_waits_for_the_one_before_it():
    around, posted = scheduler(cron="* * * * *")

    def slow(url, body, headers):
        posted.append(around.now_ns())
        around.advance(90 if len(posted) < 4 else 0)
        return Answer(200)

    around.answer = slow
    around.advance(100)
    began = [(at - START_NS) / 1e9 for at in posted]
    assert began == [60, 150, 240, 330]


def test_a_paused_job_is_not_due_until_it_is_resumed_and_can_be_run_by_hand():
    around, posted = scheduler(cron="0 * * * *", paused=True)
    around.advance(2 * HOUR_S)
    assert posted == []
    session = mount(requests.Session(), around.scheduler.http())
    jobs = "https://cloudscheduler.googleapis.com/v1/projects/windtunnel/locations/us-west2/jobs"
    assert session.get(jobs).json()["jobs"][0]["state"] == "PAUSED"
    assert session.post(f"{jobs}/j:run").status_code == 200
    around.advance(1)
    assert len(posted) == 1
    resumed = session.post(f"{jobs}/j:resume").json()
    assert (resumed["state"], resumed["scheduleTime"]) == ("ENABLED", "2026-01-16T03:00:00Z")
    around.advance(HOUR_S)
    assert len(posted) == 2
    assert session.get(f"{jobs}/j").json()["status"] == {}
    assert session.post(f"{jobs}/other:run").status_code == 404
    assert session.post(f"{jobs}/j:restart").status_code == 501
    assert session.post(f"{jobs}/j:pause").json()["state"] == "PAUSED"


def test_a_token_names_the_target_and_the_account():
    around, _ = scheduler(oidc="runner@p.iam.gserviceaccount.com")
    around.advance(12 * HOUR_S)
    ((_, _, headers),) = around.posts
    kind, _, token = headers["Authorization"].partition(" ")
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (kind, claims["aud"], claims["email"]) == ("Bearer", "https://svc/x", "runner@p.iam.gserviceaccount.com")
    assert headers["X-CloudScheduler-ScheduleTime"] == "2026-01-16T11:30:00+00:00"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"attempt_deadline_s": 14}, "15 to 1800"),
        ({"retries": 6}, "0 to 5"),
        ({"min_backoff_s": 0}, "0 < min <= max"),
        ({"body": "x" * 200_000}, "at most"),
        ({"attempts": 3}, "attempts"),
    ],
)
def test_what_the_service_does_not_take_is_refused_by_name(fields, words):
    with pytest.raises(ValueError, match=f"schedule j: .*{words}"):
        scheduler(**fields)


@pytest.mark.parametrize(("field", "value"), [("zone", "Mars/Olympus"), ("cron", "61 * * * *")])
def test_bad_jobs_are_refused_by_name(field, value):
    with pytest.raises(ValueError, match=f"schedule j: .*{value.split('/', maxsplit=1)[0].split()[0]}"):
        scheduler(**{field: value})


API = "projects/windtunnel/locations/us-west2"


@pytest.fixture
def api(tmp_path):
    """The vendor's client before a scheduler without jobs, and the posts of its jobs."""
    around = ManualSurroundings()
    around.scheduler = create(around, data=tmp_path)
    around.scheduler.start()
    transport = CloudSchedulerRestTransport(credentials=AnonymousCredentials())
    mount(transport._session, around.scheduler.http())
    return around, scheduler_v1.CloudSchedulerClient(transport=transport)


def a_job(**fields):
    target = {
        "uri": "https://svc/x",
        "body": b"raw",
        "headers": {"A": "b"},
        "oidc_token": {"service_account_email": "a@p"},
    }
    return {"name": f"{API}/jobs/new", "schedule": "0 * * * *", "time_zone": "UTC", "http_target": target, **fields}


def test_the_vendors_client_makes_changes_and_deletes_jobs(api, tmp_path):
    around, client = api
    made = client.create_job(parent=API, job=a_job(retry_config={"retry_count": 2}))
    assert (made.state.name, made.http_target.body, made.retry_config.retry_count) == ("ENABLED", b"raw", 2)
    around.advance(HOUR_S)
    ((url, body, headers),) = around.posts
    assert (url, body, headers["A"], headers["Content-Type"]) == (
        "https://svc/x",
        b"raw",
        "b",
        "application/octet-stream",
    )
    assert headers["Authorization"].startswith("Bearer ")
    changed = client.update_job(job={"name": made.name, "schedule": "30 * * * *"}, update_mask={"paths": ["schedule"]})
    assert (changed.schedule, changed.http_target.uri) == ("30 * * * *", "https://svc/x")
    around.advance(HOUR_S)
    assert len(around.posts) == 2
    assert client.pause_job(name=made.name).state.name == "PAUSED"
    around.scheduler.close()
    again = create(around, data=tmp_path)
    assert (again.jobs["new"].job.cron, again.jobs["new"].paused) == ("30 * * * *", True)
    assert [job.name for job in client.list_jobs(parent=API)] == [made.name]
    client.delete_job(name=made.name)
    assert list(client.list_jobs(parent=API)) == []
    with pytest.raises(exceptions.NotFound):
        client.get_job(name=made.name)


def test_a_deleted_job_is_due_no_more(api):
    around, client = api
    client.create_job(parent=API, job=a_job())
    client.delete_job(name=f"{API}/jobs/new")
    around.advance(3 * HOUR_S)
    assert around.posts == []


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"schedule": "every day"}, exceptions.BadRequest, "bad cron line"),
        ({"schedule": ""}, exceptions.BadRequest, "schedule must be given"),
        ({"time_zone": "Mars/Olympus"}, exceptions.BadRequest, "unknown time zone"),
        ({"http_target": {"uri": "ftp://x"}}, exceptions.BadRequest, "httpTarget.uri"),
        ({"retry_config": {"retry_count": 6}}, exceptions.BadRequest, "retries=6"),
        (
            {"name": "projects/other/locations/us-west2/jobs/j"},
            exceptions.BadRequest,
            "must be projects/windtunnel",
        ),
        ({"http_target": None, "pubsub_target": {"topic_name": "t"}}, exceptions.MethodNotImplemented, "pubsubTarget"),
        ({"http_target": {"uri": "https://x", "http_method": "GET"}}, exceptions.MethodNotImplemented, "httpMethod"),
    ],
)
def test_a_job_that_cannot_be_is_refused_by_name(api, fields, error, words):
    _, client = api
    with pytest.raises(error, match=words):
        client.create_job(parent=API, job=a_job(**fields))
    assert list(client.list_jobs(parent=API)) == []


def test_a_job_is_made_once(api):
    _, client = api
    client.create_job(parent=API, job=a_job())
    with pytest.raises(exceptions.Conflict):
        client.create_job(parent=API, job=a_job())
