"""A moment of a run is named in a word, or refused with what can be written."""

import pytest

from harness.until import Until, UntilError, Watch

EVENTS = [
    ("run.start", "harness", 0, {}),
    ("process", "front", 0, {"event": "start"}),
    ("call", "stock", 0, {"service": "stock", "method": "GET"}),
    ("mark", "front", 0, {"name": "done"}),
    ("call", "stock", 0, {"service": "stock", "method": "GET"}),
    ("breaker", "front", 1, {"name": "pool", "from": "closed", "to": "open"}),
    ("process", "front", 1, {"event": "crash"}),
    ("fault", "faults", 0, {"id": "busy", "event": "armed"}),
    ("fault", "faults", 0, {"id": "busy", "event": "fired"}),
]


@pytest.mark.parametrize(
    ("text", "seq"),
    [
        ("done", 3), ("mark:do*", 3), ("call:stock.GET", 2), ("call:stock.GET:2", 4), ("breaker:pool", 5),
        ("breaker:pool:open", 5), ("breaker:pool:closed", None), ("process:front:crash", 6),
        ("process:front#0:crash", None),
        ("process:front#1:crash", 6), ("fault:busy", 8), ("event:0", 0), ("event:4", 4), ("call:stock.GET:3", None),
    ],
)  # fmt: skip
def test_it_names_one_event(text: str, seq: int | None) -> None:
    watch = Watch(Until.parse(text))
    assert [number for number, event in enumerate(EVENTS) if watch.sees(number, *event)] == (
        [] if seq is None else [seq]
    )


def test_it_names_a_time() -> None:
    assert Until.parse("1h30m").t_ns(0, {}) == 5400 * 10**9
    assert Until.parse("1970-01-01T00:00:02Z").t_ns(10**9, {}) == 10**9
    assert Until.parse("done").t_ns(0, {}) is None


@pytest.mark.parametrize(
    "text",
    ["", "call:stock", "call:stock.GET:0", "call:stock.GET:x", "marc:done",
     "mark:", "process:front:dies", "12:30", "event:x"],
)  # fmt: skip
def test_what_names_no_moment_is_refused_with_the_value(text: str) -> None:
    with pytest.raises(UntilError, match=r"names no moment|names no call|names no event|is not"):
        Until.parse(text)
