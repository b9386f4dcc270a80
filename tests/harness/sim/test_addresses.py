"""No address shows: not in texts, not in hashes, not in what `id()` tells; what compares by value stays as it is."""

import dataclasses
import re
import threading
from typing import Any

from tests.harness.sim.simulated import in_simulation

REAL = re.compile(r"0x(?!0{3})[0-9a-f]{9,}")


class Plain:
    pass


class Slotted:
    __slots__ = ()


@dataclasses.dataclass(frozen=True)
class Value:
    x: int


@dataclasses.dataclass
class Changing:
    x: int


class Compared:  # noqa: PLW1641 - that it has no hash is the point
    def __eq__(self, other: object) -> bool:
        return True


def texts() -> list[str]:
    import sched
    import wsgiref.headers

    import requests
    import urllib3

    def inner() -> Any:
        yield lambda: inner

    running = inner()
    cell = next(running)
    things = [
        Plain(), Plain().__init__, Slotted(), Plain.__repr__, lambda: 1, running, cell, cell.__closure__, object(),
        requests.Session(), requests.Session().get, urllib3.HTTPConnectionPool("h").pool, urllib3.HTTPResponse(),
        threading.Lock(), threading.RLock(), threading.Event(), threading.Condition(), threading.Semaphore(),
        sched.scheduler(), wsgiref.headers.Headers(), texts.__code__, [].append, object.__repr__(Plain()),
    ]  # fmt: skip
    return [*map(repr, things), *map(str, things), f"{Plain()}"]


def test_no_text_about_an_object_of_anybodys_holds_an_address() -> None:
    told = in_simulation(f"{__name__}:texts")
    assert not [text for text in told if REAL.search(text)]
    assert told[0] == f"<{__name__}.Plain object at 0x{int(told[0].split('0x')[1][:-1], 16):012x}>"
    assert told == in_simulation(f"{__name__}:texts", hash_seed=7)


def semantics() -> dict[str, Any]:
    def hashable(thing: Any) -> bool:
        try:
            return hash(thing) is not None
        except TypeError:
            return False

    one, other = Plain(), Plain()
    return {
        "values": [len({Value(1), Value(1), Value(2)}), Value(3) in {Value(3)}, repr(Value(1))],
        "unhashable": [hashable(Changing(1)), hashable(Compared()), hashable([])],
        "told apart": [
            one == other,
            len({one, other, one}),
            hash(one) == hash(one),
            hash(one) != hash(other),
        ],
        "attributes": ["__hash__" in Plain.__dict__, "__repr__" in Plain.__dict__, Plain.__eq__ is object.__eq__],
        "text": repr(one) == str(one) == f"{one}" == object.__repr__(one),
    }


def test_what_compares_by_value_or_has_no_hash_stays_as_it_is() -> None:
    assert in_simulation(f"{__name__}:semantics") == {
        "values": [2, True, "Value(x=1)"],
        "unhashable": [False, False, False],
        "told apart": [False, 2, True, True],
        "attributes": [False, False, True],
        "text": True,
    }


def orders() -> list[list[int]]:
    import requests

    kept = [bytearray(size) for size in range(17, 4000, 97)]
    found = []
    for make in (Plain, Slotted, requests.Session):
        things = [make() for _ in range(50) if kept.append(bytearray(100)) is None]
        numbers = {id(thing): number for number, thing in enumerate(things)}
        found.append([numbers[id(thing)] for thing in set(things)])
    return found


def test_sets_have_the_order_of_first_asking() -> None:
    told = in_simulation(f"{__name__}:orders")
    assert [sorted(order) for order in told] == [list(range(50))] * 3
    assert told == in_simulation(f"{__name__}:orders", hash_seed=7)
