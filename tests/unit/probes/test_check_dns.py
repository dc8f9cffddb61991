"""DNS: the question as it travels, and which answers are good ones."""

from __future__ import annotations

import struct

import pytest

from led_talks import a_look, found, play
from migrator.probes.agent.wire import Plain
from migrator.probes.checks.dns import STRANGERS_MAX, DnsTalk
from migrator.probes.checks.dns_words import answer, name_bytes, question


def asking(**args: Plain) -> DnsTalk:
    return DnsTalk(a_look("dns", **{"name": "shop.example", **args}))


def reply(
    asked: bytes,
    *records: tuple[int, bytes],
    code: int = 0,
    flags: int = 0x8180,
    number: int | None = None,
) -> bytes:
    """An answer to this question; every record is of the name that was asked for."""
    own = struct.unpack("!H", asked[:2])[0] if number is None else number
    body = b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data for kind, data in records
    )
    return struct.pack("!HHHHHH", own, flags | code, 1, len(records), 0, 0) + asked[12:] + body


A = (1, bytes([192, 0, 2, 7]))


def test_question_says_the_name_and_nothing_else() -> None:
    asked = question(7, "shop.example", 1, 1, recurse=True)
    assert asked == b"\0\7\1\0\0\1\0\0\0\0\0\0\4shop\7example\0\0\1\0\1"


def test_address_that_comes_back_is_ok_and_seen() -> None:
    talk = asking(holds="192.0.2.7")
    finding = found(talk, [reply(talk.begin().send, A)])
    assert finding == (
        "ok",
        "NOERROR\nshop.example A 192.0.2.7",
        "shop.example A 192.0.2.7",
    )


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_answer_over_tcp_is_whole_however_it_is_cut(size: int) -> None:
    talk = asking(over="tcp")
    asked = talk.begin().send
    assert struct.unpack("!H", asked[:2])[0] == len(asked) - 2
    told = reply(asked[2:], A)
    told = struct.pack("!H", len(told)) + told
    assert found(talk, [told[i : i + size] for i in range(0, len(told), size)]).word == "ok"


@pytest.mark.parametrize(
    ("code", "word"), [(2, "SERVFAIL"), (3, "NXDOMAIN"), (5, "REFUSED"), (9, "RCODE9")]
)
def test_server_that_says_no_is_quoted(code: int, word: str) -> None:
    talk = asking()
    finding = found(talk, [reply(talk.begin().send, code=code)])
    assert (finding.word, finding.detail) == ("status", word)


def test_name_without_such_a_record_is_an_answer_that_says_no() -> None:
    talk = asking(type="AAAA")
    assert found(talk, [reply(talk.begin().send)]).word == "status"


def test_cut_answer_says_how_to_ask_instead() -> None:
    talk = asking()
    assert "over tcp" in found(talk, [reply(talk.begin().send, flags=0x8380)]).detail


def test_name_that_must_not_exist_is_ok_when_it_does_not() -> None:
    talk = asking(expect="nxdomain")
    assert found(talk, [reply(talk.begin().send, code=3)]).word == "ok"
    talk = asking(expect="nxdomain")
    assert found(talk, [reply(talk.begin().send, A)]).word == "status"


def test_any_answer_will_do_where_only_the_server_counts() -> None:
    talk = asking(expect="any")
    assert found(talk, [reply(talk.begin().send, code=5)]).word == "ok"


def test_answer_to_another_question_is_not_ours() -> None:
    talk = asking()
    asked = talk.begin().send
    number = struct.unpack("!H", asked[:2])[0] ^ 1
    other = question(number ^ 1, "other.example", 1, 1, recurse=True)
    finding = found(talk, [reply(asked, A, number=number), reply(other, A), reply(asked, A)])
    assert finding.word == "ok"


def test_stranger_that_never_stops_does_not_keep_us() -> None:
    talk = asking()
    assert found(talk, [b"nonsense"] * (STRANGERS_MAX + 1)).word == "protocol"


def test_server_is_asked_who_it_is_after_the_answer() -> None:
    talk = asking(server_id=True)
    first = talk.begin().send
    turn = talk.hear(reply(first, A))
    assert b"\2id\6server\0\0\x10\0\3" in turn.send
    done = talk.hear(reply(turn.send, (16, b"\x08ns-new-1"))).done
    assert done is not None
    assert done.word == "ok"
    assert "id.server TXT ns-new-1" in done.seen
    assert "192.0.2.7" in done.seen


def test_server_that_does_not_say_who_it_is_is_judged_by_its_answer() -> None:
    talk = asking(server_id=True)
    talk.hear(reply(talk.begin().send, A))
    assert talk.late().word == "ok"
    assert talk.closed().word == "ok"


def test_silence_is_a_timeout() -> None:
    assert asking().late().word == "timeout"
    assert asking(over="tcp").closed().word == "closed"


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        (5, b"\3www\xc0\x0c", "CNAME www.shop.example"),
        (15, b"\0\x0a\2mx\0", "MX 10 mx"),
        (33, b"\0\1\0\2\x01\xbb\1h\0", "SRV 1 2 443 h"),
        (6, b"\1a\0\1b\0" + bytes(20), "SOA a b 0"),
        (16, b"\2hi\1!", "TXT hi !"),
        (28, bytes(15) + b"\1", "AAAA ::1"),
        (99, b"\xde\xad", "TYPE99 dead"),
    ],
)
def test_records_are_spelt_for_a_reader(kind: int, data: bytes, text: str) -> None:
    asked = question(1, "shop.example", 255, 1, recurse=True)
    assert answer(reply(asked, (kind, data))).records == [(kind, f"shop.example {text}")]


@pytest.mark.parametrize(
    "damage",
    [
        b"\xc0\x0c",  # a name that points at itself
        b"\xc0\xff",  # forward
        b"\x80a",  # a label of no known kind
        b"\x3f" + b"a",  # one that ends too early
        (b"\x3f" + b"a" * 63) * 4 + b"\0",  # longer than a name can be
    ],
)
def test_names_that_lead_nowhere_are_no_answer(damage: bytes) -> None:
    head = struct.pack("!HHHHHH", 1, 0x8180, 1, 0, 0, 0)
    with pytest.raises(ValueError, match=r"name|label|early"):
        answer(head + damage)


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", ".".join(["a" * 60] * 5)])
def test_name_that_cannot_travel_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        asking(name=name)


def test_names_outside_ascii_travel_as_dns_spells_them() -> None:
    assert name_bytes("försäkring.example") == b"\x12xn--frskring-2za1p\7example\0"
    assert name_bytes(".") == b"\0"


@pytest.mark.parametrize("args", [{"name": ""}, {"type": "AXFR"}, {"over": "doh"}])
def test_question_that_is_not_ours_to_ask_is_refused(args: dict[str, Plain]) -> None:
    with pytest.raises(ValueError, match=r"name|type|over"):
        asking(**args)
    assert play(asking(), []).finding is None


def test_question_goes_through_tls_only_over_tcp() -> None:
    with pytest.raises(ValueError, match="through TLS"):
        DnsTalk({**a_look("dns", name="a"), "tls": True})
    inside = DnsTalk({**a_look("dns", name="a", over="tcp", verify=False), "tls": True})
    assert inside.transport == "tcp"
