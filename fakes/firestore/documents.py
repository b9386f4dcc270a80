"""The RPCs of `google.firestore.v1.Firestore` that read and write; `listen.py` has the stream.

It translates between protobuf and the database and must not hold state of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from google.cloud.firestore_v1 import types
from google.protobuf.empty_pb2 import Empty
from google.rpc.status_pb2 import Status

from fakes.firestore import aggregation
from fakes.firestore.database import Database
from fakes.firestore.names import check_document, split
from fakes.firestore.query import Query, masked
from fakes.firestore.transactions import Transaction
from fakes.firestore.writes import Written, target
from fakes.rpc import PbMessage, Rpc
from fakes.seam import GRPC_CODES, GrpcContext, GrpcError, GrpcMethod

SERVICE = "google.firestore.v1.Firestore"
_READS = ("GetDocument", "ListDocuments", "ListCollectionIds")
_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Documents:
    """Serves documents, queries and transactions."""

    def __init__(self, database: Database, rng: random.Random) -> None:
        """`rng` draws the ids of documents made without one."""
        self._database = database
        self._rng = rng

    def methods(self, rpc: Rpc) -> Mapping[str, GrpcMethod]:
        """Full method path -> RPC."""
        unary: tuple[tuple[str, Any, str, Callable[[Any, GrpcContext], PbMessage]], ...] = (
            ("GetDocument", types.GetDocumentRequest, "name", self.get_document),
            ("CreateDocument", types.CreateDocumentRequest, "parent", self.create_document),
            ("UpdateDocument", types.UpdateDocumentRequest, "document.name", self.update_document),
            ("DeleteDocument", types.DeleteDocumentRequest, "name", self.delete_document),
            ("ListDocuments", types.ListDocumentsRequest, "parent", self.list_documents),
            ("ListCollectionIds", types.ListCollectionIdsRequest, "parent", self.list_collection_ids),
            ("BeginTransaction", types.BeginTransactionRequest, "database", self.begin_transaction),
            ("Commit", types.CommitRequest, "database", self.commit),
            ("Rollback", types.RollbackRequest, "database", self.rollback),
            ("BatchWrite", types.BatchWriteRequest, "database", self.batch_write),
        )
        streams: tuple[tuple[str, Any, str, Callable[[Any, GrpcContext], Iterator[PbMessage]]], ...] = (
            ("BatchGetDocuments", types.BatchGetDocumentsRequest, "database", self.batch_get_documents),
            ("RunQuery", types.RunQueryRequest, "parent", self.run_query),
            ("RunAggregationQuery", types.RunAggregationQueryRequest, "parent", self.run_aggregation_query),
        )
        made = {}
        for name, request, field, handle in unary:
            path = f"/{SERVICE}/{name}"
            # A write is about the documents it names; the database's name alone would match no fault.
            resource = _written if name in ("Commit", "BatchWrite") else attrgetter(field)
            aged = self._aged if name in _READS else None
            made[path] = rpc.unary(path, request.pb(), resource, handle, aged)
        for name, request, field, answers in streams:
            path = f"/{SERVICE}/{name}"
            resource = _read if name == "BatchGetDocuments" else attrgetter(field)
            made[path] = rpc.server_stream(path, request.pb(), resource, answers, self._aged)
        return made

    # ---------------------------------------------------------------------------------------------------- documents

    def get_document(self, request: Any, context: GrpcContext) -> Any:
        """GetDocument; NOT_FOUND."""
        name = check_document(request.name)
        [document] = self._read(request, [name], context)
        if document is None:
            raise GrpcError("NOT_FOUND", f'Document "{name}" not found.')
        return _shown(document, request)

    def create_document(self, request: Any, context: GrpcContext) -> Any:
        """CreateDocument; an id is made up where none is given."""
        document_id = request.document_id or "".join(self._rng.choices(_ID_LETTERS, k=20))
        write = types.Write.pb()(update=request.document)
        write.update.name = f"{request.parent}/{request.collection_id}/{document_id}"
        write.current_document.exists = False
        return self._write(write, request, context)

    def update_document(self, request: Any, context: GrpcContext) -> Any:
        """UpdateDocument: make it, or replace what the mask names."""
        write = types.Write.pb()(update=request.document)
        if request.HasField("update_mask"):
            write.update_mask.CopyFrom(request.update_mask)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        return self._write(write, request, context)

    def delete_document(self, request: Any, context: GrpcContext) -> Any:
        """DeleteDocument; one that is not there is no error."""
        write = types.Write.pb()(delete=request.name)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        self._database.commit([write], b"", context)
        return Empty()

    def _write(self, write: Any, request: Any, context: GrpcContext) -> Any:
        [outcome], _ = self._database.commit([write], b"", context)
        return _shown(outcome.document, request)

    def list_documents(self, request: Any, context: GrpcContext) -> Any:
        """ListDocuments by name, with `show_missing` also those that only have documents below them."""
        split(request.parent)
        if request.order_by not in ("", "__name__"):
            raise GrpcError("UNIMPLEMENTED", f"the firestore emulator lists by __name__ only, not {request.order_by!r}")
        database = self._database
        transaction, at_us = self._seen(request)
        at_us = at_us if transaction is None else transaction.read_us
        prefix = f"{request.parent}/{request.collection_id}" if request.collection_id else request.parent
        with database.lock:
            if request.collection_id:
                found = {document.name: document for document in database.store.in_collection(prefix, at_us)}
                if request.show_missing:
                    depth = prefix.count("/") + 1
                    for collection in database.store.collections_under(prefix):
                        if any(True for _ in database.store.in_collection(collection, at_us)):
                            name = "/".join(collection.split("/")[: depth + 1])
                            found.setdefault(name, types.Document.pb()(name=name))
            else:
                found = {
                    document.name: document
                    for collection in database.store.collections_under(prefix)
                    if collection.count("/") == prefix.count("/") + 1
                    for document in database.store.in_collection(collection, at_us)
                }
        names = sorted(name for name in found if name > request.page_token)
        most = _page_size(request, 300, 300)
        part = names[:most]
        answer = types.ListDocumentsResponse.pb()(documents=[_shown(found[name], request) for name in part])
        if len(names) > most:
            answer.next_page_token = part[-1]
        return answer

    def list_collection_ids(self, request: Any, _context: GrpcContext) -> Any:
        """ListCollectionIds right below a document or the root."""
        split(request.parent)
        depth = request.parent.count("/") + 1
        _, at_us = self._seen(request)
        with self._database.lock:
            store = self._database.store
            ids = sorted(
                {
                    collection.split("/")[depth]
                    for collection in store.collections_under(request.parent)
                    if any(True for _ in store.in_collection(collection, at_us))
                }
            )
        ids = [one for one in ids if one > request.page_token]
        most = _page_size(request, 100, 1_000)
        answer = types.ListCollectionIdsResponse.pb()(collection_ids=ids[:most])
        if len(ids) > most:
            answer.next_page_token = ids[most - 1]
        return answer

    # ----------------------------------------------------------------------------------------------- reads by stream

    def batch_get_documents(self, request: Any, context: GrpcContext) -> Iterator[PbMessage]:
        """BatchGetDocuments: each once, those found in the order asked for and then the missing ones, as the vendor's
        own system test (`test_get_all`) has the service answer.
        """
        names = list(dict.fromkeys(check_document(name) for name in request.documents))
        transaction, at_us = self._seen(request)
        database = self._database
        if at_us is not None and transaction is None:
            documents = database.read_at(names, at_us)
        else:
            documents = database.read(names, transaction, context)
        make = types.BatchGetDocumentsResponse.pb()
        answers = []
        if request.HasField("new_transaction") and transaction is not None:
            answers.append(make(transaction=transaction.id))
        read_us = self._read_us(transaction, at_us)
        for name, document in sorted(zip(names, documents, strict=True), key=lambda one: one[1] is None):
            answer = make(missing=name) if document is None else make(found=_shown(document, request))
            _stamp(answer.read_time, read_us)
            answers.append(answer)
        return iter(answers)

    def run_query(self, request: Any, context: GrpcContext) -> Iterator[PbMessage]:
        """RunQuery: one answer a result, at least one in all."""
        _refuse_explain(request)
        query = Query(request.structured_query)
        documents, transaction, at_us = self._query(request, query, context)
        make = types.RunQueryResponse.pb()
        answers = []
        if request.HasField("new_transaction") and transaction is not None:
            answers.append(make(transaction=transaction.id))
        read_us = self._read_us(transaction, at_us)
        for document in documents:
            answer = make(document=query.project(document))
            _stamp(answer.read_time, read_us)
            answers.append(answer)
        if not documents:
            answer = make()
            _stamp(answer.read_time, read_us)
            answers.append(answer)
        return iter(answers)

    def run_aggregation_query(self, request: Any, context: GrpcContext) -> Iterator[PbMessage]:
        """RunAggregationQuery: one answer with all aggregations."""
        _refuse_explain(request)
        wanted = request.structured_aggregation_query
        fields = aggregation.fields_of(wanted.aggregations)
        query = Query(wanted.structured_query, also_ordered_by=fields)
        documents, transaction, at_us = self._query(request, query, context)
        answer = types.RunAggregationQueryResponse.pb()()
        if request.HasField("new_transaction") and transaction is not None:
            answer.transaction = transaction.id
        for alias, value in aggregation.aggregate(wanted.aggregations, documents).items():
            answer.result.aggregate_fields[alias].CopyFrom(value)
        _stamp(answer.read_time, self._read_us(transaction, at_us))
        return iter((answer,))

    def _query(
        self, request: Any, query: Query, context: GrpcContext
    ) -> tuple[list[Any], Transaction | None, int | None]:
        split(request.parent)
        transaction, at_us = self._seen(request)
        return self._database.query(request.parent, query, transaction, at_us, context), transaction, at_us

    # ------------------------------------------------------------------------------------------------- transactions

    def begin_transaction(self, request: Any, _context: GrpcContext) -> Any:
        """BeginTransaction."""
        transaction = self._database.begin(request.options)
        return types.BeginTransactionResponse.pb()(transaction=transaction.id)

    def rollback(self, request: Any, _context: GrpcContext) -> Any:
        """Rollback."""
        self._database.rollback(request.transaction)
        return Empty()

    def commit(self, request: Any, context: GrpcContext) -> Any:
        """Commit: all writes or none."""
        size = request.ByteSize()
        most = self._database.limits.request_bytes
        if size > most:
            raise GrpcError(
                "INVALID_ARGUMENT", f"Request payload size exceeds the limit: {most:,} bytes (it has {size:,})."
            )
        outcomes, commit_us = self._database.commit(request.writes, request.transaction, context)
        answer = types.CommitResponse.pb()(write_results=[_result(one) for one in outcomes])
        _stamp(answer.commit_time, commit_us)
        return answer

    def batch_write(self, request: Any, context: GrpcContext) -> Any:
        """BatchWrite: each write by itself, in no promised order; a document at most once."""
        names = [target(write) for write in request.writes]
        if len(set(names)) < len(names):
            raise GrpcError("INVALID_ARGUMENT", "Cannot write to the same document more than once in a BatchWrite.")
        answer = types.BatchWriteResponse.pb()()
        for write in request.writes:
            try:
                [outcome], _ = self._database.commit([write], b"", context)
            except GrpcError as error:
                answer.write_results.add()
                answer.status.append(Status(code=GRPC_CODES[error.code], message=error.details))
            else:
                answer.write_results.append(_result(outcome))
                answer.status.append(Status())
        return answer

    # -------------------------------------------------------------------------------------------------- consistency

    def _aged(self, request: Any, age_s: float) -> Any:
        """The request with a read time `age_s` back: the past is kept anyway. Transactions are not served stale."""
        older = type(request)()
        older.CopyFrom(request)
        _stamp(older.read_time, self._database.now_us() - round(age_s * 1e6))
        return older

    def _seen(self, request: Any) -> tuple[Transaction | None, int | None]:
        """The transaction a read is in, or the time it asks for; (None, None) reads what is there now."""
        match request.WhichOneof("consistency_selector"):
            case "transaction":
                return self._database.transaction(request.transaction), None
            case "new_transaction":
                return self._database.begin(request.new_transaction), None
            case "read_time":
                return None, self._database.read_us(request.read_time)
        return None, None

    def _read(self, request: Any, names: list[str], context: GrpcContext) -> list[Any | None]:
        transaction, at_us = self._seen(request)
        if at_us is not None and transaction is None:
            return self._database.read_at(names, at_us)
        return self._database.read(names, transaction, context)

    def _read_us(self, transaction: Transaction | None, at_us: int | None) -> int:
        if transaction is not None and transaction.read_us is not None:
            return transaction.read_us
        return at_us if at_us is not None else self._database.now_us()


def _page_size(request: Any, default: int, most: int) -> int:
    if request.page_size < 0:
        raise GrpcError("INVALID_ARGUMENT", f"page_size must not be negative: {request.page_size}")
    return min(request.page_size or default, most)


def _shown(document: Any, request: Any) -> Any:
    return masked(document, request.mask.field_paths) if request.HasField("mask") else document


def _result(outcome: Written) -> Any:
    result = types.WriteResult.pb()(transform_results=outcome.transform_results)
    # "Not set after a delete." - write.proto, WriteResult.update_time
    if outcome.document is not None:
        result.update_time.CopyFrom(outcome.document.update_time)
    return result


def _stamp(timestamp: Any, at_us: int) -> None:
    timestamp.seconds, micros = divmod(at_us, 1_000_000)
    timestamp.nanos = micros * 1_000


def _read(request: Any) -> str:
    return str(request.documents[0]) if request.documents else str(request.database)


def _written(request: Any) -> str:
    for write in request.writes:
        return str(write.update.name or write.delete or write.transform.document)
    return str(request.database)


def _refuse_explain(request: Any) -> None:
    if request.HasField("explain_options"):
        raise GrpcError("UNIMPLEMENTED", "the firestore emulator does not do explain_options")
