"""Google Cloud Pub/Sub, as the service behaves."""

from fakes.pubsub.backend import PubSub, create

__all__ = ["PubSub", "create"]
