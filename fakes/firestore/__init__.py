"""Google Cloud Firestore (native mode), as the service behaves."""

from fakes.firestore.backend import Firestore, create

__all__ = ["Firestore", "create"]
