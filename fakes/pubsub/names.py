"""Resource names: what a project, topic, subscription, snapshot or schema may be called.

It must not know what exists; it knows only what a name may look like.
"""

from __future__ import annotations

import re
from typing import Literal

from fakes.seam import GrpcError

Collection = Literal["topics", "subscriptions", "snapshots", "schemas"]

DELETED_TOPIC = "_deleted-topic_"
"""What a subscription's `topic` says once its topic is gone (`pubsub.proto`, Subscription.topic)."""

# "It must start with a letter, and contain only letters, numbers, dashes, underscores, periods, tildes, plus or percent
# signs. It must be between 3 and 255 characters in length, and it must not start with "goog"." - pubsub.proto
_ID = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9:.\-]{0,127}")


def checked(name: str, collection: Collection) -> str:
    """`name` itself if it is a legal `projects/{project}/{collection}/{id}`; INVALID_ARGUMENT otherwise."""
    parts = name.split("/")
    if (
        len(parts) == 4
        and parts[0] == "projects"
        and parts[2] == collection
        and _PROJECT.fullmatch(parts[1])
        and _ID.fullmatch(parts[3])
    ):
        return name
    raise GrpcError(
        "INVALID_ARGUMENT",
        f"Invalid [{collection}] name: (name={name}); it must be projects/{{project}}/{collection}/{{id}}, the id 3 "
        'to 255 characters of A-Z a-z 0-9 - _ . ~ + %, starting with a letter and not with "goog"',
    )


def project_of(name: str) -> str:
    """The project id in a resource name or a `projects/{project}` path; INVALID_ARGUMENT if there is none."""
    parts = name.split("/")
    if len(parts) >= 2 and parts[0] == "projects" and parts[1]:
        return parts[1]
    raise GrpcError("INVALID_ARGUMENT", f"Invalid project name: (name={name}); it must be projects/{{project}}")


def full(name: str, project: str, collection: Collection) -> str:
    """The full name of what a neighbour or a topology file may call by its id alone."""
    return name if name.startswith("projects/") else f"projects/{project}/{collection}/{name}"
