"""Casual's connect messages: what is asked, and which answers name a domain."""

from __future__ import annotations

import struct

import pytest

from casual_gateway import message, reply_to
from led_talks import a_look, found, play
from migrator.probes.agent.wire import Plain
from migrator.probes.checks.casual import CasualTalk


def test_request_has_the_documented_layout() -> None:
    request = CasualTalk(a_look("casual", domain="probe", versions=[1001, 1000])).begin().send
    kind, size = struct.unpack("!Q16xQ", request[:32])
    assert (kind, size) == (7200, len(request) - 32)
    assert request[64:] == struct.pack("!Q5sQQQ", 5, b"probe", 2, 1001, 1000)


def test_domain_that_answers_is_named() -> None:
    talk = CasualTalk(a_look("casual", holds="domain-new"))
    finding = found(talk, [reply_to(talk.begin().send)])
    assert finding == (
        "ok",
        f"domain domain-new id {bytes(range(16)).hex()} protocol 1003",
        "domain domain-new, 1003",
    )


def test_other_domain_than_the_expected_is_a_mismatch() -> None:
    talk = CasualTalk(a_look("casual", holds="domain-new"))
    assert found(talk, [reply_to(talk.begin().send, "domain-old")]).word == "mismatch"


@pytest.mark.parametrize("version", [0, 999])
def test_domain_without_a_version_in_common_says_no(version: int) -> None:
    talk = CasualTalk(a_look("casual"))
    assert found(talk, [reply_to(talk.begin().send, version=version)]).word == "status"


def test_reply_to_somebody_else_is_no_answer() -> None:
    talk = CasualTalk(a_look("casual"))
    other = CasualTalk(a_look("casual")).begin().send
    talk.begin()
    assert found(talk, [reply_to(other)]).word == "protocol"


def test_reverse_outbound_gateway_is_heard_and_not_asked() -> None:
    request = message(7200, bytes(16), bytes(16), "domain-new", 1, 1000)
    played = play(CasualTalk(a_look("casual", reverse=True)), [request])
    assert played.sent == ()
    assert played.finding is not None
    assert played.finding.word == "ok"
    assert "domain domain-new" in played.finding.seen
    finding = found(CasualTalk(a_look("casual")), [request])
    assert (finding.word, "reverse" in finding.detail) == ("status", True)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\nServer: x",
        struct.pack("!Q16xQ", 7300, 0),
        struct.pack("!Q16xQ", 7201, 1 << 40),
        struct.pack("!Q16xQ", 7201, 8) + bytes(8),
        struct.pack("!Q16xQ32xQQ", 7201, 48, 9, 0),
        struct.pack("!Q16xQ32xQQ", 7201, 48, 1 << 60, 0),
    ],
    ids=["http", "type", "size", "short", "name", "long"],
)
def test_what_is_no_gateway_is_told_apart(said: bytes) -> None:
    assert found(CasualTalk(a_look("casual")), [said]).word == "protocol"


def test_few_words_of_another_protocol_are_told_apart_once_it_hangs_up() -> None:
    assert found(CasualTalk(a_look("casual")), [b"-ERR\r\n"], hangs_up=True).word == "protocol"


def test_silence_and_hanging_up_are_told_apart() -> None:
    talk = CasualTalk(a_look("casual"))
    assert found(talk, [], hangs_up=True).word == "closed"
    assert talk.late().word == "timeout"


@pytest.mark.parametrize("versions", [[], ["1000"], [0], [True], 1000])
def test_versions_that_are_none_are_refused(versions: Plain) -> None:
    with pytest.raises(ValueError, match="versions"):
        CasualTalk(a_look("casual", versions=versions))
