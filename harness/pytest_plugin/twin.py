"""The other side of the plugin: a pytest session of its own inside the zygote, and one test run in a fork of it.

The session collects the marked tests once, in an interpreter that is a simulation; each test is then pytest's whole
protocol – fixtures, capture, assertion rewriting, `--pdb` – in a fork, inside a simulated process. So whatever works in
pytest works here, and nothing of it can touch the worker. It must not know how the worker shows what comes back.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.config import _prepareconfig, create_terminal_writer
from _pytest.reports import TestReport

from harness.durable import write_whole
from harness.measure import Measure
from harness.pytest_plugin import crossing, examples
from harness.pytest_plugin.marker import options
from harness.pytest_plugin.plugin import TWIN
from harness.sim import clock
from harness.sim.kernel import SHARED_PACKAGES
from harness.sim.packages import Packages
from harness.sim.server import Channel

if TYPE_CHECKING:
    from harness.pytest_plugin.handle import Windtunnel
    from harness.pytest_plugin.simulation import TestSimulation

OFF: Mapping[str, Any] = {
    "keyword": "", "markexpr": "", "deselect": None, "lf": False, "failedfirst": False, "newfirst": False,
    "stepwise": False, "stepwise_skip": False, "maxfail": 0, "xmlpath": None, "collectonly": False, "pyargs": False,
    "timeout": 0, "cacheclear": False, "dist": "no", "numprocesses": None, "tx": [], "looponfail": False,
}  # fmt: skip
"""Options of pytest and of well-known plugins that are the worker's business, and what they are set to here."""


_USED_BY_ALL = ("harness.pytest_plugin.simulation", "harness.pytest_plugin.handle", "fakes.cloudrun", "fakes.scheduler")
"""Loaded once, before the first fork."""


class _Writer:
    """What is left of the terminal reporter: pytest's debugger writes through it."""

    _tw: Any = None


class Twin:
    """The session in the zygote, and in a child what came of the one test it runs."""

    def __init__(self, session: pytest.Session, project: Mapping[str, Any], roots: Sequence[str]) -> None:
        self.session = session
        self.project = project
        self.roots = roots
        self.modules: list[str] = []
        self.items = {item.nodeid: item for item in session.items}
        self.simulation: TestSimulation | None = None
        self.example: examples.Example | None = None
        self.raised: str | None = None
        self.reports: list[Any] = []
        self.warnings: list[dict[str, Any]] = []
        self._phase_began_ns = 0

    @property
    def handle(self) -> Windtunnel:
        """What the fixture `windtunnel` gives."""
        from harness.pytest_plugin.handle import Windtunnel

        assert self.simulation is not None  # fixtures are made in children only
        return Windtunnel(self.simulation)

    def call(self, item: pytest.Function) -> bool:
        """Call the function of `item`, if pytest or a plugin would not know how."""
        arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
        if self.example is not None:
            examples.run(self.example, item, arguments)
            return True
        marks = {mark.name for mark in item.iter_markers()}
        if inspect.iscoroutinefunction(item.obj) and not marks & {"asyncio", "anyio", "trio"}:
            asyncio.run(item.obj(**arguments))
            return True
        return False

    # -- hooks of the child's session

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
        """Give a report its real duration; virtual ones would make `--durations` and budgets meaningless."""
        report = yield
        now_ns = clock.real_monotonic_ns()
        report.duration = (now_ns - self._phase_began_ns) / 1e9
        self._phase_began_ns = now_ns
        if call.excinfo is not None and self.example is not None and self.raised is None:
            self.raised = examples.pack(call.excinfo.value)
        return report

    def pytest_runtest_logreport(self, report: TestReport) -> None:
        """Keep what the worker will log."""
        self.reports.append(report)

    def pytest_warning_recorded(self, warning_message: Any, when: str, nodeid: str, location: Any) -> None:
        """Keep what the worker will list."""
        self.warnings.append(crossing.pack_warning(warning_message, when, nodeid, location))

    def pytest_enter_pdb(self) -> None:
        """Let the user take their time; fail the test where nobody could answer."""
        if _is_null(0):
            pytest.fail("a debugger was asked for, and this run has no terminal: run the test by hand, without -n")
        assert self.simulation is not None  # tests run in children only
        self.simulation.hold()

    def pytest_leave_pdb(self) -> None:
        """Watch again that the run moves."""
        assert self.simulation is not None  # likewise
        self.simulation.go_on()

    def run(self, item: pytest.Item) -> None:
        """Run pytest's protocol for one item."""
        self._phase_began_ns = clock.real_monotonic_ns()
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)


