"""Apps without a framework: one that knows nothing of lifespan, one that cannot start."""


async def bare(scope, receive, send):
    assert scope["type"] == "http"
    told = await receive()
    headers = [(b"content-type", b"text/plain"), (b"x-path", scope["raw_path"])]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": told["body"].upper() + scope["query_string"]})


async def refusing(scope, receive, send):
    assert (await receive())["type"] == "lifespan.startup"
    await send({"type": "lifespan.startup.failed", "message": "no database"})
