"""PostgreSQL's start: what proves a server, what says no, and what is never handed out."""

from __future__ import annotations

import struct

import pytest

from led_talks import a_look, found, play
from migrator.probes.agent.wire import Plain
from migrator.probes.checks.postgresql import (
    ASK_FOR_TLS,
    MESSAGE_BYTES_MAX,
    MESSAGES_MAX,
    TERMINATE,
    PostgresqlTalk,
)

OK = ("R", struct.pack("!I", 0))
READY = ("Z", b"I")


def said(*messages: tuple[str, bytes]) -> bytes:
    return b"".join(
        letter.encode() + struct.pack("!I", 4 + len(body)) + body for letter, body in messages
    )


def error(code: str, text: str) -> bytes:
    return said(("E", f"SFATAL\0C{code}\0M{text}\0\0".encode()))


def row(*values: str | None) -> tuple[str, bytes]:
    body = struct.pack("!H", len(values))
    for value in values:
        data = (value or "").encode()
        body += struct.pack("!i", -1 if value is None else len(data)) + data
    return "D", body


def talk(**args: Plain) -> PostgresqlTalk:
    return PostgresqlTalk(a_look("postgresql", **args))


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MIGRATOR_PROBE_DB", "s3cret")
    return "MIGRATOR_PROBE_DB"


def test_start_names_a_user_and_nothing_secret() -> None:
    (start,) = play(talk(user="kassa", database="k"), []).sent
    assert start[:8] == struct.pack("!II", len(start), 196608)
    assert start[8:] == b"user\0kassa\0database\0k\0application_name\0migrator_probe\0\0"


def test_server_that_asks_for_a_password_is_proved_and_gets_none() -> None:
    played = play(talk(), [said(("R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0"))])
    assert played.finding is not None
    assert (played.finding.word, played.finding.detail) == ("ok", "asks migrator_probe for sasl")
    assert len(played.sent) == 1


def test_server_that_asks_for_nothing_is_left_at_once() -> None:
    played = play(talk(), [said(OK)])
    assert played.finding is not None
    assert played.finding.word == "ok"
    assert played.sent[1:] == (TERMINATE,)


def test_refusal_of_a_name_that_we_made_up_proves_the_server() -> None:
    finding = found(talk(), [error("28000", "no entry for this host")])
    assert (finding.word, finding.seen) == ("ok", "28000 no entry for this host")


@pytest.mark.parametrize("code", ["28000", "3D000", "57P03", "53300"])
def test_refusal_of_the_user_that_the_look_names_says_no(code: str) -> None:
    finding = found(talk(user="kassa"), [error(code, "no")])
    assert (finding.word, finding.detail) == ("status", f"{code} no")


def test_server_that_starts_up_or_is_full_says_no_to_anybody() -> None:
    assert found(talk(), [error("57P03", "starting up")]).word == "status"


def test_signed_in_it_reads_who_the_server_is_and_leaves_politely() -> None:
    answer = [
        said(OK, ("S", b"server_version\x0016.1\0"), ("K", bytes(8)), READY),
        said(("T", b"\0\0"), row("f", "kassa", "10.0.0.1", "5432", "new"), ("C", b"S\0"), READY),
    ]
    played = play(talk(user="kassa", sign_in=True, role="primary"), answer)
    assert played.finding is not None
    assert played.finding.word == "ok", played.finding
    assert played.finding.seen.split("\n") == [
        "role=primary",
        "database=kassa",
        "address=10.0.0.1",
        "port=5432",
        "cluster_name=new",
        "server_version=16.1",
    ]
    assert played.sent[1].startswith(b"Q")
    assert played.sent[2] == TERMINATE


def test_standby_in_the_place_of_a_primary_is_a_mismatch() -> None:
    answer = [said(OK, READY), said(row("t", "k", None, None, ""), READY)]
    assert found(talk(user="k", sign_in=True, role="primary"), answer).word == "mismatch"


def test_session_that_may_not_read_who_it_is_works_all_the_same() -> None:
    answer = [said(OK, READY), error("42501", "denied") + said(READY)]
    finding = found(talk(user="k", sign_in=True), answer)
    assert (finding.word, "42501 denied" in finding.seen) == ("ok", True)


def test_md5_is_answered_with_its_proof(password: str) -> None:
    look = talk(user="kassa", sign_in=True, password_env=password)
    played = play(look, [said(("R", struct.pack("!I", 5) + b"salt"))])
    assert played.sent[1] == said(("p", b"md5f5e193850647ae2354a61ed9d9bd3e1a\0"))


def test_password_is_not_said_in_the_open(password: str) -> None:
    look = talk(user="kassa", sign_in=True, password_env=password)
    played = play(look, [said(("R", struct.pack("!I", 3)))])
    assert played.finding is not None
    assert played.finding.word == "status"
    assert b"s3cret" not in b"".join(played.sent)


def test_password_is_said_inside_tls_where_the_server_wants_it_so(password: str) -> None:
    args: dict[str, Plain] = {"user": "kassa", "sign_in": True, "password_env": password}
    inside = PostgresqlTalk({**a_look("postgresql", **args), "tls": True})
    assert inside.begin().send == ASK_FOR_TLS
    assert inside.hear(b"S").start_tls
    assert inside.secured({}, "TLSv1.3", "").send.endswith(b"\0\0")
    sent = inside.hear(said(("R", struct.pack("!I", 3)))).send
    assert sent == said(("p", b"s3cret\0"))


def test_server_that_does_not_know_the_password_is_not_believed(password: str) -> None:
    look = talk(user="kassa", sign_in=True, password_env=password)
    asked = said(("R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0"), OK)
    assert found(look, [asked]).word == "protocol"


@pytest.mark.parametrize(
    ("answer", "word"), [(b"N", "tls"), (b"H", "protocol"), (b"Sx", "protocol")]
)
def test_server_that_does_not_begin_tls_as_it_should(answer: bytes, word: str) -> None:
    look = PostgresqlTalk({**a_look("postgresql"), "tls": True})
    assert found(look, [answer]).word == word
    assert look.distrusted("expired").done == ("tls", "", "expired")


@pytest.mark.parametrize(
    "bytes_",
    [
        b"HTTP/1.1 400",
        b"SSH-2.0-x",
        b"R" + struct.pack("!I", MESSAGE_BYTES_MAX + 1),
        said(("N", b"")) * (MESSAGES_MAX + 1),
        said(READY),
        said(("R", b"")),
        said(("E", b"\0")),
    ],
)
def test_what_is_not_postgresql_is_told_apart(bytes_: bytes) -> None:
    assert found(talk(), [bytes_]).word == "protocol"


@pytest.mark.parametrize(
    "args", [{"sign_in": True}, {"role": "primary", "user": "k"}, {"role": "leader"}]
)
def test_arguments_that_do_not_go_together_are_refused(args: dict[str, Plain]) -> None:
    with pytest.raises(ValueError, match=r"sign_in|role"):
        talk(**args)


def test_silence_and_hanging_up_are_told_apart() -> None:
    assert found(talk(), [], hangs_up=True).word == "closed"
    assert talk().late().word == "timeout"
