"""Hypothesis outside, simulations inside: each example that `@given` draws is a test run of its own.

Hypothesis stays in the worker, with its database, shrinking and real time; only the values drawn cross, by pickling,
and what the example raised comes back, at its own place in the user's code: that is how Hypothesis tells failures
apart. It must not know zygotes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import inspect
import pickle
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

import pytest

from harness.pytest_plugin import crossing


@dataclass(frozen=True, slots=True)
class Example:
    """The values that Hypothesis drew for one call, and whether it is the one that will be shown."""

    drawn: Mapping[str, Any]
    final: bool

    @classmethod
    def unpack(cls, text: str, final: bool) -> Example:
        """Read what `_pack` wrote."""
        return cls(pickle.loads(base64.b64decode(text)), final)  # noqa: S301 - the worker's own bytes


def is_property(item: Any) -> bool:
    """Whether Hypothesis drives this test."""
    return bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False)) and hasattr(item.obj, "hypothesis")


def allow_fixtures(item: Any) -> None:
    """Take back Hypothesis's advice that does not hold here: each example has fixtures, and time, of its own.

    Nor can it explain by the lines an example ran: they ran elsewhere.
    """
    from hypothesis import HealthCheck, Phase, settings

    function = getattr(item.obj, "__func__", item.obj)
    now: Any = getattr(function, "_hypothesis_internal_use_settings", None) or settings.default
    suppressed = {*now.suppress_health_check, HealthCheck.function_scoped_fixture, HealthCheck.too_slow}
    function._hypothesis_internal_use_settings = settings(
        now,
        suppress_health_check=tuple(suppressed),
        phases=tuple(phase for phase in now.phases if phase is not Phase.explain),
        deadline=None,
    )


# -- the worker's side


@contextlib.contextmanager
def driven_by(item: Any, one: Callable[[str, bool], dict[str, Any]], shown: dict[str, Any]) -> Iterator[None]:
    """Put `one(packed example, final)` in the place of the test's function, for the time of the block.

    `shown` learns the error that was raised last and what the child told about it.
    """
    from hypothesis.control import current_build_context

    handle = item.obj.hypothesis
    inner = handle.inner_test
    owner = getattr(item.obj, "__self__", None)
    names = set(item._fixtureinfo.argnames)

    @functools.wraps(inner)
    def standin(*args: Any, **kwargs: Any) -> None:
        drawn = {name: value for name, value in kwargs.items() if name not in names and not _is(value, owner)}
        told = one(_pack(item, drawn), current_build_context().is_final)
        if told["raised"] is not None or any(report.get("outcome") == "failed" for report in told["reports"]):
            error = _unpack_error(told)
            shown.update(error=error, told=told)
            raise error

    handle.inner_test = standin
    try:
        yield
    finally:
        handle.inner_test = inner


def _is(value: Any, owner: Any) -> bool:
    return owner is not None and value is owner


def failed_report(config: pytest.Config, told: Mapping[str, Any]) -> Any:
    """The report of what failed in a child, None if nothing did."""
    for data in told["reports"]:
        if data.get("outcome") == "failed":
            return crossing.revive(config, data)
    return None


def _pack(item: Any, drawn: Mapping[str, Any]) -> str:
    try:
        return base64.b64encode(pickle.dumps(dict(drawn))).decode()
    except Exception as error:
        culprits = [name for name, value in drawn.items() if not _pickles(value)]
        raise pytest.UsageError(
            f"{item.nodeid}: what @given drew for {', '.join(culprits)} cannot cross into the simulation ({error}). "
            "Remedy: draw plain data and build the rest inside the test; st.data() cannot be used there"
        ) from error


def _pickles(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # noqa: BLE001 - whatever it raises, it does not pickle
        return False
    return True


def _unpack_error(told: Mapping[str, Any]) -> BaseException:
    if told["raised"] is None:
        text = str(next(data["longrepr"] for data in told["reports"] if data.get("outcome") == "failed"))
        return AssertionError(text)
    packed = pickle.loads(base64.b64decode(told["raised"]))  # noqa: S301 - the child's own bytes
    error: BaseException
    try:
        error = pickle.loads(packed["error"])  # noqa: S301 - likewise
    except Exception:  # noqa: BLE001 - an exception that does not pickle is stood in for by one of its name
        error = _standin(packed["module"], packed["name"])(packed["text"])
    return _raised_at(error, packed["file"], packed["line"], packed["function"])


@functools.cache
def _standin(module: str, name: str) -> type[Exception]:
    return type(name, (Exception,), {"__module__": module})


def _raised_at(error: BaseException, file: str, line: int, function: str) -> BaseException:
    """Give `error` a traceback that ends where it was raised in the child."""
    code: CodeType = compile("\n" * (line - 1) + "raise error", file, "exec").replace(co_name=function)
    try:
        exec(code, {"error": error})  # noqa: S102 - one statement of our own
    except BaseException as raised:  # noqa: BLE001 - it is `error`
        here = raised.__traceback__
        return raised.with_traceback(here.tb_next if here is not None else None)
    raise AssertionError("unreachable: the statement raises")


# -- the child's side


def pack(error: BaseException) -> str:
    """What an example raised, and where in the user's code, as text."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)  # noqa: S301 - our own bytes: some things pickle that cannot be unpickled
    except Exception:  # noqa: BLE001 - the worker will make one of the same name
        pickled = b""
    return base64.b64encode(
        pickle.dumps(
            {
                "error": pickled,
                "module": type(error).__module__,
                "name": type(error).__qualname__,
                "text": str(error),
                "file": last.filename if last else "?",
                "line": (last.lineno if last else None) or 1,
                "function": last.name if last else "?",
            }
        )
    ).decode()


def run(example: Example, item: Any, fixtures: Mapping[str, Any]) -> None:
    """Call the function that `@given` wraps, with the values drawn and this run's fixtures."""
    function = item.obj.hypothesis.inner_test
    owner = getattr(item.obj, "__self__", None)
    method = [] if owner is None else [owner]
    with _in_an_example(function, example.final):
        result = function(*method, **fixtures, **example.drawn)
        if inspect.iscoroutine(result):
            asyncio.run(result)


@contextlib.contextmanager
def _in_an_example(function: Any, final: bool) -> Iterator[None]:
    """Let `assume`, `note` and `event` work, as they do round any test of Hypothesis."""
    from hypothesis.control import BuildContext
    from hypothesis.internal.conjecture.data import ConjectureData

    with BuildContext(ConjectureData.for_choices([]), is_final=final, wrapped_test=function):
        yield
