"""An emulator on the simulated machine, found by its clients as in a world: by the vendor's own host names."""

import importlib
import os
from typing import Any

from fakes.cloudrun.metadata import credentials_server, metadata_server
from tests.harness.sim.around import Around

PROJECT = "windtunnel"


def emulated(name: str, **options: Any) -> tuple[Around, Any]:
    """Mount the back end `name`; what it records and how faults are laid over it is in the surroundings returned."""
    from harness.sim import guest

    machine = guest.machine()
    around = Around()
    backend = importlib.import_module(f"fakes.{name}").create(around, project=PROJECT, **options)
    metadata = metadata_server(PROJECT, around)
    apps = {"metadata.google.internal": metadata, "169.254.169.254": metadata}
    apps["iamcredentials.googleapis.com"] = credentials_server(PROJECT)
    machine.serve_http({**apps, **backend.http()})
    machine.serve_rpc(backend.grpc())
    os.environ.update({"GOOGLE_CLOUD_PROJECT": PROJECT, **backend.environment(None)})
    return around, backend
