"""Two simulated processes side by side, that run by turns."""

import time
from collections.abc import Callable, Iterator
from typing import Any

Program = Callable[[], Iterator[Any]]


def side_by_side(*programs: Program) -> list[list[Any]]:
    """What each program has yielded, each in a process of its own: the first up to its first `yield`, the second up to
    its first, the first on to its second, and so on. The programs are processes `one`, `two`, …
    """
    from harness.sim import guest

    kernel = guest.machine().kernel
    told: list[list[Any]] = [[] for _ in programs]
    problems: list[BaseException] = []

    def run(number: int, program: Program) -> None:
        time.sleep(number / len(programs))
        try:
            for seen in program():
                told[number].append(seen)
                time.sleep(1)
        except BaseException as error:
            problems.append(error)
            raise

    for number, program in enumerate(programs):
        kernel.process(("one", "two", "three")[number], 0, {}).spawn(run, number, program)
    time.sleep(60)
    if problems:
        raise problems[0]
    return told
