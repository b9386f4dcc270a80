"""The failure habits of upstreams, by name: what comes back when they misbehave without saying so.

A habit is a fault's `reason`. `lose_reply: {status: 200, reason: NAME}` lets the request be answered and spoils the
answer; `refuse: {status: …, reason: NAME}` answers in its place. Windows, shares, counts and the record of every firing
are those of any fault; nothing here knows when it strikes. It must not know any single upstream.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from fakes.seam import Refuse
from fakes.upstreams.exchange import Request, Response

RETRY_AFTER_S = 30

LIST_KEYS = ("data", "events", "games", "gameDates", "rowSet", "offers", "dates", "teams", "athletes", "actions")
"""Where the upstreams keep what was asked for: `empty` empties these, wherever they are."""

RENAMED = {"pts": "points", "status": "state", "PTS": "POINTS", "score": "points", "point": "line",
           "gameStatus": "gameState", "min": "minutes"}  # fmt: skip
"""What `renamed-key` calls keys and column headers instead."""

MAINTENANCE = b"<!DOCTYPE html><html><head><title>We'll be right back</title></head><body>Maintenance</body></html>"


@dataclass(frozen=True, slots=True)
class Habit:
    """What a habit does, for docs and for use. `spoil(answer, request, again)` gives the spoilt answer; `again` answers
    another request as of the same moment.
    """

    spelling: str
    text: str
    spoil: Callable[[Response, Request, Callable[[Request], Response]], Response] | None = None


def _changed(response: Response, change: Callable[[Any], Any]) -> Response:
    try:
        body = change(json.loads(response.body))
    except ValueError:
        return response  # not JSON: nothing to spoil
    return replace(response, body=json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode())


def _empty(value: Any) -> Any:
    if isinstance(value, list):
        return []
    return {
        key: [] if key in LIST_KEYS and isinstance(inner, list) else _emptied(inner) for key, inner in value.items()
    }


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return _empty(value)
    return [_emptied(each) for each in value] if isinstance(value, list) else value


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            RENAMED.get(key, key): [RENAMED.get(each, each) for each in inner] if key == "headers" else _renamed(inner)
            for key, inner in value.items()
        }
    return [_renamed(each) for each in value] if isinstance(value, list) else value


def _reordered(value: Any) -> Any:
    if isinstance(value, dict):
        if "headers" in value and "rowSet" in value:
            rows = [[*row[1:], row[0]] for row in value["rowSet"]]
            return {**value, "headers": [*value["headers"][1:], value["headers"][0]], "rowSet": rows}
        return {key: _reordered(inner) for key, inner in reversed(value.items())}
    return [_reordered(each) for each in value] if isinstance(value, list) else value


def _previous_page(response: Response, request: Request, again: Callable[[Request], Response]) -> Response:
    """The items of the first page under the paging of the one asked for."""
    first = again(replace(request, query={k: v for k, v in request.query.items() if k not in ("cursor", "page")}))
    try:
        right, wrong = json.loads(response.body), json.loads(first.body)
    except ValueError:
        return response
    if not (isinstance(right, dict) and isinstance(wrong, dict)):
        return response
    lists = {key: wrong[key] for key in LIST_KEYS if isinstance(wrong.get(key), list) and key in right}
    return _changed(response, lambda body: {**body, **lists})


HABITS: Mapping[str, Habit] = {
    "empty": Habit(
        "lose_reply 200", "200 without data: every list of what was asked for is empty",
        lambda answer, request, again: _changed(answer, _empty),
    ),
    "header-order": Habit(
        "lose_reply 200",
        "columns (NBA.com's `headers` and `rowSet`) and keys come in another order; the data are right",
        lambda answer, request, again: _changed(answer, _reordered),
    ),
    "renamed-key": Habit(
        "lose_reply 200", "schema drift: " + ", ".join(f"`{old}` is `{new}`" for old, new in RENAMED.items()),
        lambda answer, request, again: _changed(answer, _renamed),
    ),
    "cut-json": Habit(
        "lose_reply 200", "a whole answer whose JSON ends in the middle",
        lambda answer, request, again: replace(answer, body=answer.body[: len(answer.body) // 2]),
    ),
    "html": Habit(
        "lose_reply 200", "200 with a page for people where JSON was",
        lambda answer, request, again: Response(200, MAINTENANCE, {"Content-Type": "text/html"}, "html"),
    ),
    "duplicated-page": Habit("lose_reply 200", "the first page's items again, under the right cursor", _previous_page),
    "cloud-block": Habit("refuse 403", "a CDN's page for callers from cloud addresses"),
    "retry-after-seconds": Habit("refuse 429", f"`Retry-After: {RETRY_AFTER_S}`"),
    "retry-after-date": Habit("refuse 429", f"`Retry-After` as an HTTP date {RETRY_AFTER_S} s ahead"),
    "page-fails": Habit("refuse 500", "match `headers: {':query': '*cursor=*'}`: a page after the first fails"),
    "slow": Habit("delay 35s", "slower than the usual time-out of 30 s"),
    "stale": Habit("serve_stale 2h", "the state of two hours ago: a scoreboard that has stopped"),
}  # fmt: skip


def reworded(refusal: Refuse, plain: Response, now_s: float) -> Response:
    """`plain`, an upstream's own error, with what the habit of the refusal adds."""
    match refusal.reason:
        case "cloud-block":
            page = (
                b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n You don't have "
                b"permission to access this server.\n</BODY>\n</HTML>\n"
            )
            return Response(refusal.status, page, {"Content-Type": "text/html"}, refusal.reason)
        case "retry-after-seconds":
            return replace(plain, headers={**plain.headers, "Retry-After": str(RETRY_AFTER_S)})
        case "retry-after-date":
            when = format_datetime(datetime.fromtimestamp(int(now_s) + RETRY_AFTER_S, UTC), usegmt=True)
            return replace(plain, headers={**plain.headers, "Retry-After": when})
    return plain


def spoilt(name: str, answer: Response, request: Request, again: Callable[[Request], Response]) -> Response:
    """`answer` as habit `name` leaves it; a name that is none is the scenario's error and said in a 500."""
    habit = HABITS.get(name)
    if habit is None or habit.spoil is None:
        known = ", ".join(key for key, each in HABITS.items() if each.spoil)
        text = f"scenario: lose_reply with status 200 needs a habit as its reason; {name!r} is none of {known}"
        return Response(500, text.encode(), {"Content-Type": "text/plain"}, "unknownHabit")
    return replace(habit.spoil(answer, request, again), reason=name)
