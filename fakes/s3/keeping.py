"""What S3 keeps over the end of its process: buckets, objects with their versions and tags, uploads under way.

It knows which of moto's objects a request may have changed, from the vendor's API alone. It must not know how records
are stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET

from fakes.aws import ACCOUNT, Asked, Reply
from fakes.pickles import PickledLedger, dump

_APART = ("keys", "multiparts")
"""What of a bucket has records of its own."""

_UPLOAD_ID = re.compile(rb"<UploadId>([^<]+)</UploadId>")


class Keeping:
    """Keeps moto's S3 in a ledger; makes it what the ledger has to begin with."""

    def __init__(self, ledger: PickledLedger, backends: Any) -> None:
        self._ledger = ledger
        self._backends = backends
        ledger.keep("bucket", self._bucket)
        ledger.keep("object", self._object)
        ledger.keep("upload", self._upload)
        self._restore()

    @property
    def _backend(self) -> Any:
        return self._backends[ACCOUNT]["aws"]

    def made(self, bucket: str) -> None:
        """A bucket was made or changed."""
        self._ledger.note("bucket", bucket)

    def took(self, asked: Asked, reply: Reply) -> None:
        """Note what a request may have changed, be it refused."""
        bucket, _, key = asked.path.lstrip("/").partition("/")
        if self._ledger.journal is None or asked.verb in ("GET", "HEAD") or not bucket:
            return
        self.made(bucket)
        found = _UPLOAD_ID.search(reply.body)
        upload_id = asked.query.get("uploadId") or (found[1].decode() if found else "")
        if upload_id:
            self._ledger.note("upload", bucket, upload_id)
        for name in [key] if key else _named(asked):
            self._ledger.note("object", bucket, name)
        if asked.verb == "DELETE" and bucket not in self._backend.buckets:
            for (other, upload_id), _ in self._ledger.journal.records("upload"):
                if other == bucket:
                    self._ledger.note("upload", bucket, upload_id)

    def _bucket(self, name: str) -> bytes | None:
        bucket = self._backend.buckets.get(name)
        if bucket is None:
            return None
        settings = {field: value for field, value in vars(bucket).items() if field not in _APART}
        return dump((settings, self._tags([bucket])))

    def _object(self, bucket: str, name: str) -> bytes | None:
        there = self._backend.buckets.get(bucket)
        versions = None if there is None else there.keys.getlist(name)
        return dump((versions, self._tags(versions))) if versions else None

    def _upload(self, bucket: str, upload_id: str) -> bytes | None:
        there = self._backend.buckets.get(bucket)
        upload = None if there is None else there.multiparts.get(upload_id)
        return None if upload is None else dump(upload)

    def _tags(self, owners: Iterable[Any]) -> dict[str, Any]:
        tags = self._backend.tagger.tags
        arns = [owner.arn for owner in owners if hasattr(owner, "arn")]
        return {arn: tags[arn] for arn in arns if arn in tags}

    def _restore(self) -> None:
        from moto.s3 import models

        make: Any = models.FakeBucket
        backend = self._backend
        for (name,), (settings, tags) in self._ledger.records("bucket"):
            bucket = make(name, settings["account_id"], settings["region_name"])
            vars(bucket).update(settings)
            backend.buckets[name] = bucket
            backend.tagger.tags.update(tags)
        for (bucket_name, name), (versions, tags) in self._ledger.records("object"):
            backend.buckets[bucket_name].keys.setlist(name, versions)
            backend.tagger.tags.update(tags)
        for (bucket_name, upload_id), upload in self._ledger.records("upload"):
            backend.buckets[bucket_name].multiparts[upload_id] = upload


def _named(asked: Asked) -> list[str]:
    """The keys in a request to delete several."""
    if "delete" not in asked.query:
        return []
    try:
        tree = ET.fromstring(asked.body)  # noqa: S314 - moto has parsed it and done what it says
    except ET.ParseError:
        return []  # and refused it
    return [one.text or "" for one in tree.iter() if one.tag.rpartition("}")[2] == "Key"]
