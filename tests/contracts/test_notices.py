"""What every channel must keep, the fake one as well: delivered whole, recognisable, bounded.

E-mail goes to a real SMTP server in this process, webhooks to a real HTTP server, both on this
machine; practice writes into a folder.
"""

from __future__ import annotations

import asyncio
import email
import json
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import policy as email_policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from migrator.errors import MigratorError, PermanentError, TransientError
from migrator.notices.folder import FAKE, FolderChannel
from migrator.notices.letter import Channel, Letter
from migrator.notices.mail import MailChannel
from migrator.notices.policy import MailServer, Secret, Security, Webhook
from migrator.notices.webhook import SIGNATURE, WebhookChannel, signed

LETTER = Letter(
    id="0123456789abcdef0123",
    person="lena",
    to="lena@example.org",
    subject="Vågen hålls: “Ärenden”",
    text="Wave w1 is held.\nDecide here: https://weekend.example.org/decide\n" + "å" * 200,
    language="sv",
    facts={"run": "night-1", "calls": [{"call": "aaaabbbbcccc"}]},
)
AT = 1_697_245_200


@dataclass(frozen=True)
class Arrived:
    """A letter as the other side has it."""

    id: str
    subject: str
    text: str


class Place(ABC):
    """A channel with its other side."""

    @abstractmethod
    def channel(self) -> Channel: ...

    @abstractmethod
    def arrived(self) -> list[Arrived]: ...

    @abstractmethod
    def refuse(self, *, for_good: bool) -> None:
        """Let the other side refuse what comes."""

    @abstractmethod
    def leave(self) -> None:
        """Let nobody be there."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything."""


class AnyPort(Controller):
    """A mail server on any free port, which it must know before it tries itself out."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call] # the server's own


@dataclass
class MailPlace(Place):
    """A real mail server."""

    answer: str = "250 taken"
    taken: list[Envelope] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.controller = AnyPort(self, hostname="127.0.0.1", port=0)
        self.controller.start()

    async def handle_DATA(  # noqa: N802 - the server's own name for it
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.answer.startswith("250"):
            self.taken.append(envelope)
        return self.answer

    @property
    def port(self) -> int:
        return int(self.controller.port)

    def channel(self) -> Channel:
        server = MailServer("127.0.0.1", self.port, Security.NONE, "migrator@example.org")
        return MailChannel(server, seconds_max=5)

    def arrived(self) -> list[Arrived]:
        return [_mail(envelope) for envelope in self.taken]

    def refuse(self, *, for_good: bool) -> None:
        self.answer = "550 no such mailbox" if for_good else "451 come back later"

    def leave(self) -> None:
        self.controller.stop()

    def close(self) -> None:
        if self.controller.server is not None:
            self.controller.stop()


def _mail(envelope: Envelope) -> Arrived:
    content = envelope.content
    assert isinstance(content, bytes)
    message = email.message_from_bytes(content, policy=email_policy.default)
    name = str(message["Message-ID"]).strip("<>").partition("@")[0]
    body = message.get_body(("plain",))
    assert body is not None
    return Arrived(name, str(message["Subject"]), "\n".join(body.get_content().splitlines()))


@dataclass
class HookPlace(Place):
    """A real HTTP server."""

    status: int = 204
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if place.status < 300:
                    place.taken.append((dict(self.headers), body))
                self.send_response(place.status)
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def channel(self) -> Channel:
        url = f"http://127.0.0.1:{self.server.server_port}/hook?room=1"
        return WebhookChannel(Webhook(url, Secret("X")), "s3cret", lambda: AT, seconds_max=5)

    def arrived(self) -> list[Arrived]:
        read = [json.loads(body) for _, body in self.taken]
        return [Arrived(each["id"], each["subject"], each["text"]) for each in read]

    def refuse(self, *, for_good: bool) -> None:
        self.status = 403 if for_good else 503

    def leave(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def close(self) -> None:
        if self.thread.is_alive():
            self.leave()


@dataclass
class FolderPlace(Place):
    """The fake: a folder."""

    folder: Path

    def channel(self) -> Channel:
        return FolderChannel(self.folder, "mail")

    def arrived(self) -> list[Arrived]:
        found = []
        for path in sorted(self.folder.glob("*.txt")):
            head, _, text = path.read_text(encoding="utf-8").partition("\n\n")
            assert head.startswith(FAKE)
            words = dict(line.split(": ", 1) for line in head.splitlines()[1:])
            found.append(Arrived(words["Message-ID"], words["Subject"], text))
        return found

    def refuse(self, *, for_good: bool) -> None:
        pytest.skip("a folder refuses nothing")

    def leave(self) -> None:
        self.folder.write_text("in the way")

    def close(self) -> None:
        """There is nothing to let go of."""


@pytest.fixture(params=["mail", "webhook", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made: dict[str, type[Place]] = {"mail": MailPlace, "webhook": HookPlace}
    found = FolderPlace(tmp_path / "calls") if request.param == "folder" else made[request.param]()
    yield found
    found.close()


def test_a_letter_arrives_whole(place: Place) -> None:
    assert place.channel().send(LETTER)
    (arrived,) = place.arrived()
    assert arrived.subject == LETTER.subject
    assert arrived.text.strip() == LETTER.text.strip()


def test_a_doubled_letter_is_recognisable(place: Place) -> None:
    channel = place.channel()
    channel.send(LETTER)
    channel.send(LETTER)
    assert {arrived.id for arrived in place.arrived()} == {LETTER.id}


def test_another_letter_is_another_one(place: Place) -> None:
    channel = place.channel()
    channel.send(LETTER)
    channel.send(replace(LETTER, id="f" * 20))
    assert len({arrived.id for arrived in place.arrived()}) == 2


def test_what_passes_may_be_tried_again(place: Place) -> None:
    channel = place.channel()
    place.refuse(for_good=False)
    with pytest.raises(TransientError):
        channel.send(LETTER)


def test_what_is_refused_for_good_is_said_to_be(place: Place) -> None:
    channel = place.channel()
    place.refuse(for_good=True)
    with pytest.raises(PermanentError):
        channel.send(LETTER)


def test_where_nobody_is_there_it_may_be_tried_again(place: Place) -> None:
    channel = place.channel()
    place.leave()
    with pytest.raises(TransientError):
        channel.send(LETTER)


def test_a_subject_of_several_lines_makes_no_header_of_its_own(place: Place) -> None:
    place.channel().send(replace(LETTER, subject="one\r\nBcc: everybody@example.org\x07"))
    (arrived,) = place.arrived()
    assert arrived.subject == "one Bcc: everybody@example.org"


# --- of one channel only --------------------------------------------------------------------------


@pytest.fixture
def hung() -> Iterator[int]:
    """A server that takes connections and never says a word; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_neither_waits_for_ever_for_a_server_that_says_nothing(hung: int) -> None:
    server = MailServer("127.0.0.1", hung, Security.NONE, "migrator@example.org")
    hook = Webhook(f"http://127.0.0.1:{hung}/", Secret("X"))
    channels: list[Channel] = [
        MailChannel(server, seconds_max=0.05),
        MailChannel(replace(server, security=Security.TLS), seconds_max=0.05),
        WebhookChannel(hook, "s", lambda: AT, seconds_max=0.05),
    ]
    for channel in channels:
        with pytest.raises(TransientError):
            channel.send(LETTER)


