"""Whatever a stranger says, a check ends with a finding, in bounded space, however it is cut."""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import islice, repeat
from unittest.mock import patch  # of chance alone, which two talks must share

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casual_gateway import message
from led_talks import a_look, cut, play
from migrator.probes.agent import wire
from migrator.probes.checks import frames, hpack
from migrator.probes.checks.casual import CasualTalk
from migrator.probes.checks.dns import DnsTalk
from migrator.probes.checks.grpc_health import GrpcHealthTalk
from migrator.probes.checks.postgresql import PostgresqlTalk
from migrator.probes.checks.redis import RedisTalk
from migrator.probes.checks.smtp import SmtpTalk
from migrator.probes.checks.ssh_banner import SshBannerTalk
from migrator.probes.checks.talk import Finding, Talk
from migrator.probes.checks.udp import UdpTalk

WORDS = {wire.OK, wire.STATUS, wire.MISMATCH, wire.PROTOCOL, wire.CLOSED, wire.TLS}
KEPT_BYTES_MAX = 400_000
"""More than any check keeps of one answer, of two megabytes that a stranger may send."""

DNS_HEAD = struct.pack("!HHHHHH", 7, 0x8180, 1, 1, 0, 0)
DNS_TOLD = DNS_HEAD + b"\1a\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1"

GRPC_TOLD = b"".join(
    [
        frames.framed(frames.SETTINGS, 0, 0),
        frames.framed(frames.HEADERS, 0, 1, hpack.encoded([(":status", "200"), ("a", "b")])),
        frames.framed(frames.CONTINUATION, 4, 1, b"\x40\1x\x81\x1f\xbe"),
        frames.framed(frames.DATA, 0, 1, b"\0\0\0\0\2\x08\1"),
        frames.framed(frames.HEADERS, 5, 1, hpack.encoded([("grpc-status", "0")])),
    ]
)

MAKERS: dict[str, tuple[Callable[[], Talk], bytes]] = {
    "casual": (
        lambda: CasualTalk(a_look("casual")),
        message(7201, bytes(16), bytes(16), "domain", 1000),
    ),
    "dns": (
        lambda: DnsTalk(a_look("dns", name="a", over="tcp", server_id=True)),
        struct.pack("!H", len(DNS_TOLD)) + DNS_TOLD,
    ),
    "grpc_health": (lambda: GrpcHealthTalk(a_look("grpc_health")), GRPC_TOLD),
    "postgresql": (
        lambda: PostgresqlTalk(a_look("postgresql", user="k", sign_in=True)),
        b"R\0\0\0\x08\0\0\0\0S\0\0\0\x08a\0b\0Z\0\0\0\5ID\0\0\0\x0b\0\1\0\0\0\1fZ\0\0\0\5I",
    ),
    "redis": (
        lambda: RedisTalk(a_look("redis", info=True, role="any")),
        b"+PONG\r\n$4\r\nab\r\n\r\n*3\r\n$6\r\nmaster\r\n:7\r\n*0\r\n",
    ),
    "smtp": (
        lambda: SmtpTalk(a_look("smtp", starttls=False)),
        b"220-mx\r\n220 x\r\n250-mx\r\n250 SIZE\r\n",
    ),
    "ssh_banner": (lambda: SshBannerTalk(a_look("ssh_banner")), b"hi\r\nSSH-2.0-x y\r\n"),
}
"""A talk of each kind, and an answer that is good once its random parts are."""


def made(kind: str) -> Talk:
    """A talk whose chance is always the same, so that two of them can hear the same answer."""
    with (
        patch("secrets.token_bytes", bytes),
        patch("secrets.randbelow", lambda _: 7),
    ):
        return MAKERS[kind][0]()


