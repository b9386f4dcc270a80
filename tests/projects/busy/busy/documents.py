"""Firestore: a transaction over a document that victim and witness fight for."""

import time

from google.api_core.exceptions import Aborted
from google.api_core.retry import Retry, if_exception_type
from google.cloud import firestore

from busy import told


def prepare():
    firestore.Client(project="busy-project").document("counters/c").set({"n": 0})


def main():
    with told.cleaning_up("main"):
        client = firestore.Client(project="busy-project")
        counter = client.document("counters/c")

        @firestore.transactional
        def increment(transaction):
            present = counter.get(transaction=transaction).to_dict()
            time.sleep(0.05)
            transaction.update(counter, {"n": present["n"] + 1})

        # The client itself gives up on a document that a dead transaction holds until its lease is over.
        again = Retry(predicate=if_exception_type(Aborted), initial=1, maximum=10, timeout=150)
        for _ in range(2):
            again(lambda: increment(client.transaction()))()
        total = counter.get().to_dict()["n"]
    told.finished(total=total)
