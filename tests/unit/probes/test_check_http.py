"""The check of an HTTP server: what it asks, what it takes for an answer, and where it stops."""

from __future__ import annotations

import pytest

from migrator.probes.agent import wire
from probing.running import a_header, run_agent
from probing.servers import Manner, serving
from probing.talking import Spoken, a_look, args_of, converse

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX-Side: side=new\r\n\r\nall good\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4\r\nall \r\n5;x=y\r\ngood\n\r\n0\r\n\r\n"
)
UNTIL_CLOSE = b"HTTP/1.0 200 OK\r\n\r\nall good\n"


def heard(*answer: bytes, ends: str = "", size: int = 0, **args: wire.Plain) -> Spoken:
    """What the check makes of an answer."""
    return converse(a_look("http", args=args_of(**args)), *answer, ends=ends, size=size)


def test_request_is_a_plain_get_of_one_connection() -> None:
    spoken = converse(a_look("http", "shop.test", 8080, args=args_of(path="/health?deep=1")))
    head, _, rest = spoken.sent[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "GET /health?deep=1 HTTP/1.1"
    assert "Host: shop.test:8080" in lines
    assert "Connection: close" in lines
    assert rest == b""


@pytest.mark.parametrize(
    ("host", "port", "tls", "expected"),
    [
        ("shop.test", 80, False, "shop.test"),
        ("shop.test", 443, True, "shop.test"),
        ("shop.test", 443, False, "shop.test:443"),
        ("2001:db8::1", 80, False, "[2001:db8::1]"),
    ],
)
def test_host_line_leaves_out_the_usual_port(
    host: str, port: int, tls: bool, expected: str
) -> None:
    spoken = converse(a_look("http", host, port, tls=tls))
    assert f"\r\nHost: {expected}\r\n".encode() in spoken.sent[0]


@pytest.mark.parametrize("answer", [OK, CHUNKED])
@pytest.mark.parametrize("size", [0, 1, 7])
def test_body_is_read_however_it_is_framed_and_cut(answer: bytes, size: int) -> None:
    spoken = heard(answer, size=size, holds="all good")
    assert spoken.finding is not None
    assert (spoken.word, spoken.finding.detail) == (wire.OK, "200 OK")


def test_body_without_a_length_ends_with_the_connection() -> None:
    assert heard(UNTIL_CLOSE, holds="all good").finding is None
    assert heard(UNTIL_CLOSE, holds="all good", ends="closed").word == wire.OK


@pytest.mark.parametrize("answer", [OK[:-3], CHUNKED[:-5]])
def test_body_that_breaks_off_is_no_answer(answer: bytes) -> None:
    spoken = heard(answer, ends="closed")
    assert spoken.finding is not None
    assert spoken.word == wire.CLOSED
    assert "hung up before" in spoken.finding.detail


@pytest.mark.parametrize(
    ("status", "asked", "word"),
    [
        (200, None, wire.OK),
        (302, None, wire.OK),
        (404, None, wire.STATUS),
        (503, None, wire.STATUS),
        (404, [404], wire.OK),
        (200, [204, 404], wire.STATUS),
    ],
)
def test_status_is_the_one_that_was_asked_for(
    status: int, asked: list[wire.Plain] | None, word: str
) -> None:
    answer = f"HTTP/1.1 {status} Words\r\nContent-Length: 0\r\n\r\n".encode()
    args: dict[str, wire.Plain] = {} if asked is None else {"status": asked}
    spoken = converse(a_look("http", args=args), answer)
    assert spoken.finding is not None
    assert spoken.word == word
    assert spoken.finding.detail.startswith(f"{status} Words")


def test_header_must_hold_what_was_asked() -> None:
    assert heard(OK, header={"x-side": "side=new"}).word == wire.OK
    wrong = heard(OK, header={"X-Side": "side=old"})
    assert wrong.finding is not None
    assert wrong.word == wire.MISMATCH
    assert "X-Side is 'side=new' and does not hold 'side=old'" in wrong.finding.detail
    assert heard(OK, header={"X-Other": ""}).word == wire.MISMATCH


def test_body_without_what_it_should_hold_is_shown() -> None:
    wrong = heard(OK, holds="all bad")
    assert wrong.finding is not None
    assert (wrong.word, wrong.finding.detail) == (
        wire.MISMATCH,
        "200 OK: no 'all bad' in: all good\n",
    )


def test_marks_are_looked_for_in_head_and_body_even_of_a_refusal() -> None:
    answer = b"HTTP/1.1 503 No\r\nX-Side: old\r\nContent-Length: 4\r\n\r\nbody"
    spoken = heard(answer)
    assert spoken.finding is not None
    assert spoken.word == wire.STATUS
    assert "X-Side: old" in spoken.finding.seen
    assert "body" in spoken.finding.seen


def test_head_has_no_body_whatever_its_length_says() -> None:
    spoken = heard(OK.partition(b"all good")[0], method="HEAD")
    assert spoken.sent[0].startswith(b"HEAD / ")
    assert spoken.word == wire.OK


def test_interim_answers_are_passed_over() -> None:
    assert heard(b"HTTP/1.1 103 Early\r\n\r\n" + OK, size=1).word == wire.OK
    assert heard(b"HTTP/1.1 100 Continue\r\n\r\n" * 50).word == wire.PROTOCOL


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.test ESMTP\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\x00\x01\x02\x03\x04\x05",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
    ],
)
@pytest.mark.parametrize("size", [0, 3])
def test_what_is_no_http_is_told_as_such(answer: bytes, size: int) -> None:
    spoken = heard(answer, size=size)
    assert spoken.finding is not None
    assert spoken.word == wire.PROTOCOL
    assert spoken.finding.detail


