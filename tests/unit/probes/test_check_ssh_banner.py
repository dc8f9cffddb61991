"""The line with which SSH begins: found, judged, answered once."""

from __future__ import annotations

import pytest

from led_talks import a_look, found, play
from migrator.probes.checks.ssh_banner import LINE_BYTES_MAX, LINES_MAX, OURS, SshBannerTalk


def test_server_that_names_itself_is_ok_and_gets_our_line_once() -> None:
    played = play(SshBannerTalk(a_look("ssh_banner")), [b"SSH-2.0-Sun_", b"SSH_1.1\r\nmore"])
    assert played.finding == ("ok", "SSH-2.0-Sun_SSH_1.1", "SSH-2.0-Sun_SSH_1.1")
    assert played.sent == (OURS,)


def test_nothing_is_sent_before_the_server_has_named_itself() -> None:
    assert play(SshBannerTalk(a_look("ssh_banner")), [b"SSH-2.0-x"]).sent == ()


def test_lines_before_the_identification_are_seen_too() -> None:
    finding = found(SshBannerTalk(a_look("ssh_banner")), [b"node gamla-7\r\nSSH-1.99-x\n"])
    assert (finding.word, finding.seen) == ("ok", "node gamla-7\nSSH-1.99-x")


def test_server_of_version_one_only_is_told_apart() -> None:
    assert found(SshBannerTalk(a_look("ssh_banner")), [b"SSH-1.5-old\n"]).word == "status"


def test_banner_without_the_text_it_should_hold_is_a_mismatch() -> None:
    talk = SshBannerTalk(a_look("ssh_banner", holds="OpenSSH"))
    assert found(talk, [b"SSH-2.0-dropbear\r\n"]).word == "mismatch"


@pytest.mark.parametrize(
    "said", [b"x" * (LINE_BYTES_MAX + 1), b"hello\n" * LINES_MAX], ids=["line", "lines"]
)
def test_endless_talk_of_something_else_ends(said: bytes) -> None:
    assert found(SshBannerTalk(a_look("ssh_banner")), [said]).word == "protocol"


def test_server_that_says_why_it_hangs_up_is_quoted() -> None:
    finding = found(SshBannerTalk(a_look("ssh_banner")), [b"Too many callers\r\n"], hangs_up=True)
    assert finding.word == "closed"
    assert "Too many callers" in finding.detail


def test_argument_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="knows no argument hold;"):
        SshBannerTalk(a_look("ssh_banner", hold="x"))


def test_silence_is_said_with_what_came_before_it() -> None:
    talk = SshBannerTalk(a_look("ssh_banner"))
    play(talk, [b"hello there"])
    finding = talk.late()
    assert (finding.word, "hello there" in finding.detail) == ("timeout", True)
