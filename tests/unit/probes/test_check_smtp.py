"""SMTP up to QUIT: what is said when, and which answers are good ones."""

from __future__ import annotations

import pytest

from led_talks import a_look, found, play
from migrator.probes.checks.smtp import LINE_BYTES_MAX, LINES_MAX, SmtpTalk

BANNER = b"220 mx.example ESMTP\r\n"
EHLO = b"250-mx.example\r\n250-STARTTLS\r\n250 SIZE 100\r\n"
OFFERED = EHLO.decode().replace("\r\n", "\n").strip()
OURS = b"EHLO migrator-probe.invalid\r\n"


def test_server_is_greeted_after_its_banner_and_left_politely() -> None:
    played = play(SmtpTalk(a_look("smtp")), [BANNER, EHLO])
    assert played.sent == (OURS, b"QUIT\r\n")
    assert played.finding is not None
    assert played.finding.word == "ok"
    assert played.finding.seen.splitlines()[0] == "220 mx.example ESMTP"
    assert "250 SIZE 100" in played.finding.seen


def test_nothing_is_said_before_the_banner_is_whole() -> None:
    assert play(SmtpTalk(a_look("smtp")), [b"220-mx.example\r\n", b"220 ready"]).sent == ()


def test_banner_of_a_server_that_takes_no_mail_is_an_answer_that_says_no() -> None:
    played = play(SmtpTalk(a_look("smtp")), [b"554 no service here\r\n"])
    assert played.finding == ("status", "554 no service here", "554 no service here")
    assert played.sent == (b"QUIT\r\n",)


def test_server_that_knows_no_ehlo_is_greeted_the_old_way() -> None:
    played = play(
        SmtpTalk(a_look("smtp", ehlo="probe.example")),
        [BANNER, b"502 what?\r\n", b"250 hello\r\n"],
    )
    assert played.sent[1] == b"HELO probe.example\r\n"
    assert played.finding is not None
    assert played.finding.word == "ok"


def test_tls_is_begun_only_where_it_is_asked_for_and_offered() -> None:
    talk = SmtpTalk(a_look("smtp", starttls=True))
    played = play(talk, [BANNER, EHLO, b"220 go\r\n"])
    assert played.asked_tls
    assert played.sent[-1] == b"STARTTLS\r\n"
    shown: dict[str, object] = {"subject": "CN=mx.new", "names": ["mx.new"]}
    assert talk.secured(shown, "TLSv1.3", "X").send == OURS
    turn = talk.hear(b"250 inside.example\r\n")
    assert turn.done is not None
    assert turn.done.word == "ok"
    assert "250 inside.example" in turn.done.seen
    assert "subject CN=mx.new\nname mx.new" in turn.done.seen
    assert "250-STARTTLS" not in turn.done.seen, "said in the open"
    assert turn.send == b"QUIT\r\n"


def test_tls_from_the_start_does_not_greet_before_the_banner() -> None:
    talk = SmtpTalk(a_look("smtp"))
    assert talk.secured({}, "TLSv1.3", "X").send == b""
    assert play(talk, [BANNER]).sent == (OURS,)


def test_server_without_starttls_is_a_mismatch_where_it_is_asked_for() -> None:
    finding = found(SmtpTalk(a_look("smtp", starttls=True)), [BANNER, b"250 mx.example\r\n"])
    assert finding.word == "mismatch"


def test_words_slipped_in_before_tls_are_no_good_answer() -> None:
    talk = SmtpTalk(a_look("smtp", starttls=True))
    finding = found(talk, [BANNER, EHLO, b"220 go\r\n250 slipped in\r\n"])
    assert finding.word == "protocol"


def test_refused_tls_is_an_answer_that_says_no() -> None:
    finding = found(SmtpTalk(a_look("smtp", starttls=True)), [BANNER, EHLO, b"454 not now\r\n"])
    assert (finding.word, finding.detail) == ("status", "454 not now")


def test_banner_without_the_text_it_should_hold_is_a_mismatch() -> None:
    assert found(SmtpTalk(a_look("smtp", holds="new.example")), [BANNER, EHLO]).word == "mismatch"


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"220-a\r\n250 b\r\n",
        b"x" * (LINE_BYTES_MAX + 1),
        b"220-more\r\n" * (LINES_MAX + 1),
    ],
    ids=["http", "codes", "line", "lines"],
)
def test_what_is_not_smtp_is_told_apart(said: bytes) -> None:
    assert found(SmtpTalk(a_look("smtp")), [said]).word == "protocol"


def test_server_that_hangs_up_early_is_quoted() -> None:
    finding = found(SmtpTalk(a_look("smtp")), [BANNER], hangs_up=True)
    assert (finding.word, "mx.example" in finding.detail) == ("closed", True)


@pytest.mark.parametrize("name", ["", "a b", "ä.example", "a\r\nMAIL FROM:<x>"])
def test_name_that_could_say_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="ehlo"):
        SmtpTalk(a_look("smtp", ehlo=name))


def test_silence_is_said_with_what_came_before_it() -> None:
    talk = SmtpTalk(a_look("smtp"))
    play(talk, [BANNER])
    finding = talk.late()
    assert (finding.word, "mx.example" in finding.detail) == ("timeout", True)


def test_certificate_that_does_not_hold_inside_the_talk_ends_it() -> None:
    talk = SmtpTalk(a_look("smtp", starttls=True))
    play(talk, [BANNER, EHLO, b"220 go\r\n"])
    assert talk.distrusted("expired").done == ("tls", "220 mx.example ESMTP\n" + OFFERED, "expired")


def test_certificate_that_does_not_hold_from_the_start_is_looked_at_again() -> None:
    assert SmtpTalk(a_look("smtp")).distrusted("expired").onward is not None
