"""What a program sets of its interpreter and of its operating-system process, another process does not see."""

import asyncio
import contextlib
import datetime as dt
import decimal
import gc
import io
import locale
import os
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.sim.beside import side_by_side
from tests.harness.sim.simulated import in_late_simulation, in_simulation


class OwnPolicy(asyncio.DefaultEventLoopPolicy):
    pass


def hook(*arguments: Any) -> None:
    """Stands for one of the user's."""


def a_zone() -> list[Any]:
    return [time.tzname[0], time.localtime(1_768_521_600).tm_hour, dt.datetime.now().hour]


def set_zone() -> None:
    os.environ["TZ"] = "America/New_York"
    time.tzset()


def a_mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


SETTINGS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "argv": (lambda: list(sys.argv), lambda: sys.argv.append("--verbose")),
    "path": (lambda: "/somewhere" in sys.path, lambda: sys.path.insert(0, "/somewhere")),
    "excepthook": (lambda: sys.excepthook is hook, lambda: setattr(sys, "excepthook", hook)),
    "unraisablehook": (lambda: sys.unraisablehook is hook, lambda: setattr(sys, "unraisablehook", hook)),
    "threads' excepthook": (lambda: threading.excepthook is hook, lambda: setattr(threading, "excepthook", hook)),
    "stdout": (lambda: isinstance(sys.stdout, io.StringIO), lambda: setattr(sys, "stdout", io.StringIO())),
    "warning filters": (lambda: warnings.filters[0][0], lambda: warnings.simplefilter("error")),
    "showwarning": (lambda: warnings.showwarning is hook, lambda: setattr(warnings, "showwarning", hook)),
    "folder for temporary files": (lambda: tempfile.tempdir, lambda: setattr(tempfile, "tempdir", "/elsewhere")),
    "event loop policy": (
        lambda: isinstance(asyncio.get_event_loop_policy(), OwnPolicy),
        lambda: asyncio.set_event_loop_policy(OwnPolicy()),
    ),
    "default time-out": (socket.getdefaulttimeout, lambda: socket.setdefaulttimeout(7)),
    "collector": (gc.isenabled, gc.disable),
    "thresholds": (gc.get_threshold, lambda: gc.set_threshold(1, 2, 3)),
    "recursion limit": (sys.getrecursionlimit, lambda: sys.setrecursionlimit(5000)),
    "umask": (a_mask, lambda: os.umask(0o77)),
    "working directory": (lambda: str(Path.cwd()) == "/", lambda: os.chdir("/")),
    "locale": (lambda: locale.setlocale(locale.LC_CTYPE), lambda: locale.setlocale(locale.LC_CTYPE, "C")),
    "time zone": (a_zone, set_zone),
    "decimal context": (lambda: decimal.getcontext().prec, lambda: setattr(decimal.getcontext(), "prec", 5)),
}


def set_by_one(name: str) -> list[list[Any]]:
    read, change = SETTINGS[name]

    def one() -> Iterator[Any]:
        yield read()
        change()
        yield read()
        yield read()

    def two() -> Iterator[Any]:
        yield read()
        yield read()
        yield read()

    before = read()
    told = side_by_side(one, two)
    if name != "argv":  # the harness has its own
        assert read() == before
    return told


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("simulation", [in_simulation, in_late_simulation])
def test_what_one_process_sets_another_does_not_see(simulation: Any, name: str) -> None:
    one, two = simulation(f"{__name__}:set_by_one", name=name)
    assert one[0] != one[1] == one[2]
    assert two == [two[0]] * 3
    if name != "argv":
        assert two[0] == one[0]


def started() -> list[list[Any]]:
    def program() -> Iterator[Any]:
        yield [sys.argv, gc.isenabled(), socket.getdefaulttimeout()]

    return side_by_side(program, program)


def test_a_program_begins_with_no_arguments_and_the_defaults_of_the_interpreter() -> None:
    assert in_simulation(f"{__name__}:started") == [[[["one"], True, None]], [[["two"], True, None]]]


def time_out() -> list[list[Any]]:
    def program(timeout_s: float | None) -> Any:
        def run() -> Iterator[Any]:
            socket.setdefaulttimeout(timeout_s)
            yield None
            with socket.socket() as made:
                yield made.gettimeout()

        return run

    return side_by_side(program(7), program(None))


def test_sockets_have_the_default_time_out_of_their_process() -> None:
    assert in_simulation(f"{__name__}:time_out") == [[None, 7], [None, None]]


def files(folder: str) -> list[list[Any]]:
    def program(name: str) -> Any:
        def run() -> Iterator[Any]:
            (Path(folder) / name).mkdir()
            os.chdir(Path(folder) / name)
            yield None
            Path("here.txt").write_text(name, encoding="utf-8")
            yield Path("here.txt").read_text(encoding="utf-8")
            yield sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*.txt"))

        return run

    return side_by_side(program("one"), program("two"))


def test_relative_paths_are_opened_where_the_process_is(tmp_path: Path) -> None:
    both = ["one/here.txt", "two/here.txt"]
    assert in_simulation(f"{__name__}:files", folder=str(tmp_path)) == [[None, "one", both], [None, "two", both]]


def warned() -> list[list[Any]]:
    def warn() -> None:
        warnings.warn("old", DeprecationWarning, stacklevel=1)

    def lenient() -> Iterator[Any]:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("default")
            yield None
            warn()
            warn()
            yield [[str(one.message), one.category.__name__, Path(one.filename).name] for one in heard]

    def strict() -> Iterator[Any]:
        warnings.simplefilter("error")
        yield None
        with contextlib.suppress(DeprecationWarning):
            warn()
            yield "not warned"
        yield "warned"

    return side_by_side(lenient, strict)


def test_a_warning_is_given_once_to_each_process() -> None:
    assert in_simulation(f"{__name__}:warned") == [
        [None, [["old", "DeprecationWarning", "test_settings.py"]]],
        [None, "warned"],
    ]


def where() -> list[list[Any]]:
    def program() -> Iterator[Any]:
        found = []
        for level in (1, 2, 3):
            with warnings.catch_warnings(record=True) as heard:
                warnings.simplefilter("always")
                outer(level)
            found.append([heard[0].lineno, Path(heard[0].filename).name])
        yield found

    here = program.__code__.co_firstlineno
    return [[line - here, name] for line, name in side_by_side(program)[0][0]]


def outer(level: int) -> None:
    inner(level)


def inner(level: int) -> None:
    warnings.warn("here", stacklevel=level)


def test_a_warning_is_about_the_line_that_its_stack_level_says() -> None:
    levels = in_simulation(f"{__name__}:where")
    assert [name for _, name in levels] == ["test_settings.py"] * 3
    lines = [line for line, _ in levels]
    assert lines[0] > lines[1] > lines[2] == 5


def zones() -> list[list[Any]]:
    from harness.sim import guest

    kernel = guest.machine().kernel
    seen: list[list[Any]] = []
    for zone in ("America/New_York", "UTC"):
        kernel.process(zone, 0, {"TZ": zone}).spawn(lambda: seen.append(a_zone()))
    time.sleep(1)
    return seen


def test_a_process_begins_in_the_time_zone_of_its_environment() -> None:
    assert in_simulation(f"{__name__}:zones") == [["EST", 19, 19], ["UTC", 0, 0]]
