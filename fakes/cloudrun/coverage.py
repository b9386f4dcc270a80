"""What the platform does of Cloud Run: the remarks for docs/emulated/cloudrun.md."""

from __future__ import annotations

from fakes.cloudrun.deployment import (
    GRACE_S,
    IDLE_S,
    LARGEST_MESSAGE_BYTES,
    LONGEST_EVENT_S,
    PENDING_MINIMUM_S,
    PENDING_PER_START,
    STARTUP_LIMIT_S,
    Deployment,
)
from fakes.cloudrun.revision import BACK_OFF_S
from fakes.coverage import Remark
from fakes.pages import Page

PAGE = Page(
    "Cloud Run",
    "The platform of every world: `tunnel.service` puts an app behind it, `tunnel.rollout` and `tunnel.traffic` change "
    "what runs. Sources stand in the modules of `fakes/cloudrun/`.",
    {
        "scaling out": Remark(
            "approximated", "by requests: a request without a free slot starts an instance, up to `max_instances`. "
            "Scaling on CPU (60 %) is left out: the emulator does not measure CPU",
        ),
        "scaling in": Remark("supported", f"an instance idle for {IDLE_S / 60:.0f} min goes, down to `min_instances`"),
        "queueing": Remark(
            "supported", f"at most {PENDING_MINIMUM_S:.0f} s or {PENDING_PER_START} × the start-up time, then \"no "
            "available instance\": 429 at `max_instances`, 500 below it",
        ),
        "start-up": Remark(
            "approximated", f"`cold_start_s` until it listens, at most {STARTUP_LIMIT_S:.0f} s; start-up CPU boost is "
            "what you make of `cold_start_s`. An instance that exits before it listens fails the requests that waited "
            f"for it (503); the minimum is made up for after {BACK_OFF_S[0]:.0f} s, doubling to {BACK_OFF_S[1]:.0f} s "
            "(a kubelet's back-off: Google gives none)",
        ),
        "request time-out": Remark(
            "supported", "504 at `request_timeout_s`; the instance is not ended, the slot is free and the handler goes "
            "on working (without CPU where `cpu` is `request`)",
        ),
        "death under a request": Remark("supported", "503, applied: unknown"),
        "memory limit": Remark(
            "approximated", "SIGKILL (`oom` in the history) when `memory` of the requests in flight and of an idle "
            "instance, or what the code says it holds (a log record with `extra={\"memory_mib\": n}`, requests aside), "
            "passes `memory_mib`. Real memory is not measured",
        ),
        "shutdown": Remark(
            "supported", f"SIGTERM, and SIGKILL {GRACE_S:.0f} s later: scale-in, rollout, the end of `lifetime_s`; "
            "without a handler of its own an instance finishes its requests, as gunicorn does",
        ),
        "CPU outside requests": Remark(
            "approximated", "`cpu=\"request\"` stops a process between requests (Cloud Run leaves it a trickle); it is "
            "Cloud Run's default and not ours, which is `always`",
        ),
        "revisions": Remark(
            "supported", "a rollout starts the new revision; traffic moves when it is up, and stays when it never is. "
            "Splits in per cent, rollback by a split. Marks `rollout` in the history; tags are left out",
        ),
        "probes": Remark(
            "supported", "HTTP start-up and liveness probes with Cloud Run's defaults; TCP start-up is `ready`. gRPC "
            "probes are refused by being no field",
        ),
        "sizes": Remark(
            "supported", f"413 for a request over {LARGEST_MESSAGE_BYTES // 2**20} MiB, 500 for a whole answer over it",
        ),
        "headers": Remark(
            "supported", "`traceparent`, `X-Cloud-Trace-Context`, `X-Forwarded-For`, `X-Forwarded-Proto`, `Forwarded`",
        ),
        "Eventarc": Remark(
            "approximated", "`events=\"topic\"` makes Pub/Sub pushes CloudEvents in binary mode (`ce-*`), with at most "
            f"{LONGEST_EVENT_S:.0f} s a request",
        ),
        "metadata server": Remark(
            "supported", "project, region, zone, service account, access and identity tokens; 403 without "
            "`Metadata-Flavor: Google`",
        ),
        "session affinity, ingress rules, IAM, volumes": Remark("refused", "no such setting"),
    },
    Deployment,
)  # fmt: skip
