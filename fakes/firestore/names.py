"""Names of documents and collections: `projects/{p}/databases/{d}/documents/{collection}/{id}/…`.

It must not know what exists.
"""

from __future__ import annotations

import re

from fakes.seam import GrpcError

_ROOT = re.compile(r"projects/[^/]+/databases/[^/]+/documents")
_RESERVED = re.compile(r"__.*__")


def split(name: str) -> tuple[str, tuple[str, ...]]:
    """The `…/documents` root of a name and the segments after it; INVALID_ARGUMENT if it has none."""
    match = _ROOT.match(name)
    if match is None or (len(name) > match.end() and name[match.end()] != "/"):
        raise GrpcError(
            "INVALID_ARGUMENT",
            f'Document name "{name}" lacks "projects/{{project}}/databases/{{database}}/documents" at its beginning',
        )
    rest = name[match.end() + 1 :]
    return match.group(), tuple(rest.split("/")) if rest else ()


def check_document(name: str) -> str:
    """`name` itself if it can be a document's; INVALID_ARGUMENT otherwise."""
    _, segments = split(name)
    if not segments or len(segments) % 2 or not all(segments):
        raise GrpcError(
            "INVALID_ARGUMENT", f'Document name "{name}" has {len(segments)} segments; it must have collection/id pairs'
        )
    for segment in segments:
        if segment in (".", "..") or _RESERVED.fullmatch(segment) or len(segment.encode()) > 1_500:
            raise GrpcError(
                "INVALID_ARGUMENT",
                f'Resource id "{segment}" is invalid because it is reserved (. .. __*__) or longer than 1,500 bytes',
            )
    return name


def collection_of(document: str) -> str:
    """The full name of the collection a document is in."""
    return document.rsplit("/", 1)[0]


def database_of(name: str) -> str:
    """`projects/{p}/databases/{d}`."""
    return split(name)[0].rsplit("/", 1)[0]
