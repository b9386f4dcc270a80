"""Visits everything once, and says what it saw and how long it took."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import requests

from kiosk.telling import tell, timed


def main():
    with ThreadPoolExecutor(8) as pool:
        asked = [f"http://api/{'sync' if number % 2 else 'async'}/{number}" for number in range(8)]
        answers, took_s = timed(lambda: [answer.json() for answer in pool.map(requests.get, asked)])
    tell("eight", numbers=[answer["n"] for answer in answers], threads=[answer["thread"] for answer in answers],
         took_s=took_s)  # fmt: skip
    tell("to_thread", answer=requests.get("http://api/to-thread", timeout=5).json()["n"])
    answer, took_s = timed(lambda: requests.post("http://api/later", json={"n": 1}, timeout=5))
    tell("later", status=answer.status_code, answer=answer.json(), took_s=took_s)
    for host in ("api", "pages"):
        tell("lines", host=host, lines=streamed(f"http://{host}/stream"))
    tell("wrong", status=requests.get("http://api/wrong", timeout=5).status_code)
    tell("broken", **broken())
    tell("flood", size=len(requests.get("http://api/flood", timeout=5).content))
    tell("bare", **bare())
    tell("index", text=requests.get("http://pages/", timeout=5).text)
    leave_early()
    answer, took_s = timed(lambda: requests.get("http://api/slow", timeout=100))
    tell("slow", status=answer.status_code, took_s=took_s)
    answer, took_s = timed(lambda: events_until_cut("http://api/events"))
    tell("cut", took_s=took_s, problem=answer)
    tell("done")


def streamed(url):
    began = time.monotonic()
    lines = []
    with httpx.stream("GET", url) as response:
        for line in response.iter_lines():
            lines.append([line, round(time.monotonic() - began, 2)])
    return lines


def broken():
    try:
        requests.get("http://api/broken", timeout=5)
    except requests.exceptions.ChunkedEncodingError as error:
        return {"problem": type(error).__name__}
    return {"problem": ""}


def bare():
    answer = requests.post("http://bare/a%2Fb?c=d", data=b"body", timeout=5)
    return {"text": answer.text, "path": answer.headers["x-path"]}


def leave_early():
    """Reads two events and hangs up."""
    with httpx.stream("GET", "http://api/events") as response:
        for number, _ in enumerate(response.iter_lines(), 1):
            if number == 2:
                break
    time.sleep(5)


def events_until_cut(url):
    try:
        with httpx.stream("GET", url, timeout=100) as response:
            for _ in response.iter_lines():
                pass
    except httpx.HTTPError as error:
        return type(error).__name__
    return ""
