"""Redis as a stranger meets it: which answers prove it, and what is asked next."""

from __future__ import annotations

import pytest

from led_talks import a_look, found, play
from migrator.probes.checks.redis import ANSWER_BYTES_MAX, LINE_BYTES_MAX, RedisTalk

PING = b"*1\r\n$4\r\nPING\r\n"


def test_pong_is_ok_and_nothing_else_is_asked() -> None:
    played = play(RedisTalk(a_look("redis")), [b"+PO", b"NG\r\n"])
    assert played.finding == ("ok", "PONG", "PONG")
    assert played.sent == (PING,)


def test_server_that_wants_a_password_is_redis_all_the_same() -> None:
    finding = found(RedisTalk(a_look("redis")), [b"-NOAUTH Authentication required.\r\n"])
    assert (finding.word, finding.seen) == ("ok", "NOAUTH Authentication required.")


def test_server_that_loads_says_no() -> None:
    finding = found(RedisTalk(a_look("redis")), [b"-LOADING Redis is loading\r\n"])
    assert (finding.word, finding.detail) == ("status", "PING: LOADING Redis is loading")


def test_info_and_role_are_asked_after_each_other_and_both_are_seen() -> None:
    talk = RedisTalk(a_look("redis", info=True, role="master", holds="run_id:ab"))
    played = play(talk, [b"+PONG\r\n", b"$9\r\nrun_id:ab\r\n", b"*2\r\n$6\r\nmaster\r\n:0\r\n"])
    assert played.finding is not None
    assert played.finding.word == "ok", played.finding
    assert played.sent == (PING, b"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n", b"*1\r\n$4\r\nROLE\r\n")
    assert played.finding.seen.split("\n") == ["PONG", "run_id:ab", "master", "0"]


def test_replica_in_the_place_of_a_master_is_a_mismatch() -> None:
    talk = RedisTalk(a_look("redis", role="master"))
    assert found(talk, [b"+PONG\r\n", b"*1\r\n$5\r\nslave\r\n"]).word == "mismatch"


def test_password_comes_from_the_agents_own_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATOR_PROBE_REDIS", "s3cret")
    look = a_look("redis", password_env="MIGRATOR_PROBE_REDIS", user="probe")
    played = play(RedisTalk(look), [b"+OK\r\n", b"+PONG\r\n"])
    assert played.sent[0] == b"*3\r\n$4\r\nAUTH\r\n$5\r\nprobe\r\n$6\r\ns3cret\r\n"
    assert played.sent[1] == PING
    refused = found(RedisTalk(look), [b"-WRONGPASS invalid\r\n"])
    assert (refused.word, "s3cret" in str(refused)) == ("status", False)
    assert found(RedisTalk(look), [b"+OK\r\n", b"-NOAUTH x\r\n"]).word == "status"
    assert found(RedisTalk(look), [b"+OK\r\n", b"-NOPERM x\r\n"]).word == "ok"


@pytest.mark.parametrize("name", ["HOME", "MIGRATOR_PROBE_NOWHERE"])
def test_other_variables_of_that_place_are_not_handed_out(name: str) -> None:
    with pytest.raises(ValueError, match="MIGRATOR_PROBE_"):
        RedisTalk(a_look("redis", password_env=name))


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400\r\n",
        b"+HELLO\r\n",
        b"+" + b"x" * (LINE_BYTES_MAX + 2),
        b"$99999999\r\n",
        b"$%d\r\n" % (ANSWER_BYTES_MAX + 1),
        b"$1\r\nxyz",
        b"*1\r\n" * 9,
        b"*x\r\n",
    ],
)
def test_what_is_not_redis_is_told_apart(said: bytes) -> None:
    assert found(RedisTalk(a_look("redis")), [said]).word == "protocol"


def test_server_that_hangs_up_is_no_redis_yet() -> None:
    assert found(RedisTalk(a_look("redis")), [b"+PON"], hangs_up=True).word == "closed"


def test_silence_is_said_with_what_came_before_it() -> None:
    talk = RedisTalk(a_look("redis"))
    play(talk, [b"+PO"])
    finding = talk.late()
    assert (finding.word, "PING" in finding.detail) == ("timeout", True)


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_lists_in_lists_with_texts_and_nothings_are_read_however_they_are_cut(size: int) -> None:
    told = b"+PONG\r\n*3\r\n$5\r\nslave\r\n$-1\r\n*1\r\n*-1\r\n"
    talk = RedisTalk(a_look("redis", role="slave"))
    finding = found(talk, [told[i : i + size] for i in range(0, len(told), size)])
    assert (finding.word, finding.detail) == ("ok", "slave")


def test_list_of_texts_that_are_too_long_together_ends() -> None:
    talk = RedisTalk(a_look("redis", role="any"))
    big = b"$40000\r\n" + bytes(40_000) + b"\r\n"
    assert found(talk, [b"+PONG\r\n*9\r\n", big, big]).word == "protocol"


def test_user_without_a_password_is_refused() -> None:
    with pytest.raises(ValueError, match="user"):
        RedisTalk(a_look("redis", user="kassa"))
