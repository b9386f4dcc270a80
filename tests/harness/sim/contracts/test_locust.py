"""Locust: an hour of load from each kind of user, with the same statistics in every replay."""

from typing import Any

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.servers import scripted

ABOUT = Library("locust", loads=("locust", "locust.env"), patches=True)

HOUR_S = 3600


def load(trace: Trace, kind: str) -> None:
    """Ten users who read and order for an hour; every answer takes from a tenth of a second on, some are errors."""
    import gevent
    import locust
    from locust.env import Environment

    script = [*([0.1, 0.2, (404, {}), 0.3, 0.5, (503, {})] * 2000), 0.1]
    scripted(lambda *said: None, "shop.test", *script)

    class Visitor(getattr(locust, kind)):  # type: ignore[misc]  # Locust's users are classes chosen at run time here
        host = "https://shop.test"
        wait_time = locust.between(5, 15)

        @locust.task(3)
        def read(self) -> None:
            self.client.get("/articles")

        @locust.task
        def order(self) -> None:
            with self.client.post("/orders", data=b"one", catch_response=True) as response:
                if response.status_code == 404:
                    response.success()

    environment = Environment(user_classes=[Visitor])
    runner = environment.create_local_runner()
    runner.start(10, spawn_rate=2)
    gevent.sleep(HOUR_S)
    runner.quit()
    for (name, method), entry in sorted(environment.stats.entries.items()):
        trace(method, name, *figures(entry))
    trace("all", *figures(environment.stats.total))
    trace.expect(
        (3600.0, "GET", "/articles", 2688, 898, 183.74, 200, 500),
        (3600.0, "POST", "/orders", 876, 152, 182.08, 100, 500),
        (3600.0, "all", 3564, 1050, 183.33, 200, 500),
    )


def figures(entry: Any) -> list[Any]:
    """What Locust's report shows of one line."""
    percentile = entry.get_response_time_percentile
    return [
        entry.num_requests,
        entry.num_failures,
        round(entry.avg_response_time, 2),
        percentile(0.5),
        percentile(0.95),
    ]


@contract(ABOUT)
def test_ten_http_users_load_a_shop_for_an_hour(trace: Trace) -> None:
    load(trace, "HttpUser")


@contract(ABOUT)
def test_ten_fast_http_users_load_a_shop_for_an_hour(trace: Trace) -> None:
    load(trace, "FastHttpUser")
