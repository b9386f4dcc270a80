"""A service for the program `web`."""

import time


def create_app():
    def app(environ, start_response):
        body = environ["wsgi.input"].read()
        time.sleep(0.01)
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return app
