"""Classes of installed packages and of the standard library that a program has changed: all processes see that.

Such classes are loaded once, and real processes would each have their own. What is set in a *module* of an installed
package is kept apart (`harness.sim.shared_globals`); nothing tells when a class is written to, so classes, and the
standard library's modules, are compared at the end with what they were before the run. A change casts doubt on the run.
This module must not know what becomes of what it finds.

What counts: a name that had another value before, unless the code that owns it assigns it itself (caches, singletons,
counters), and anything of the user's own that has got into a shared class, whenever that was loaded.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import is_
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from harness.sim.imports import is_users
from harness.sim.process import Process

_OURS = frozenset({"harness", "fakes", "reports", "gevent", "greenlet", "zope", "__main__"})
_SHOWN = 20
"""Changes that are told one by one."""


@dataclass(frozen=True, slots=True)
class Change:
    """A name of a shared class or module that has another value; `process` is "" where nobody knows whose doing."""

    owner: str
    name: str
    before: str
    after: str
    process: str

    def __str__(self) -> str:
        who = f" by {self.process}" if self.process else ""
        return f"{self.owner}.{self.name} was {self.before} and has become {self.after}{who}"


_before: dict[Any, dict[str, Any]] = {}
"""Classes and modules, and what was in them before the run."""

_noted: set[ModuleType] = set()
"""The modules that were there when this was noted."""


def note() -> None:
    """Remember what classes and modules are now; a look at all that is loaded, for the zygote."""
    _before.clear()
    _noted.clear()
    for module in _shared_modules():
        _noted.add(module)
        if _is_standard(module):
            _before[module] = dict(vars(module))
        for owner in _classes_of(module):
            _before[owner] = dict(vars(owner))


def changes(processes: Sequence[Process]) -> list[Change]:
    """What is different now, in order of the names."""
    found: list[Change] = []
    for owner, before in _before.items():
        now = vars(owner)
        if len(now) != len(before) or not all(map(is_, before.values(), now.values())):
            found += _compared(owner, before, now, processes)
    for module in _shared_modules():
        if module not in _noted:
            for owner in _classes_of(module):
                found += _compared(owner, {}, vars(owner), processes)
    return sorted(set(found), key=lambda change: (change.owner, change.name))


def explain(found: Sequence[Change]) -> str:
    """The diagnosis of changes."""
    packages = sorted({change.owner.partition(".")[0] for change in found} - sys.stdlib_module_names)
    private = ", ".join(f'"{name}"' for name in packages)
    remedy = "subclass it, or set it on the instances that you use"
    if packages:
        remedy += f"; or let each process load the package itself: private = [{private}] in [tool.windtunnel]"
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "\n".join(
        [
            f"shared class: {found[0]}; all processes see it, which real ones would not",
            "erred: nobody; installed packages and the standard library are loaded once for all processes",
            f"remedy: {remedy}",
            "",
            *map(str, found[:_SHOWN]),
            *more,
        ]
    )


def _shared_modules() -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and name.partition(".")[0] not in _OURS and not is_users(name):
            yield module


def _is_standard(module: ModuleType) -> bool:
    """Whether it is one of the standard library's that are written in Python, or the built-in names."""
    name = module.__name__
    return name == "builtins" or (
        name.partition(".")[0] in sys.stdlib_module_names
        and not name.startswith("importlib")
        and str(getattr(module, "__file__", "")).endswith(".py")
    )


def _classes_of(module: ModuleType) -> list[type]:
    name = module.__name__
    return [value for value in list(vars(module).values()) if isinstance(value, type) and value.__module__ == name]


def _compared(
    owner: Any, before: Mapping[str, Any], now: Mapping[str, Any], processes: Sequence[Process]
) -> Iterator[Change]:
    path = owner.__name__ if isinstance(owner, ModuleType) else f"{owner.__module__}.{owner.__qualname__}"
    for name, value in list(now.items()):
        if name in before and before[name] is value:
            continue
        home = _home(value)
        if home.partition(".")[0] in _OURS:
            continue
        users = bool(home) and is_users(home)
        replaced = name in before and not name.startswith("__") and not _assigns(owner, name)
        if (users and not isinstance(owner, ModuleType)) or replaced:
            was = _told(before[name]) if name in before else "absent"
            yield Change(path, name, was, _told(value), _whose(value, home, processes) if users else "")


def _function(value: Any) -> Any:
    # By type and not by attribute: asked for one, six's lazy modules import what may not be there.
    if isinstance(value, staticmethod | classmethod | MethodType):
        value = value.__func__
    return value.fget if isinstance(value, property) else value


def _home(value: Any) -> str:
    """The module whose code a function is, or that defines a class; "" for anything else."""
    value = _function(value)
    if isinstance(value, FunctionType):
        return str(value.__globals__.get("__name__", ""))
    return str(value.__module__) if isinstance(value, type) else ""


def _whose(value: Any, home: str, processes: Sequence[Process]) -> str:
    value = _function(value)
    for process in processes:
        scope = vars(process.modules[home]) if home in process.modules else {}
        if getattr(value, "__globals__", None) is scope or scope.get(getattr(value, "__name__", "")) is value:
            return process.label
    return ""


def _told(value: Any) -> str:
    home = _home(value)
    if home:
        return f"{home}.{_function(value).__qualname__}"
    return repr(value) if isinstance(value, int | float | str | bool | None) else f"a {type(value).__qualname__}"


def _assigns(owner: Any, name: str) -> bool:
    """Whether the code of the module that `owner` is, or is defined in, assigns that global, or that attribute of
    anything but `self`.
    """
    module = owner if isinstance(owner, ModuleType) else sys.modules.get(owner.__module__)
    return module is None or any(_stores(code, name) for code in _codes(module))


def _codes(module: ModuleType) -> Iterator[CodeType]:
    waiting: list[Any] = [*vars(module).values()]
    for owner in _classes_of(module):
        waiting += vars(owner).values()
    for value in waiting:
        function = _function(value)
        function = getattr(function, "__wrapped__", function)
        if isinstance(function, FunctionType) and function.__globals__ is vars(module):
            yield function.__code__


def _stores(code: CodeType, name: str) -> bool:
    if name in code.co_names:
        before = ""
        for instruction in dis.get_instructions(code):
            if instruction.argval == name and (
                instruction.opname == "STORE_GLOBAL" or (instruction.opname == "STORE_ATTR" and before != "self")
            ):
                return True
            before = str(instruction.argval)
    return any(_stores(inner, name) for inner in code.co_consts if isinstance(inner, CodeType))
