"""Transactions: what they read, what they hold, when they end.

It must not know documents' contents or writes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fakes.firestore.locks import Owner
from fakes.seam import GrpcError, Timer


@dataclass(eq=False)
class Transaction(Owner):
    """A transaction under way; times in nanoseconds and microseconds since the epoch as named.

    A read-only one reads as of `read_us`. An optimistic one remembers when what it `read` had last changed and fails
    at its commit if that is no longer so; both kinds do so with the queries they ran.
    """

    id: bytes = b""
    read_only: bool = False
    optimistic: bool = False
    read_us: int | None = None
    begun_ns: int = 0
    used_ns: int = 0
    timer: Timer | None = None
    read: dict[str, int] = field(default_factory=dict)
    queries: list[tuple[Callable[[], tuple[Any, ...]], tuple[Any, ...]]] = field(default_factory=list)


class Transactions:
    """The open ones by id, and the ages of those that may be tried again."""

    def __init__(self) -> None:
        self._open: dict[bytes, Transaction] = {}
        self._ages: dict[bytes, int] = {}
        self._numbers = itertools.count(1)

    def begin(self, now_ns: int, *, retry: bytes = b"") -> Transaction:
        """A new one; as a retry it has the age of the one it replaces, and so its place against others."""
        number = next(self._numbers)
        transaction = Transaction(self._ages.get(retry, number), id=b"windtunnel-txn-%d" % number)
        transaction.begun_ns = transaction.used_ns = now_ns
        self._open[transaction.id] = transaction
        self._ages[transaction.id] = transaction.age
        if len(self._ages) > 10_000:
            del self._ages[next(iter(self._ages))]
        return transaction

    def anonymous(self) -> Transaction:
        """The owner of the locks of a write outside any transaction."""
        return Transaction(next(self._numbers))

    def get(self, transaction_id: bytes, now_ns: int) -> Transaction:
        """The open transaction of that id, marked as used; INVALID_ARGUMENT if it has ended."""
        transaction = self._open.get(transaction_id)
        if transaction is None:
            raise GrpcError("INVALID_ARGUMENT", "The referenced transaction has expired or is no longer valid.")
        transaction.used_ns = now_ns
        return transaction

    def end(self, transaction: Transaction) -> None:
        """It is committed, rolled back or expired."""
        self._open.pop(transaction.id, None)

    def is_open(self, transaction: Transaction) -> bool:
        """Whether it has not ended."""
        return transaction.id in self._open
