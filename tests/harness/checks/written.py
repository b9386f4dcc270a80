"""Histories for checks to judge, written through the real writer: `day(attempt(...), ...)`."""

from harness.history import History, HistoryWriter

RUN = {"scenario": "s", "world": "w", "seed": 1, "release": "r", "engine": "sim", "span": "36h"}
START_EPOCH_NS = 1_768_521_600_000_000_000
SECOND = 1_000_000_000
HOUR = 3600


def day(*events, ended=True, until_s=36 * HOUR, **start) -> History:
    """A history of `events` (t_s, kind, fields), in order of time, with its start and, if it `ended`, its end."""
    writer = HistoryWriter(None)
    opening = {**RUN, "start": "2026-01-16T00:00:00Z", "start_epoch_ns": START_EPOCH_NS, "instants": {}, **start}
    writer.append(0, "run.start", "harness", 0, opening)
    for t_s, kind, fields in sorted(events, key=lambda event: event[0]):
        writer.append(round(t_s * SECOND), kind, "p", 0, fields)
    if ended:
        writer.append(until_s * SECOND, "run.end", "harness", 0, RUN)
    return writer.history()


def mark(t_s, mark_name, /, **fields):
    return (t_s, "mark", {"name": mark_name, "fields": fields})


def attempt(t_s, status="failed", processor="PGS", key="2026-01-16", **more):
    return mark(t_s, "attempt", processor=processor, key=key, status=status, reason="", **more)


def row(t_s, status, processor="PGS", key="2026-01-16"):
    return mark(t_s, "run_row", processor=processor, key=key, status=status)


def alert(t_s, name="retry-storm"):
    return mark(t_s, "alert", name=name, severity="warning")


def recovered(t_s, key="2026-01-16"):
    return mark(t_s, "recovered", name="rows", key=key)


def breaker(t_s, to="open", name="PGS", was="closed"):
    return (t_s, "breaker", {"name": name, "from": was, "to": to, "reason": "5 failures"})


def half_open(t_s):
    return breaker(t_s, "half_open", was="open")


def message(t_s, event, message_id="1", topic="t", subscription="s", **more):
    fields = {"event": event, "topic": topic, "subscription": subscription, "message_id": message_id, **more}
    if event in ("published", "unrouted"):
        del fields["subscription"]
    return (t_s, "message", fields)


def call(t_s, outcome="ok", service="bigquery", method="jobs.insert", resource="r", caller="phase3#0", **more):
    fields = {
        "id": 1,
        "caller": caller,
        "service": service,
        "method": method,
        "resource": resource,
        "started_ns": 0,
        "outcome": outcome,
        "status": 200 if outcome == "ok" else 503,
        "reason": "",
        "applied": outcome == "ok",
        "fault": "",
        "bytes_in": 0,
        "bytes_out": 0,
        **more,
    }
    return (t_s, "call", fields)


def fault(t_s, event="fired", fault_id="f"):
    return (t_s, "fault", {"id": fault_id, "event": event, "call": None})
