"""Functions named in files as `package.module:function`, the way WSGI servers name applications.

This module must not know what the functions are for.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from harness.strict import nearest

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


class UnresolvedNameError(LookupError):
    """A name that leads nowhere; the message says at which step and what to do."""

    def __str__(self) -> str:
        return str(self.args[0])


def is_function_name(text: str) -> bool:
    """Whether `text` has the form `package.module:function`."""
    return _NAME.fullmatch(text) is not None


def load_function(name: str) -> Callable[..., Any]:
    """Import the module that `name` says and return its function.

    Raises `UnresolvedNameError` where there is no such module or function, and whatever the module itself raises.
    """
    module_name, function_name = _parts(name)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise _no_module(name, error.name) from error
        raise
    function = getattr(module, function_name, None)
    if not callable(function):
        raise _no_function(name, module_name, function_name, [key for key in vars(module) if not key.startswith("_")])
    loaded: Callable[..., Any] = function
    return loaded


def find_function(name: str) -> None:
    """Raise `UnresolvedNameError` where `load_function` would, without running any of the user's code.

    Looks the module up on `sys.path` and the function among the names its source binds at the top; a module without
    source, or one that makes its names in other ways (`import *`, `__getattr__`), is taken on trust.
    """
    module_name, function_name = _parts(name)
    walked, *rest = module_name.split(".")
    spec: ModuleSpec | None = importlib.util.find_spec(walked)
    for part in rest:
        if spec is None:
            break
        # Not find_spec of the whole name: that runs the packages above it.
        walked = f"{walked}.{part}"
        spec = PathFinder.find_spec(walked, list(spec.submodule_search_locations or []))
    if spec is None:
        raise _no_module(name, walked)
    if not spec.origin or not spec.origin.endswith(".py"):
        return
    bound = _bound_names(Path(spec.origin))
    if bound is not None and function_name not in bound:
        raise _no_function(name, module_name, function_name, sorted(bound))


def _parts(name: str) -> tuple[str, str]:
    if not is_function_name(name):
        raise UnresolvedNameError(f"{name!r} names no function; write 'package.module:function'")
    module_name, _, function_name = name.partition(":")
    return module_name, function_name


def _bound_names(path: Path) -> set[str] | None:
    """What the top of a module binds, None where that can't be told from its source."""
    names: set[str] = set()
    nodes: list[ast.AST] = [ast.parse(path.read_bytes(), str(path))]
    while nodes:
        for node in ast.iter_child_nodes(nodes.pop()):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    names.add(name)
                case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                    if any(alias.name == "*" for alias in aliases):
                        return None
                    names.update((alias.asname or alias.name).partition(".")[0] for alias in aliases)
                case ast.Name(id=name, ctx=ast.Store()):
                    names.add(name)
                case _:
                    nodes.append(node)
    return None if "__getattr__" in names else names


def _no_module(name: str, missing: str) -> UnresolvedNameError:
    return UnresolvedNameError(
        f"{name!r}: there is no module {missing!r}; it is looked for in {sys.path[0] or 'the current folder'}, "
        "then on the rest of the import path ([tool.windtunnel] pythonpath, PYTHONPATH, installed packages)"
    )


def _no_function(name: str, module: str, function: str, known: list[str]) -> UnresolvedNameError:
    return UnresolvedNameError(f"{name!r}: module {module!r} has no function {function!r}{nearest(function, known)}")
