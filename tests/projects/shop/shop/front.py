"""Takes orders: fans out to the stock service from a thread pool that lives as long as the container."""

import concurrent.futures
import json
import logging
import time

import requests

log = logging.getLogger(__name__)
ORDERS = 0
POOL = concurrent.futures.ThreadPoolExecutor(4)


def fetch(item):
    for attempt in range(5):
        answer = requests.get(f"http://stock/item/{item}", timeout=5)
        if answer.status_code == 503:
            time.sleep(0.5 * 2**attempt)
            continue
        return item, answer.json()["requests"]
    raise RuntimeError(f"gave up on item {item}")


def create_app():
    def app(environ, start_response):
        global ORDERS
        ORDERS += 1
        futures = [POOL.submit(fetch, item) for item in range(4)]
        done = [future.result() for future in concurrent.futures.as_completed(futures, timeout=60)]
        fields = {"processor": "front", "key": "order", "status": "success", "orders": ORDERS, "done": done}
        log.info("order", extra={"mark": "attempt", "fields": fields})
        body = json.dumps(done).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return app
