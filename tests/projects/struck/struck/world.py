"""Its world: every back end, a service, a schedule for each case, and a worker that writes to all of them."""

from typing import Any

from .writes import PROJECT

BACK_ENDS: dict[str, dict[str, Any]] = {
    "bigquery": {"project": PROJECT},
    "gcs": {"limits": "none"},
    "pubsub": {"project": PROJECT},
    "firestore": {"project": PROJECT},
    "logging": {"project": PROJECT},
    "redis": {},
    "s3": {},
    "ses": {},
    "smtp": {},
    "upstreams": {},
}
TOPOLOGY = {"project": PROJECT, "buckets": ["struck-bucket"], "s3_buckets": ["struck-bucket"]}
CASES = ("refused", "reset", "throttled", "delayed", "hung", "lost", "failed", "cut", "stale", "distorted")


def build(tunnel: Any) -> None:
    for name, options in BACK_ENDS.items():
        tunnel.backend(name, **options)
    tunnel.topology(TOPOLOGY)
    tunnel.service("shop", app="struck.workers:shop", min_instances=1, max_instances=1)
    for case in CASES:
        tunnel.schedule(f"{case}scheduler", cron="0 0 1 1 *", zone="UTC", post="shop/due")
    tunnel.worker("caller", main="struck.workers:strike_all", env={"CASES": ",".join(CASES)}, restart_s=36_000)
