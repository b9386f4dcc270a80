"""What must hold of each back end, in virtual time and on real sockets alike: one body for both.

Keys, names and addresses with `struck` in them are the faults' of scenarios/all.yaml.
"""

import os
import smtplib
import threading
import urllib.error
import urllib.request
from email.message import EmailMessage
from typing import Any

import boto3
import redis
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry


def raises(kind: Any, call: Any, *arguments: Any, **named: Any) -> Any:
    try:
        call(*arguments, **named)
    except kind as error:
        return error
    raise AssertionError(f"{call} raised no {kind}")


def redis_client(**options: Any) -> Any:
    return redis.Redis.from_url(os.environ["REDIS_URL"], retry=Retry(NoBackoff(), 0), **options)


def redis_keeps_values_lists_and_streams() -> None:
    client = redis_client(decode_responses=True)
    assert client.set("name", "value", nx=True) is True
    assert client.set("name", "other", nx=True) is None
    assert (client.get("name"), client.get("none")) == ("value", None)
    assert [client.incr("count"), client.incrbyfloat("count", 0.5)] == [1, 1.5]
    client.hset("hash", mapping={"a": "1", "b": "2"})
    assert client.hgetall("hash") == {"a": "1", "b": "2"}
    client.zadd("scores", {"x": 2, "y": 1})
    assert client.zrange("scores", 0, -1) == ["y", "x"]
    client.xadd("stream", {"n": "1"}, id="1-1")
    client.xgroup_create("stream", "group", id="0")
    assert client.xreadgroup("group", "me", {"stream": ">"}) == [["stream", [("1-1", {"n": "1"})]]]
    assert client.xack("stream", "group", "1-1") == 1
    assert sorted(client.scan_iter("s*")) == ["scores", "stream"]
    assert client.eval("return redis.call('GET', KEYS[1])", 1, "name") == "value"
    assert "WRONGTYPE" in str(raises(redis.ResponseError, client.lpush, "name", "x"))
    assert "unknown command" in str(raises(redis.ResponseError, client.execute_command, "NOSUCH"))
    client.set("brief", "x", px=20)
    while client.exists("brief"):
        pass
    assert client.get("brief") is None


def redis_has_transactions_channels_and_blocking_reads() -> None:
    client, other = redis_client(), redis_client()
    with client.pipeline() as pipe:
        assert pipe.set("a", 1).incr("a").execute() == [True, 2]
        pipe.watch("a")
        other.set("a", 9)
        pipe.multi()
        pipe.set("a", 3)
        raises(redis.WatchError, pipe.execute)
    assert client.get("a") == b"9"
    subscription = client.pubsub(ignore_subscribe_messages=True)
    subscription.subscribe("channel")
    assert subscription.get_message(timeout=5) is None  # the confirmation, which is ignored
    assert other.publish("channel", "hello") == 1
    assert subscription.get_message(timeout=5)["data"] == b"hello"
    subscription.close()
    heard: list[Any] = []
    waiting = threading.Thread(target=lambda: heard.append(redis_client().blpop("queue", timeout=30)))
    waiting.start()
    other.rpush("queue", "job")
    waiting.join()
    assert heard == [(b"queue", b"job")]


def redis_fails_as_redis_fails() -> None:
    client = redis_client()
    raises(redis.BusyLoadingError, client.get, "struck-loading")
    assert client.get("struck-loading") is None
    raises(redis.exceptions.ReadOnlyError, client.set, "struck-readonly", 1)
    assert client.exists("struck-readonly") == 0
    raises(redis.ConnectionError, client.incr, "struck-lost")
    assert client.get("struck-lost") == b"1"  # it was applied: a retry counts twice
    raises(redis.ConnectionError, client.incr, "struck-refused")
    assert client.get("struck-refused") is None
    client.set("struck-torn", "a long value")
    raises(redis.ConnectionError, client.get, "struck-torn")
    with client.pipeline() as pipe:
        pipe.set("kept-out", 1).set("struck-oom", 1)
        raises(redis.exceptions.RedisError, pipe.execute)
    assert client.exists("kept-out", "struck-oom") == 0


def s3_client(attempts: int = 1) -> Any:
    return boto3.client("s3", config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}))


