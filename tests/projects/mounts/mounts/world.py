"""Their world: the four back ends and a worker that tries each."""

from typing import Any

OPTIONS: dict[str, dict[str, Any]] = {"redis": {}, "s3": {}, "ses": {"identities": ["sender.example"]}, "smtp": {}}
TOPOLOGY = {"s3_buckets": ["archive-bucket"]}


def build(tunnel: Any) -> None:
    for name, options in OPTIONS.items():
        tunnel.backend(name, **options)
    tunnel.topology(TOPOLOGY)
    tunnel.worker("trier", main="mounts.workers:try_all")
