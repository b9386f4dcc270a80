"""Clients of other protocols, servers of the standard library, and load generators: unmodified."""

import threading
from typing import Any

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import a_network, echo_network, now_s


@simulated
@simulated
@simulated
def test_smtplib_delivers_to_a_server_of_the_standard_library_with_starttls():
    import smtplib
    import socketserver
    import ssl

    received: list[bytes] = []

    class Smtp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            say = self.wfile.write
            say(b"220 test\r\n")
            body = False
            for line in self.rfile:
                word = line.strip().upper()
                if body:
                    if line == b".\r\n":
                        body = False
                        say(b"250 queued\r\n")
                    else:
                        received.append(line)
                elif word.startswith(b"EHLO"):
                    say(b"250-test\r\n250 STARTTLS\r\n")
                elif word == b"DATA":
                    body = True
                    say(b"354 go on\r\n")
                elif word == b"QUIT":
                    say(b"221 bye\r\n")
                    return
                else:
                    say(b"220 ready\r\n" if word == b"STARTTLS" else b"250 ok\r\n")

    a_network()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 25), Smtp)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with smtplib.SMTP("localhost", timeout=10) as client:
        client.starttls(context=ssl.create_default_context())
        client.sendmail("from@test", ["to@test"], "Subject: hello\r\n\r\nbody")
    assert received == [b"Subject: hello\r\n", b"\r\n", b"body\r\n"]
    server.shutdown()


@simulated
def test_boto3_reaches_the_vendors_own_host_names_and_retries():
    import boto3
    from botocore.config import Config

    from harness.sim.http_server import serve

    calls: list[str] = []

    def s3(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        calls.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if len(calls) == 1:
            start_response("503 Slow Down", [("Content-Length", "0")])
            return []
        if environ["REQUEST_METHOD"] == "PUT":
            stored[environ["PATH_INFO"]] = environ["wsgi.input"].read()
            start_response("200 OK", [("ETag", '"x"'), ("Content-Length", "0")])
            return []
        body = stored[environ["PATH_INFO"]]
        start_response("200 OK", [("Content-Length", str(len(body))), ("ETag", '"x"')])
        return [body]

    stored: dict[str, bytes] = {}
    serve(a_network(), "bucket.s3.us-west-2.amazonaws.com", [443], s3)
    client = boto3.client(
        "s3",
        region_name="us-west-2",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 3, "mode": "standard"}, request_checksum_calculation="when_required"),
    )
    client.put_object(Bucket="bucket", Key="folder/name", Body=b"contents")
    assert client.get_object(Bucket="bucket", Key="folder/name")["Body"].read() == b"contents"
    assert calls == ["PUT /folder/name", "PUT /folder/name", "GET /folder/name"]


@simulated
@simulated
def locust_run(fast: bool) -> dict[str, Any]:
    """A minute of two users, with Locust imported once the simulation runs."""
    network = echo_network()

    import gevent
    import locust
    from locust.env import Environment

    base = locust.FastHttpUser if fast else locust.HttpUser

    class Visitor(base):
        host = "https://api.test"
        wait_time = locust.constant(1)

        @locust.task
        def visit(self) -> None:
            with self.client.get("/page", catch_response=True) as response:
                assert response.text == "GET /page "

    environment = Environment(user_classes=[Visitor])
    runner = environment.create_local_runner()
    began = now_s()
    runner.start(2, spawn_rate=2)
    gevent.sleep(60)
    runner.quit()
    total = environment.stats.total
    return {
        "requests": total.num_requests,
        "failures": total.num_failures,
        "errors": [str(error.error) for error in environment.stats.errors.values()],
        "connections": sum(network._numbers.values()),
        "virtual_s": round(now_s() - began),
    }


def users_of_locust_stay_on_the_simulated_network(fast: bool) -> None:
    found = locust_run(fast)
    assert found["errors"] == []
    assert found["failures"] == 0
    assert found["requests"] >= 110
    assert found["connections"] == 2
    assert 60 <= found["virtual_s"] <= 62


@simulated
def test_locusts_http_user_stays_on_the_simulated_network():
    users_of_locust_stay_on_the_simulated_network(fast=False)


@simulated
def test_locusts_fast_http_user_stays_on_the_simulated_network():
    users_of_locust_stay_on_the_simulated_network(fast=True)
