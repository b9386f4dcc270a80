"""Which labels a resource may have.

Source: cloud.google.com/pubsub/docs/labels ("Label format"). It must not know the resources.
"""

from __future__ import annotations

from collections.abc import Mapping

from fakes.seam import GrpcError

MOST_LABELS = 64
MOST_CHARACTERS = 63


def check_labels(labels: Mapping[str, str]) -> None:
    """Raise INVALID_ARGUMENT, naming it, for a label the service refuses, and for too many."""
    if len(labels) > MOST_LABELS:
        raise GrpcError("INVALID_ARGUMENT", f"There are {len(labels)} labels, and the maximum is {MOST_LABELS}.")
    for key, value in labels.items():
        if not key or not key[0].isalpha() or not _fits(key) or not _fits(value):
            raise GrpcError(
                "INVALID_ARGUMENT",
                f"Invalid label {key[:80]!r}: {value[:80]!r}; keys begin with a lower-case letter, and keys and values "
                f"have at most {MOST_CHARACTERS} lower-case letters, digits, dashes and underscores.",
            )


def _fits(text: str) -> bool:
    letters = all(letter in "_-" or letter.isdigit() or (letter.isalpha() and not letter.isupper()) for letter in text)
    return letters and len(text) <= MOST_CHARACTERS