@st.composite
def heard(draw: st.DrawFn, good: bytes) -> bytes:
    """A good answer with a piece of it replaced, repeated or lost; or nothing of it."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    start = draw(st.integers(0, len(good)))
    end = draw(st.integers(start, len(good)))
    middle = draw(st.one_of(st.just(good[start:end] * 2), st.binary(max_size=12), st.just(b"")))
    return good[:start] + middle + good[end:] + draw(st.sampled_from([b"", b"\r\n", good]))


@pytest.mark.parametrize("kind", sorted(MAKERS))
@given(data=st.data())
def test_same_bytes_give_the_same_finding_however_they_are_cut(
    kind: str, data: st.DataObject
) -> None:
    said = data.draw(heard(MAKERS[kind][1]))
    places = data.draw(st.lists(st.integers(0, 1000), max_size=8))
    whole = play(made(kind), [said] if said else [], hangs_up=True).finding
    pieces = play(made(kind), cut(said, places), hangs_up=True).finding
    single = play(made(kind), cut(said, range(len(said))), hangs_up=True).finding
    assert whole is not None
    assert whole == pieces == single
    assert whole.word in WORDS
    assert len(whole.detail) <= 300
    assert len(whole.seen) <= 4_200


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_good_answer_is_ok(kind: str) -> None:
    finding = play(made(kind), [MAKERS[kind][1]], hangs_up=True).finding
    assert finding is not None
    assert finding.word == "ok", finding


ENDLESS: dict[str, bytes] = {
    "zeros": bytes(1000),
    "letters": b"x" * 1000,
    "lines": b"220-x\r\n" * 100,
    "answers": b"250 x\r\n" * 100,
    "lists": b"*1000\r\n" + b"$1\r\nx\r\n" * 20,
    "big": b"*2\r\n$60000\r\n" + bytes(900),
    "notices": b"N\0\0\x03\xec" + bytes(1000),
    "settings": b"R\0\0\0\x08\0\0\0\0" + b"S\0\0\x03\xec" + b"z" * 1000,
    "pings": (frames.framed(6, 0, 0, bytes(8))) * 50,
    "pieces": (frames.framed(frames.SETTINGS, 0, 0) + frames.framed(9, 0, 1) * 50),
    "text": b"$65000\r\n" + b"y" * 900,
}


@pytest.mark.parametrize("said", list(ENDLESS.values()), ids=list(ENDLESS))
@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_endless_answer_is_not_kept(kind: str, said: bytes) -> None:
    talk = made(kind)
    play(talk, islice(repeat(said), 2_000_000 // len(said)))
    assert kept(talk) < KEPT_BYTES_MAX


def kept(talk: Talk) -> int:
    """How many bytes and characters a talk holds on to."""
    values = vars(talk).values()
    texts = [each for value in values if isinstance(value, list) for each in value]
    return sum(len(v) for v in [*values, *texts] if isinstance(v, (bytes, bytearray, str)))


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_datagrams_of_anybody_do_no_harm(datagrams: list[bytes]) -> None:
    for talk in (DnsTalk(a_look("dns", name="a")), UdpTalk(a_look("udp", send="x"))):
        finding = play(talk, datagrams).finding
        assert finding is None or isinstance(finding, Finding)
        assert finding is None or finding.word in WORDS
        assert talk.late().word in WORDS | {wire.TIMEOUT}


@given(st.lists(st.binary(max_size=80), max_size=6), st.sampled_from([b"R", b"E", b"D", b"S"]))
def test_server_that_asks_for_proofs_gets_an_end(bodies: list[bytes], letter: bytes) -> None:
    with patch.dict("os.environ", {"MIGRATOR_PROBE_X": "s3cret"}):
        talk = PostgresqlTalk(
            a_look("postgresql", user="k", sign_in=True, password_env="MIGRATOR_PROBE_X")
        )
    asked = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"
    further = [b"R" + struct.pack("!II", 8 + len(b), 11 + len(b) % 2) + b for b in bodies]
    odd = [letter + struct.pack("!I", 4 + len(b)) + b for b in bodies]
    finding = play(talk, [asked, *further, *odd], hangs_up=True).finding
    assert finding is not None
    assert finding.word in WORDS
    assert finding.word != wire.OK
    assert "s3cret" not in str(finding)
