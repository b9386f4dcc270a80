"""The back end the harness gets: the service with its front end, behind `fakes.seam.Backend`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fakes.gcs.errors import ApiError
from fakes.gcs.front import App
from fakes.gcs.keeping import Keeping
from fakes.gcs.listing import Query, list_objects
from fakes.gcs.pace import Pace, limits_of
from fakes.gcs.service import Service
from fakes.gcs.store import Incoming
from fakes.journal import Journal
from fakes.seam import GrpcMethod, Surroundings, WsgiApp
from fakes.topology import TopologyError, named

HOSTS = ("storage.googleapis.com", "www.googleapis.com")
PROJECT = "windtunnel"


class CloudStorage:
    """An emulated Cloud Storage. `project` owns the buckets neighbours make without saying whose they are."""

    name = "gcs"

    def __init__(
        self,
        around: Surroundings,
        pace: Pace,
        *,
        bounded: bool = True,
        enforce_retention: bool = True,
        project: str = PROJECT,
        journal: Journal | None = None,
    ) -> None:
        self._journal = journal
        self.service = Service(
            around,
            pace,
            bounded=bounded,
            enforce_retention=enforce_retention,
            keeping=None if journal is None else Keeping(journal),
        )
        self._app = App(self.service)
        self._project = project

    def http(self) -> Mapping[str, WsgiApp]:
        """One app answers for JSON, uploads, downloads and the Retry Test API."""
        return dict.fromkeys(HOSTS, self._app)

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """None: the Python client speaks JSON."""
        return {}

    def environment(self, address: str | None) -> Mapping[str, str]:
        """Where the client goes; the variable also makes it anonymous."""
        return {"STORAGE_EMULATOR_HOST": f"http://{address or HOSTS[0]}"}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Create the topology's `buckets` that are not there; their settings are those of the JSON resource.

        Raises `TopologyError` for what the service would refuse.
        """
        project = topology.get("project") or self._project
        for name, settings in named(topology.get("buckets"), "buckets").items():
            with self.service.lock:
                if name in self.service.store.buckets:
                    continue
                try:
                    self.service.store.create_bucket(project, {**settings, "name": name}, limited=False)
                except ApiError as error:
                    raise TopologyError(f"topology buckets.{name}: the service refuses it ({error})") from error
        self.service.keep()

    def read_object(self, bucket: str, name: str) -> bytes:
        """The bytes of a live object, for a neighbour. Raises `fakes.gcs.errors.ApiError` (404) without one."""
        with self.service.lock:
            return self.service.find(bucket, name).content

    def write_object(self, bucket: str, name: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """Write an object for a neighbour: no gate and no rate limit, but notifications as ever."""
        incoming = Incoming(content=bytes(data), fields={"contentType": content_type})
        incoming.hash()
        with self.service.lock:
            self.service.store.insert(self.service.bucket(bucket), name, incoming, limited=False)
            self.service.keep()

    def list_objects(self, bucket: str, prefix: str = "") -> list[str]:
        """The names of a bucket's live objects under `prefix`, in order."""
        with self.service.lock:
            page = list_objects(self.service.bucket(bucket), Query(prefix=prefix, limit=1 << 62))
            return [stored.name for stored in page.items]

    def close(self) -> None:
        """Close the file, where there is one; nothing runs between calls."""
        if self._journal is not None:
            self._journal.close()


def create(
    around: Surroundings,
    *,
    limits: object = "service",
    enforce_retention: bool = True,
    project: str = PROJECT,
    data: str | Path | None = None,
) -> CloudStorage:
    """An emulated Cloud Storage, without buckets or with those kept in the folder `data`.

    `limits` is `service` (the vendor's write rates, `fakes.gcs.pace`), `none`, or a mapping that changes some of them.
    `enforce_retention=False` keeps and shows holds and retention policies but lets what they protect be deleted, as
    storage-testbench does (the vendor's conformance suite cleans up behind itself that way). Raises ValueError for
    anything else, OSError where `data` cannot be written.
    """
    if not isinstance(enforce_retention, bool):
        raise ValueError(f"gcs: enforce_retention = {enforce_retention!r}; give true or false")
    rates = limits_of(limits)
    return CloudStorage(
        around,
        Pace(rates),
        bounded=limits != "none",
        enforce_retention=enforce_retention,
        project=project,
        journal=Journal(Path(data)) if data is not None else None,
    )