def test_no_password_goes_over_a_line_that_is_not_encrypted() -> None:
    place = MailPlace()
    try:
        server = MailServer(
            "127.0.0.1", place.port, Security.STARTTLS, "m@example.org", "user", Secret("X")
        )
        with pytest.raises(MigratorError):  # the server offers no TLS
            MailChannel(server, "password", seconds_max=5).send(LETTER)
        assert place.arrived() == []
    finally:
        place.close()


def test_a_webhook_is_signed_with_its_time() -> None:
    place = HookPlace()
    try:
        place.channel().send(LETTER)
        ((headers, body),) = place.taken
        assert headers[SIGNATURE] == signed(body, "s3cret", AT)
        assert headers["Idempotency-Key"] == LETTER.id
        assert signed(body, "another", AT) != signed(body, "s3cret", AT)
        assert signed(body, "s3cret", AT + 1).rsplit("=")[-1] != headers[SIGNATURE].rsplit("=")[-1]
        assert json.loads(body)["calls"] == [{"call": "aaaabbbbcccc"}]
    finally:
        place.close()


def test_a_redirect_is_not_followed() -> None:
    place = HookPlace(status=307)
    try:
        with pytest.raises(PermanentError, match="307"):
            place.channel().send(LETTER)
    finally:
        place.close()


def test_e_mail_says_that_a_program_wrote_it_and_holds_plain_text_only() -> None:
    place = MailPlace()
    try:
        place.channel().send(LETTER)
        content = place.taken[0].content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email_policy.default)
        assert message["Auto-Submitted"] == "auto-generated"
        assert message.get_content_type() == "text/plain"
        assert (message["To"], message["Content-Language"]) == ("lena@example.org", "sv")
    finally:
        place.close()
