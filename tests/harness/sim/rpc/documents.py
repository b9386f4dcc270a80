"""A tiny Firestore: just enough of the service to keep its real clients busy over the simulated channel.

Documents by name, transactions that abort when what they read was changed meanwhile, and one listener per stream.
"""

import itertools
import queue
from collections.abc import Iterator, Mapping
from typing import Any

from fakes.seam import GrpcError, GrpcMethod

HOST = "firestore.googleapis.com"
SERVICE = "/google.firestore.v1.Firestore/"


class Documents:
    """`calls` lists the methods called; `authorizations` what clients sent as such."""

    def __init__(self) -> None:
        from google.cloud.firestore_v1 import types

        self.types = types
        self.documents: dict[str, Any] = {}
        self.versions: dict[str, int] = {}
        self.read: dict[bytes, dict[str, int]] = {}
        self.listeners: list[queue.SimpleQueue[Any]] = []
        self.calls: list[str] = []
        self.authorizations: list[str] = []
        self._numbers = itertools.count(1)

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        t = self.types
        return {
            HOST: {
                SERVICE + "BatchGetDocuments": self._many(t.BatchGetDocumentsRequest, self.batch_get),
                SERVICE + "BeginTransaction": self._one(t.BeginTransactionRequest, self.begin),
                SERVICE + "Commit": self._one(t.CommitRequest, self.commit),
                SERVICE + "Rollback": self._one(t.RollbackRequest, self.rollback),
                SERVICE + "RunQuery": self._many(t.RunQueryRequest, self.run_query),
                SERVICE + "Listen": GrpcMethod("stream_stream", self.listen),
            }
        }

    def _one(self, request_type: Any, act: Any) -> GrpcMethod:
        def serve(raw: bytes, context: Any) -> bytes:
            self.note(act, context)
            answer = act(request_type.deserialize(raw))
            serialised: bytes = b"" if answer is None else type(answer).serialize(answer)
            return serialised

        return GrpcMethod("unary_unary", serve)

    def _many(self, request_type: Any, act: Any) -> GrpcMethod:
        def serve(raw: bytes, context: Any) -> Iterator[bytes]:
            self.note(act, context)
            for answer in act(request_type.deserialize(raw)):
                yield type(answer).serialize(answer)

        return GrpcMethod("unary_stream", serve)

    def note(self, act: Any, context: Any) -> None:
        self.calls.append(act.__name__)
        self.authorizations.append(context.metadata.get("authorization", ""))

    def stamp(self) -> Any:
        from google.protobuf.timestamp_pb2 import Timestamp

        return Timestamp(seconds=1_768_521_600 + next(self._numbers))

    def batch_get(self, request: Any) -> Iterator[Any]:
        for name in request.documents:
            if request.transaction:
                self.read[request.transaction][name] = self.versions.get(name, 0)
            found = self.documents.get(name)
            answer = {"found": found} if found is not None else {"missing": name}
            yield self.types.BatchGetDocumentsResponse(**answer, read_time=self.stamp())

    def run_query(self, request: Any) -> Iterator[Any]:
        collection = request.structured_query.from_[0].collection_id
        for name in sorted(self.documents):
            if name.split("/")[-2] == collection:
                yield self.types.RunQueryResponse(document=self.documents[name], read_time=self.stamp())

    def begin(self, request: Any) -> Any:
        transaction = b"t%d" % next(self._numbers)
        self.read[transaction] = {}
        return self.types.BeginTransactionResponse(transaction=transaction)

    def rollback(self, request: Any) -> None:
        self.read.pop(request.transaction, None)

    def commit(self, request: Any) -> Any:
        for name, version in self.read.pop(request.transaction, {}).items():
            if self.versions.get(name, 0) != version:
                raise GrpcError("ABORTED", "Too much contention on these documents. Please try again.")
        for write in request.writes:
            name = write.update.name
            self.versions[name] = self.versions.get(name, 0) + 1
            when = self.stamp()
            document = self.types.Document(name=name, fields=write.update.fields, create_time=when, update_time=when)
            self.documents[name] = document
            for listener in self.listeners:
                listener.put(document)
        results = [self.types.WriteResult(update_time=self.stamp()) for _ in request.writes]
        return self.types.CommitResponse(write_results=results, commit_time=self.stamp())

    def drop_listeners(self) -> None:
        listeners, self.listeners = self.listeners, []
        for listener in listeners:
            listener.put(GrpcError("UNAVAILABLE", "The service is currently unavailable."))

    def listen(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        self.calls.append("listen")
        target = self.types.ListenRequest.deserialize(next(requests)).add_target
        changed: queue.SimpleQueue[Any] = queue.SimpleQueue()
        context.add_callback(lambda: changed.put(None))
        self.listeners.append(changed)
        change = self.types.TargetChange
        wanted = set(target.documents.documents)
        yield self._target(change.TargetChangeType.ADD)
        for name in sorted(wanted & set(self.documents)):
            yield self._changed(self.documents[name])
        yield self._target(change.TargetChangeType.CURRENT)
        yield self._target(change.TargetChangeType.NO_CHANGE)
        while (document := changed.get()) is not None:
            if isinstance(document, GrpcError):
                raise document
            if document.name in wanted:
                yield self._changed(document)
                yield self._target(change.TargetChangeType.NO_CHANGE)

    def _changed(self, document: Any) -> bytes:
        response = self.types.ListenResponse(document_change={"document": document, "target_ids": [WATCH_TARGET_ID]})
        serialised: bytes = self.types.ListenResponse.serialize(response)
        return serialised

    def _target(self, kind: Any) -> bytes:
        ids = [] if kind == self.types.TargetChange.TargetChangeType.NO_CHANGE else [WATCH_TARGET_ID]
        stamp = self.stamp()
        response = self.types.ListenResponse(
            target_change={
                "target_change_type": kind,
                "target_ids": ids,
                "read_time": stamp,
                "resume_token": b"r%d" % stamp.seconds,
            }
        )
        serialised: bytes = self.types.ListenResponse.serialize(response)
        return serialised


WATCH_TARGET_ID = 0x5079
"""What the Python client calls its one target."""
