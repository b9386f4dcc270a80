"""Every operation of S3 and SES with odd arguments: no error of ours, and what is kept is what is there."""

import os
import random
import re
import shutil
from io import BytesIO
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from botocore.serialize import create_serializer
from botocore.session import Session

from fakes.s3 import create as create_s3
from fakes.ses import create as create_ses
from tests.fakes.manual import ManualSurroundings

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "1000"))
"""A service; 20,000 before a release."""

BUCKETS, KEYS = ["bucket-a", "bucket-b"], ["k", "a/b", "é", ".."]
TEXTS = ["", "x", "0", "1", "-1", "true", "Enabled", "Suspended", "é", "\x01", "private", "*", "a@b.example",
         "b.example", "name", "STANDARD", "<x/>", "&", "arn:aws:s3:::bucket-a", "bytes=0-1",
         "2026-01-16T00:00:00Z"]  # fmt: skip
FITTING = {
    "Bucket": [*BUCKETS] * 4 + ["B", "no-such-bucket"],
    "Key": [*KEYS] * 3 + ["none"],
    "CopySource": ["bucket-a/k", "bucket-b/a/b", "bucket-a/k?versionId=x", "x"],
    "VersionId": ["null", "x"],
    "EmailAddress": ["a@b.example", "x"],
    "Source": ["a@b.example", "Somebody <a@b.example>", "x"],
    "FromEmailAddress": ["a@b.example", "x"],
    "ToAddresses": ["c@d.example", "x"],
    "TemplateName": ["name"],
    "Template": ["name"],
    "ConfigurationSetName": ["name"],
    "ContactListName": ["name"],
    "RuleSetName": ["name"],
    "TemplateData": ['{"name": "x"}', "{", "x"],
    "MD5": ["x"],
}
"""What a member of that name usually has in it."""

USUAL = {
    "s3": [("CreateBucket", {"Bucket": "bucket-a"}), ("CreateBucket", {"Bucket": "bucket-b"}),
           ("PutObject", {"Bucket": "bucket-a", "Key": "k", "Body": b"content"}),
           ("CreateMultipartUpload", {"Bucket": "bucket-a", "Key": "k"})],
    "ses": [("VerifyEmailIdentity", {"EmailAddress": "a@b.example"}),
            ("SendEmail", {"Source": "a@b.example", "Destination": {"ToAddresses": ["c@d.example"]},
                           "Message": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "y"}}}}),
            ("CreateTemplate", {"Template": {"TemplateName": "name", "SubjectPart": "x", "TextPart": "{{name}}"}})],
    "sesv2": [("CreateEmailIdentity", {"EmailIdentity": "a@b.example"}),
              ("CreateContactList", {"ContactListName": "name"})],
}  # fmt: skip
NOISE = re.compile(
    rb"<(RequestId|HostId|LastModified|CreationDate|Initiated|Timestamp)>[^<]*</|\"RequestId\": ?\"[^\"]*\""
)