_twin: list[Twin] = []


def collect(
    channel: Channel,
    arguments: list[str],
    files: list[str],
    root: str,
    inifile: str | None,
    paths: list[str],
    basetemp: str,
    roots: list[str],
    project: Mapping[str, Any],
    extra: list[str],
) -> int:
    """Make the session in this (zygote's) interpreter and collect `files`."""
    sys.path[:] = paths
    for name in _USED_BY_ALL:
        importlib.import_module(name)
    where = [*extra, f"--rootdir={root}", *(["-c", inifile] if inifile else [])]
    config = _prepareconfig([*arguments, *where])
    for name, value in OFF.items():
        if hasattr(config.option, name):
            setattr(config.option, name, value)
    config.stash[TWIN] = None
    session = pytest.Session.from_config(config)
    config._do_configure()
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        config.pluginmanager.unregister(reporter)
        config.pluginmanager.register(_Writer(), "terminalreporter")
    factory: Any = config._tmp_path_factory  # type: ignore[attr-defined]  # pytest's own plugins set and read it
    factory._basetemp = Path(basetemp)
    config.hook.pytest_sessionstart(session=session)
    session.perform_collect(files)
    twin = Twin(session, project, roots)
    twin.modules = Packages([Path(one) for one in roots], SHARED_PACKAGES).loaded()
    config.stash[TWIN] = twin
    config.pluginmanager.register(twin, "windtunnel-twin")
    _twin[:] = [twin]
    return 0


def run(
    channel: Channel,
    nodeid: str,
    answer: str,
    history: str,
    environ: dict[str, str],
    outside: dict[str, str],
    example: str | None,
    final: bool,
    measure: dict[str, Any] | None,
) -> int:
    """Run one test in this (forked) interpreter and leave what came of it in the file `answer`."""
    from harness.pytest_plugin.simulation import TestSimulation

    twin = _twin[0]
    item = twin.items.get(nodeid)
    if item is None:
        raise LookupError(f"{nodeid} was not collected again in the zygote: its name is another each time. Give it ids")
    config = twin.session.config
    twin.warnings.clear()  # those of the collection, which the worker has had too
    _fresh_capture(config)
    writer = config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(writer, _Writer):
        writer._tw = create_terminal_writer(config)
    crossing.replace(item, outside)
    if example is not None:
        twin.example = examples.Example.unpack(example, final)
        examples.allow_fixtures(item)
        if not final:
            config.option.usepdb = False
    measured = Measure.start(measure)
    roots = [Path(root) for root in twin.roots]
    simulation = TestSimulation(channel, item, options(item, twin.project), environ, roots, Path(history), twin.modules)
    twin.simulation = simulation
    outcome = simulation.execute(lambda: twin.run(item))
    if measured is not None:
        measured.stop()
    reports = simulation.verdict(item, twin.reports, outcome)
    told = {
        "reports": [config.hook.pytest_report_to_serializable(config=config, report=report) for report in reports],
        "warnings": twin.warnings,
        "raised": twin.raised,
        "exit": simulation.exit_message,
        "seed": simulation.plan.seed,
        "virtual_s": outcome.virtual_s,
        "events": outcome.events,
        "history_sha256": outcome.history_sha256,
    }
    write_whole(Path(answer), json.dumps(told, default=str).encode())
    return 0


def _is_null(descriptor: int) -> bool:
    found = os.fstat(descriptor)
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == Path(os.devnull).stat().st_rdev


def _fresh_capture(config: pytest.Config) -> None:
    """Give the child capture files of its own: inherited ones share their offsets with the next child."""
    manager: Any = config.pluginmanager.getplugin("capturemanager")
    if manager is not None:
        manager.stop_global_capturing()
        manager.start_global_capturing()
        manager.suspend_global_capture()