def test_endless_body_is_read_as_far_as_its_bound() -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    spoken = heard(head, *[b"x" * 65536] * 10)
    assert spoken.finding is not None
    assert spoken.word == wire.OK
    assert len(spoken.finding.seen) < 300_000


def test_late_answer_says_how_far_it_came() -> None:
    for answer, told in (
        ((), "accepted, but no answer"),
        ((OK[:10],), "the head did not end"),
        ((OK[:-2],), "200 OK: the body did not end"),
    ):
        spoken = heard(*answer, ends="late")
        assert spoken.finding is not None
        assert spoken.word == wire.TIMEOUT
        assert spoken.finding.detail.startswith(told)


def redirect(location: str, status: int = 302) -> bytes:
    """An answer that points elsewhere, with a body that never ends."""
    return f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("location", "port", "tls", "path"),
    [
        ("/login", 80, False, "/login"),
        ("login?x=1", 80, False, "/a/login?x=1"),
        ("https://shop.test/", 443, True, "/"),
        ("http://SHOP.test:8080", 8080, False, "/"),
        ("//shop.test/b", 80, False, "/b"),
    ],
)
def test_redirect_within_the_host_is_followed(
    location: str, port: int, tls: bool, path: str
) -> None:
    look = a_look("http", "192.0.2.1", 80, args=args_of(path="/a/b", host="shop.test", redirects=1))
    onward = converse(look, redirect(location)).onward
    assert onward is not None
    assert (onward["host"], onward["port"], onward["tls"]) == ("192.0.2.1", port, tls)
    assert onward["args"]["path"] == path
    assert onward["args"]["redirects"] == 0


@pytest.mark.parametrize(
    "location",
    ["http://elsewhere.test/", "ftp://shop.test/", "http://shop.test:99999/", "", "/a b\x01"],
)
def test_redirect_to_anywhere_else_is_not_followed(location: str) -> None:
    look = a_look("http", "192.0.2.1", 80, args=args_of(host="shop.test", redirects=3))
    spoken = converse(look, redirect(location))
    assert spoken.onward is None
    assert spoken.word == wire.STATUS


def test_redirects_are_followed_by_the_agent_to_the_end_or_to_the_limit() -> None:
    def answer(said: bytes) -> bytes:
        path = said.split()[1]
        return OK if path == b"/end" else redirect("/end" if path == b"/middle" else "/middle")

    with serving(Manner(answer=answer)) as there:
        looks = [{**a_look("http", there.host, there.port, of=1), "id": f"l{n}"} for n in (0, 1, 2)]
        for n, look in enumerate(looks):
            look["args"] = args_of(redirects=n, status=[200]) if n else {"redirects": n}
        found = run_agent(a_header(), looks)
        requests = [said.split()[1] for said in there.heard]
    assert [result["word"] for result in found] == [wire.OK, wire.STATUS, wire.OK]
    assert sorted(requests) == [b"/"] * 3 + [b"/end"] + [b"/middle"] * 2


@pytest.mark.parametrize(
    "args",
    [
        {"method": "POST"},
        {"path": "health"},
        {"path": "/a\r\nX: y"},
        {"path": "/å"},
        {"host": "a\r\nX: y"},
        {"status": "200"},
        {"header": ["x"]},
        {"header": {"a b": "c"}},
        {"send": {"X": "a\r\nY: b"}},
        {"send": {"Authorization": "Basic x"}},
        {"send": {"Host": "elsewhere"}},
        {"redirects": 99},
        {"redirects": True},
        {"strange": 1},
    ],
)
def test_nonsense_is_refused_in_words(args: dict[str, wire.Plain]) -> None:
    with pytest.raises(ValueError, match=r"\w+ .*\w+"):
        converse(a_look("http", args=args))
