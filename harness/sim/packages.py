"""A copy of the user's packages for each process, so that module-level state is per instance.

A module-level breaker shared by two simulated instances opened after five *shared* failures, which hid that ten real
instances need fifty (finding 10 of the kernel notes, fact 3 of the storm). Standard library and site-packages are
loaded once for all; what lies under the project's own folders is loaded anew by each process, from cached bytecode.
This module knows imports and processes, nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import SourceLoader
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import greenlet
from gevent.hub import Hub

from harness.sim import process as process_module
from harness.sim.addresses import identity
from harness.sim.process import Process, process_of
from harness.sim.settings import Settings

_wait: Callable[[Hub], Any] = Hub.switch


class Packages:
    """The per-process view of `sys.modules`.

    `roots` are the folders of the user's project; `shared` are top-level names under them that stay shared (our own),
    `private` those of installed packages that each process loads as if they were the user's.
    The view follows the running greenlet: when one of another process is switched to, the user's modules of the last
    are taken out of `sys.modules` and its own put in. The harness (no process) has a view of its own.
    """

    def __init__(self, roots: Sequence[Path], shared: frozenset[str], private: frozenset[str] = frozenset()) -> None:
        self._roots = tuple(f"{root.resolve()}/" for root in roots)
        self._shared = shared
        self._private = private
        self._names: list[str] = []  # the user's modules in sys.modules now
        self._harness_modules: dict[str, Any] = {}
        self._tops: dict[str, bool] = {}
        self.followers: list[Callable[[Process | None, Process | None], None]] = [Settings().show]
        """Called with the process that is left and the one that is entered, what else there is one of for each."""

    def install(self) -> None:
        """Start to follow the running greenlet."""
        # What was loaded for everybody stays with those who have it already, and with the harness.
        # Looking at every name copies every page that a name lies on, after a fork: a third of the fork's own time.
        if self._private:
            self._names = [name for name in sys.modules if name.partition(".")[0] in self._private]
        sys.meta_path.insert(0, self)
        process_module.on_change = self._show
        self._look_for_raw_greenlets()

    def loaded(self) -> list[str]:
        """The names of the user's modules that are loaded now; a look at every module there is."""
        specs = {name: getattr(module, "__spec__", None) for name, module in list(sys.modules.items())}
        return [name for name, spec in specs.items() if spec is not None and self.is_users(spec)]

    def adopt(self, process: Process, names: Sequence[str]) -> None:
        """Let the loaded modules `names` belong to `process`: others load copies of their own."""
        found = {name: sys.modules[name] for name in names}
        process.modules = found
        self._names = list(found)
        process_module.shown = process

    def is_users(self, spec: ModuleSpec) -> bool:
        """Whether the module of `spec` is the user's own, to be loaded once a process."""
        top = spec.name.partition(".")[0]
        if top in self._shared or top in self._private:
            return top in self._private
        places = [spec.origin] if spec.origin and spec.has_location else list(spec.submodule_search_locations or ())
        return any(
            place.startswith(self._roots) and "/site-packages/" not in place and "/dist-packages/" not in place
            for place in places
            if place
        )

    def is_users_name(self, name: str) -> bool:
        """Whether `name` is a module of a package of the user's own."""
        top = name.partition(".")[0]
        found = self._tops.get(top)
        if found is None:
            # Said before the search, which may import: a nested question about the same name is about ours.
            self._tops[top] = False
            spec = None if top in self._shared or top in sys.builtin_module_names else PathFinder.find_spec(top)
            found = self._tops[top] = spec is not None and self.is_users(spec)
        return found

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Take part in imports (`sys.meta_path`): note which modules are the user's."""
        if name.partition(".")[0] in self._shared:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and self.is_users(spec):
            self._names.append(name)
            _number_identities(spec)
            return spec
        return None

    def invalidate_caches(self) -> None:
        """Nothing is cached here."""

    def _look_for_raw_greenlets(self) -> None:
        """Trace switches once a greenlet waits that is none of our class: nothing else could tell when it runs again.

        Libraries make such (SQLAlchemy runs synchronous code in them); they begin in a greenlet of their process, and
        only the hub can bring them back at another time. Tracing from the start cost a fifth of every switch.
        """

        def switch(hub: Hub) -> Any:
            running = greenlet.getcurrent()
            # The interpreter's first greenlet, which has no parent, is the harness's.
            if not hasattr(running, "process") and running.parent is not None:
                greenlet.settrace(self._trace)
                Hub.switch = _wait
            return _wait(hub)

        Hub.switch = switch

    def _trace(self, event: str, switch: tuple[Any, Any]) -> None:
        target = switch[1]
        try:
            process = target.__dict__["process"]
        except KeyError:  # a raw greenlet, made by a library
            process = process_of(target)
        if process is not None and process is not process_module.shown:
            self._show(process)

    def _show(self, process: Process | None) -> None:
        shown = process_module.shown
        for follow in self.followers:
            follow(shown, process)
        modules = sys.modules
        leaving = self._harness_modules if shown is None else shown.modules
        for name in self._names:
            module = modules.pop(name, None)
            if module is not None:
                leaving[name] = module
        entering = self._harness_modules if process is None else process.modules
        modules.update(entering)
        self._names = list(entering)
        process_module.shown = process

    def end(self) -> None:
        """Show the harness's own again: the run is over."""
        self._show(None)

    @contextmanager
    def harness_view(self) -> Iterator[None]:
        """Show the harness's own copies: worlds, checks and metrics of the user's are imported in here."""
        shown = process_module.shown
        self._show(None)
        try:
            yield
        finally:
            self._show(shown)


def _number_identities(spec: ModuleSpec) -> None:
    """Let `id()` in the module of `spec` be what it is in every replay; libraries, which use it all the time, keep the
    interpreter's.
    """
    loader: Any = spec.loader
    if not isinstance(loader, SourceLoader):
        return
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        module.__dict__["id"] = identity
        execute(module)

    loader.exec_module = exec_module  # type: ignore[method-assign]  # this module's own loader
