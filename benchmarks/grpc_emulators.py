"""The gRPC emulators as their users meet them: served in a process of its own, the vendor's client in this one.

    python -m benchmarks.grpc_emulators [--rounds N] [--count N] [--only WORD] [--json]

The published references are the vendor's emulators, on two cores, ± 40 %.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count as counting
from pathlib import Path
from typing import Any

from benchmarks import sheet
from benchmarks.figure import Figure
from benchmarks.sheet import ROOT

PROJECT = "benchmark-project"
NAMES = counting(1)


def serve() -> None:
    """Serve Pub/Sub and Firestore from one port, print the environment, and stay until standard input closes."""
    from fakes import firestore, pubsub
    from fakes.wire.grpc_server import GrpcServer
    from fakes.wire.surroundings import RealSurroundings

    backends = [module.create(RealSurroundings(name), project=PROJECT) for name, module in
                (("pubsub", pubsub), ("firestore", firestore))]  # fmt: skip
    server = GrpcServer(backends)
    environment: dict[str, str] = {}
    for backend in backends:
        environment.update(backend.environment(server.address))
    print(json.dumps(environment), flush=True)
    sys.stdin.read()
    server.close()


@contextmanager
def served() -> Iterator[int]:
    """The emulators in a process of their own, this one's environment leading to them; gives its process id."""
    command = [sys.executable, "-m", "benchmarks.grpc_emulators", "--serve"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        os.environ.update(json.loads(process.stdout.readline()))
        try:
            yield process.pid
        finally:
            assert process.stdin is not None
            process.stdin.close()


def resident_mb(pid: int) -> float:
    """Megabytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


class Topic:
    """A fresh topic with one subscription, and the vendor's clients of both."""

    def __init__(self) -> None:
        from google.cloud import pubsub_v1

        number = next(NAMES)
        self.topic = f"projects/{PROJECT}/topics/topic-{number}"
        self.subscription = f"projects/{PROJECT}/subscriptions/subscription-{number}"
        self.publisher: Any = pubsub_v1.PublisherClient()
        self.subscriber: Any = pubsub_v1.SubscriberClient()
        self.publisher.create_topic(name=self.topic)
        self.subscriber.create_subscription(name=self.subscription, topic=self.topic)

    def publish(self, count: int) -> float:
        """Publish `count` messages of 100 bytes in the client's own batches; messages a second."""
        began_s = time.perf_counter()
        for future in [self.publisher.publish(self.topic, b"x" * 100) for _ in range(count)]:
            future.result()
        return count / (time.perf_counter() - began_s)

    def consume(self, count: int) -> float:
        """Stream and acknowledge `count` messages that wait; messages a second."""
        done = threading.Event()
        left = counting(count - 1, -1)

        def callback(message: Any) -> None:
            message.ack()
            if next(left) == 0:
                done.set()

        began_s = time.perf_counter()
        pulling = self.subscriber.subscribe(self.subscription, callback)
        if not done.wait(timeout=120):
            raise AssertionError(f"{count} messages did not arrive within 120 s")
        seconds = time.perf_counter() - began_s
        pulling.cancel()
        pulling.result()
        return count / seconds


def published_per_s(count: int) -> float:
    """Messages published, a second."""
    return Topic().publish(count)


def consumed_per_s(count: int) -> float:
    """Messages streamed and acknowledged, a second."""
    topic = Topic()
    topic.publish(count)
    return topic.consume(count)


def sets_per_s(count: int) -> float:
    """Documents written one after another, a second."""
    from google.cloud import firestore

    collection: Any = firestore.Client(project=PROJECT).collection(f"sets-{next(NAMES)}")
    began_s = time.perf_counter()
    for number in range(count):
        collection.document(str(number)).set({"n": number})
    return count / (time.perf_counter() - began_s)


def contended_s(clients: int, increments: int) -> float:
    """Seconds until `clients` have made `increments` each of one document in transactions; AssertionError if lost."""
    from google.cloud import firestore

    made: list[Any] = [firestore.Client(project=PROJECT) for _ in range(clients)]
    name = f"counters/c{next(NAMES)}"

    def work(client: Any) -> None:
        ref = client.document(name)

        @firestore.transactional  # type: ignore[untyped-decorator] # the client ships no types
        def increment(transaction: Any) -> None:
            present = ref.get(transaction=transaction).to_dict() or {"n": 0}
            transaction.set(ref, {"n": present["n"] + 1})

        for _ in range(increments):
            increment(client.transaction())

    threads = [threading.Thread(target=work, args=(client,)) for client in made]
    began_s = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began_s
    if made[0].document(name).get().to_dict() != {"n": clients * increments}:
        raise AssertionError("increments were lost")
    return seconds


def figures(pid: int, count: int) -> list[Figure]:
    """The figures, with the vendor's emulators' as references."""
    pubsub, firestore = "Pub/Sub emulator 0.8.20", "Firestore emulator"
    return [
        Figure("pubsub: published in batches", "/s", "more", lambda: published_per_s(count), 6_900, published=pubsub),
        Figure("pubsub: streamed and acknowledged", "/s", "more", lambda: consumed_per_s(count), 1_800,
               published=pubsub),
        Figure("firestore: sets", "/s", "more", lambda: sets_per_s(count // 10), 92, published=firestore),
        Figure("firestore: 6 clients × 5 contended increments", "s", "less", lambda: contended_s(6, 5), 2,
               published=f"{firestore} (130 s, 9 lost)"),
        Figure("memory behind the above", "MB", "less", lambda: resident_mb(pid), 300),
    ]  # fmt: skip


def main() -> int:
    """Measure and print; exit 1 when a target is missed."""
    parser = sheet.parser("Measure the gRPC emulators on the wire.", rounds=3, count=10_000, of="messages")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return 0
    if options.count < 10:
        parser.error("take at least 10 messages")
    told = sheet.conditions(options.rounds)
    with served() as pid:
        measured = sheet.measure(figures(pid, options.count), options)
    return sheet.show(measured, told, options)


if __name__ == "__main__":
    sys.exit(main())
