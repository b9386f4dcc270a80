"""What the back ends that are libraries behind our gate keep in a folder, through the clients everybody uses."""

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from redis import Redis

from fakes.journal import JournalError
from fakes.pickles import PickledLedger
from fakes.scheduler import create as create_scheduler
from harness.wire.station import Station
from tests.fakes.manual import ManualSurroundings


@contextmanager
def served(name: str, folder: Path):
    station = Station([name], data=folder)
    try:
        yield station
    finally:
        station.close()


def redis_of(station: Station) -> Redis:
    return Redis.from_url(station.environment()["REDIS_URL"], decode_responses=True)


def aws_of(service: str) -> Callable[[Station], object]:
    def client(station: Station):
        told = station.environment()
        url = told[f"AWS_ENDPOINT_URL_{service.upper()}"]
        return boto3.client(
            service,
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(retries={"max_attempts": 1}),
        )

    return client


def test_redis_keeps_every_kind_of_value_its_expiry_and_which_database_it_is_in(tmp_path):
    with served("redis", tmp_path) as station:
        client = redis_of(station)
        client.set("text", "old")
        client.append("text", "er")
        client.set("short", "1", ex=1000)
        client.persist("short")
        client.set("gone", "1")
        client.delete("gone")
        client.hset("hash", mapping={"a": "1"})
        client.rpush("list", "1", "2", "3")
        client.lpop("list")
        client.sadd("set", "x")
        client.zadd("sorted", {"m": 2.5})
        client.xadd("stream", {"f": "v"}, id="1-1")
        client.xgroup_create("stream", "group", id="0")
        client.xreadgroup("group", "me", {"stream": ">"})
        client.expire("hash", 500)
        client.eval("redis.call('set', 'by-script', 'yes') redis.call('expire', 'by-script', 300)", 0)
        other = Redis.from_url(station.environment()["REDIS_URL"].replace("/0", "/3"))
        other.set("elsewhere", "1")
        client.set("moved", "1")
        client.move("moved", 3)
        client.rename("set", "renamed")
        with client.pipeline() as transaction:
            transaction.incr("count").incr("count").execute()
    with served("redis", tmp_path) as station:
        client = redis_of(station)
        assert sorted(client.keys()) == [
            "by-script", "count", "hash", "list", "renamed", "short", "sorted", "stream", "text"
        ]  # fmt: skip
        assert (client.get("text"), client.ttl("short"), client.get("count")) == ("older", -1, "2")
        assert client.hgetall("hash") == {"a": "1"}
        assert 400 < client.ttl("hash") <= 500
        assert 200 < client.ttl("by-script") <= 300
        assert (client.lrange("list", 0, -1), client.smembers("renamed")) == (["2", "3"], {"x"})
        assert (client.zscore("sorted", "m"), client.xlen("stream")) == (2.5, 1)
        assert client.xpending("stream", "group")["pending"] == 1
        other = Redis.from_url(station.environment()["REDIS_URL"].replace("/0", "/3"))
        assert sorted(other.keys()) == [b"elsewhere", b"moved"]
        client.swapdb(0, 3)
        client.flushdb()
    with served("redis", tmp_path) as station:
        assert redis_of(station).keys() == []
        assert Redis.from_url(station.environment()["REDIS_URL"].replace("/0", "/3")).dbsize() == 9


