"""boto3 against moto, which is served inside the simulation under Amazon's own host names."""

from __future__ import annotations

from typing import Any

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.servers import scripted
from tests.harness.sim.world import a_network

ABOUT = Library("boto3", loads=("boto3", "botocore.config", "moto.server"), beside=("moto",))

REGION = "us-west-2"


def client(service: str, **config: Any) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service, region_name=REGION, aws_access_key_id="key", aws_secret_access_key="secret", config=Config(**config)
    )


def amazon(*hosts: str) -> None:
    """Let moto answer on `hosts`."""
    from moto.server import DomainDispatcherApplication, create_backend_app

    from harness.sim.http_server import serve

    network = a_network(latency_s=0.01)
    app = DomainDispatcherApplication(create_backend_app)
    for host in hosts:
        serve(network, host, [443], app)


@contract(ABOUT)
def test_objects_go_to_s3_in_one_piece_and_in_parts(trace: Trace) -> None:
    import io

    from boto3.s3.transfer import TransferConfig

    amazon("s3.us-west-2.amazonaws.com", "lake.s3.us-west-2.amazonaws.com", "lake.s3.amazonaws.com")
    s3 = client("s3")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    trace("bucket")
    s3.put_object(Bucket="lake", Key="folder/small", Body=b"contents")
    parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(b"x" * (12 << 20)), "lake", "folder/large", Config=parts)
    trace("uploaded")
    found = s3.list_objects_v2(Bucket="lake", Prefix="folder/")["Contents"]
    trace([(each["Key"], each["Size"], each["ETag"]) for each in found])
    trace(str(found[0]["LastModified"]))
    received = io.BytesIO()
    s3.download_fileobj("lake", "folder/large", received, Config=parts)
    trace(len(received.getvalue()))
    try:
        s3.get_object(Bucket="lake", Key="missing")
    except s3.exceptions.NoSuchKey as problem:
        trace(problem.response["Error"]["Code"])
    trace.expect(
        (0.04, "bucket"),
        (0.24, "uploaded"),
        (
            0.26,
            [
                ["folder/large", 12582912, '"191a9b95dc0ec4b217b1dcb654c0df39-3"'],
                ["folder/small", 8, '"98bf7d8c15784f0a3d63204441e1e2aa"'],
            ],
        ),
        (0.26, "2026-01-16 00:00:10+00:00"),
        (0.35, 12582912),
        (0.37, "NoSuchKey"),
    )


@contract(ABOUT)
def test_messages_of_sqs_come_back_after_their_visibility_time_out(trace: Trace) -> None:
    import time

    amazon("sqs.us-west-2.amazonaws.com", "us-west-2.queue.amazonaws.com", "queue.amazonaws.com")
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")

    def receive() -> list[str]:
        return [found["Body"] for found in sqs.receive_message(QueueUrl=url).get("Messages", [])]

    trace(receive())
    time.sleep(20)
    trace(receive())
    time.sleep(20)
    trace(receive())
    trace.expect(
        (0.08, ["one"]),
        (20.1, []),
        (40.12, ["one"]),
    )


@contract(ABOUT)
def test_mail_leaves_through_ses(trace: Trace) -> None:
    amazon("email.us-west-2.amazonaws.com")
    ses = client("ses")
    ses.verify_email_identity(EmailAddress="from@example.com")
    body = {"Subject": {"Data": "hello"}, "Body": {"Text": {"Data": "there"}}}
    sent = ses.send_email(Source="from@example.com", Destination={"ToAddresses": ["to@example.com"]}, Message=body)
    trace(sent["ResponseMetadata"]["HTTPStatusCode"], sent["MessageId"])
    trace(ses.get_send_quota()["SentLast24Hours"])
    trace.expect(
        (0.06, 200, "flanemfzyzznqmde-liltytyq-nquj-yxdv-jpjy-wjmscqipscbo-lzedig"),
        (0.08, 1.0),
    )


@contract(ABOUT)
def test_standard_retries_back_off_by_chance_of_the_seed(trace: Trace) -> None:
    scripted(trace, "s3.us-west-2.amazonaws.com", 503, (429, {}), "reset", (200, {"ETag": '"x"'}))
    s3 = client("s3", retries={"max_attempts": 4, "mode": "standard"}, s3={"addressing_style": "path"})
    s3.put_object(Bucket="lake", Key="key", Body=b"contents")
    trace("stored")
    trace.expect(
        (0, "PUT /lake/key", 49),
        (0.0139, "PUT /lake/key", 49),
        (0.386, "PUT /lake/key", 49),
        (0.3881, "PUT /lake/key", 49),
        (0.3881, "stored"),
    )


@contract(ABOUT)
def test_time_outs_of_a_silent_end_point_add_up(trace: Trace) -> None:
    from botocore.exceptions import ReadTimeoutError

    scripted(trace, "sqs.us-west-2.amazonaws.com", 600.0)
    sqs = client("sqs", read_timeout=7, retries={"total_max_attempts": 2, "mode": "standard"})
    try:
        sqs.list_queues()
    except ReadTimeoutError as problem:
        trace(str(problem))
    trace.expect(
        (0, "POST /", 2),
        (7.0139, "POST /", 2),
        (14.0139, 'Read timeout on endpoint URL: "https://sqs.us-west-2.amazonaws.com/"'),
    )


@contract(ABOUT)
def test_a_waiter_polls_at_its_interval(trace: Trace) -> None:
    import threading

    amazon("s3.us-west-2.amazonaws.com", "lake.s3.us-west-2.amazonaws.com", "lake.s3.amazonaws.com")
    s3 = client("s3")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    threading.Timer(12, s3.put_object, kwargs={"Bucket": "lake", "Key": "late", "Body": b""}).start()
    s3.get_waiter("object_exists").wait(Bucket="lake", Key="late", WaiterConfig={"Delay": 5, "MaxAttempts": 10})
    trace("there")
    trace.expect(
        (15.12, "there"),
    )


@contract(ABOUT)
def test_motos_own_server_runs_as_a_thread(trace: Trace) -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    a_network()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=5000, verbose=False)
    server.start()
    sqs = boto3.client(
        "sqs",
        region_name=REGION,
        endpoint_url="http://127.0.0.1:5000",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    trace(sqs.create_queue(QueueName="jobs")["QueueUrl"])
    server.stop()
    trace("stopped")
    trace.expect(
        (0, "http://127.0.0.1:5000/123456789012/jobs"),
        (0.5, "stopped"),
    )
