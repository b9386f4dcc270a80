"""A Flask app, made at import as in most tutorials, that streams."""

import time

from flask import Flask

from kiosk.telling import tell

app = Flask(__name__)


@app.get("/")
def index():
    return "index"


@app.get("/stream")
def stream():
    def lines():
        try:
            for number in range(4):
                yield f"{number}\n"
                time.sleep(1)
        finally:
            tell("stream", over=True)

    return lines()