class Requests:
    """Requests of an API by the vendor's own description of it."""

    def __init__(self, service: str, dice: random.Random) -> None:
        self.model = Session().get_service_model(service)
        self.serializer = create_serializer(self.model.metadata["protocol"], include_validation=False)
        self.service = service
        self.dice = dice
        self.uploads: list[str] = []

    def any(self) -> tuple[str, dict]:
        if self.dice.random() < 0.15:
            return self.dice.choice(USUAL[self.service])
        name = self.dice.choice(self.model.operation_names)
        shape = self.model.operation_model(name).input_shape
        return name, self.value(shape, "", 0) if shape is not None else {}

    def value(self, shape, name: str, depth: int):
        dice = self.dice
        match shape.type_name:
            case "structure":
                needed = [member for member in shape.members if member in shape.required_members]
                share = 0.15 if depth == 0 else 0.4
                taken = [m for m in shape.members if (m in needed and dice.random() < 0.97) or dice.random() < share]
                return {m: self.value(shape.members[m], m, depth + 1) for m in taken if depth < 6}
            case "list":
                return [self.value(shape.member, name, depth + 1) for _ in range(dice.randrange(3))]
            case "map":
                return {dice.choice(["x", "name"]): self.value(shape.value, name, depth + 1)}
            case "blob":
                return dice.choice([b"", b"x" * 2000, b"\x00\xff", b"From: a@b.example\n\nx"])
            case "boolean":
                return dice.random() < 0.5
            case "integer" | "long" | "float" | "double":
                return dice.choice([0, 1, 2, 5, 10_000, -1])
            case "timestamp":
                return dice.choice([0, 1_768_521_600, 4_000_000_000])
        if name == "UploadId" and self.uploads:
            return dice.choice(self.uploads[-5:])
        if getattr(shape, "enum", None) and dice.random() < 0.9:
            return dice.choice(shape.enum)
        return dice.choice(FITTING[name] if name in FITTING and dice.random() < 0.95 else TEXTS)

    def environ(self, name: str, given: dict, *, torn: bool = False) -> dict:
        """What a server makes of the vendor's client's request."""
        made = self.serializer.serialize_to_request(given, self.model.operation_model(name))
        path, _, fixed = made["url_path"].partition("?")
        query = made["query_string"]
        pairs = urlencode(query if isinstance(query, dict) else list(query), doseq=True)
        asked = "&".join(part for part in (fixed, pairs) if part)
        body = made["body"]
        if isinstance(body, dict):
            body = urlencode(body).encode()
        body = body.encode() if isinstance(body, str) else body or b""
        if torn:
            body = body[: self.dice.randrange(len(body) + 1)]
        target = path if path.startswith("/") else f"/{path}"
        signed = f"AWS4-HMAC-SHA256 Credential=k/20260116/us-east-1/{self.service}/aws4_request, Signature=0"
        headers = {f"HTTP_{key.upper().replace('-', '_')}": str(value) for key, value in made["headers"].items()}
        return {
            "REQUEST_METHOD": made["method"], "PATH_INFO": unquote_to_bytes(target).decode("latin-1"),
            "REQUEST_URI": f"{target}?{asked}", "QUERY_STRING": asked, "HTTP_HOST": "x",
            "SERVER_NAME": "x", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(body),
            "CONTENT_LENGTH": str(len(body)), "HTTP_AUTHORIZATION": signed, **headers,
            "CONTENT_TYPE": str(made["headers"].get("Content-Type", "application/x-www-form-urlencoded")),
        }  # fmt: skip

    def reading(self):
        """Requests that ask for all there is."""
        for name in self.model.operation_names:
            if not name.startswith(("Get", "List", "Describe", "Head")):
                continue
            shape = self.model.operation_model(name).input_shape
            if self.service == "s3":
                needs = shape.required_members if shape is not None else []
                keys = KEYS if "Key" in needs else [""]
                for bucket in BUCKETS if "Bucket" in needs else [""]:
                    for key in keys:
                        if set(needs) <= {"Bucket", "Key"}:
                            yield name, {"Bucket": bucket, **({"Key": key} if key else {})} if needs else {}
            else:
                words = {member: (FITTING.get(member) or ["name"])[0] for member in (shape.members if shape else {})}
                simple = {m: w for m, w in words.items() if m in shape.required_members} if shape else {}
                if all(shape.members[m].type_name == "string" for m in simple):
                    yield name, simple


def answer(app, environ) -> tuple[int, bytes]:
    statuses: list[str] = []
    body = b"".join(app(environ, lambda status, headers: statuses.append(status)))
    return int(statuses[0][:3]), body


def told(app, apis: list[Requests]) -> dict:
    """What the API says of everything there is, but for what differs from one call to the next."""
    shown = {}
    for api in apis:
        for name, given in api.reading():
            status, body = answer(app, api.environ(name, given))
            shown[api.service, name, repr(given)] = status, NOISE.sub(b"", body)
    return shown


@pytest.mark.parametrize(("create", "services"), [(create_s3, ["s3"]), (create_ses, ["ses", "sesv2"])])
def test_any_operation_is_answered_or_refused_and_what_is_kept_is_what_is_there(create, services, tmp_path):
    dice = random.Random(f"fuzz/{services[0]}")
    backend = create(ManualSurroundings(), data=tmp_path / "live")
    app = next(iter(backend.http().values()))
    apis = [Requests(service, dice) for service in services]
    served = 0
    for _ in range(REQUESTS):
        api = dice.choice(apis)
        name, given = api.any()
        try:
            environ = api.environ(name, given, torn=dice.random() < 0.03)
        except Exception:  # noqa: BLE001 - the vendor's own serializer refuses it
            continue
        status, body = answer(app, environ)
        assert status in range(200, 500) or status in (501, 503), (name, given, status, body)
        served += status < 300
        api.uploads += [found.decode() for found in re.findall(rb"<UploadId>([^<]+)</UploadId>", body)]
    # A fuzzer that is always refused tests nothing.
    assert served > REQUESTS / 10
    there = told(app, apis)
    mail = backend.mail() if services[0] == "ses" else []
    # Killed: nothing is closed.
    shutil.copytree(tmp_path / "live", tmp_path / "killed")
    again = create(ManualSurroundings(), data=tmp_path / "killed")
    kept = told(next(iter(again.http().values())), apis)
    assert {key: (there[key], value) for key, value in kept.items() if value != there[key]} == {}
    assert (again.mail() if services[0] == "ses" else []) == mail
    assert bool(mail) == (services[0] == "ses")
    again.close()
    backend.ledger.close()
