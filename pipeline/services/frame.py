"""The frame of every service that takes messages: an application that answers each expected failure the same way.

It must not know any route or processor.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, jsonify

from pipeline.messages import InvalidMessageError
from pipeline.publisher import PublishFailedError
from pipeline.services.door import RefusedError


def framed(name: str, close: Callable[[], None]) -> Flask:
    """An application `name`, without routes, whose platform calls `close` at its end.

    An invalid request is 400 and names the field, a refused delivery is answered as its door says, and what could not
    be published is 503: worth another try.
    """
    app = Flask(name)
    app.extensions["close"] = close

    def invalid(error: InvalidMessageError) -> tuple[Response, int]:
        return jsonify(field=error.field, problem=str(error)), 400

    def refused(error: RefusedError) -> tuple[Response, int]:
        return jsonify(error.body), error.status

    def unpublished(error: PublishFailedError) -> tuple[Response, int]:
        return jsonify(problem=str(error)), 503

    app.register_error_handler(InvalidMessageError, invalid)
    app.register_error_handler(RefusedError, refused)
    app.register_error_handler(PublishFailedError, unpublished)
    return app
