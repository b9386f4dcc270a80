"""The metadata server, so that `google.auth.default()` finds the credentials it finds on Cloud Run.

With it the official clients need no emulator variable and no change. Imitated:
https://cloud.google.com/compute/docs/metadata/overview. It must not know services.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fakes.seam import StartResponse, WsgiApp

TOKEN_LIFE_S = 3599


def metadata_server(project: str) -> WsgiApp:
    """Make the app for `metadata.google.internal` of `project`."""
    account = f"windtunnel@{project}.iam.gserviceaccount.com"
    service_account = {
        "aliases": ["default"],
        "email": account,
        "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
    }
    token = {"access_token": "windtunnel", "expires_in": TOKEN_LIFE_S, "token_type": "Bearer"}
    base = "/computeMetadata/v1"
    pages: dict[str, tuple[str, bytes]] = {
        "/": ("text/plain", b"computeMetadata/\n"),
        base: ("text/plain", b"instance/\nproject/\n"),
        f"{base}/project/project-id": ("text/plain", project.encode()),
        f"{base}/universe/universe-domain": ("text/plain", b"googleapis.com"),
        f"{base}/instance/region": ("text/plain", b"projects/1/regions/us-west2"),
        f"{base}/instance/zone": ("text/plain", b"projects/1/zones/us-west2-a"),
    }
    for who in ("default", account):
        where = f"{base}/instance/service-accounts/{who}"
        pages[where] = ("application/json", json.dumps(service_account).encode())
        pages[f"{where}/email"] = ("text/plain", account.encode())
        pages[f"{where}/token"] = ("application/json", json.dumps(token).encode())
        pages[f"{where}/identity"] = ("text/plain", b"e30.e30.windtunnel")

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/").rstrip("/") or "/"
        kind, body = pages.get(path, ("text/plain", b""))
        status = "200 OK" if path in pages else "404 Not Found"
        start_response(
            status,
            [("Content-Type", kind), ("Metadata-Flavor", "Google"), ("Content-Length", str(len(body)))],
        )
        return [body]

    return app