def s3_keeps_objects() -> None:
    client = s3_client()
    bucket = "archive-bucket"
    put = client.put_object(Bucket=bucket, Key="a/b c", Body=b"hello", Metadata={"x": "y"}, ContentType="text/plain")
    got = client.get_object(Bucket=bucket, Key="a/b c", Range="bytes=1-3")
    assert (got["Body"].read(), got["Metadata"], got["ETag"]) == (b"ell", {"x": "y"}, put["ETag"])
    assert client.head_object(Bucket=bucket, Key="a/b c")["ContentLength"] == 5
    upload = client.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    parts = [
        {"PartNumber": number, "ETag": client.upload_part(
            Bucket=bucket, Key="big", UploadId=upload, PartNumber=number, Body=bytes(5 << 20)
        )["ETag"]}
        for number in (1, 2)
    ]  # fmt: skip
    client.complete_multipart_upload(Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
    client.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "big"})
    listed = client.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [one["Key"] for one in listed["Contents"]] == ["big", "copy"]
    assert [one["Prefix"] for one in listed["CommonPrefixes"]] == ["a/"]
    assert client.get_object(Bucket=bucket, Key="copy")["ContentLength"] == 10 << 20
    taken = raises(ClientError, client.put_object, Bucket=bucket, Key="copy", Body=b"", IfNoneMatch="*")
    assert taken.response["Error"]["Code"] == "PreconditionFailed"
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a/b c"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"hello"
    client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "big"}, {"Key": "copy"}]})
    gone = raises(ClientError, client.get_object, Bucket=bucket, Key="big")
    assert gone.response["Error"]["Code"] == "NoSuchKey"
    refused = raises(ClientError, client.get_bucket_request_payment, Bucket=bucket)
    assert "unsupported by the emulator" in str(refused)


def s3_fails_as_s3_fails() -> None:
    client, bucket = s3_client(), "archive-bucket"
    slow = raises(ClientError, client.put_object, Bucket=bucket, Key="struck-slow", Body=b"1")
    assert (slow.response["Error"]["Code"], slow.response["ResponseMetadata"]["HTTPStatusCode"]) == ("SlowDown", 503)
    gone = raises(ClientError, client.head_object, Bucket=bucket, Key="struck-slow")
    assert gone.response["Error"]["Code"] == "404"
    # boto3's own retry meets its own write: 412, although nobody else wrote.
    again = raises(ClientError, s3_client(3).put_object, Bucket=bucket, Key="struck-lost", Body=b"1", IfNoneMatch="*")
    assert again.response["Error"]["Code"] == "PreconditionFailed"
    assert client.get_object(Bucket=bucket, Key="struck-lost")["Body"].read() == b"1"
    client.put_object(Bucket=bucket, Key="struck-torn", Body=bytes(1000))
    raises((BotoCoreError, OSError), client.get_object(Bucket=bucket, Key="struck-torn")["Body"].read)


def ses_sends_and_refuses_as_ses_does() -> None:
    once = Config(retries={"total_max_attempts": 1})
    client, second = boto3.client("ses", config=once), boto3.client("sesv2", config=once)
    message = {"Subject": {"Data": "two words"}, "Body": {"Text": {"Data": "the body"}}}

    def send(sender: str, to: str) -> str:
        return str(client.send_email(Source=sender, Destination={"ToAddresses": [to]}, Message=message)["MessageId"])

    assert send("Me <me@sender.example>", "you@there.example")
    unknown = raises(ClientError, send, "me@elsewhere.example", "you@there.example")
    assert unknown.response["Error"]["Code"] == "MessageRejected"
    throttled = raises(ClientError, send, "me@sender.example", "struck@there.example")
    assert throttled.response["Error"]["Code"] == "Throttling"
    raw = EmailMessage()
    raw["From"], raw["To"], raw["Subject"] = "me@sender.example", "raw@there.example", "raw"
    raw.set_content("raw body")
    client.send_raw_email(RawMessage={"Data": raw.as_bytes()})
    second.send_email(
        FromEmailAddress="me@sender.example",
        Destination={"ToAddresses": ["second@there.example"]},
        Content={"Simple": message},
    )
    assert client.get_send_quota()["SentLast24Hours"] >= 1


def smtp_takes_mail_and_refuses_as_servers_do() -> None:
    where = os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "grüße", "me@here.example", "you@there.example"
    message.set_content("first\n.leading dot\n")
    with smtplib.SMTP(*where) as server:
        assert server.ehlo()[0] == 250
        assert server.login("user", "password")[0] == 235
        assert server.send_message(message) == {}
        refused = raises(smtplib.SMTPRecipientsRefused, server.sendmail, "me@here.example", "struck-rcpt@x.example", "")
        assert refused.recipients["struck-rcpt@x.example"][0] == 550
        busy = raises(smtplib.SMTPDataError, server.sendmail, "me@here.example", "struck-data@x.example", "Subject: x")
        assert busy.smtp_code == 451
        assert server.verify("x")[0] == 252
        assert server.docmd("NOSUCH")[0] == 500
        assert server.docmd("DATA")[0] == 503
    with smtplib.SMTP(*where) as server:
        raises(
            smtplib.SMTPServerDisconnected, server.sendmail, "me@here.example", "struck-lost@x.example", "Subject: y"
        )
    with smtplib.SMTP(*where) as server:
        gone = raises(smtplib.SMTPSenderRefused, server.sendmail, "struck-421@x.example", "you@there.example", "")
        assert gone.smtp_code == 421


BODIES = {
    body.__name__: body
    for body in (
        redis_keeps_values_lists_and_streams,
        redis_has_transactions_channels_and_blocking_reads,
        redis_fails_as_redis_fails,
        s3_keeps_objects,
        s3_fails_as_s3_fails,
        ses_sends_and_refuses_as_ses_does,
        smtp_takes_mail_and_refuses_as_servers_do,
    )
}
