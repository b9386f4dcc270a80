"""A program that knows nothing of Windtunnel but its environment; run by test_outside_app.py."""

import json
import os
import smtplib
import urllib.request

import boto3
import grpc
import redis
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, firestore, pubsub_v1, storage
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport

PROJECT = "outside-project"


def use_bigquery() -> None:
    options = ClientOptions(api_endpoint=os.environ["BIGQUERY_EMULATOR_HOST"])
    client = bigquery.Client(PROJECT, AnonymousCredentials(), client_options=options)
    client.create_dataset("d")
    client.query("CREATE TABLE d.t AS SELECT 1 AS n UNION ALL SELECT 2").result()
    assert [row.n for row in client.query("SELECT SUM(n) AS n FROM d.t").result()] == [3]


def use_firestore() -> None:
    document = firestore.Client(PROJECT, AnonymousCredentials()).collection("things").document("one")
    document.set({"n": 1})
    assert document.get().to_dict() == {"n": 1}


def use_gcs() -> None:
    bucket = storage.Client(PROJECT).create_bucket("outside-bucket")
    bucket.blob("name").upload_from_string("hello")
    assert bucket.blob("name").download_as_bytes() == b"hello"


def use_logging() -> None:
    channel = grpc.insecure_channel(os.environ["LOGGING_EMULATOR_HOST"])
    client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
    log = {"log_name": f"projects/{PROJECT}/logs/l", "resource": {"type": "global"}}
    client.write_log_entries(request={**log, "entries": [{"text_payload": "hello"}]})
    found = client.list_log_entries(request={"resource_names": [f"projects/{PROJECT}"]})
    assert [one.text_payload for one in found] == ["hello"]


def use_pubsub() -> None:
    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    topic, name = publisher.topic_path(PROJECT, "the-topic"), subscriber.subscription_path(PROJECT, "the-sub")
    publisher.create_topic(name=topic)
    subscriber.create_subscription(name=name, topic=topic)
    publisher.publish(topic, b"hello").result()
    (received,) = subscriber.pull(subscription=name, max_messages=1).received_messages
    assert received.message.data == b"hello"
    subscriber.acknowledge(subscription=name, ack_ids=[received.ack_id])


def use_redis() -> None:
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    assert client.incr("n") == 1


def use_s3() -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket="outside-bucket")
    client.put_object(Bucket="outside-bucket", Key="name", Body=b"hello")
    assert client.get_object(Bucket="outside-bucket", Key="name")["Body"].read() == b"hello"


def use_ses() -> None:
    body = {"Subject": {"Data": "from ses"}, "Body": {"Text": {"Data": "x"}}}
    boto3.client("ses").send_email(Source="a@b.example", Destination={"ToAddresses": ["c@d.example"]}, Message=body)


def use_smtp() -> None:
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])) as server:
        server.sendmail("a@b.example", ["c@d.example"], "Subject: from smtp\n\nx")


def use_upstreams() -> None:
    hook = urllib.request.Request(
        os.environ["UPSTREAM_HOOKS_SLACK_COM_URL"] + "/services/T/B/x",
        json.dumps({"text": "x"}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(hook) as answer:
        assert answer.read() == b"ok"


def use_control() -> None:
    with urllib.request.urlopen(os.environ["WINDTUNNEL_CONTROL"] + "/mail") as answer:
        assert [mail["subject"] for mail in json.load(answer)["mail"]] == ["from ses", "from smtp"]
    with urllib.request.urlopen(os.environ["WINDTUNNEL_CONTROL"] + "/history?kind=call") as answer:
        services = {json.loads(line)["service"] for line in answer}
    # The upstreams' calls are of the site that was called.
    assert services >= {"bigquery", "firestore", "gcs", "logging", "pubsub", "redis", "s3", "ses", "smtp"}


def main() -> None:
    for use in (
        use_bigquery,
        use_firestore,
        use_gcs,
        use_logging,
        use_pubsub,
        use_redis,
        use_s3,
        use_ses,
        use_smtp,
        use_upstreams,
        use_control,
    ):
        use()
        os.write(1, use.__name__.removeprefix("use_").encode() + b"\n")


main()
