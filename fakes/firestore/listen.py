"""The Listen RPC: a query's or some documents' state, and every change of it.

A change is sent with the commit that made it, in one consistent step (`firestore.proto`, TargetChange). It must not
know transactions; it watches commits.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from google.cloud.firestore_v1 import types

from fakes.firestore.database import Database
from fakes.firestore.documents import SERVICE
from fakes.firestore.names import check_document
from fakes.firestore.query import Query
from fakes.rpc import Rpc
from fakes.seam import GrpcContext, GrpcError, GrpcMethod

ResponsePb = types.ListenResponse.pb()
Change = types.TargetChange.TargetChangeType


class Target:
    """One thing a client listens to, and what it was last told of it: name -> document."""

    def __init__(self, pb: Any, database: Database) -> None:
        self.id: int = pb.target_id or 1
        self.resumed = pb.WhichOneof("resume_type") is not None
        self.told: dict[str, Any] = {}
        self._database = database
        self._names: list[str] = []
        self._query: Query | None = None
        match pb.WhichOneof("target_type"):
            case "query":
                self._parent = pb.query.parent
                self._query = Query(pb.query.structured_query)
            case "documents":
                self._names = [check_document(name) for name in pb.documents.documents]
            case _:
                raise GrpcError("INVALID_ARGUMENT", "a target must have a query or documents")

    def now(self) -> dict[str, Any]:
        """What it is at present; with the database's lock held."""
        if self._query is None:
            found = ((name, self._database.store.get(name)) for name in self._names)
            return {name: document for name, document in found if document is not None}
        documents = self._database.matching(self._parent, self._query)
        return {document.name: self._query.project(document) for document in documents}

    def changes(self) -> list[Any]:
        """The answers that bring the client from what it was told to the present; with the lock held."""
        present = self.now()
        answers = []
        for name, before in self.told.items():
            if name not in present:
                answers.append(self._gone(name, before))
        for name, document in present.items():
            before = self.told.get(name)
            if before is None or before != document:
                answers.append(ResponsePb(document_change={"document": document, "target_ids": [self.id]}))
        self.told = present
        return answers

    def missing(self) -> list[Any]:
        """For documents that are not there at the beginning: that they are not."""
        return [self._gone(name, None) for name in self._names if name not in self.told]

    def _gone(self, name: str, _before: Any) -> Any:
        # It was deleted, or it only left the query's results.
        deleted = self._database.store.get(name) is None
        kind = "document_delete" if deleted else "document_remove"
        answer = ResponsePb(**{kind: {"document": name, "removed_target_ids": [self.id]}})
        _stamp(getattr(answer, kind).read_time, self._database.now_us())
        return answer


class Listen:
    """Serves Listen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def methods(self, rpc: Rpc) -> Mapping[str, GrpcMethod]:
        """Full method path -> RPC."""
        path = f"/{SERVICE}/Listen"
        return {path: rpc.stream(path, types.ListenRequest.pb(), _resource, self.listen)}

    def listen(self, first: Any, rest: Iterator[Any], context: GrpcContext) -> Iterator[Any]:
        """Open the stream with its first target; later requests add and remove more."""
        session = _Session(self._database)
        session.handle(first)
        return self._answers(session, rest, context)

    def _answers(self, session: _Session, rest: Iterator[Any], context: GrpcContext) -> Iterator[Any]:
        if not context.add_callback(session.end):
            session.end()
            return
        self._database.around.call_later(0, partial(self._read, session, rest))
        try:
            while True:
                answer = session.answers.get()
                if answer is None:
                    return
                if isinstance(answer, GrpcError):
                    raise answer
                yield answer
        finally:
            session.end()

    def _read(self, session: _Session, rest: Iterator[Any]) -> None:
        try:
            for request in rest:
                session.handle(request)
        except GrpcError as error:
            session.answers.put(error)
        except Exception:  # noqa: BLE001 - whatever the transport raises when its peer is gone, the stream is over
            session.end()
        else:
            session.end()


class _Session:
    """One open stream: its targets and the answers that wait to be sent (None ends it)."""

    def __init__(self, database: Database) -> None:
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._database = database
        self._targets: dict[int, Target] = {}
        self._ended = False
        with database.lock:
            database.watchers.append(self._changed)

    def handle(self, request: Any) -> None:
        """Add or remove a target."""
        with self._database.lock:
            if request.HasField("add_target"):
                self._add(Target(request.add_target, self._database))
            elif request.remove_target:
                self._targets.pop(request.remove_target, None)
                self._put_change(Change.REMOVE, [request.remove_target])

    def end(self) -> None:
        """Watch no more."""
        with self._database.lock:
            if not self._ended:
                self._ended = True
                if self._changed in self._database.watchers:
                    self._database.watchers.remove(self._changed)
                self.answers.put(None)

    def _add(self, target: Target) -> None:
        if target.id in self._targets:
            raise GrpcError("INVALID_ARGUMENT", f"target {target.id} is there already; remove it first")
        self._targets[target.id] = target
        self._put_change(Change.ADD, [target.id])
        if target.resumed:
            # No past is kept for a stream: whoever comes back starts again, which the protocol allows at any time.
            self._put_change(Change.RESET, [target.id])
        for answer in (*target.changes(), *target.missing()):
            self.answers.put(answer)
        self._put_change(Change.CURRENT, [target.id], at_us=self._database.now_us())
        self._put_change(Change.NO_CHANGE, [], at_us=self._database.now_us())

    def _changed(self, _names: Iterable[str]) -> None:
        answers = [answer for target in self._targets.values() for answer in target.changes()]
        if answers:
            for answer in answers:
                self.answers.put(answer)
            self._put_change(Change.NO_CHANGE, [], at_us=self._database.now_us())

    def _put_change(self, kind: Any, target_ids: list[int], at_us: int | None = None) -> None:
        answer = ResponsePb()
        answer.target_change.target_change_type = int(kind)
        answer.target_change.target_ids.extend(target_ids)
        if at_us is not None:
            _stamp(answer.target_change.read_time, at_us)
            answer.target_change.resume_token = b"%d" % at_us
        self.answers.put(answer)


def _stamp(timestamp: Any, at_us: int) -> None:
    timestamp.seconds, micros = divmod(at_us, 1_000_000)
    timestamp.nanos = micros * 1_000


def _resource(request: Any) -> str:
    target = request.add_target
    if target.documents.documents:
        return str(target.documents.documents[0])
    return str(target.query.parent or request.database)
