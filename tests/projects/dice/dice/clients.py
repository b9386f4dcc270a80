"""Programs that use libraries as people do: their errors are written down, their objects counted, their calls fail."""

import concurrent.futures
import dataclasses
import logging
import os
import random
import signal
import threading
import time

from dice.programs import clutter, told

log = logging.getLogger(__name__)
PROJECT = "dice-project"


def fanned_out(work, count=12):
    """What came of `count` calls of `work` at once, in the order in which they ended."""
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        return [done.result() for done in concurrent.futures.as_completed([pool.submit(work, n) for n in range(count)])]


def texts_of_libraries():
    import requests
    import urllib3

    for host in ("nowhere", "pubsub.example"):
        try:
            requests.get(f"http://{host}/", timeout=1)
        except requests.RequestException as error:
            told(text=str(error), size=len(repr(error)), digest=hash(str(error)) % 1000)
    pool = urllib3.HTTPConnectionPool("nowhere")
    texts = [repr(thing) for thing in (pool, pool.pool, threading.Lock(), threading.Event(), pool.urlopen, clutter)]
    told(texts=texts, sizes=[len(text) for text in texts], shards=[hash(text) % 16 for text in texts])
    log.info("handled %s with %r by %r", pool.pool, pool.urlopen, lambda: None)


def sets_of_libraries():
    import email.message
    import http.cookiejar

    import requests

    kept = {requests.Session() for _ in range(50) if clutter()}
    for number, session in enumerate(kept):
        session.headers["n"] = str(number)
    told(order=[id(session) for session in kept], agents=[hash(session) % 8 for session in kept])
    told(policies=[hash(http.cookiejar.DefaultCookiePolicy()) % 64 for _ in range(5) if clutter()])
    told(mails=[hash(email.message.Message()) % 64 for _ in range(5) if clutter()])


class Throw:
    __slots__ = ("number",)

    def __init__(self, number):
        self.number = number


def slots_and_identities():
    throws = {Throw(number) for number in range(200) if clutter()}
    told(order=[throw.number for throw in throws], text=str(next(iter(throws))))
    boxes = [[number] for number in range(100) if clutter()]
    told(sorted=[box[0] for box in sorted(boxes, key=id)], seen=len({id(box) for box in boxes}))
    told(sorted=[throw.number for throw in sorted(throws, key=id)])


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    name: str = "p"


@dataclasses.dataclass(eq=False)
class Node:
    x: int


def values_and_identities():
    points = {Point(number % 7) for number in range(50)}
    told(points=sorted(point.x for point in points), text=str(Point(1)), found=Point(3) in points)
    told(order=[node.x for node in {Node(number) for number in range(50) if clutter()}], text=repr(Node(1)))


def published_and_pulled():
    from google.cloud import pubsub_v1

    publisher = pubsub_v1.PublisherClient()
    topic = publisher.topic_path(PROJECT, "thrown")
    heard = []

    def hear(message):
        time.sleep(random.uniform(0, 3))
        heard.append(message.data.decode())
        message.ack()

    subscriber = pubsub_v1.SubscriberClient()
    pulling = subscriber.subscribe(subscriber.subscription_path(PROJECT, "thrown-sub"), hear)
    sent = [publisher.publish(topic, f"{os.getpid()}-{n}".encode()) for n in range(40)]
    told(ids=[done.result() for done in concurrent.futures.as_completed(sent)])
    time.sleep(120)
    pulling.cancel()
    told(heard=heard, pulling=repr(pulling))


def contended_documents():
    from google.cloud import firestore

    client = firestore.Client(project=PROJECT)
    counter = client.document("counters/c")
    counter.set({"n": 0}, merge=True)

    @firestore.transactional
    def increment(transaction):
        seen = counter.get(transaction=transaction).get("n")
        time.sleep(random.uniform(0, 0.2))
        transaction.set(counter, {"n": seen + 1})

    def work(number):
        try:
            increment(client.transaction())
        except Exception as error:  # noqa: BLE001 - whatever the client makes of a fault is told
            return f"{number}: {error!r}"
        return number

    told(order=fanned_out(work), made=client.collection("throws").document().id)


def objects_in_buckets():
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    bucket = storage.Client(PROJECT, AnonymousCredentials()).bucket("dice")

    def work(number):
        blob = bucket.blob(f"{os.getpid()}/{number}")
        try:
            blob.upload_from_string(repr(blob) * 100, retry=None if number % 2 else storage.retry.DEFAULT_RETRY)
        except Exception as error:  # noqa: BLE001 - likewise
            return f"{number}: {error!r}"
        return number, blob.generation, blob.md5_hash

    told(order=fanned_out(work), listed=[blob.name for blob in bucket.list_blobs()])


def rows_in_tables():
    from google.cloud import bigquery

    client = bigquery.Client(PROJECT)

    def work(number):
        try:
            client.query(f"INSERT INTO dice.throws (n, text) VALUES ({number}, '{work}')").result()
        except Exception as error:  # noqa: BLE001 - likewise
            return f"{number}: {error!r}"
        return number

    told(order=fanned_out(work, 6))
    rows = client.query(
        "SELECT n, LENGTH(text) AS size, RAND() AS r, CURRENT_TIMESTAMP() AS t FROM dice.throws"
    ).result()
    told(rows=[str(row) for row in rows])


def killed_amid_calls():
    """Each instance kills itself some seconds into its work, and begins anew."""
    from google.cloud import pubsub_v1

    threading.Timer(random.uniform(5, 20), os.kill, (os.getpid(), signal.SIGKILL)).start()
    publisher = pubsub_v1.PublisherClient()
    topic = publisher.topic_path(PROJECT, "thrown")
    for number in range(100):
        sent = publisher.publish(topic, str(number).encode())
        time.sleep(random.uniform(0.1, 1))
        told(sent=sent.result(), done=sent.done())
