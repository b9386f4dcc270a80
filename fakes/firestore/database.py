"""The service's state: documents, transactions and locks, and what happens at a commit.

Reads in a read-write transaction lock what they read, as the service's pessimistic mode does (the default of the
server client libraries): others wait, and are ABORTED after `lock_wait_s` or to end a deadlock. In optimistic mode
nothing waits, and a commit is ABORTED if what was read has changed. It must not know gRPC methods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal

from fakes.firestore.limits import Limits
from fakes.firestore.locks import Locks, Waiter, contention
from fakes.firestore.query import Query
from fakes.firestore.store import Store
from fakes.firestore.transactions import Transaction, Transactions
from fakes.firestore.writes import Written, apply, target
from fakes.journal import Ledger
from fakes.seam import GrpcContext, GrpcError, Surroundings

Concurrency = Literal["pessimistic", "optimistic"]
_OPTIMISTIC, _PESSIMISTIC = 1, 2


class Database:
    """All databases of the service, told apart by their documents' names."""

    def __init__(
        self, around: Surroundings, limits: Limits, concurrency: Concurrency, ledger: Ledger | None = None
    ) -> None:
        self.around = around
        self.limits = limits
        self.ledger = ledger or Ledger()
        self.lock = self.ledger.lock
        self.store = Store(limits.history_s)
        self.watchers: list[Callable[[Iterable[str]], None]] = []
        """Told the names of changed documents after each commit, with the lock held; they must not block."""
        self.locks = Locks()
        self._transactions = Transactions()
        self._optimistic = concurrency == "optimistic"

    # ------------------------------------------------------------------------------------------------- transactions

    def begin(self, options: Any) -> Transaction:
        """Begin a transaction from `google.firestore.v1.TransactionOptions` (read-write unless it says otherwise)."""
        with self.lock:
            now_ns = self.around.now_ns()
            if options.HasField("read_only"):
                transaction = self._transactions.begin(now_ns)
                transaction.read_only = True
                at = options.read_only.read_time
                transaction.read_us = self.read_us(at) if options.read_only.HasField("read_time") else self.now_us()
            else:
                mode = getattr(options.read_write, "concurrency_mode", 0)
                transaction = self._transactions.begin(now_ns, retry=options.read_write.retry_transaction)
                transaction.optimistic = mode == _OPTIMISTIC or (self._optimistic and mode != _PESSIMISTIC)
            self._watch(transaction, self.limits.transaction_idle_s)
            return transaction

    def transaction(self, transaction_id: bytes) -> Transaction:
        """The open transaction of that id; INVALID_ARGUMENT if it ended, expiry included."""
        with self.lock:
            return self._transactions.get(transaction_id, self.around.now_ns())

    def rollback(self, transaction_id: bytes) -> None:
        """End a transaction; one that has ended already is no error, as at the service."""
        with self.lock:
            try:
                transaction = self._transactions.get(transaction_id, self.around.now_ns())
            except GrpcError:
                return
            self._end(transaction)

    def _watch(self, transaction: Transaction, seconds: float) -> None:
        transaction.timer = self.around.call_later(seconds, partial(self._expire, transaction))

    def _end(self, transaction: Transaction) -> None:
        if transaction.timer is not None:
            transaction.timer.cancel()
        self._transactions.end(transaction)
        self.locks.release(transaction)

    def _expire(self, transaction: Transaction) -> None:
        with self.lock:
            if not self._transactions.is_open(transaction):
                return
            now_ns = self.around.now_ns()
            idle_s = self.limits.transaction_idle_s - (now_ns - transaction.used_ns) / 1e9
            whole_s = self.limits.transaction_s - (now_ns - transaction.begun_ns) / 1e9
            left_s = min(idle_s, whole_s)
            if left_s > 0:
                self._watch(transaction, left_s)
            else:
                self._end(transaction)

    # -------------------------------------------------------------------------------------------------------- reads

    def read(self, names: Sequence[str], transaction: Transaction | None, context: GrpcContext) -> list[Any | None]:
        """The documents of those names as they are, or as `transaction` sees them; None for what is not there."""
        if transaction is not None and not transaction.read_only and not transaction.optimistic:
            self._acquire(transaction, names, context)
        with self.lock:
            at_us = None if transaction is None else transaction.read_us
            if transaction is not None and not transaction.read_only:
                for name in names:
                    transaction.read.setdefault(name, self.store.changed_us(name))
            return [self.store.get(name, at_us) for name in names]

    def read_at(self, names: Sequence[str], at_us: int) -> list[Any | None]:
        """The documents of those names as they were at a time."""
        with self.lock:
            return [self.store.get(name, at_us) for name in names]

    def query(
        self, parent: str, query: Query, transaction: Transaction | None, at_us: int | None, context: GrpcContext
    ) -> list[Any]:
        """A query's results, whole; a read-write transaction locks them and counts on the same results at its end."""
        with self.lock:
            seen_us = at_us if transaction is None else transaction.read_us
            found = query.run(self._candidates(parent, query, seen_us))
        if transaction is None or transaction.read_only:
            return found
        if not transaction.optimistic:
            self._acquire(transaction, [document.name for document in found], context)
        with self.lock:

            def signature() -> tuple[Any, ...]:
                results = query.run(self._candidates(parent, query, None))
                return tuple((document.name, self.store.changed_us(document.name)) for document in results)

            # Waiting for the locks may have changed what the query finds.
            found = query.run(self._candidates(parent, query, None))
            transaction.queries.append((signature, signature()))
            return found

    def matching(self, parent: str, query: Query) -> list[Any]:
        """A query's results at present, whole; with the lock held."""
        return query.run(self._candidates(parent, query, None))

    def _candidates(self, parent: str, query: Query, at_us: int | None) -> Iterable[Any]:
        store = self.store
        if not query.all_descendants and query.collection_id:
            return store.in_collection(f"{parent}/{query.collection_id}", at_us)
        names = [
            name
            for name in store.collections_under(parent)
            if not query.collection_id or name.rsplit("/", 1)[1] == query.collection_id
        ]
        return (document for name in names for document in store.in_collection(name, at_us))

    # ------------------------------------------------------------------------------------------------------- writes

    def commit(self, writes: Sequence[Any], transaction_id: bytes, context: GrpcContext) -> tuple[list[Written], int]:
        """Apply all writes or none, and give their outcomes and the commit time in microseconds.

        A failing precondition ends the transaction too; ABORTED leaves it to be retried as a new one.
        """
        names = [target(write) for write in writes]
        with self.lock:
            if transaction_id:
                transaction = self._transactions.get(transaction_id, self.around.now_ns())
            else:
                transaction = self._transactions.anonymous()
            if transaction.read_only and writes:
                raise GrpcError("INVALID_ARGUMENT", "Cannot modify entities in a read-only transaction.")
        try:
            self._acquire(transaction, names, context)
            with self.lock:
                if transaction_id and not self._transactions.is_open(transaction):
                    raise GrpcError("ABORTED", "The transaction was aborted or has expired while it waited for locks.")
                self._validate(transaction)
                return self._apply(writes, names)
        finally:
            with self.lock:
                self._end(transaction)

    def _validate(self, transaction: Transaction) -> None:
        changed = any(self.store.changed_us(name) != seen_us for name, seen_us in transaction.read.items())
        if changed or any(signature() != seen for signature, seen in transaction.queries):
            raise contention()

    def _apply(self, writes: Sequence[Any], names: Sequence[str]) -> tuple[list[Written], int]:
        commit_us = max(self.now_us(), self.store.last_commit_us + 1)
        staged: dict[str, Any | None] = {}
        outcomes = []
        for write, name in zip(writes, names, strict=True):
            present = staged[name] if name in staged else self.store.get(name)
            outcome = apply(write, present, commit_us, self.limits.document_bytes)
            staged[name] = outcome.document
            outcomes.append(outcome)
        if staged:
            self.store.commit(staged, commit_us)
            for name in staged:
                self.ledger.note("document", name)
            self.ledger.note("clock")
            for watcher in tuple(self.watchers):
                watcher(staged)
        return outcomes, commit_us

    def _acquire(self, transaction: Transaction, names: Iterable[str], context: GrpcContext) -> None:
        with self.lock:
            waiter = self.locks.request(transaction, names)
        if waiter is None:
            return
        timer = self.around.call_later(self.limits.lock_wait_s, partial(self._give_up, waiter, contention()))
        context.add_callback(partial(self._give_up, waiter, GrpcError("CANCELLED", "the caller is gone")))
        try:
            waiter.wait()
        finally:
            timer.cancel()

    def _give_up(self, waiter: Waiter, error: GrpcError) -> None:
        with self.lock:
            self.locks.give_up(waiter, error)

    # --------------------------------------------------------------------------------------------------------- time

    def now_us(self) -> int:
        """The time of reads and commits, in microseconds since the epoch; never before the last commit."""
        return max(self.around.now_ns() // 1_000, self.store.last_commit_us)

    def read_us(self, timestamp: Any) -> int:
        """A read time a caller gave; FAILED_PRECONDITION if it is beyond the history, INVALID_ARGUMENT if to come."""
        at_us = int(timestamp.seconds) * 1_000_000 + int(timestamp.nanos) // 1_000
        now_us = self.now_us()
        if at_us > now_us:
            raise GrpcError("INVALID_ARGUMENT", f"read_time lies {(at_us - now_us) / 1e6:g} s in the future")
        if at_us < now_us - round(self.limits.history_s * 1e6):
            raise GrpcError(
                "FAILED_PRECONDITION",
                f"read_time lies {(now_us - at_us) / 1e6:g} s back; it must be within {self.limits.history_s:g} s",
            )
        return at_us

    def close(self) -> None:
        """Let go of everybody who waits."""
        with self.lock:
            self.watchers.clear()
