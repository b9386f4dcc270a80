"""The worlds of the shop."""

import shop.waiting


def build(tunnel):
    tunnel.service("front", app="shop.front:create_app", min_instances=1, cold_start_s=2)
    tunnel.service("stock", app="shop.stock:create_app", min_instances=1, max_instances=2, concurrency=2)
    tunnel.schedule("order", cron="* * * * *", post="front/order", body={"n": 1})


def raising(tunnel):
    tunnel.service("front", app="shop.front:create_app")
    raise RuntimeError("the author of this world erred")


def app_missing(tunnel):
    tunnel.service("front", app="shop.nowhere:create_app", min_instances=1)


def backend_missing(tunnel):
    tunnel.backend("bigtable")


def spinning(tunnel):
    tunnel.worker("spinner", main="shop.workers:spin")


def ten_breakers(tunnel):
    tunnel.service(
        "fragile",
        app="shop.fragile:create_app",
        min_instances=10,
        max_instances=10,
        concurrency=1,
        cold_start_s=1,
        compute={"/run": "5s"},
    )
    for number in range(10):
        tunnel.schedule(f"caller-{number}", cron="* * * * *", post="fragile/run")


def restarting(tunnel):
    tunnel.worker("counter", main="shop.workers:count", instances=2, restart_s=5)


def stuck(name, tunnel):
    tunnel.worker("stuck", main=f"shop.stuck:{name}")


def stuck_beside_others(name, tunnel):
    stuck(name, tunnel)
    tunnel.worker("steady", main="shop.stuck:go_on")


def waiting(tunnel):
    for name, main in vars(shop.waiting).items():
        if getattr(main, "__module__", "") == "shop.waiting":
            tunnel.worker(name.replace("_", "-"), main=f"shop.waiting:{name}")
    tunnel.worker("steady", main="shop.stuck:go_on")


def asking_for_a_model(tunnel):
    tunnel.backend("bigquery", project="shop-project")
    tunnel.worker("trainer", main="shop.warehouse:main")
