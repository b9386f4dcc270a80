"""Cron lines fire at their times, in their zone, once each."""

import json

import pytest

from fakes.scheduler import create
from fakes.seam import Answer
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
    create(around, jobs=[job]).start()
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


@pytest.mark.parametrize(("field", "value"), [("zone", "Mars/Olympus"), ("cron", "61 * * * *")])
def test_bad_jobs_are_refused_by_name(field, value):
    with pytest.raises(ValueError, match=f"schedule j: .*{value.split('/', maxsplit=1)[0].split()[0]}"):
        scheduler(**{field: value})
