"""Call credentials: asks the vendor's auth plug-ins for the metadata they add, as gRPC core does before a call.

A token that cannot be fetched is a fault of its own kind (the metadata server answers 503), so plug-ins run for real.
It must not know channels.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from fakes.seam import GRPC_CODES
from harness.sim.rpc.status import Status, unavailable

Pairs = tuple[tuple[str, str | bytes], ...]


class ComputeEngineCredentials:
    """Stands in for cygrpc's object of that kind, which does not let its call credentials be read."""

    def __init__(self, call_credentials: Any) -> None:
        self._call_credentialses = (call_credentials,)


def plugins_of(credentials: Any) -> tuple[Any, ...]:
    """The metadata plug-ins inside cygrpc channel or call credentials, in the order in which core would ask them."""
    if credentials is None:
        return ()
    plugin = getattr(credentials, "_metadata_plugin", None)
    if plugin is not None:
        return (plugin,)
    inner = getattr(credentials, "_channel_credentials", None)
    parts = getattr(credentials, "_call_credentialses", ())
    return plugins_of(inner) + tuple(plugin for part in parts for plugin in plugins_of(part))


def insecure(call_credentials: Any) -> Status | None:
    """The status of a call that would send `call_credentials` over an insecure channel, None where there are none."""
    if not plugins_of(call_credentials):
        return None
    details = "Established channel does not have a sufficient security level to transfer call credential."
    return Status(GRPC_CODES["UNAUTHENTICATED"], details)


def collect(
    plugins: Sequence[Any],
    service_url: str,
    method_name: str,
    ready: Callable[[Pairs], None],
    failed: Callable[[Status], None],
) -> None:
    """Ask each of `plugins` for metadata, then call `ready(all of it)`, or `failed(status)` at the first that refuses.

    They run in a thread of the caller's process, as core gives them one: a slow token must not hold up the caller.
    """
    if not plugins:
        ready(())
        return
    arguments = (tuple(plugins), (), service_url, method_name, ready, failed)
    threading.Thread(target=_ask, args=arguments, name="grpc-auth", daemon=True).start()


def _ask(
    plugins: Sequence[Any],
    so_far: Pairs,
    service_url: str,
    method_name: str,
    ready: Callable[[Pairs], None],
    failed: Callable[[Status], None],
) -> None:
    if not plugins:
        ready(so_far)
        return

    def answer(metadata: Any, code: int, details: bytes | None) -> None:
        if code:
            reason = (details or b"").decode("utf-8", "replace")
            failed(unavailable(f"Getting metadata from plugin failed with error: {reason}"))
        else:
            pairs = so_far + tuple((key, value) for key, value in metadata or ())
            _ask(plugins[1:], pairs, service_url, method_name, ready, failed)

    plugins[0](service_url, method_name, answer)
