"""Its world: a bucket that tells a topic, a worker that writes and a worker that hears."""

from typing import Any

TOPOLOGY = {
    "project": "archive-project",
    "buckets": {"archive-bucket": {"location": "US-WEST2"}},
    "topics": {"filed": {"subscriptions": {"filed-sub": {"ack_deadline": "60s"}}}},
}


def build(tunnel: Any) -> None:
    tunnel.backend("gcs")
    tunnel.backend("pubsub", project="archive-project")
    tunnel.topology(TOPOLOGY)
    tunnel.worker("writer", main="archive.workers:write")
    tunnel.worker("hearer", main="archive.workers:hear")
