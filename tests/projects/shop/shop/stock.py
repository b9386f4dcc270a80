"""Answers for items, after a while; counts in module-level state as careless code does."""

import json
import random
import time

REQUESTS = 0


def create_app():
    def app(environ, start_response):
        global REQUESTS
        REQUESTS += 1
        time.sleep(random.uniform(0.01, 0.2))
        body = json.dumps({"requests": REQUESTS}).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return app
