"""The metadata server, so that `google.auth.default()` finds the credentials it finds on Cloud Run.

With it the official clients need no emulator variable and no change. Imitated:
https://cloud.google.com/compute/docs/metadata/overview and https://cloud.google.com/run/docs/container-contract. It
must not know services.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from fakes.oidc import id_token
from fakes.seam import StartResponse, Surroundings, WsgiApp

TOKEN_LIFE_S = 3599
PROJECT_NUMBER = "1"
REGION = "us-west2"

NO_BOUNDARY = "0x0"
"""An account that may be used from everywhere (google-auth's `NO_OP_TRUST_BOUNDARY_ENCODED_LOCATIONS`)."""


def account_of(project: str) -> str:
    """Name the service account that everything in `project` runs as."""
    return f"windtunnel@{project}.iam.gserviceaccount.com"


def metadata_server(project: str, around: Surroundings) -> WsgiApp:
    """Make the app for `metadata.google.internal` of `project`."""
    account = account_of(project)
    scope = "https://www.googleapis.com/auth/cloud-platform"
    service_account = {"aliases": ["default"], "email": account, "scopes": [scope]}
    token = {"access_token": "windtunnel", "expires_in": TOKEN_LIFE_S, "token_type": "Bearer"}
    base = "/computeMetadata/v1"
    pages: dict[str, tuple[str, bytes]] = {
        base: ("text/plain", b"instance/\nproject/\n"),
        f"{base}/project/project-id": ("text/plain", project.encode()),
        f"{base}/project/numeric-project-id": ("text/plain", PROJECT_NUMBER.encode()),
        f"{base}/universe/universe-domain": ("text/plain", b"googleapis.com"),
        f"{base}/instance/region": ("text/plain", f"projects/{PROJECT_NUMBER}/regions/{REGION}".encode()),
        f"{base}/instance/zone": ("text/plain", f"projects/{PROJECT_NUMBER}/zones/{REGION}-1".encode()),
    }
    for who in ("default", account):
        where = f"{base}/instance/service-accounts/{who}"
        pages[where] = ("application/json", json.dumps(service_account).encode())
        pages[f"{where}/email"] = ("text/plain", account.encode())
        pages[f"{where}/scopes"] = ("text/plain", scope.encode() + b"\n")
        pages[f"{where}/token"] = ("application/json", json.dumps(token).encode())

    def found(path: str, query: str) -> tuple[str, bytes] | None:
        if path.startswith(f"{base}/instance/service-accounts/") and path.endswith("/identity"):
            audience = parse_qs(query).get("audience", [""])[0]
            return ("text/plain", id_token(audience, account, around.now_ns()).encode())
        return pages.get(path)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/").rstrip("/") or "/"
        status, (kind, body) = "200 OK", ("text/plain", b"computeMetadata/\n")
        if path != "/":
            if environ.get("HTTP_METADATA_FLAVOR") != "Google":  # so that a forged link cannot fetch a token
                status, (kind, body) = "403 Forbidden", ("text/plain", b"Missing Metadata-Flavor:Google header.")
            else:
                page = found(path, environ.get("QUERY_STRING", ""))
                status, (kind, body) = ("200 OK", page) if page else ("404 Not Found", ("text/plain", b""))
        start_response(
            status,
            [("Content-Type", kind), ("Metadata-Flavor", "Google"), ("Content-Length", str(len(body)))],
        )
        return [body]

    return app


def credentials_server(project: str) -> WsgiApp:
    """Make the app for `iamcredentials.googleapis.com`, which google-auth asks from where its account may be used."""
    body = json.dumps({"locations": [], "encodedLocations": NO_BOUNDARY}).encode()
    where = f"/v1/projects/-/serviceAccounts/{account_of(project)}/allowedLocations"

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        known = environ.get("PATH_INFO") == where
        start_response(
            "200 OK" if known else "404 Not Found",
            [("Content-Type", "application/json"), ("Content-Length", str(len(body) if known else 0))],
        )
        return [body if known else b""]

    return app
