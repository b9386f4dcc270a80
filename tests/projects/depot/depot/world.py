"""One world an incident; figures of a deployment are those of the incident where it has them."""

from typing import Any


def burst(tunnel: Any, *, messages: int, over_s: float, work: str, **service: Any) -> None:
    """`messages` within `over_s` seconds to `worker`, with no slow start before it: a window that has grown already."""
    tunnel.service("worker", **{"app": "depot.apps:worker", "compute": {"/work": work}, **service})
    env = {"MESSAGES": str(messages), "OVER_S": str(over_s), "AFTER_S": "60"}
    tunnel.worker("sender", main="depot.sender:burst", env=env)


def cold_start_storm(tunnel: Any) -> None:
    """No. 9: orchestrators at min-instances 0, all their messages at 16:00."""
    burst(tunnel, messages=60, over_s=2, work="30s ± 10s", concurrency=1, max_instances=10, cold_start_s=8)


def warm(tunnel: Any) -> None:
    """No. 9 with the remedy."""
    burst(tunnel, messages=60, over_s=2, work="30s ± 10s", concurrency=1, min_instances=60, max_instances=60)


def scaling(tunnel: Any) -> None:
    """No. 43: 220 messages at once for ten workers of five."""
    burst(tunnel, messages=220, over_s=1, work="8s ± 2s", concurrency=5, max_instances=10, cold_start_s=4)


def burst_from_nothing(tunnel: Any) -> None:
    """No. 59: 154 messages in two seconds and no instance."""
    burst(tunnel, messages=154, over_s=2, work="20s ± 5s", concurrency=5, max_instances=10, cold_start_s=8)


def missing_library(tunnel: Any) -> None:
    """No. 50: the push finds a worker that raises."""
    burst(tunnel, messages=100, over_s=1, work="100ms", app="depot.apps:without_a_library", min_instances=1)


def wrong_image(tunnel: Any) -> None:
    """Nos. 40 and 51: from the first hour on the service runs another phase's code; put right after five."""
    tunnel.service("phase4", app="depot.apps:worker", min_instances=1)
    tunnel.rollout("phase4", at="1h", app="depot.apps:of_another_phase")
    tunnel.traffic("phase4", at="5h", split={1: 100})
    tunnel.schedule("work", cron="*/15 * * * *", post="phase4/work")
    tunnel.schedule("health", cron="*/15 * * * *", post="phase4/health")


def crash_loop(tunnel: Any) -> None:
    """No. 49: the health check of the new revision raises, so that the platform kills it again and again."""
    tunnel.service("phase3", app="depot.apps:worker", min_instances=1, liveness_probe="/health")
    tunnel.rollout("phase3", at="10m", app="depot.apps:with_another_health_check")
    tunnel.traffic("phase3", at="8h", split={1: 100})


def bad_revision(tunnel: Any) -> None:
    """No. 50 as it should have gone: a container that does not start gets no traffic."""
    tunnel.service("worker", app="depot.apps:worker", min_instances=1)
    tunnel.rollout("worker", at="10m", app="depot.apps:without_a_library_at_start")
    tunnel.schedule("work", cron="* * * * *", post="worker/work")


def timeout_cascade(tunnel: Any) -> None:
    """No. 57: an export of 680 s in a function of 540 s, without CPU outside requests."""
    tunnel.service(
        "export", app="depot.apps:exporter", events="phase6-export-trigger", request_timeout_s=540, cpu="request"
    )
    tunnel.schedule("export", cron="0 1 * * *", post="export/", attempt_deadline_s=1800)


def out_of_memory(tunnel: Any) -> None:
    """No. 58: a batch of 50,000 predictions in 512 MiB."""
    tunnel.service("predictor", app="depot.apps:predictor", memory_mib=512, memory={"": 200})
    tunnel.schedule("batch", cron="0 1 * * *", post="predictor/batch", body={"predictions": 50_000})
    tunnel.schedule("small", cron="30 1 * * *", post="predictor/batch", body={"predictions": 20_000})


def going(tunnel: Any) -> None:
    """SIGTERM at a rollout, with a request in flight that takes longer than the grace."""
    tunnel.service("graceful", app="depot.apps:graceful", min_instances=1)
    tunnel.rollout("graceful", at="10m", env={"NEW": "1"})
    tunnel.schedule("work", cron="9 0 * * *", post="graceful/work")


def leaving(tunnel: Any) -> None:
    """SIGTERM at a rollout, to programs that flush at exit: one in time, one by way of its handler, one too slowly."""
    for name in ("flushing", "exiting", "dawdling"):
        tunnel.service(name, app=f"depot.apps:{name}", min_instances=1)
        tunnel.rollout(name, at="10m", env={"NEW": "1"})


def throttled(tunnel: Any) -> None:
    """A heartbeat in a container without CPU outside requests, and in one with it."""
    for name, cpu in (("throttled", "request"), ("always", "always")):
        tunnel.service(name, app="depot.apps:beating", min_instances=1, cpu=cpu)
        tunnel.schedule(name, cron="10 0 * * *", post=f"{name}/work")
