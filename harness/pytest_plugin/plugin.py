"""The plugin's entry point: sends tests marked `windtunnel` into a simulation of their own; all others are pytest's.

pytest loads this module in every session of an environment that has Windtunnel, so it must stay cheap: it imports
nothing of ours until the first marked test is about to run, and never the kernel (importing that is patching).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.pytest_plugin.handle import Windtunnel
    from harness.pytest_plugin.worker import Worker

MARKER = "windtunnel"
_SUMMARY = (
    f"{MARKER}(*, seed, start, span, world, backends, topology, faults, env, outside): run the test in virtual time, "
    "against emulated back ends, with faults (docs/pytest.md)"
)
_worker: pytest.StashKey[Worker] = pytest.StashKey()
TWIN: pytest.StashKey[Any] = pytest.StashKey()
"""In a zygote's own session: what runs there (`harness.pytest_plugin.twin.Twin`)."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--windtunnel-seed`."""
    group = parser.getgroup("windtunnel", "tests in virtual time")
    group.addoption(
        "--windtunnel-seed", type=int, metavar="N", help="Seed of marked tests that have none of their own (default 0)."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _SUMMARY)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a marked test in a child of the zygote."""
    if TWIN in item.config.stash or item.get_closest_marker(MARKER) is None:
        return None
    from harness.pytest_plugin.worker import Worker

    stash = item.session.stash
    if _worker not in stash:
        stash[_worker] = Worker(item.session)
    stash[_worker].run(item, nextitem)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a test's function: in a child, with what it is there for; in the worker, let Hypothesis drive children."""
    if pyfuncitem.get_closest_marker(MARKER) is None:
        return None
    twin = pyfuncitem.config.stash.get(TWIN, None)
    if twin is not None:
        return bool(twin.call(pyfuncitem)) or None
    return pyfuncitem.session.stash[_worker].drive(pyfuncitem)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    """Show a failure as it looked in the child."""
    report = yield
    worker = item.session.stash.get(_worker, None)
    if worker is not None:
        worker.dress(item, call, report)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the zygote."""
    worker = session.stash.get(_worker, None)
    if worker is not None:
        worker.close()


@pytest.fixture
def windtunnel(request: pytest.FixtureRequest) -> Windtunnel:
    """The world round a test marked `windtunnel`: back ends, faults, the virtual clock, the history."""
    twin = request.config.stash.get(TWIN, None)
    if twin is None:
        raise pytest.UsageError(
            f"the fixture 'windtunnel' is for tests that run in virtual time: mark this one with @pytest.mark.{MARKER}"
        )
    handle: Windtunnel = twin.handle
    return handle
