"""Raw greenlets, and gevent's pools of threads, die with the process that made them."""

from typing import Any

import gevent
import greenlet

from harness.sim.guest import machine
from tests.harness.sim.simulated import in_simulation


def killed() -> dict[str, Any]:
    kernel = machine().kernel
    process = kernel.process("victim", 0, {})
    beats: list[str] = []

    def beat(name: str) -> None:
        while True:
            gevent.sleep(1)
            beats.append(name)

    def main() -> None:
        gevent.spawn_raw(beat, "spawned raw")
        gevent.get_hub().threadpool.spawn(beat, "pool")
        greenlet.greenlet(beat).switch("by hand")

    process.spawn(main)
    gevent.sleep(2.5)
    alive, owned = sorted(set(beats)), len(process.greenlets())
    process.pause()
    gevent.sleep(10)
    paused = len(beats)
    process.resume()
    gevent.sleep(1.6)
    resumed = len(beats)
    process.die()
    gevent.sleep(10)
    return {
        "alive": alive,
        "owned": owned,
        "paused": paused,
        "resumed": resumed > paused,
        "dead": len(beats) == resumed,
    }


def test_they_stop_when_their_process_is_paused_and_end_when_it_is_killed() -> None:
    assert in_simulation(f"{__name__}:killed") == {
        "alive": ["by hand", "pool", "spawned raw"],
        "owned": 4,
        "paused": 6,
        "resumed": True,
        "dead": True,
    }


def kinds() -> list[bool]:
    import greenlet as library

    made = library.greenlet(kinds)
    ours = gevent.spawn(kinds)
    return [isinstance(thing, library.greenlet) for thing in (made, ours, library.getcurrent(), kinds)]


def test_every_greenlet_is_an_instance_of_the_class() -> None:
    assert in_simulation(f"{__name__}:kinds") == [True, True, True, False]
