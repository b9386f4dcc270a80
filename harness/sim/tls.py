"""TLS on the simulated network: the identity, unless a host is told to show a bad certificate.

This module exists so that `https://` in user code works without keys, and so that handshakes fail on purpose the way
OpenSSL words it. No byte is encrypted and no certificate is read. It must not know HTTP.
"""

from __future__ import annotations

import errno
import os
import ssl
from pathlib import Path
from typing import Any

from harness.sim.descriptors import IN
from harness.sim.end import State
from harness.sim.network import Certificate
from harness.sim.sockets import NotSimulatedError, SimSocket

# certificate -> (X509 verify code, OpenSSL's words), from openssl/x509_vfy.h and X509_verify_cert_error_string.
_VERDICTS = {
    Certificate.EXPIRED: (10, "certificate has expired"),
    Certificate.SELF_SIGNED: (18, "self-signed certificate"),
    Certificate.WRONG_HOST: (62, "Hostname mismatch, certificate is not valid for {host!r}."),
}


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


class _Facts:
    """What both kinds of TLS object say of a session; TLS 1.3 with its first cipher suite."""

    server_hostname: str | None
    server_side: bool

    def getpeercert(self, binary_form: bool = False) -> Any:
        """The fields a host-name check reads; the binary form is not simulated."""
        if binary_form:
            raise NotSimulatedError(errno.EOPNOTSUPP, "certificates are not simulated: check no fingerprint here")
        if self.server_side or not self.server_hostname:
            return {}
        name = self.server_hostname
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
        """None: nothing is negotiated, so clients stay with HTTP/1.1."""

    def selected_npn_protocol(self) -> None:
        """None: nothing is negotiated."""

    def get_channel_binding(self, cb_type: str = "tls-unique") -> None:
        """None: there is no session to bind to."""


_RealTlsSocket: Any = ssl.SSLSocket
"""Any, because the two parents type the same methods differently."""


class SimTlsSocket(_Facts, SimSocket, _RealTlsSocket):  # type: ignore[misc]  # see _RealTlsSocket
    """A simulated socket after `SSLContext.wrap_socket`: the same connection, with the look of a TLS one."""

    # SSLSocket's own constructor refuses to be called; SimSocket's is the one that matters.
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.server_side = False
        self.server_hostname = None
        self.do_handshake_on_connect = True
        self.suppress_ragged_eofs = True
        self._sim_context: ssl.SSLContext = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    @property
    def context(self) -> ssl.SSLContext:
        """The context it was wrapped with."""
        return self._sim_context

    @property
    def session(self) -> None:
        """None: sessions are not simulated."""

    @property
    def session_reused(self) -> bool:
        """False: sessions are not simulated."""
        return False

    def do_handshake(self, block: bool = False) -> None:
        """Accept what the host shows, or raise what OpenSSL would; a hanging handshake lasts until the time-out."""
        end = self._stream()
        if end.state is not State.ESTABLISHED:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        if self.server_side:
            return
        host = self.network.route((end.remote or ("", 0))[0], end.owner)
        certificate = Certificate.GOOD if host is None else host.certificate
        if certificate is Certificate.HANDSHAKE_HANGS:
            if self._timeout_s == 0:
                raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)")
            if not end.wait(IN, self._timeout_s, lambda: not (end.eof or end.broken)):
                raise TimeoutError("_ssl.c:990: The handshake operation timed out")
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "EOF occurred in violation of protocol (_ssl.c:1006)")
        error = verification_error(certificate, self._sim_context, self.server_hostname or "")
        if error is not None:
            raise error

    def connect(self, addr: Any) -> None:
        """Connect, then shake hands unless told not to."""
        super().connect(addr)
        if self.do_handshake_on_connect:
            self.do_handshake()

    def connect_ex(self, addr: Any) -> int:
        """As `connect`, but returns the error number of the connection."""
        error = super().connect_ex(addr)
        if not error and self.do_handshake_on_connect:
            self.do_handshake()
        return error

    def accept(self) -> tuple[SimSocket, Any]:
        """The next connection, wrapped as this socket was."""
        sock, address = super().accept()
        return wrap_socket(self._sim_context, sock, server_side=True), address

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        """As `recv`, or `recv_into` with a buffer."""
        return self.recv(len) if buffer is None else self.recv_into(buffer, len)

    def write(self, data: Any) -> int:
        """As `send`."""
        return self.send(data)

    def pending(self) -> int:
        """Bytes that can be read without waiting."""
        return len(self._stream().inbox)

    def unwrap(self) -> SimSocket:
        """The plain socket again."""
        plain = SimSocket(fileno=self.detach())
        plain.settimeout(self._timeout_s)
        return plain

    def verify_client_post_handshake(self) -> None:
        """Refused: client certificates are not simulated."""
        raise NotSimulatedError(errno.EOPNOTSUPP, "client certificates are not simulated")


