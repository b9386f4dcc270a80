"""smtplib against aiosmtpd, which runs in a thread of the program."""

from __future__ import annotations

from typing import Any

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.world import a_network

ABOUT = Library(
    "smtplib",
    standard=True,
    loads=("smtplib", "aiosmtpd.controller", "email.message", "ssl"),
    beside=("aiosmtpd",),
)


class Mailbox:
    """What aiosmtpd hands its messages to."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        import email

        message = email.message_from_bytes(envelope.content)
        self.trace(envelope.rcpt_tos, message["Subject"], message.is_multipart(), message["Date"])
        return "250 queued"


def mail_server(trace: Trace, **options: Any) -> Any:
    from aiosmtpd.controller import Controller

    a_network(latency_s=0.1)
    controller = Controller(Mailbox(trace), hostname="127.0.0.1", port=25, **options)
    controller.start()
    return controller


@contract(ABOUT)
def test_a_message_with_an_attachment_is_delivered(trace: Trace) -> None:
    import smtplib
    from email.message import EmailMessage
    from email.utils import localtime

    controller = mail_server(trace)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "from@test", "to@test", "Grüße"
    message["Date"] = localtime()
    message.set_content("body")
    message.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="data.csv")
    with smtplib.SMTP("localhost", 25, timeout=10) as client:
        trace(client.send_message(message))
    controller.stop()
    trace("stopped")
    trace.expect(
        (0.0001, ["to@test"], "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", True, "Fri, 16 Jan 2026 00:00:10 +0000"),
        (0.0001, {}),
        (0.0002, "stopped"),
    )


@contract(ABOUT)
def test_starttls_is_the_identity_and_refused_recipients_are_told(trace: Trace) -> None:
    import smtplib
    import ssl

    controller = mail_server(trace, tls_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    with smtplib.SMTP("localhost", 25, timeout=10) as client:
        client.starttls(context=ssl.create_default_context())
        refused = client.sendmail("from@test", ["to@test", "nobody@test"], "Subject: hello\r\n\r\nbody")
        trace({name: code for name, (code, _) in refused.items()})
        try:
            client.sendmail("from@test", ["nobody@test"], "Subject: hello\r\n\r\nbody")
        except smtplib.SMTPRecipientsRefused as problem:
            trace({name: code for name, (code, _) in problem.recipients.items()})
    controller.stop()
    trace.expect(
        (0.0002, ["to@test"], "hello", False, None),
        (0.0002, {"nobody@test": 550}),
        (0.0003, {"nobody@test": 550}),
    )


@contract(ABOUT)
def test_a_server_that_never_greets_is_given_up_after_the_time_out(trace: Trace) -> None:
    import smtplib
    import socket

    a_network()
    silent = socket.create_server(("127.0.0.1", 25))
    try:
        smtplib.SMTP("localhost", 25, timeout=10)
    except smtplib.SMTPServerDisconnected as problem:
        trace(str(problem))
    silent.close()
    try:
        smtplib.SMTP("localhost", 25, timeout=10)
    except ConnectionRefusedError as problem:
        trace(str(problem))
    trace.expect(
        (10, "Connection unexpectedly closed: timed out"),
        (10, "[Errno 111] Connection refused"),
    )


@contract(ABOUT)
def test_a_server_that_stops_disconnects_its_clients(trace: Trace) -> None:
    import smtplib
    import time

    controller = mail_server(trace)
    client = smtplib.SMTP("localhost", 25, timeout=10)
    controller.stop()
    time.sleep(1)
    try:
        client.noop()
    except smtplib.SMTPServerDisconnected as problem:
        trace(str(problem))
    trace.expect(
        (1, "Connection unexpectedly closed"),
    )


@contract(ABOUT)
def test_an_idle_session_is_closed_after_the_servers_time_out(trace: Trace) -> None:
    import smtplib
    import time

    from aiosmtpd.smtp import SMTP

    controller = mail_server(trace)
    controller.factory = lambda: SMTP(Mailbox(trace), timeout=300)
    client = smtplib.SMTP("localhost", 25, timeout=10)
    trace(client.noop()[0])
    time.sleep(299)
    trace(client.noop()[0])
    time.sleep(301)
    try:
        trace(client.noop()[0])
    except smtplib.SMTPServerDisconnected as problem:
        trace(type(problem).__name__)
    controller.stop()
    trace.expect(
        (0.0001, 250),
        (299.0001, 250),
        (600.0001, "SMTPServerDisconnected"),
    )


@contract(ABOUT)
def test_a_logging_handler_mails_errors(trace: Trace) -> None:
    import logging
    import logging.handlers

    controller = mail_server(trace)
    logger = logging.getLogger("contract")
    handler = logging.handlers.SMTPHandler("localhost", "from@test", ["to@test"], "broken", timeout=5)
    logger.addHandler(handler)
    logger.error("it broke")
    trace("logged")
    controller.stop()
    trace.expect(
        (0.0001, ["to@test"], "broken", False, "Fri, 16 Jan 2026 00:00:10 +0000"),
        (0.0002, "logged"),
    )
