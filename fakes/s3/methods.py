"""What an S3 request is called: the vendor's operation, its bucket and its key.

From the method, the path and the sub-resource in the query, as the API reference has them
(docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html). It must not know moto.
"""

from __future__ import annotations

from collections.abc import Mapping

BUCKET: Mapping[tuple[str, str], str] = {
    ("PUT", ""): "CreateBucket",
    ("HEAD", ""): "HeadBucket",
    ("DELETE", ""): "DeleteBucket",
    ("GET", ""): "ListObjects",
    ("GET", "list-type"): "ListObjectsV2",
    ("GET", "versions"): "ListObjectVersions",
    ("GET", "uploads"): "ListMultipartUploads",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "policyStatus"): "GetBucketPolicyStatus",
    ("POST", "delete"): "DeleteObjects",
    ("PUT", "lifecycle"): "PutBucketLifecycleConfiguration",
    ("GET", "lifecycle"): "GetBucketLifecycleConfiguration",
    ("DELETE", "lifecycle"): "DeleteBucketLifecycle",
    ("PUT", "acl"): "PutBucketAcl",
    ("GET", "acl"): "GetBucketAcl",
    ("PUT", "versioning"): "PutBucketVersioning",
    ("GET", "versioning"): "GetBucketVersioning",
    ("PUT", "logging"): "PutBucketLogging",
    ("GET", "logging"): "GetBucketLogging",
    ("PUT", "object-lock"): "PutObjectLockConfiguration",
    ("GET", "object-lock"): "GetObjectLockConfiguration",
    ("PUT", "accelerate"): "PutBucketAccelerateConfiguration",
    ("GET", "accelerate"): "GetBucketAccelerateConfiguration",
    ("PUT", "notification"): "PutBucketNotificationConfiguration",
    ("GET", "notification"): "GetBucketNotificationConfiguration",
    **{
        (verb, place): f"{word}{noun}"
        for place, noun in {
            "cors": "BucketCors",
            "encryption": "BucketEncryption",
            "ownershipControls": "BucketOwnershipControls",
            "policy": "BucketPolicy",
            "publicAccessBlock": "PublicAccessBlock",
            "replication": "BucketReplication",
            "tagging": "BucketTagging",
            "website": "BucketWebsite",
        }.items()
        for verb, word in (("PUT", "Put"), ("GET", "Get"), ("DELETE", "Delete"))
    },
}
"""Operations on a bucket by HTTP method and sub-resource."""

OBJECT: Mapping[tuple[str, str], str] = {
    ("PUT", ""): "PutObject",
    ("GET", ""): "GetObject",
    ("HEAD", ""): "HeadObject",
    ("DELETE", ""): "DeleteObject",
    ("GET", "attributes"): "GetObjectAttributes",
    ("PUT", "acl"): "PutObjectAcl",
    ("GET", "acl"): "GetObjectAcl",
    ("PUT", "tagging"): "PutObjectTagging",
    ("GET", "tagging"): "GetObjectTagging",
    ("DELETE", "tagging"): "DeleteObjectTagging",
    ("PUT", "legal-hold"): "PutObjectLegalHold",
    ("GET", "legal-hold"): "GetObjectLegalHold",
    ("PUT", "retention"): "PutObjectRetention",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("GET", "uploadId"): "ListParts",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
}
"""Operations on an object by HTTP method and sub-resource."""

_COPIES = {"PutObject": "CopyObject", "UploadPart": "UploadPartCopy"}

KNOWN_PLACES = frozenset(place for table in (BUCKET, OBJECT) for _, place in table) - {""}
REFUSED_PLACES = frozenset(
    {"abac", "analytics", "annotation", "intelligent-tiering", "inventory", "metadataConfiguration", "metadataTable"}
    | {"metrics", "renameObject", "requestPayment", "restore", "select", "session", "torrent"}
)
"""Sub-resources of operations that are not served."""

SERVED = tuple(sorted({"ListBuckets", *BUCKET.values(), *OBJECT.values(), *_COPIES.values()}))


def name_of(verb: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str]:
    """The operation, "" for one that is not served, and `bucket/key`. The path is the path style's."""
    bucket, _, key = path.lstrip("/").partition("/")
    resource = f"{bucket}/{key}" if key else bucket
    if REFUSED_PLACES & query.keys():
        return "", resource
    if not bucket:
        return ("ListBuckets" if verb == "GET" else ""), ""
    place = next((name for name in query if name in KNOWN_PLACES), "")
    table = OBJECT if key else BUCKET
    method = table.get((verb, place), "")
    if "x-amz-copy-source" in headers:
        method = _COPIES.get(method, method)
    return method, resource
