"""What one write makes of a document.

Source: `google/firestore/v1/write.proto`. It must not know where documents are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.cloud.firestore_v1.types import Document

from fakes.firestore import fields, transforms
from fakes.firestore.names import check_document
from fakes.firestore.value_rules import check_fields
from fakes.seam import GrpcError

DocumentPb = Document.pb()


@dataclass(frozen=True, slots=True)
class Written:
    """The document after a write (None: deleted) and the results of its transforms, in order."""

    document: Any | None
    transform_results: tuple[Any, ...] = ()


def target(write: Any) -> str:
    """The full name of the document a `google.firestore.v1.Write` is about; INVALID_ARGUMENT if it names none."""
    match write.WhichOneof("operation"):
        case "update":
            return check_document(write.update.name)
        case "delete":
            return check_document(write.delete)
        case "transform":
            return check_document(write.transform.document)
    raise GrpcError("INVALID_ARGUMENT", "a write must have an update, a delete or a transform")


def check_precondition(precondition: Any, name: str, present: Any | None, now_us: int) -> None:
    """Raise as the service does if `present` is not what the write counts on."""
    match precondition.WhichOneof("condition_type"):
        case "exists":
            if precondition.exists and present is None:
                raise GrpcError("NOT_FOUND", f"No document to update: {name}")
            if not precondition.exists and present is not None:
                raise GrpcError("ALREADY_EXISTS", f"Document already exists: {name}")
        case "update_time":
            required_us = precondition.update_time.seconds * 1_000_000 + precondition.update_time.nanos // 1_000
            if required_us > now_us:
                raise GrpcError(
                    "INVALID_ARGUMENT",
                    f"The required base version ({_text(precondition.update_time)}) is in the future",
                )
            if present is None:
                raise GrpcError("NOT_FOUND", f"No document to update: {name}")
            if present.update_time != precondition.update_time:
                raise GrpcError(
                    "FAILED_PRECONDITION",
                    f"the stored version ({_text(present.update_time)}) does not match the required base version "
                    f"({_text(precondition.update_time)}): {name}",
                )


def apply(write: Any, present: Any | None, commit_us: int, document_bytes: int) -> Written:
    """The outcome of `write` on `present`, its precondition checked."""
    name = target(write)
    check_precondition(write.current_document, name, present, commit_us)
    if write.HasField("delete"):
        return Written(None)
    document = DocumentPb(name=name)
    field_transforms = list(write.update_transforms)
    if write.HasField("transform"):
        field_transforms = list(write.transform.field_transforms)
        if present is not None:
            _copy(present, document)
    elif write.HasField("update_mask"):
        if present is not None:
            _copy(present, document)
        for text in write.update_mask.field_paths:
            path = fields.parse(text)
            value = fields.get(write.update.fields, path)
            if value is None:
                fields.remove(document.fields, path)
            else:
                fields.put(document.fields, path, value)
    else:
        _copy(write.update, document)
    results = []
    for transform in field_transforms:
        path = fields.parse(transform.field_path)
        value, result = transforms.transformed(transform, fields.get(document.fields, path), commit_us)
        fields.put(document.fields, path, value)
        results.append(result)
    check_fields(document.fields)
    size = document.ByteSize()
    if size > document_bytes:
        raise GrpcError(
            "INVALID_ARGUMENT",
            f'Document "{name}" cannot be written because its size ({size:,} bytes) exceeds the maximum allowed '
            f"size of {document_bytes:,} bytes.",
        )
    unchanged = present is not None and present.fields == document.fields
    _set_time(document.update_time, commit_us)
    if unchanged and present is not None:
        # "If the write did not actually change the document, this will be the previous update_time."
        document.update_time.CopyFrom(present.update_time)
    if present is None:
        _set_time(document.create_time, commit_us)
    else:
        document.create_time.CopyFrom(present.create_time)
    return Written(document, tuple(results))


def _copy(source: Any, into: Any) -> None:
    for name, value in source.fields.items():
        into.fields[name].CopyFrom(value)


def _set_time(timestamp: Any, at_us: int) -> None:
    timestamp.seconds, micros = divmod(at_us, 1_000_000)
    timestamp.nanos = micros * 1_000


def _text(timestamp: Any) -> str:
    return f"{timestamp.seconds}.{timestamp.nanos // 1_000:06d}"
