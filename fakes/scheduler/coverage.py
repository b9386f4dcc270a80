"""What the scheduler does of Cloud Scheduler: the remarks for docs/emulated/scheduler.md."""

from __future__ import annotations

from fakes.coverage import Remark
from fakes.pages import Page
from fakes.scheduler.job import ATTEMPT_DEADLINES_S, MOST_RETRIES, Job
from fakes.scheduler.rest import METHODS

PAGE = Page(
    "Cloud Scheduler",
    "`tunnel.schedule` declares jobs. Sources stand in the modules of `fakes/scheduler/`.",
    {
        "cron lines": Remark(
            "supported", "five fields, by the wall clock of the zone: a time that summer time leaves out is not, "
            "one that comes twice is due twice. App Engine's English-like schedules are refused",
        ),
        "attempt deadline": Remark(
            "supported", f"{ATTEMPT_DEADLINES_S[0]:.0f} s to {ATTEMPT_DEADLINES_S[1] / 60:.0f} min",
        ),
        "retries": Remark(
            "supported", f"0 to {MOST_RETRIES}, doubling `max_doublings` times, then growing by the last step; with "
            "`max_retry_duration_s` until both limits are reached; never past the next scheduled start",
        ),
        "overlap": Remark(
            "supported", "one execution at a time: a start due meanwhile waits for the end; several make one",
        ),
        "headers": Remark("supported", "`X-CloudScheduler*`, `User-Agent`, and an OIDC token where `oidc` is given"),
        "duplicate runs": Remark("refused", "\"at least once\" in rare cases: send a request twice with a fault"),
        "REST API": Remark("approximated", ", ".join(METHODS) + ", as the client has it with `transport=\"rest\"`"),
        "Pub/Sub and App Engine targets, gRPC": Remark(
            "refused", "HTTP targets with POST and OIDC tokens only; the API answers 501",
        ),
    },
    Job,
)  # fmt: skip
