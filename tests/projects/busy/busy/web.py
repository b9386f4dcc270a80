"""HTTP through requests, in threads that share a session."""

import concurrent.futures

import requests

from busy import told


def main():
    with told.cleaning_up("main"), requests.Session() as session:

        def post(number):
            with told.cleaning_up("post"):
                for _ in range(3):
                    answer = session.post("https://echo/x", data=b"x" * (1 + 20_000 * number), timeout=5)
                    if answer.status_code == 200:
                        return len(answer.content)
                raise RuntimeError(answer.status_code)

        post(0)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            total = sum(pool.map(post, range(4)))
    told.finished(total=total)