_RealTlsObject: Any = ssl.SSLObject


class SimTlsObject(_Facts, _RealTlsObject):  # type: ignore[misc]  # as above
    """TLS over memory buffers (asyncio's way): bytes pass from one buffer to the other as they are."""

    # SSLObject's own constructor refuses to be called.
    def __init__(
        self,
        context: ssl.SSLContext,
        buffers: tuple[ssl.MemoryBIO, ssl.MemoryBIO],
        server_side: bool,
        server_hostname: str | None,
    ) -> None:
        self._sim_context = context
        self._incoming, self._outgoing = buffers
        self.server_side = server_side
        self.server_hostname = server_hostname

    @property
    def context(self) -> ssl.SSLContext:
        """The context it was made with."""
        return self._sim_context

    @property
    def session(self) -> None:
        """None: sessions are not simulated."""

    @property
    def session_reused(self) -> bool:
        """False: sessions are not simulated."""
        return False

    def do_handshake(self) -> None:
        """As `SimTlsSocket.do_handshake`, for the host of the name that was asked for."""
        host = SimSocket.network.find(self.server_hostname or "")
        if self.server_side or host is None:
            return
        if host.certificate is Certificate.HANDSHAKE_HANGS:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)")
        error = verification_error(host.certificate, self._sim_context, self.server_hostname or "")
        if error is not None:
            raise error

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        """At most `len` bytes, b"" at the end; SSLWantReadError when there are none yet."""
        data = self._incoming.read(len)
        if not data and not self._incoming.eof:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)")
        if buffer is None:
            return data
        buffer[: data.__len__()] = data
        return data.__len__()

    def write(self, data: Any) -> int:
        """Takes all of `data`."""
        return self._outgoing.write(data)

    def pending(self) -> int:
        """0: nothing is held back."""
        return 0

    def unwrap(self) -> None:
        """Nothing to say good-bye with."""

    def verify_client_post_handshake(self) -> None:
        """Refused: client certificates are not simulated."""
        raise NotSimulatedError(errno.EOPNOTSUPP, "client certificates are not simulated")


def wrap_socket(
    self: ssl.SSLContext,
    sock: Any,
    server_side: bool = False,
    do_handshake_on_connect: bool = True,
    suppress_ragged_eofs: bool = True,
    server_hostname: str | bytes | None = None,
    session: Any = None,
) -> SimTlsSocket:
    """SSLContext.wrap_socket: takes the connection over from `sock`."""
    name = server_hostname.decode("ascii") if isinstance(server_hostname, bytes) else server_hostname
    if self.check_hostname and not server_side and not name:
        raise ValueError("check_hostname requires server_hostname")
    if not isinstance(sock, SimSocket):
        raise TypeError(f"cannot wrap {sock!r}: inside a simulation every socket is a simulated one")
    timeout_s, family = sock.gettimeout(), sock.family
    wrapped = SimTlsSocket(family, fileno=sock.detach())
    wrapped.settimeout(timeout_s)
    wrapped._sim_context = self
    wrapped.server_side, wrapped.server_hostname = server_side, name
    wrapped.do_handshake_on_connect = do_handshake_on_connect
    wrapped.suppress_ragged_eofs = suppress_ragged_eofs
    end = wrapped._end
    if do_handshake_on_connect and getattr(end, "state", None) is State.ESTABLISHED:
        if wrapped.gettimeout() == 0:
            wrapped.close()
            raise ValueError("do_handshake_on_connect should not be specified for non-blocking sockets")
        try:
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
    return wrapped


def wrap_bio(
    self: ssl.SSLContext,
    incoming: ssl.MemoryBIO,
    outgoing: ssl.MemoryBIO,
    server_side: bool = False,
    server_hostname: str | bytes | None = None,
    session: Any = None,
) -> SimTlsObject:
    """SSLContext.wrap_bio."""
    name = server_hostname.decode("ascii") if isinstance(server_hostname, bytes) else server_hostname
    if self.check_hostname and not server_side and not name:
        raise ValueError("check_hostname requires server_hostname")
    return SimTlsObject(self, (incoming, outgoing), server_side, name)


def load_verify_locations(self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
    """SSLContext.load_verify_locations: the files must exist; parsing them is 10 ms for nothing."""
    if cafile is None and capath is None and cadata is None:
        raise TypeError("cafile, capath and cadata cannot be all omitted")
    for path in (cafile, capath):
        if path is not None and not Path(os.fsdecode(path)).exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def load_no_certificates(self: ssl.SSLContext, purpose: Any = None) -> None:
    """SSLContext.load_default_certs and set_default_verify_paths: nothing will be verified against them."""
