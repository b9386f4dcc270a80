"""A process that dies in the middle of gRPC calls takes nobody with it, and what it had leased comes to others."""

import os
import time
from typing import Any

import pytest

from tests.harness.sim.around import Around
from tests.harness.sim.rpc.test_pubsub_client import PROJECT, SUBSCRIPTION, TOPIC
from tests.harness.sim.simulated import in_simulation

MESSAGES = 40


def two_subscribers(crash_at_s: float) -> dict[str, Any]:
    """Two subscriber processes share a subscription; one is killed at `crash_at_s` and started again 20 s later."""
    from google.cloud import pubsub_v1

    from fakes.pubsub import create
    from harness.sim import guest

    machine = guest.machine()
    around = Around()
    backend = create(around, project=PROJECT)
    machine.serve_rpc(backend.grpc())
    os.environ.update(backend.environment(None))
    environ = dict(os.environ)
    done: list[tuple[str, int]] = []

    def subscribe() -> None:
        client = pubsub_v1.SubscriberClient()

        def work(message: Any) -> None:
            time.sleep(0.4)
            done.append((process_name(), int(message.data)))
            message.ack()

        client.subscribe(SUBSCRIPTION, callback=work).result()

    def process_name() -> str:
        from harness.sim.process import current_label

        return current_label()

    def start(instance: int) -> Any:
        process = machine.kernel.process("subscriber", instance, environ)
        machine.admit(process)
        process.spawn(subscribe)
        return process

    publisher = pubsub_v1.PublisherClient()
    publisher.create_topic(name=TOPIC)
    pubsub_v1.SubscriberClient().create_subscription(name=SUBSCRIPTION, topic=TOPIC, ack_deadline_seconds=10)
    victim, _ = start(0), start(1)
    time.sleep(1)
    for number in range(MESSAGES):
        publisher.publish(TOPIC, b"%d" % number)
    time.sleep(crash_at_s)
    victim.die()
    died_at_s = time.monotonic()
    calls_of_the_dead = [call for call in machine.fabric.calls if call.request.caller == victim.label]
    after_death = len(done)
    time.sleep(20)
    assert not [name for name, _ in done[after_death:] if name == victim.label], "a dead process worked on"
    start(2)
    time.sleep(120)
    return {
        "done": sorted({number for _, number in done}),
        "by": sorted({name for name, _ in done}),
        "left": len([call for call in calls_of_the_dead if call in machine.fabric.calls]),
        "died_at_s": died_at_s,
    }


@pytest.mark.parametrize("crash_at_s", [0.0, 0.0105, 0.2, 0.4, 0.41, 1.3])
def test_a_killed_subscriber_loses_nothing_and_holds_up_nobody(crash_at_s: float) -> None:
    seen = in_simulation(f"{__name__}:two_subscribers", crash_at_s=crash_at_s)
    assert seen["done"] == list(range(MESSAGES))
    assert "subscriber#1" in seen["by"]
    assert seen["left"] == 0


def test_a_crash_replays() -> None:
    target = f"{__name__}:two_subscribers"
    assert in_simulation(target, crash_at_s=0.41) == in_simulation(target, crash_at_s=0.41)
