"""The apps that contracts run behind the platform: each is made anew in every instance.

FastAPI reads annotations as they stand, so this module must not make strings of them.
"""

import asyncio
import atexit
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any


def a_flask_app() -> Any:
    """Slow, streaming, failing and counting routes."""
    import flask

    app = flask.Flask("hosted")
    app.logger.disabled = True
    asked = [0]

    @app.before_request
    def count() -> None:
        asked[0] += 1

    @app.get("/slow")
    def slow() -> Any:
        time.sleep(float(flask.request.args["seconds"]))
        return {"asked": asked[0], "thread": threading.current_thread() is threading.main_thread()}

    @app.get("/lines")
    def lines() -> Any:
        def made() -> Iterator[str]:
            for number in range(3):
                yield f"{number}\n"
                time.sleep(1)

        return flask.Response(made(), mimetype="text/plain")

    @app.post("/echo")
    def echo() -> Any:
        return flask.jsonify(flask.request.get_json(), os.environ["K_SERVICE"]), 201

    @app.get("/wrong")
    def wrong() -> Any:
        raise ValueError("wrong")

    return app


def a_flask_app_that_flushes() -> Any:
    """It has something to do at its end, and notes it with `notes`."""
    app = a_flask_app()

    def flush() -> None:
        time.sleep(2)
        notes("flushed")

    atexit.register(flush)
    return app


def a_flask_app_that_hears_sigterm() -> Any:
    """As the one before; its own handler ends it."""

    def on_term(number: int, frame: Any) -> None:
        notes("SIGTERM")
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, on_term)
    return a_flask_app_that_flushes()


def notes(what: str) -> None:
    """Put there by the contract."""


def a_fastapi_app() -> Any:
    """A lifespan, routes on the loop and in threads, a dependency, a model, a stream and a background task."""
    import fastapi
    import pydantic
    from fastapi.responses import StreamingResponse

    class Order(pydantic.BaseModel):
        team: str
        seats: int = pydantic.Field(gt=0)

    @asynccontextmanager
    async def lifespan(app: fastapi.FastAPI) -> AsyncIterator[None]:
        await asyncio.sleep(1)
        notes("started")
        yield
        await asyncio.sleep(1)
        notes("stopped")

    app = fastapi.FastAPI(lifespan=lifespan)

    @app.get("/loop/{seconds}")
    async def on_the_loop(seconds: float) -> dict[str, float]:
        await asyncio.sleep(seconds)
        return {"slept": seconds}

    @app.get("/thread/{seconds}")
    def in_a_thread(seconds: float) -> dict[str, float]:
        time.sleep(seconds)
        return {"slept": seconds}

    @app.post("/orders", status_code=201)
    async def order(order: Order, background: fastapi.BackgroundTasks) -> Order:
        background.add_task(later, order.team)
        return order

    async def later(team: str) -> None:
        await asyncio.sleep(2)
        notes(f"mailed {team}")

    @app.get("/lines")
    async def lines() -> StreamingResponse:
        async def made() -> AsyncIterator[str]:
            for number in range(3):
                yield f"{number}\n"
                await asyncio.sleep(1)

        return StreamingResponse(made(), media_type="text/plain")

    return app
