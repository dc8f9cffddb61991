"""UDP: an answer or none."""

from __future__ import annotations

import pytest

from led_talks import a_look, found, play
from migrator.probes.agent.wire import Plain
from migrator.probes.checks.udp import UdpTalk


def test_any_answer_is_ok_and_is_seen() -> None:
    played = play(UdpTalk(a_look("udp", send="hej")), [b"side=new"])
    assert played.sent == (b"hej",)
    assert played.finding == ("ok", "side=new", "side=new")


def test_bytes_are_sent_as_they_are_spelt() -> None:
    assert play(UdpTalk(a_look("udp", send_hex="00 ff")), []).sent == (b"\x00\xff",)


def test_silence_is_never_ok() -> None:
    talk = UdpTalk(a_look("udp", send="hej"))
    assert play(talk, []).finding is None
    assert talk.late().word == "timeout"


def test_answer_without_the_text_it_should_hold_is_a_mismatch() -> None:
    assert found(UdpTalk(a_look("udp", send="x", holds="new")), [b"old"]).word == "mismatch"


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert "\x1b" not in found(UdpTalk(a_look("udp", send="x")), [b"\x1b[2J\xff\n"]).seen


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"send": ""},
        {"send": "a", "send_hex": "00"},
        {"send_hex": "0"},
        {"send_hex": "00" * 1201},
    ],
)
def test_look_that_says_not_what_to_send_is_refused(args: dict[str, Plain]) -> None:
    with pytest.raises(ValueError, match="send"):
        UdpTalk(a_look("udp", **args))


def test_tls_over_udp_is_refused() -> None:
    with pytest.raises(ValueError, match="through TLS"):
        UdpTalk({**a_look("udp", send="x"), "tls": True})
