"""The health check of gRPC: the question in HTTP/2's frames, and every kind of answer."""

from __future__ import annotations

import struct

import pytest

from led_talks import a_look, found, play
from migrator.probes.agent.wire import Plain
from migrator.probes.checks import frames, hpack
from migrator.probes.checks.grpc_health import BODY_BYTES_MAX, GrpcHealthTalk

SETTINGS = frames.framed(frames.SETTINGS, 0, 0)
GOODBYE = frames.framed(frames.GOAWAY, 0, 0, bytes(8))
OPEN = frames.END_HEADERS
LAST = frames.END_HEADERS | frames.END_STREAM


def talk(**args: Plain) -> GrpcHealthTalk:
    return GrpcHealthTalk(a_look("grpc_health", **args))


def headers(*fields: tuple[str, str], flags: int = OPEN, stream: int = 1) -> bytes:
    return frames.framed(frames.HEADERS, flags, stream, hpack.encoded(fields))


def answer(body: bytes = b"\x08\x01", status: str = "0", message: str = "") -> bytes:
    told = b"\0" + struct.pack("!I", len(body)) + body
    return b"".join(
        [
            SETTINGS,
            headers((":status", "200"), ("content-type", "application/grpc"), ("x-side", "new")),
            frames.framed(frames.DATA, 0, 1, told),
            headers(("grpc-status", status), ("grpc-message", message), flags=LAST),
        ]
    )


def test_question_is_said_at_once_and_names_the_service() -> None:
    (sent,) = play(talk(service="kassa.v1.Kassa", authority="kassa.example"), []).sent
    heard = frames.Frames()
    assert sent.startswith(frames.PREFACE)
    heard.add(sent[len(frames.PREFACE) :])
    settings, asked, body = heard.next(), heard.next(), heard.next()
    assert settings is not None
    assert (settings.kind, settings.body) == (frames.SETTINGS, b"\0\2\0\0\0\0")
    assert asked is not None
    fields = dict(hpack.Decoder().fields(asked.body))
    assert fields[":path"] == "/grpc.health.v1.Health/Check"
    assert fields[":authority"] == "kassa.example"
    assert fields["grpc-timeout"] == "1000m"
    assert body is not None
    assert body.flags == frames.END_STREAM
    assert body.body == b"\0\0\0\0\x10\x0a\x0ekassa.v1.Kassa"


def test_server_that_serves_is_ok_seen_and_left_politely() -> None:
    played = play(talk(holds="x-side: new"), [answer()])
    assert played.finding is not None
    assert (played.finding.word, played.finding.detail) == ("ok", "SERVING")
    assert played.sent[-1] == frames.framed(frames.SETTINGS, frames.ACK, 0) + GOODBYE


@pytest.mark.parametrize(
    ("body", "detail"),
    [(b"\x08\x02", "NOT_SERVING"), (b"", "UNKNOWN"), (b"\x08\x03", "SERVICE_UNKNOWN")],
)
def test_server_that_does_not_serve_says_no(body: bytes, detail: str) -> None:
    assert found(talk(), [answer(body)])[::2] == ("status", detail)


def test_server_without_the_health_service_says_no_unless_that_is_enough() -> None:
    told = SETTINGS + headers(
        (":status", "200"),
        ("grpc-status", "12"),
        ("grpc-message", "no%20such%20service"),
        flags=LAST,
    )
    finding = found(talk(), [told])
    assert (finding.word, finding.detail) == ("status", "UNIMPLEMENTED: no such service")
    assert found(talk(accept="UNIMPLEMENTED"), [told]).word == "ok"


def test_status_of_http_is_told_where_no_grpc_answers() -> None:
    told = SETTINGS + headers((":status", "503"), flags=LAST)
    assert found(talk(), [told])[::2] == ("status", "HTTP status 503")


def test_pings_are_answered_and_news_of_the_connection_ignored() -> None:
    told = SETTINGS + frames.framed(frames.PING, 0, 0, b"12345678")
    told += frames.framed(frames.WINDOW, 0, 0, b"\0\0\1\0") + frames.framed(77, 0, 0, b"?")
    told += headers((":status", "103"))
    played = play(talk(), [told, answer()[len(SETTINGS) :]])
    assert frames.framed(frames.PING, frames.ACK, 0, b"12345678") in played.sent[1]
    assert played.finding is not None
    assert played.finding.word == "ok"


