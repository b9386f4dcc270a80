"""Locks, their waits and their ends, with the clock in the test's hand."""

import threading

import pytest
from google.cloud.firestore_v1 import types
from google.protobuf.empty_pb2 import Empty

from fakes.firestore import create
from fakes.firestore.locks import Locks, Owner
from fakes.seam import GrpcError
from tests.fakes.direct import Direct
from tests.fakes.manual import ManualSurroundings

DATABASE = "projects/p1/databases/(default)"
DOC = f"{DATABASE}/documents/locks/a"


class EmptyType:
    deserialize = Empty.FromString


class Desk:
    def __init__(self, **options):
        self.around = ManualSurroundings()
        self.backend = create(self.around, **options)
        self.rpc = Direct(self.backend)

    def begin(self, **options):
        request = types.BeginTransactionRequest(database=DATABASE, options=options)
        return self.rpc.call("BeginTransaction", request, types.BeginTransactionResponse).transaction

    def read(self, *names, **how):
        request = types.BatchGetDocumentsRequest(database=DATABASE, documents=names, **how)
        answers = self.rpc.answers("BatchGetDocuments", request, types.BatchGetDocumentsResponse)
        return [one.found.fields["n"].integer_value if "found" in one else None for one in answers]

    def commit(self, n, name=DOC, transaction=b""):
        write = types.Write(update=types.Document(name=name, fields={"n": types.Value(integer_value=n)}))
        request = types.CommitRequest(database=DATABASE, writes=[write], transaction=transaction)
        return self.rpc.call("Commit", request, types.CommitResponse)

    def rollback(self, transaction):
        self.rpc.call("Rollback", types.RollbackRequest(database=DATABASE, transaction=transaction), EmptyType)


def started(action):
    """Run `action` in a thread; its outcome is in the list when the thread has ended."""
    outcome = []

    def run():
        try:
            outcome.append(action())
        except GrpcError as error:
            outcome.append(error.code)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, outcome


def waiting(desk, count=1):
    while len(desk.backend.database.locks._waiters) < count:
        pass


def test_a_write_waits_for_a_transaction_that_has_read_the_document():
    desk = Desk()
    holder = desk.begin()
    assert desk.read(DOC, transaction=holder) == [None]
    thread, outcome = started(lambda: desk.commit(2) and "done")
    waiting(desk)
    desk.commit(1, transaction=holder)
    thread.join(timeout=10)
    assert outcome == ["done"]
    assert desk.read(DOC) == [2]


def test_who_waits_longer_than_the_lock_wait_is_aborted():
    desk = Desk()
    desk.read(DOC, transaction=desk.begin())
    thread, outcome = started(lambda: desk.commit(2))
    waiting(desk)
    desk.around.advance(20)
    thread.join(timeout=10)
    assert outcome == ["ABORTED"]
    assert desk.read(DOC) == [None]


def test_a_stale_lock_is_gone_after_60_s_and_its_holder_cannot_commit():
    desk = Desk()
    holder = desk.begin()
    desk.read(DOC, transaction=holder)
    desk.around.advance(59.9)
    assert not desk.backend.database.locks.is_idle()
    desk.around.advance(0.1)
    assert desk.backend.database.locks.is_idle()
    with pytest.raises(GrpcError, match="expired") as refused:
        desk.commit(1, transaction=holder)
    assert refused.value.code == "INVALID_ARGUMENT"


def test_use_keeps_a_transaction_alive_but_not_beyond_270_s():
    desk = Desk()
    holder = desk.begin()
    for _ in range(5):
        desk.around.advance(50)
        desk.read(DOC, transaction=holder)
    desk.around.advance(20)
    with pytest.raises(GrpcError, match="expired"):
        desk.read(DOC, transaction=holder)


def test_a_rollback_frees_the_locks_and_repeating_it_is_no_error():
    desk = Desk()
    holder = desk.begin()
    desk.read(DOC, transaction=holder)
    desk.rollback(holder)
    desk.rollback(holder)
    assert desk.commit(1).commit_time is not None


def test_a_write_in_a_read_only_transaction_is_refused():
    desk = Desk()
    with pytest.raises(GrpcError, match="read-only"):
        desk.commit(1, transaction=desk.begin(read_only={}))


def test_commit_times_rise_even_when_the_clock_stands():
    desk = Desk()
    times = [desk.commit(n).commit_time for n in range(3)]
    assert times[0] < times[1] < times[2]


def test_the_past_can_be_read_for_an_hour():
    desk = Desk()
    then = desk.commit(1).commit_time
    desk.around.advance(1800)
    desk.commit(2)
    assert desk.read(DOC, read_time=then) == [1]
    assert desk.read(DOC) == [2]
    desk.around.advance(1801)
    with pytest.raises(GrpcError) as refused:
        desk.read(DOC, read_time=then)
    assert refused.value.code == "FAILED_PRECONDITION"


def test_old_versions_and_old_deletions_are_forgotten():
    desk = Desk(limits={"history_s": 10})
    for n in range(100):
        desk.commit(n)
        desk.around.advance(1)
    delete = types.CommitRequest(database=DATABASE, writes=[types.Write(delete=DOC)])
    desk.rpc.call("Commit", delete, types.CommitResponse)
    desk.around.advance(20)
    desk.commit(1, name=DOC + "b")
    desk.around.advance(20)
    desk.commit(2, name=DOC + "b")
    assert set(desk.backend.database.store._versions) == {DOC + "b"}


def test_locks_go_to_who_asked_first():
    locks, owners = Locks(), [Owner(age) for age in range(3)]
    assert locks.request(owners[0], ["a"]) is None
    second, third = locks.request(owners[1], ["a", "b"]), locks.request(owners[2], ["b"])
    assert (second is None, third is None) == (False, False)
    locks.release(owners[0])
    second.wait()
    locks.release(owners[1])
    third.wait()
    locks.release(owners[2])
    assert locks.is_idle()


def test_a_deadlock_ends_with_the_youngest_aborted():
    locks, old, young = Locks(), Owner(1), Owner(2)
    locks.request(old, ["a"])
    locks.request(young, ["b"])
    waits = locks.request(young, ["a"])
    won = locks.request(old, ["b"])
    with pytest.raises(GrpcError) as lost:
        waits.wait()
    assert lost.value.code == "ABORTED"
    locks.release(young)
    won.wait()


def test_a_bad_option_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match="pessimistic"):
        Desk(concurrency="both")
    with pytest.raises(ValueError, match="lock_wait_s"):
        Desk(limits={"lock_s": 1})
