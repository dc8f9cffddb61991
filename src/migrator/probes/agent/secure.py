"""TLS over bytes: what is sent and heard goes through memory, and the session owns the socket.

Imported only when the first look asks for TLS, because it costs an old host time and memory.
Contexts are kept, since making one reads the machine's authorities anew. Verifies unless the look
says otherwise.
"""

from __future__ import annotations

import ssl
import warnings
from collections import OrderedDict
from contextlib import suppress

from migrator.probes.agent.wire import Look
from migrator.probes.checks.certificate import read_certificate

CONTEXTS_MAX = 64
VERSIONS = {
    "": None,
    "any": ssl.TLSVersion.MINIMUM_SUPPORTED,
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}

_contexts: OrderedDict[tuple[str, bool, str, tuple[str, ...]], ssl.SSLContext] = OrderedDict()


class Distrusted(Exception):
    """The handshake failed because the certificate does not hold; the text says why."""


class Broken(Exception):
    """The handshake failed, or TLS broke later; the text says how."""


def context_for(look: Look, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
    """The settings that a look asks for; raises ValueError for what it cannot mean."""
    args = look.get("args", {})
    ca, verify, least = args.get("ca", "system"), args.get("verify", True), args.get("min_version")
    if not isinstance(ca, str) or not isinstance(verify, bool):
        raise ValueError("ca is no text, or verify neither true nor false")  # noqa: TRY004
    if least is not None and (not isinstance(least, str) or least not in VERSIONS):
        raise ValueError(f"min_version is none of {', '.join(filter(None, VERSIONS))}")
    key = (ca, verify, least or "", alpn)
    context = _contexts.get(key)
    if context is None:
        context = _contexts[key] = _made(ca, least or "", verify=verify)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if len(_contexts) > CONTEXTS_MAX:
            _contexts.popitem(last=False)
    return context


def _made(ca: str, least: str, *, verify: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    version = VERSIONS[least]
    if version is not None:
        with warnings.catch_warnings():
            # Old versions are deprecated, and being on such a host is what they are asked for.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = version
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca == "system":
        context.load_default_certs()
    else:
        try:
            context.load_verify_locations(cadata=ca)
        except ssl.SSLError as error:
            raise ValueError(f"ca holds no certificates: {error.reason or error}") from None
    return context


class Secure:
    """One TLS connection, from the client's side."""

    def __init__(self, look: Look, alpn: tuple[str, ...] = ()) -> None:
        """Raises ValueError for settings or a name that cannot be meant. `alpn` as in `Talk`."""
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = look.get("server_name") or look["host"].partition("%")[0]
        context = context_for(look, alpn)
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=name)
        self.standing = False

    def shake(self) -> bool:
        """Go on with the handshake; True once it stands. `outgoing` has what to send."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as error:
            raise Distrusted(error.verify_message or str(error)) from None
        except ssl.SSLError as error:
            raise Broken(_words(error)) from None
        self.standing = True
        return True

    def shown(self) -> tuple[dict[str, object], str, str]:
        """The certificate as far as it can be read, the version and the cipher."""
        encoded = self._tls.getpeercert(binary_form=True)
        cipher = self._tls.cipher()
        return (
            read_certificate(encoded) if encoded else {},
            self._tls.version() or "",
            cipher[0] if cipher else "",
        )

    def put(self, data: bytes) -> None:
        """Bytes came from the network."""
        self._in.write(data)

    def end(self) -> None:
        """The network has no more."""
        self._in.write_eof()

    def read(self) -> bytes:
        """What they mean; empty while nothing whole is there or after the end."""
        pieces = []
        try:
            while True:
                piece = self._tls.read(65536)
                if not piece:
                    break
                pieces.append(piece)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError, ssl.SSLEOFError):
            pass
        except ssl.SSLError as error:
            if not pieces:
                raise Broken(_words(error)) from None
        return b"".join(pieces)

    def write(self, data: bytes) -> None:
        """Say something."""
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            raise Broken(_words(error)) from None

    def outgoing(self) -> bytes:
        """What to send over the network."""
        return self._out.read()

    def farewell(self) -> bytes:
        """The bytes that end it in good manners; other ends log a warning without them."""
        with suppress(ssl.SSLError, ValueError, OSError):
            self._tls.unwrap()
        return self._out.read()


def _words(error: ssl.SSLError) -> str:
    """What OpenSSL means, for a person."""
    reason = (error.reason or "").replace("_", " ").lower()
    if reason in (
        "wrong version number",
        "unknown protocol",
        "http request",
        "record layer failure",
    ):
        return f"the other end speaks no TLS ({reason})"
    return reason or str(error)
