"""Clients are made when used, once each, and closed with the service; nothing is made by starting one."""

import json
import logging

from pipeline.clients import Clients, Lazy
from pipeline.logs import JsonLines
from pipeline.services import analytics, monitoring, raw, scrapers
from pipeline.settings import Settings

SETTINGS = Settings(project="p-roject", bdl_api_key="k", odds_api_key="k", slack_webhook_url="https://x/y")


def test_a_client_is_made_once_at_first_use_and_made_anew_after_closing():
    made: list[int] = []
    closed: list[int] = []
    lazy = Lazy(lambda: made.append(1) or len(made), closed.append)
    lazy.close()
    assert (made, closed) == ([], [])
    assert (lazy(), lazy()) == (1, 1)
    lazy.close()
    lazy.close()
    assert closed == [1]
    assert lazy() == 2


def test_starting_a_service_makes_no_client_and_closing_it_closes_what_was_made():
    for service in (scrapers, raw, analytics, monitoring):
        made: list[str] = []

        def refuse(made: list[str] = made) -> None:
            made.append("client")

        clients = Clients(SETTINGS, make_http=refuse, make_bigquery=refuse, make_storage=refuse, make_publisher=refuse)
        app = service.create_app(service.production_parts(SETTINGS, clients))
        assert made == [], app.name
        app.extensions["close"]()


def test_two_instances_share_no_client():
    one, two = Clients(SETTINGS), Clients(SETTINGS)
    assert one.http() is one.http()
    assert one.http() is not two.http()


def test_log_lines_are_json_with_severity_fields_and_stack():
    record = logging.LogRecord("pipeline.x", logging.ERROR, "f.py", 1, "it %s", ("broke",), None)
    record.mark, record.fields = "attempt", {"key": "2026-01-16"}
    try:
        raise KeyError("points")
    except KeyError as error:
        record.exc_info = (KeyError, error, error.__traceback__)
    line = json.loads(JsonLines().format(record))
    assert (line["severity"], line["message"], line["mark"]) == ("ERROR", "it broke", "attempt")
    assert line["fields"] == {"key": "2026-01-16"}
    assert "KeyError: 'points'" in line["stack_trace"]
