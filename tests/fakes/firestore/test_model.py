"""Documents, transactions and the past against a model that fits on one page."""

from google.cloud.firestore_v1 import types
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from fakes.seam import GrpcError
from tests.fakes.firestore.test_transactions import DATABASE, Desk

NAMES = st.sampled_from([f"{DATABASE}/documents/a/{letter}" for letter in "xyz"])


def update(name, n, **more):
    return types.Write(update=types.Document(name=name, fields={"n": types.Value(integer_value=n)}), **more)


def increment(name, by):
    transform = types.DocumentTransform.FieldTransform(field_path="n", increment=types.Value(integer_value=by))
    return types.Write(
        update=types.Document(name=name), update_mask=types.DocumentMask(), update_transforms=[transform]
    )


class DocumentsModel(RuleBasedStateMachine):
    """Optimistic transactions, so that one thread suffices: a commit fails exactly if what it read has changed."""

    open = Bundle("open")
    moments = Bundle("moments")

    def __init__(self):
        super().__init__()
        self.desk = Desk(concurrency="optimistic")
        self.documents = {}
        self.versions = {}
        self.reads = {}
        self.number = 0

    def commit(self, writes, transaction=b""):
        request = types.CommitRequest(database=DATABASE, writes=writes, transaction=transaction)
        return self.desk.rpc.call("Commit", request, types.CommitResponse).commit_time

    def changed(self, name, value):
        self.number += 1
        self.versions[name] = self.number
        if value is None:
            self.documents.pop(name, None)
        else:
            self.documents[name] = value

    @rule(target=moments, name=NAMES, n=st.integers(0, 9))
    def put(self, name, n):
        when = self.commit([update(name, n)])
        self.changed(name, n)
        return when, dict(self.documents)

    @rule(name=NAMES, by=st.integers(-3, 3))
    def add(self, name, by):
        self.commit([increment(name, by)])
        self.changed(name, self.documents.get(name, 0) + by)

    @rule(name=NAMES)
    def delete(self, name):
        self.commit([types.Write(delete=name)])
        self.changed(name, None)

    @rule(one=NAMES, other=NAMES, n=st.integers(10, 19))
    def all_or_nothing(self, one, other, n):
        must_exist = types.Precondition(exists=True)
        writes = [update(one, n), update(other, n, current_document=must_exist)]
        there = other in self.documents or one == other
        try:
            self.commit(writes)
        except GrpcError as error:
            assert (error.code, there) == ("NOT_FOUND", False)
        else:
            assert there
            self.changed(one, n)
            self.changed(other, n)

    @rule(target=open)
    def begin(self):
        transaction = self.desk.begin()
        self.reads[transaction] = {}
        return transaction

    @rule(transaction=open, name=NAMES)
    def read_in_transaction(self, transaction, name):
        if transaction in self.reads:
            assert self.desk.read(name, transaction=transaction) == [self.documents.get(name)]
            self.reads[transaction].setdefault(name, self.versions.get(name))

    @rule(transaction=consumes(open), name=NAMES, n=st.integers(20, 29))
    def commit_transaction(self, transaction, name, n):
        stale = any(self.versions.get(read) != version for read, version in self.reads[transaction].items())
        try:
            self.commit([update(name, n)], transaction)
        except GrpcError as error:
            assert (error.code, stale) == ("ABORTED", True)
        else:
            assert not stale
            self.changed(name, n)

    @rule(transaction=consumes(open))
    def roll_back(self, transaction):
        self.desk.rollback(transaction)

    @rule(moment=moments, name=NAMES)
    def look_back(self, moment, name):
        when, documents = moment
        assert self.desk.read(name, read_time=when) == [documents.get(name)]

    @invariant()
    def a_query_finds_what_is_there_in_order(self):
        request = types.RunQueryRequest(
            parent=f"{DATABASE}/documents",
            structured_query={"from_": [{"collection_id": "a"}], "order_by": [{"field": {"field_path": "n"}}]},
        )
        found = [
            (one.document.fields["n"].integer_value, one.document.name)
            for one in self.desk.rpc.answers("RunQuery", request, types.RunQueryResponse)
            if one.document.name
        ]
        assert found == sorted((n, name) for name, n in self.documents.items())
        assert self.desk.backend.database.locks.is_idle()


DocumentsModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestDocumentsModel = DocumentsModel.TestCase
