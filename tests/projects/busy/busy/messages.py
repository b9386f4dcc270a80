"""Pub/Sub: batched publishing and a streaming pull with its threads."""

import concurrent.futures
import contextlib
import os

from google.cloud import pubsub_v1

from busy import told

PROJECT = "projects/busy-project"


def prepare():
    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    for name in ("victim", "witness"):
        publisher.create_topic(name=f"{PROJECT}/topics/{name}")
        subscriber.create_subscription(
            request={"name": f"{PROJECT}/subscriptions/{name}", "topic": f"{PROJECT}/topics/{name}"}
        )
    publisher.stop()
    subscriber.close()


def main():
    me = os.environ["K_SERVICE"]
    with told.cleaning_up("main"):
        publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
        got = []
        enough = concurrent.futures.Future()

        def hear(message):
            with told.cleaning_up("hear"):
                got.append(message.data)
                message.ack()
                if len(set(got)) >= 3 and not enough.done():
                    enough.set_result(None)

        pulling = subscriber.subscribe(f"{PROJECT}/subscriptions/{me}", hear)
        futures = [publisher.publish(f"{PROJECT}/topics/{me}", b"%d" % number) for number in range(3)]
        for future in futures:
            future.result(60)
        enough.result(60)
        pulling.cancel()
        with contextlib.suppress(concurrent.futures.CancelledError):
            pulling.result(60)
        subscriber.close()
        publisher.stop()
    told.finished(total=len(set(got)))
