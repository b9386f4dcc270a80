"""A load on every emulator of `windtunnel up`, with the clients everybody uses, to see what it holds afterwards."""

from __future__ import annotations

import os
import smtplib
from collections.abc import Mapping

COUNT = 300
KIB, MIB = 1024, 1024 * 1024
PROJECT = "load-project"


def use_all(environment: Mapping[str, str], count: int = COUNT) -> None:
    """Some hundred calls of each service; `environment` is what `up` printed."""
    os.environ.update(environment)
    for use in (_bigquery, _firestore, _gcs, _logging, _pubsub, _redis, _s3, _mail):
        use(count)


def _bigquery(count: int) -> None:
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    options = ClientOptions(api_endpoint=os.environ["BIGQUERY_EMULATOR_HOST"])
    client = bigquery.Client(PROJECT, AnonymousCredentials(), client_options=options)
    client.create_dataset("d")
    client.query("CREATE TABLE d.t (n INT64, s STRING)").result()
    for number in range(count // 3):
        client.insert_rows_json("d.t", [{"n": row, "s": "x" * 100} for row in range(100)])
        client.query(f"SELECT s, SUM(n) AS n FROM d.t WHERE n > {number} GROUP BY s").result()


def _firestore(count: int) -> None:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import firestore

    things = firestore.Client(PROJECT, AnonymousCredentials()).collection("things")
    for number in range(count):
        things.document(str(number)).set({"n": number, "s": "x" * 1000})
    list(things.where(filter=firestore.FieldFilter("n", ">", 10)).stream())


def _gcs(count: int) -> None:
    from google.cloud import storage

    bucket = storage.Client(PROJECT).create_bucket("load-bucket")
    for number in range(count):
        bucket.blob(f"small/{number}").upload_from_string(b"x" * KIB)
        bucket.blob(f"small/{number}").download_as_bytes()
    for _ in range(count // 10):
        # One name: what is written over must be let go.
        bucket.blob("large").upload_from_string(b"x" * 8 * MIB)
        bucket.blob("large").download_as_bytes()


def _logging(count: int) -> None:
    import grpc
    from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
    from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport

    channel = grpc.insecure_channel(os.environ["LOGGING_EMULATOR_HOST"])
    client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
    log = {"log_name": f"projects/{PROJECT}/logs/l", "resource": {"type": "global"}}
    for number in range(count):
        entries = [{"text_payload": "x" * 100, "insert_id": f"{number}-{one}"} for one in range(10)]
        client.write_log_entries(request={**log, "entries": entries})


def _pubsub(count: int) -> None:
    from google.cloud import pubsub_v1

    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    topic, name = publisher.topic_path(PROJECT, "the-topic"), subscriber.subscription_path(PROJECT, "the-sub")
    publisher.create_topic(name=topic)
    subscriber.create_subscription(name=name, topic=topic)
    for sent in [publisher.publish(topic, b"x" * KIB) for _ in range(count * 10)]:
        sent.result()
    left = count * 10
    while left:
        received = subscriber.pull(subscription=name, max_messages=1000).received_messages
        subscriber.acknowledge(subscription=name, ack_ids=[one.ack_id for one in received])
        left -= len(received)


def _redis(count: int) -> None:
    import redis

    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    for number in range(count * 10):
        client.set(f"k{number}", "x" * 100)
        client.get(f"k{number}")


def _s3(count: int) -> None:
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket="load-bucket")
    for number in range(count):
        client.put_object(Bucket="load-bucket", Key=f"{number}", Body=b"x" * KIB)
        client.get_object(Bucket="load-bucket", Key=f"{number}")["Body"].read()


def _mail(count: int) -> None:
    import boto3

    client = boto3.client("ses")
    body = {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x" * 1000}}}
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])) as server:
        for _ in range(count):
            client.send_email(Source="a@b.example", Destination={"ToAddresses": ["c@d.example"]}, Message=body)
            server.sendmail("a@b.example", ["c@d.example"], "Subject: x\n\n" + "x" * 1000)
