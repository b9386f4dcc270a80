"""TLS on the simulated network: the identity, unless a host is told to show a bad certificate.

This module exists so that `https://` in user code works without keys, and so that handshakes fail on purpose the way
OpenSSL words it. The ssl module's own Python runs; what stands in for OpenSSL encrypts nothing and reads no
certificate. It must not know HTTP.
"""

from __future__ import annotations

import errno
import os
import ssl
import weakref
from pathlib import Path
from typing import Any

from harness.sim.descriptors import IN
from harness.sim.host import Certificate, Host
from harness.sim.sockets import NotSimulatedError, SimSocket

# certificate -> (X509 verify code, OpenSSL's words), from openssl/x509_vfy.h and X509_verify_cert_error_string.
_VERDICTS = {
    Certificate.EXPIRED: (10, "certificate has expired"),
    Certificate.SELF_SIGNED: (18, "self-signed certificate"),
    Certificate.WRONG_HOST: (62, "Hostname mismatch, certificate is not valid for {host!r}."),
}


class Session:
    """What stands in for OpenSSL's part of a connection (`_ssl._SSLSocket`), common to sockets and buffers.

    It is TLS 1.3 with the first cipher suite of RFC 8446 that OpenSSL offers, and no ALPN, so that clients stay with
    HTTP/1.1. Fingerprints, client certificates, session tickets and channel bindings are not simulated.
    """

    session = None
    session_reused = False

    def __init__(self, context: ssl.SSLContext, server_side: bool, server_hostname: str | None) -> None:
        self.context = context
        self.server_side = server_side
        self.server_hostname = server_hostname
        self.owner: Any = None

    def host(self) -> Host | None:
        """The host that shows its certificate."""
        raise NotImplementedError

    def wait_for_ever(self) -> None:
        """The peer never says a word."""
        raise NotImplementedError

    def do_handshake(self) -> None:
        """Accept what the host shows, or raise what OpenSSL would."""
        host = None if self.server_side else self.host()
        if host is None:
            return
        if host.certificate is Certificate.HANDSHAKE_HANGS:
            self.wait_for_ever()
        error = verification_error(host.certificate, self.context, self.server_hostname or "")
        if error is not None:
            raise error

    def getpeercert(self, binary_form: bool = False) -> Any:
        """The fields a host-name check reads; the binary form is not simulated."""
        if binary_form:
            raise NotSimulatedError(errno.EOPNOTSUPP, "certificates are not simulated: check no fingerprint here")
        if self.server_side:
            return None
        name = self.server_hostname
        if name is None or self.context.verify_mode == ssl.CERT_NONE:
            return {}
        return {"subject": ((("commonName", name),),), "subjectAltName": (("DNS", name),), "version": 3}

    def cipher(self) -> tuple[str, str, int]:
        """(name, protocol, secret bits)."""
        return ("TLS_AES_256_GCM_SHA384", "TLSv1.3", 256)

    def shared_ciphers(self) -> list[tuple[str, str, int]]:
        """The one cipher."""
        return [self.cipher()]

    def version(self) -> str:
        """TLSv1.3."""
        return "TLSv1.3"

    def compression(self) -> None:
        """None, as in TLS 1.3."""

    def selected_alpn_protocol(self) -> None:
        """None: nothing is negotiated."""

    def get_channel_binding(self, cb_type: str = "tls-unique") -> None:
        """None: there is nothing to bind to."""

    def verify_client_post_handshake(self) -> None:
        """Refused: client certificates are not simulated."""
        raise NotSimulatedError(errno.EOPNOTSUPP, "client certificates are not simulated")


class SocketSession(Session):
    """A session over a simulated socket; its time-out is the socket's."""

    def __init__(
        self, context: ssl.SSLContext, sock: SimSocket, server_side: bool, server_hostname: str | None
    ) -> None:
        super().__init__(context, server_side, server_hostname)
        self._sock = weakref.ref(sock)  # a cycle would keep a forgotten socket open until a collection
        self._end = sock.stream()

    def host(self) -> Host | None:
        """Whoever has the address the socket is connected to."""
        return SimSocket.network.route((self._end.remote or ("", 0))[0], self._end.owner)

    def wait_for_ever(self) -> None:
        """Wait for the time-out, or for the connection to end."""
        end, timeout_s = self._end, self._timeout_s()
        if timeout_s == 0:
            raise want_read()
        if not end.wait(IN, timeout_s, lambda: not (end.eof or end.broken)):
            raise TimeoutError("_ssl.c:990: The handshake operation timed out")
        raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "EOF occurred in violation of protocol (_ssl.c:1006)")

    def read(self, size: int, buffer: Any = None) -> Any:
        """At most `size` bytes (into `buffer`: how many); nothing at the end of the stream."""
        timeout_s = self._timeout_s()
        try:
            if buffer is None:
                return self._end.read(size, timeout_s) if size else b""
            view = memoryview(buffer).cast("B")
            return self._end.read_into(view[:size] if size else view, timeout_s)
        except BlockingIOError:
            raise want_read() from None
        except TimeoutError:
            raise TimeoutError("The read operation timed out") from None

    def write(self, data: Any) -> int:
        """How many bytes of `data` were taken."""
        try:
            return self._end.write(memoryview(data).cast("B"), self._timeout_s())
        except BlockingIOError:
            raise ssl.SSLWantWriteError(ssl.SSL_ERROR_WANT_WRITE, "The operation did not complete (write)") from None
        except TimeoutError:
            raise TimeoutError("The write operation timed out") from None

    def pending(self) -> int:
        """Bytes that can be read without waiting."""
        return len(self._end.inbox)

    def shutdown(self) -> SimSocket | None:
        """The socket, plain again."""
        return self._sock()

    def _timeout_s(self) -> float | None:
        sock = self._sock()
        return None if sock is None else sock.gettimeout()


