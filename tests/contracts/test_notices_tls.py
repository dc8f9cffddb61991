"""Calls over TLS: to servers that a known authority vouches for, and to no other; passwords, too.

Real servers in this process, with certificates made for the test.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from migrator.errors import TransientError
from migrator.notices.letter import Letter
from migrator.notices.mail import MailChannel
from migrator.notices.policy import MailServer, Secret, Security, Webhook
from migrator.notices.webhook import WebhookChannel
from probing.certificates import OPENSSL, Certificates, make_certificates

pytestmark = [
    pytest.mark.skipif(OPENSSL is None, reason="certificates are made by openssl"),
    # The server knows of TLS only where a connection begins without it.
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]

LETTER = Letter("ab" * 10, "lena", "lena@example.org", "held", "Wave w1 is held.", "en", {})


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@dataclass
class Taken:
    """What the server took, and who signed in."""

    letters: list[Envelope] = field(default_factory=list)
    users: list[str] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 - the server's own name for it
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.letters.append(envelope)
        return "250 taken"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login.decode())
        return AuthResult(success=data.password == b"s3cret", handled=False)


class AnyPort(Controller):
    """A mail server on any free port."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call] # the server's own


@contextmanager
def a_mail_server(
    certificates: Certificates, security: Security, certificate: str = "good"
) -> Iterator[tuple[Taken, MailServer]]:
    taken, context = Taken(), certificates.server(certificate)
    tls = security is Security.TLS
    controller = AnyPort(
        taken,
        hostname="127.0.0.1",
        port=0,
        ssl_context=context if tls else None,
        tls_context=None if tls else context,
        require_starttls=not tls,
        authenticator=taken.authenticate,
        auth_required=True,
        auth_require_tls=not tls,  # the whole line is encrypted there
    )
    controller.start()
    try:
        yield taken, MailServer(
            "127.0.0.1", controller.port, security, "m@example.org", "migrator", Secret("X"),
            certificates.folder / "ca.crt",
        )  # fmt: skip
    finally:
        controller.stop()


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_mail_goes_over_tls_with_its_password(
    certificates: Certificates, security: Security
) -> None:
    with a_mail_server(certificates, security) as (taken, server):
        MailChannel(server, "s3cret", seconds_max=5).send(LETTER)
        assert [each.rcpt_tos for each in taken.letters] == [["lena@example.org"]]
        assert taken.users == ["migrator"]


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize("certificate", ["own", "expired"])
def test_a_server_that_nobody_vouches_for_hears_neither_password_nor_message(
    certificates: Certificates, security: Security, certificate: str
) -> None:
    with a_mail_server(certificates, security, certificate) as (taken, server):
        with pytest.raises(TransientError, match="cannot be reached"):
            MailChannel(server, "s3cret", seconds_max=5).send(LETTER)
        assert (taken.letters, taken.users) == ([], [])


def test_a_wrong_password_may_be_mended_and_is_never_told(certificates: Certificates) -> None:
    with a_mail_server(certificates, Security.STARTTLS) as (taken, server):
        with pytest.raises(TransientError) as raised:
            MailChannel(server, "wrong-one", seconds_max=5).send(LETTER)
        assert "credentials invalid" in raised.value.message
        assert "wrong-one" not in raised.value.message
        assert taken.letters == []


@contextmanager
def a_hook(certificates: Certificates, certificate: str) -> Iterator[tuple[list[bytes], str]]:
    taken: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Whoever does not trust us hangs up."""

    server = Quiet(("127.0.0.1", 0), Handler)
    server.socket = certificates.server(certificate).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield taken, f"https://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(("certificate", "arrives"), [("good", True), ("own", False)])
def test_a_webhook_goes_to_whom_the_authority_vouches_for(
    certificates: Certificates, certificate: str, arrives: bool
) -> None:
    ca: Path = certificates.folder / "ca.crt"
    with a_hook(certificates, certificate) as (taken, url):
        channel = WebhookChannel(Webhook(url, Secret("X"), ca), "key", lambda: 0.0, seconds_max=5)
        if arrives:
            channel.send(LETTER)
        else:
            with pytest.raises(TransientError):
                channel.send(LETTER)
        assert bool(taken) is arrives
