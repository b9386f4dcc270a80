"""Google Cloud Logging: entries written, listed and filtered as the service does."""

from fakes.logging.backend import Logging, create

__all__ = ["Logging", "create"]
