"""Requests nobody would send to the scheduler's API: each is answered, and the jobs there are run on time."""

import io
import os
import random

import orjson

from fakes.scheduler import Job, create
from tests.fakes.manual import ManualSurroundings

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "2000"))
"""20,000 before a release."""

PARENT = "/v1/projects/windtunnel/locations/us-west2/jobs"
PLACES = [
    *(
        f"{PARENT}{rest}"
        for rest in ("", "/a", "/b", "/a:run", "/a:pause", "/b:resume", "/b:pause", "/c", "/a:x", "/", "//")
    ),
    *("/", "/v1", "/v1/projects/p/locations/l/jobs", f"{PARENT}/\xfc", f"{PARENT}/a:run:run", f"{PARENT}/\x00"),
]
QUERIES = [
    "",
    "pageSize=1",
    "pageSize=-1",
    "pageSize=x",
    "pageSize=1&pageToken=MQ",
    "pageToken=%00",
    "a=b&a=c",
    "=",
    "%",
    "updateMask=schedule",
    "updateMask=http_target.uri,a.b.c,,",
]


BODIES = [
    b"",
    b"[]",
    b"{",
    b"{}",
    b'{"schedule": 1}',
    b'{"schedule": "*/5 * * * *", "timeZone": "UTC", "httpTarget": {"uri": "http://made/"}}',
    b'{"name": "projects/windtunnel/locations/us-west2/jobs/c", "schedule": "* * * * *", "httpTarget": {"uri": "http://c/"}}',
    b'{"httpTarget": {"uri": "http://a/", "body": "?"}, "schedule": "*/5 * * * *"}',
    b'{"httpTarget": [], "retryConfig": {"retryCount": "x", "minBackoffDuration": "soon"}, "schedule": "* * * * *"}',
    b'{"pubsubTarget": {}}',
    b"\xff",
]


def test_any_request_is_answered_and_the_jobs_stay():
    dice = random.Random("scheduler")
    around = ManualSurroundings()
    jobs = [
        {"name": name, "cron": "*/5 * * * *", "zone": "UTC", "url": f"http://{name}/", "retries": 2} for name in "ab"
    ]
    scheduler = create(around, jobs=jobs)
    scheduler.start()
    [app] = scheduler.http().values()
    statuses: dict[str, int] = {}
    for number in range(REQUESTS):
        if number % 20 == 0:  # most have been deleted by then
            for job in jobs:
                scheduler.put(Job(**job))
        verb = dice.choice(["GET", "GET", "POST", "POST", "PATCH", "DELETE", "PUT", "HEAD"])
        said: list[str] = []
        environ = {
            "REQUEST_METHOD": verb,
            "PATH_INFO": dice.choice(PLACES),
            "QUERY_STRING": dice.choice(QUERIES),
            "CONTENT_LENGTH": str(len(sent := dice.choice(BODIES))),
            "wsgi.input": io.BytesIO(sent),
        }
        body = b"".join(app(environ, lambda status, headers, said=said: said.append(status)))
        assert orjson.loads(body) is not None
        statuses[said[0][:3]] = statuses.get(said[0][:3], 0) + 1
        around.advance(dice.choice([0, 1, 30]))
    assert statuses.keys() <= {"200", "400", "404", "409", "501"}
    assert statuses["200"] > REQUESTS / 20
    for one in scheduler.jobs.values():
        scheduler.resume(one)
    before = len(around.posts)
    around.advance(300)
    every_minute = [one for one in scheduler.jobs.values() if one.job.cron == "* * * * *"]
    assert len(around.posts) == before + len(scheduler.jobs) + 4 * len(every_minute)
