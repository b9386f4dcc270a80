"""What runs in the world, with the vendor's clients as they come."""

import logging
import time

log = logging.getLogger("archive")

BUCKET = "archive-bucket"


def mark(name: str, **fields: object) -> None:
    log.info("%s", name, extra={"mark": name, "fields": fields})


def write() -> None:
    from google.cloud import storage

    client = storage.Client(project="archive-project")
    bucket = client.bucket(BUCKET)
    bucket.notification("filed", topic_project="archive-project", payload_format="JSON_API_V1").create()
    content = bytes(range(256)) * 4096
    began_s = time.monotonic()
    with bucket.blob("big").open("wb", chunk_size=256 * 1024) as file:
        file.write(content)
    bucket.blob("name").upload_from_string("first", if_generation_match=0)
    # The same name again, at once: the service's own limit of a write a second refuses it, and the client tries again.
    bucket.blob("name").upload_from_string("second")
    mark("written", waited=time.monotonic() - began_s >= 1, whole=bucket.blob("big").download_as_bytes() == content)
    mark(
        "listed", names=[blob.name for blob in client.list_blobs(BUCKET)], generation=bucket.get_blob("name").generation
    )
    time.sleep(3600)


def hear() -> None:
    from google.cloud import pubsub_v1

    subscriber = pubsub_v1.SubscriberClient()
    path = subscriber.subscription_path("archive-project", "filed-sub")
    while True:
        answer = subscriber.pull(subscription=path, max_messages=10, timeout=30)
        for received in answer.received_messages:
            attributes = received.message.attributes
            mark("heard", event=attributes["eventType"], object=attributes["objectId"])
            subscriber.acknowledge(subscription=path, ack_ids=[received.ack_id])
