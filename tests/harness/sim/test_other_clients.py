"""Load generators, unmodified."""

from typing import Any

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import echo_network, now_s


def locust_run(fast: bool) -> dict[str, Any]:
    """A minute of two users, with Locust imported once the simulation runs."""
    network = echo_network()

    import gevent
    import locust
    from locust.env import Environment

    base = locust.FastHttpUser if fast else locust.HttpUser

    class Visitor(base):
        host = "https://api.test"
        wait_time = locust.constant(1)

        @locust.task
        def visit(self) -> None:
            with self.client.get("/page", catch_response=True) as response:
                assert response.text == "GET /page "

    environment = Environment(user_classes=[Visitor])
    runner = environment.create_local_runner()
    began = now_s()
    runner.start(2, spawn_rate=2)
    gevent.sleep(60)
    runner.quit()
    total = environment.stats.total
    return {
        "requests": total.num_requests,
        "failures": total.num_failures,
        "errors": [str(error.error) for error in environment.stats.errors.values()],
        "connections": sum(network._numbers.values()),
        "virtual_s": round(now_s() - began),
    }


def users_of_locust_stay_on_the_simulated_network(fast: bool) -> None:
    found = locust_run(fast)
    assert found["errors"] == []
    assert found["failures"] == 0
    assert found["requests"] >= 110
    assert found["connections"] == 2
    assert 60 <= found["virtual_s"] <= 62


@simulated
def test_locusts_http_user_stays_on_the_simulated_network():
    users_of_locust_stay_on_the_simulated_network(fast=False)


@simulated
def test_locusts_fast_http_user_stays_on_the_simulated_network():
    users_of_locust_stay_on_the_simulated_network(fast=True)
