"""The worker's side of the plugin: an ordinary pytest session that sends each marked test into a fork of a zygote.

One zygote a session, started at the first marked test. The worker itself is never patched: it makes the fixtures that
are named as outside, waits, and logs the reports that come back. It must not import the kernel.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import call_and_report

from harness import measure
from harness.pytest_plugin import crossing, examples
from harness.pytest_plugin.marker import options, settings
from harness.pytest_plugin.plugin import MARKER
from harness.scenario.catalogue import Project
from harness.zygote import Zygote, ZygoteError

_LEFT_TO_THE_WORKER = {"pytest_cov": ["--no-cov"], "xdist": ["-n0"]}
"""Plugins that the zygote's session must not let act, and what to tell them."""


class Worker:
    """Runs the marked tests of one session."""

    def __init__(self, session: pytest.Session) -> None:
        config = session.config
        self._session = session
        self._project = settings(config.rootpath)
        self._roots = list(dict.fromkeys([config.rootpath, *Project.nearest(config.rootpath).import_paths]))
        factory: Any = config._tmp_path_factory  # type: ignore[attr-defined]  # what the fixture of that name gives
        self._folder = Path(factory.getbasetemp()) / "windtunnel"
        self._folder.mkdir(exist_ok=True)
        self._basetemp = str(factory.getbasetemp())
        self._zygote: Zygote | None = None
        self._runs = 0
        self._crossing: dict[str, str] = {}
        self._shown: dict[str, Any] = {}
        self._leaving: str | None = None
        """What the user said on leaving the debugger: the session ends once the test is reported."""

    def close(self) -> None:
        """End the zygote."""
        if self._zygote is not None:
            self._zygote.__exit__(None, None, None)
            self._zygote = None

    # -- pytest's protocol

    def run(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Run one marked test and log what came of it."""
        ihook = item.ihook
        ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        crossed: dict[str, str] = {}
        self._crossing = crossed
        # All else of setting up and tearing down an item is done in the child.
        item.setup = lambda: crossed.update(self._outside(item))  # type: ignore[method-assign]  # an instance's own
        item.teardown = lambda: None  # type: ignore[method-assign]  # likewise
        setup = call_and_report(item, "setup", log=False)
        reports: list[Any] = [setup]
        if setup.passed and examples.is_property(item):
            examples.allow_fixtures(item)
            reports.append(call_and_report(item, "call", log=False))
        elif setup.passed:
            call = pytest.CallInfo.from_call(
                lambda: self._in_child(item, crossed), when="call", reraise=(pytest.exit.Exception, KeyboardInterrupt)
            )
            reports = (
                list(call.result)
                if call.excinfo is None
                else [setup, ihook.pytest_runtest_makereport(item=item, call=call)]
            )
        teardown = call_and_report(item, "teardown", log=False, nextitem=nextitem)
        if teardown.failed or not any(report.when == "teardown" for report in reports):
            reports.append(teardown)
        for report in reports:
            ihook.pytest_runtest_logreport(report=report)
        ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if self._leaving is not None:
            pytest.exit(self._leaving)

    def _outside(self, item: pytest.Item) -> dict[str, str]:
        return crossing.evaluate(item, options(item, self._project).outside)

    def _in_child(self, item: pytest.Item, crossed: dict[str, str]) -> list[Any]:
        told = self.simulate(item, crossed)
        reports = [crossing.revive(item.config, data) for data in told["reports"]]
        for report in reports:
            if report.failed:
                report.sections.append(("windtunnel", _about(told)))
        return reports

    # -- Hypothesis

    def drive(self, item: Any) -> bool:
        """Let Hypothesis call the function of `item`, each example in a child."""
        arguments = dict.fromkeys(item._fixtureinfo.argnames)
        self._shown = {}

        def one(example: str, final: bool) -> dict[str, Any]:
            return self.simulate(item, self._crossing, example, final)

        with examples.driven_by(item, one, self._shown):
            item.obj(**arguments)
        return True

    def dress(self, item: pytest.Item, call: pytest.CallInfo[Any], report: Any) -> None:
        """Show the failure of a property as it looked in the child, with what Hypothesis says about it."""
        if call.when != "call" or call.excinfo is None or not self._shown or not examples.is_property(item):
            return
        told = self._shown.get("told")
        if told is None or call.excinfo.value is not self._shown.get("error"):
            return
        child = examples.failed_report(item.config, told)
        if child is None:
            return
        report.longrepr = child.longrepr
        notes = getattr(call.excinfo.value, "__notes__", ())
        if notes:
            report.sections.append(("Hypothesis", "\n".join(notes)))
        report.sections += [section for section in child.sections if section not in report.sections]
        report.sections.append(("windtunnel", _about(told)))

    # -- the child

    def simulate(
        self, item: pytest.Item, crossed: dict[str, str], example: str | None = None, final: bool = False
    ) -> dict[str, Any]:
        """Run one test, or one example of it, in a child; return what it told. RuntimeError if it died."""
        zygote = self._zygote or self._start()
        self._runs += 1
        answer, history = self._folder / f"{self._runs}.json", self._folder / f"{self._runs}.history.jsonl"
        measured = self._folder / f"{self._runs}.measured"
        environ = {key: value for key, value in os.environ.items() if key != "PYTEST_CURRENT_TEST"}
        job = zygote.start(
            "harness.pytest_plugin.twin:run",
            {
                "nodeid": item.nodeid,
                "answer": str(answer),
                "history": str(history),
                "environ": environ,
                "outside": crossed,
                "example": example,
                "final": final,
                "measure": measure.wanted(measured),
            },
        )
        problem = self._wait(zygote, job)
        if not answer.exists():
            raise RuntimeError(f"windtunnel: the child that ran {item.nodeid} died without a word\n{problem}".rstrip())
        told: dict[str, Any] = json.loads(answer.read_bytes())
        answer.unlink()
        told["history"] = str(history)
        if all(report.get("outcome") == "passed" for report in told["reports"]):
            history.unlink(missing_ok=True)
        for warning in told["warnings"]:
            item.ihook.pytest_warning_recorded.call_historic(kwargs=crossing.unpack_warning(warning))
        measure.add(measured)
        self._leaving = told["exit"]
        return told

    @staticmethod
    def _wait(zygote: Zygote, job: int) -> str:
        problem = ""
        try:
            for message in zygote.messages(job):
                if message["kind"] == "error":
                    problem = message["traceback"]
        except BaseException:
            zygote.kill(job)  # a time-out or Ctrl-C: nobody waits for it any more
            raise
        return problem

    def _start(self) -> Zygote:
        config = self._session.config
        manager: Any = config.pluginmanager.getplugin("capturemanager")
        marked = [item for item in self._session.items if item.get_closest_marker(MARKER) is not None]
        extra = [
            word
            for plugin, words in _LEFT_TO_THE_WORKER.items()
            if config.pluginmanager.hasplugin(plugin) or config.pluginmanager.hasplugin(plugin.removeprefix("pytest_"))
            for word in words
        ]
        # While output is captured, standard output leads into a file of pytest's; children are to inherit the real one.
        if manager is not None:
            manager.suspend(in_=True)
        try:
            preload = self._project.get("preload")
            zygote = Zygote(self._roots, preload or (), only=preload is not None, terminal=True).__enter__()
            try:
                zygote.prepare(
                    "harness.pytest_plugin.twin:collect",
                    {
                        "arguments": [str(word) for word in config.invocation_params.args],
                        "files": list(dict.fromkeys(str(item.path) for item in marked)),
                        "root": str(config.rootpath),
                        "inifile": str(config.inipath) if config.inipath else None,
                        "paths": sys.path,
                        "basetemp": self._basetemp,
                        "roots": [str(root) for root in self._roots],
                        "project": dict(self._project),
                        "extra": extra,
                    },
                )
            except ZygoteError:
                zygote.__exit__(None, None, None)
                raise
        finally:
            if manager is not None:
                manager.resume()
        self._zygote = zygote
        return zygote


def _about(told: dict[str, Any]) -> str:
    return (
        f"seed {told['seed']}, {told['virtual_s']:.9g} s of virtual time, {told['events']} events\n"
        f"history: {told['history']}"
    )
