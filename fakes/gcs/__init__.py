"""Cloud Storage: the JSON API, its faults and its limits, as a state machine behind one WSGI app."""

from fakes.gcs.backend import CloudStorage, create

__all__ = ["CloudStorage", "create"]
