"""A FastAPI app as they are written: sync and async routes, lifespan, background tasks, threads, streams."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.responses import StreamingResponse

from kiosk.telling import tell


@asynccontextmanager
async def lifespan(app):
    await asyncio.sleep(1)
    tell("lifespan", what="started", thread=threading.current_thread().name)
    yield {"greeting": "hello"}
    await asyncio.sleep(1)
    tell("lifespan", what="stopped", thread=threading.current_thread().name)


app = FastAPI(lifespan=lifespan)


@app.get("/sync/{n}")
def in_a_thread(n: int):
    time.sleep(1)
    return {"n": n, "thread": threading.current_thread().name}


@app.get("/async/{n}")
async def on_the_loop(n: int, request: Request):
    await asyncio.sleep(1)
    return {"n": n, "thread": threading.current_thread().name, "greeting": request.state.greeting}


@app.get("/to-thread")
async def to_thread():
    return await asyncio.to_thread(in_a_thread, 7)


@app.post("/later", status_code=202)
async def later(body: dict, tasks: BackgroundTasks):
    tasks.add_task(finish, body["n"])
    return {"accepted": body["n"]}


def finish(n):
    time.sleep(5)
    tell("finished", n=n)


@app.get("/stream")
async def stream():
    async def lines():
        try:
            for number in range(4):
                yield f"{number}\n"
                await asyncio.sleep(1)
        finally:
            tell("stream", over=True)

    return StreamingResponse(lines())


@app.get("/events")
async def events(request: Request):
    async def forever():
        began = time.monotonic()
        try:
            while not await request.is_disconnected():
                yield b"event\n"
                await asyncio.sleep(1)
        finally:
            tell("events", lasted_s=round(time.monotonic() - began, 3))

    return StreamingResponse(forever(), media_type="text/event-stream")


@app.get("/flood")
async def flood():
    async def pieces():
        for _ in range(1000):
            yield b"x" * 8192

    return StreamingResponse(pieces())


@app.get("/broken")
async def broken():
    async def lines():
        yield "one\n"
        raise RuntimeError("the app's own mistake")

    return StreamingResponse(lines())


@app.get("/wrong")
async def wrong():
    raise RuntimeError("the app's own mistake")


@app.get("/slow")
async def slow():
    await asyncio.sleep(300)