def test_s3_keeps_versions_tags_deletions_and_uploads_under_way(tmp_path):
    part = b"x" * (5 << 20)
    with served("s3", tmp_path) as station:
        client = aws_of("s3")(station)
        for bucket in ("plain", "versioned", "dropped"):
            client.create_bucket(Bucket=bucket)
        client.delete_bucket(Bucket="dropped")
        client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
        client.put_bucket_tagging(Bucket="plain", Tagging={"TagSet": [{"Key": "team", "Value": "props"}]})
        first = client.put_object(Bucket="versioned", Key="a", Body=b"one")["VersionId"]
        client.put_object(Bucket="versioned", Key="a", Body=b"two", Metadata={"by": "me"})
        client.put_object(Bucket="versioned", Key="b", Body=b"b")
        client.delete_object(Bucket="versioned", Key="b")
        for name in ("x", "y & <z>", "kept"):
            client.put_object(Bucket="plain", Key=name, Body=name.encode(), Tagging="k=v")
        client.delete_objects(Bucket="plain", Delete={"Objects": [{"Key": "x"}, {"Key": "y & <z>"}]})
        upload = client.create_multipart_upload(Bucket="plain", Key="large")["UploadId"]
        tag = client.upload_part(Bucket="plain", Key="large", UploadId=upload, PartNumber=1, Body=part)["ETag"]
    with served("s3", tmp_path) as station:
        client = aws_of("s3")(station)
        assert [one["Name"] for one in client.list_buckets()["Buckets"]] == ["plain", "versioned"]
        assert client.get_bucket_tagging(Bucket="plain")["TagSet"] == [{"Key": "team", "Value": "props"}]
        assert client.get_object(Bucket="versioned", Key="a", VersionId=first)["Body"].read() == b"one"
        now = client.get_object(Bucket="versioned", Key="a")
        assert (now["Body"].read(), now["Metadata"]) == (b"two", {"by": "me"})
        assert [one["Key"] for one in client.list_object_versions(Bucket="versioned")["DeleteMarkers"]] == ["b"]
        assert [one["Key"] for one in client.list_objects_v2(Bucket="plain")["Contents"]] == ["kept"]
        assert client.get_object_tagging(Bucket="plain", Key="kept")["TagSet"] == [{"Key": "k", "Value": "v"}]
        made = client.put_object(Bucket="versioned", Key="c", Body=b"c")["VersionId"]
        assert made not in {
            one["VersionId"] for one in client.list_object_versions(Bucket="versioned")["Versions"][:-1]
        }
        client.complete_multipart_upload(
            Bucket="plain", Key="large", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]}
        )
    with served("s3", tmp_path) as station:
        client = aws_of("s3")(station)
        assert client.head_object(Bucket="plain", Key="large")["ContentLength"] == len(part)
        assert "Uploads" not in client.list_multipart_uploads(Bucket="plain")


def test_ses_keeps_templates_identities_and_mail(tmp_path):
    with served("ses", tmp_path) as station:
        client = aws_of("ses")(station)
        client.create_template(Template={"TemplateName": "t", "SubjectPart": "Hello {{name}}", "TextPart": "x"})
        client.verify_email_identity(EmailAddress="me@here.example")
        client.send_templated_email(
            Source="me@here.example",
            Destination={"ToAddresses": ["you@there.example"]},
            Template="t",
            TemplateData='{"name": "you"}',
        )
    with served("ses", tmp_path) as station:
        client = aws_of("ses")(station)
        assert client.get_template(TemplateName="t")["Template"]["SubjectPart"] == "Hello {{name}}"
        assert client.list_identities()["Identities"] == ["me@here.example"]
        [mail] = station.emulators["ses"].backend.mail()
        assert mail["recipients"] == ["you@there.example"]


def test_the_scheduler_keeps_who_is_paused_and_how_jobs_went(tmp_path):
    job = {"name": "nightly", "cron": "0 3 * * *", "zone": "UTC", "url": "http://there/"}
    first = create_scheduler(ManualSurroundings(), jobs=[job], data=tmp_path)
    first.start()
    first.pause(first.jobs["nightly"])
    first.close()
    again = create_scheduler(ManualSurroundings(), jobs=[job], data=tmp_path)
    assert again.jobs["nightly"].paused
    again.close()


def test_another_versions_objects_are_not_read(tmp_path, monkeypatch):
    PickledLedger(tmp_path, "moto").close()
    monkeypatch.setattr("fakes.pickles.version", lambda library: "0.1")
    with pytest.raises(JournalError, match=r"was written with moto .*, and moto 0\.1 is installed"):
        PickledLedger(tmp_path, "moto")
    monkeypatch.undo()
    assert PickledLedger(tmp_path, "moto").lives == 2