class BufferSession(Session):
    """A session between two memory buffers (asyncio's way): bytes pass as they are."""

    def __init__(
        self,
        context: ssl.SSLContext,
        buffers: tuple[ssl.MemoryBIO, ssl.MemoryBIO],
        server_side: bool,
        server_hostname: str | None,
    ) -> None:
        super().__init__(context, server_side, server_hostname)
        self._incoming, self._outgoing = buffers

    def host(self) -> Host | None:
        """Whoever has the name that was asked for: buffers know no address."""
        return SimSocket.network.find(self.server_hostname or "")

    def wait_for_ever(self) -> None:
        """Ask for more, each time."""
        raise want_read()

    def read(self, size: int = 1024, buffer: Any = None) -> Any:
        """At most `size` bytes (into `buffer`: how many), nothing at the end; SSLWantReadError when none are there."""
        data = self._incoming.read(size)
        if not data and not self._incoming.eof:
            raise want_read()
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        """Takes all of `data`."""
        return self._outgoing.write(data)

    def pending(self) -> int:
        """Bytes that can be read without waiting."""
        return self._incoming.pending

    def shutdown(self) -> None:
        """Nothing to say good-bye with."""


_TlsSocket: Any = ssl.SSLSocket
"""Any, because its parent and ours type the same methods differently."""


class SimTlsSocket(_TlsSocket, SimSocket):  # type: ignore[misc]  # see _TlsSocket
    """`ssl.SSLSocket`, unmodified, on a simulated socket."""


def wrap_in_c(
    self: ssl.SSLContext, sock: SimSocket, server_side: bool, server_hostname: str | None = None, **more: Any
) -> SocketSession:
    """`_ssl._SSLContext._wrap_socket`."""
    return SocketSession(self, sock, server_side, server_hostname)


def wrap_buffers_in_c(
    self: ssl.SSLContext, incoming: Any, outgoing: Any, server_side: bool, server_hostname: Any = None, **more: Any
) -> BufferSession:
    """`_ssl._SSLContext._wrap_bio`."""
    return BufferSession(self, (incoming, outgoing), server_side, server_hostname)


def wrap_socket(self: ssl.SSLContext, sock: Any, *args: Any, **kwargs: Any) -> Any:
    """`SSLContext.wrap_socket` for subclasses that have their own (gevent's): the standard library's."""
    names = ("server_side", "do_handshake_on_connect", "suppress_ragged_eofs", "server_hostname", "session")
    return SimTlsSocket._create(sock=sock, context=self, **dict(zip(names, args, strict=False)), **kwargs)


def load_verify_locations(self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
    """`SSLContext.load_verify_locations`: the files must exist; parsing them costs 10 ms a context for nothing."""
    if cafile is None and capath is None and cadata is None:
        raise TypeError("cafile, capath and cadata cannot be all omitted")
    for path in (cafile, capath):
        if path is not None and not Path(os.fsdecode(path)).exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def load_no_certificates(self: ssl.SSLContext, purpose: Any = None) -> None:
    """`SSLContext.load_default_certs` and `set_default_verify_paths`: nothing will be verified against them."""


def verification_error(certificate: Certificate, context: ssl.SSLContext, host: str) -> ssl.SSLError | None:
    """What OpenSSL says of `certificate` in that context; None where it would be accepted."""
    if certificate not in _VERDICTS or context.verify_mode == ssl.CERT_NONE:
        return None
    if certificate is Certificate.WRONG_HOST and not context.check_hostname:
        return None
    code, words = _VERDICTS[certificate]
    message = words.format(host=host)
    error = ssl.SSLCertVerificationError(
        1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {message} (_ssl.c:1006)"
    )
    error.verify_code = code
    error.verify_message = message
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    error.library = "SSL"
    return error


def want_read() -> ssl.SSLWantReadError:
    """What a non-blocking session says when it has to wait for input."""
    return ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)")
