"""Firestore: a transaction over a document that victim and witness fight for."""

import time

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

        for _ in range(2):
            increment(client.transaction())
        total = counter.get().to_dict()["n"]
    told.finished(total=total)
