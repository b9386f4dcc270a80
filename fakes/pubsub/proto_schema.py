"""Protocol Buffer definitions: compiled by protoc, and whether data are a message of them.

protoc comes with grpcio-tools, which is optional: `pip install 'windtunnel[protobuf]'`. It must not know revisions.
Source of the rules: cloud.google.com/pubsub/docs/schemas ("you must define only one top-level type", no imports) and
cloud.google.com/pubsub/docs/commit-schema-revision.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError

from fakes.pubsub.definition import Encoding
from fakes.seam import GrpcError

_FILE = "schema.proto"
_OPTIONAL = FieldDescriptorProto.LABEL_OPTIONAL


class ProtoDefinition:
    """A definition, compiled; INVALID_ARGUMENT for one the service refuses, UNIMPLEMENTED without protoc."""

    def __init__(self, text: str) -> None:
        self._file = _compiled(text)
        if self._file.dependency:
            raise _invalid(f"imports are not supported: {', '.join(self._file.dependency)}")
        if len(self._file.message_type) != 1:
            names = ", ".join(one.name for one in self._file.message_type) or "none"
            raise _invalid(f"there must be exactly one top-level message; there is {names}")
        pool = descriptor_pool.DescriptorPool()
        pool.AddSerializedFile(self._file.SerializeToString())
        name = ".".join(filter(None, (self._file.package, self._file.message_type[0].name)))
        self._type = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))

    def fits(self, data: bytes, encoding: Encoding) -> bool:
        """Whether `data` is such a message: JSON without fields the definition lacks, or the binary form."""
        message = self._type()
        try:
            if encoding == "JSON":
                json_format.Parse(data, message)
            else:
                message.ParseFromString(data)
        except (json_format.ParseError, DecodeError, ValueError, RecursionError):
            return False
        return bool(message.IsInitialized())

    def clash(self, newer: ProtoDefinition) -> str:
        """Why `newer` is no revision of this: "Optional fields can be added or removed", nothing else; "" if it is."""
        before, after = dict(_fields(self._file)), dict(_fields(newer._file))
        for place in sorted(before.keys() | after.keys()):
            old, new = before.get(place), after.get(place)
            if old is not None and new is not None:
                if old != new:
                    return f"field {new.name} of {place[0]} was changed; give a new field a new number"
                continue
            field = old if old is not None else new
            if field is not None and field.label != _OPTIONAL:
                return f"field {field.name} of {place[0]} is not optional, so it cannot be added or removed"
        return ""


def _compiled(text: str) -> Any:
    try:
        from grpc_tools import _protoc_compiler, protoc  # the words of an error are told by the compiler itself alone
    except ImportError:
        raise GrpcError(
            "UNIMPLEMENTED",
            "PROTOCOL_BUFFER schemas of the pubsub emulator need protoc, which is not installed: "
            "pip install 'windtunnel[protobuf]'",
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / _FILE, Path(folder) / "compiled"
        source.write_text(text, encoding="utf-8")
        try:
            _protoc_compiler.get_protos(_FILE.encode(), [folder.encode()])
        except _protoc_compiler.ProtocErrors as error:
            raise _invalid(str(error)) from None
        protoc.main(["protoc", f"-I{folder}", f"--descriptor_set_out={target}", _FILE])
        return FileDescriptorSet.FromString(target.read_bytes()).file[0]


def _fields(scope: Any, path: str = "") -> Iterator[tuple[tuple[str, int], Any]]:
    """The fields of all messages, by the message's name and their number."""
    for one in scope.message_type if not path else scope.nested_type:
        name = f"{path}.{one.name}".lstrip(".")
        for field in one.field:
            yield (name, field.number), field
        yield from _fields(one, name)


def _invalid(why: str) -> GrpcError:
    return GrpcError("INVALID_ARGUMENT", f"Invalid PROTOCOL_BUFFER schema: {why}")