def test_headers_in_pieces_with_padding_and_priority_are_one() -> None:
    block = hpack.encoded([(":status", "200")])
    flags = frames.PADDED | frames.WITH_PRIORITY
    told = SETTINGS + frames.framed(frames.HEADERS, flags, 1, b"\3" + bytes(5) + block[:4] + b"pad")
    told += frames.framed(frames.CONTINUATION, frames.END_HEADERS, 1, block[4:])
    told += frames.framed(frames.DATA, frames.PADDED, 1, b"\2\0\0\0\0\2\x08\x01..")
    told += headers(("grpc-status", "0"), flags=LAST)
    assert found(talk(), [told]).word == "ok"


def test_server_that_goes_away_says_why() -> None:
    away = frames.framed(frames.GOAWAY, 0, 0, struct.pack("!II", 0, 11) + b"too_many")
    finding = found(talk(), [SETTINGS + away])
    assert finding[::2] == ("status", "the server ends it: ENHANCE_YOUR_CALM too_many")
    reset = frames.framed(frames.RESET, 0, 1, struct.pack("!I", 7))
    assert found(talk(), [SETTINGS + reset]).detail == "the server ends it: REFUSED_STREAM"


def test_server_that_goes_away_later_still_answers() -> None:
    away = frames.framed(frames.GOAWAY, 0, 0, struct.pack("!II", 1, 0))
    assert found(talk(), [SETTINGS + away + answer()[len(SETTINGS) :]]).word == "ok"


@pytest.mark.parametrize(
    "told",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        frames.framed(frames.PING, 0, 0, bytes(8)),
        SETTINGS + frames.framed(frames.PUSH, 4, 1, bytes(8)),
        SETTINGS + headers((":status", "200"), stream=3),
        SETTINGS + frames.framed(frames.CONTINUATION, 4, 1),
        SETTINGS + frames.framed(frames.HEADERS, 0, 1) + SETTINGS,
        SETTINGS + frames.framed(frames.HEADERS, 4, 1, b"\xff\xff\xff\xff\xff\xff"),
        SETTINGS + frames.framed(frames.HEADERS, frames.WITH_PRIORITY, 1, b"abc"),
        SETTINGS + frames.framed(frames.DATA, frames.PADDED, 1, b"\xff"),
        SETTINGS + frames.framed(frames.DATA, 0, 1, bytes(BODY_BYTES_MAX + 1)),
        SETTINGS + frames.framed(frames.RESET, 0, 1, b""),
        SETTINGS + frames.framed(frames.PING, 0, 0, bytes(8)) * frames.FRAMES_MAX,
        SETTINGS + frames.framed(frames.HEADERS, 0, 1, bytes(12_000)) * 3,
        SETTINGS
        + frames.framed(frames.HEADERS, 0, 1)
        + frames.framed(frames.CONTINUATION, 0, 1, bytes(12_000)) * 3,
        SETTINGS + headers((":status", "200"), flags=LAST),
        answer(b"\x12\x01"),
        SETTINGS
        + headers((":status", "200"))
        + frames.framed(frames.DATA, 0, 1, b"\1\0\0\0\0")
        + headers(("grpc-status", "0"), flags=LAST),
        answer(b"\x08\x07"),
    ],
)
def test_what_is_no_health_service_is_told_apart(told: bytes) -> None:
    assert found(talk(), [told]).word == "protocol"


def test_silence_and_hanging_up_are_told_apart() -> None:
    assert "without a word" in found(talk(), [], hangs_up=True).detail
    begun = talk()
    assert found(begun, [SETTINGS], hangs_up=True).word == "closed"
    assert begun.late()[::2] == (
        "timeout",
        "speaks HTTP/2, and did not answer the health check",
    )


def test_name_of_the_host_is_an_address_of_version_six_in_brackets() -> None:
    look = a_look("grpc_health")
    look["host"] = "2001:db8::1"
    assert b"[2001:db8::1]:4711" in GrpcHealthTalk(look).begin().send


def test_authority_is_spelt_as_dns_spells_it() -> None:
    with pytest.raises(ValueError, match="authority"):
        talk(authority="försäkring.example")
