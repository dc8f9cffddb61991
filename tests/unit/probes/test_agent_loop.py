"""The agent against real listeners on this machine, each with a fault that real ones have."""

from __future__ import annotations

import errno
import json
import os
import socket
import threading

import pytest

from migrator.probes.agent import loop as loops
from migrator.probes.agent import wire
from migrator.probes.checks.registry import talk_for
from migrator.probes.checks.talk import Finding, Talk, Turn
from probing.running import QUICK_CAPS, a_header, lines_of_agent, run_agent
from probing.servers import Manner, serving, unanswering, unbound
from probing.talking import a_look, args_of

TALK_FOR = "migrator.probes.agent.loop.talk_for"


def one(look: dict[str, object], **header: object) -> wire.Result:
    """What comes of one look, tried once unless it says otherwise."""
    (result,) = run_agent(a_header(**header), [{"of": 1, "seconds": 5, **look}])
    return result


def at(served: object, kind: str = "tcp", **more: object) -> dict[str, object]:
    """A look at a test's server."""
    host, port = served.host, served.port  # type: ignore[attr-defined]  # any that has a place
    return dict(a_look(kind, host, port, **more))


def test_port_that_accepts_is_ok_and_says_from_where_and_how_fast() -> None:
    with serving() as there:
        result = one(at(there))
    assert (result["word"], result["oks"], result["tries"]) == (wire.OK, 1, 1)
    assert (result["source"], result["address"]) == ("127.0.0.1", "127.0.0.1")
    assert 0 < result["connect_ms"] <= result["total_ms"] < 5000


def test_port_on_which_nobody_listens_is_refused() -> None:
    with unbound() as there:
        assert one(at(there))["word"] == wire.REFUSED


def test_port_that_never_answers_is_a_timeout_after_its_own_time() -> None:
    with unanswering() as there:
        result = one(at(there, seconds=0.2))
    assert (result["word"], result["detail"]) == (wire.TIMEOUT, "no answer in 0.2 s")
    assert 200 <= result["total_ms"] < 2000


def test_ipv6_is_looked_at_like_ipv4() -> None:
    with serving(host="::1") as there:
        result = one(at(there))
    assert (result["word"], result["source"], result["address"]) == (wire.OK, "::1", "::1")


def test_unroutable_address_is_known_at_once() -> None:
    # The class E range has no way out of any machine.
    result = one(dict(a_look("tcp", "255.255.255.255", 80)), allow=["240.0.0.0/4"])
    assert result["word"] == wire.UNREACHABLE
    assert result["total_ms"] < 1000


@pytest.mark.parametrize(
    ("manner", "word", "detail"),
    [
        (Manner(resets=True), wire.RESET, "reset"),
        (Manner(hangs_up=True), wire.CLOSED, "hung up without a word"),
        (Manner(), wire.TIMEOUT, "accepted, but never said a word"),
        (Manner(banner=b"go away\r\n"), wire.MISMATCH, "no 'ready' in: go away"),
        (Manner(banner=b"220 ready\r\n"), wire.OK, "220 ready"),
    ],
)
def test_what_becomes_of_a_connection_after_it_was_accepted(
    manner: Manner, word: str, detail: str
) -> None:
    with serving(manner) as there:
        result = one(at(there, seconds=0.3, args=args_of(banner="ready")))
    assert result["word"] == word
    assert detail in result["detail"]


def test_port_that_accepts_and_hangs_up_is_told_from_one_that_stays() -> None:
    args = args_of(stays_ms=50)
    with serving(Manner(hangs_up=True)) as gone, serving() as stays:
        found = run_agent(
            a_header(), [at(gone, of=1, args=args), {**at(stays, args=args), "id": "l2"}]
        )
    assert [result["word"] for result in found] == [wire.CLOSED, wire.OK]


@pytest.mark.parametrize(
    ("banner", "side"),
    [
        (b"I am side=old", wire.OLD),
        (b"I am side=new", wire.NEW),
        (b"side=old side=new", wire.BOTH),
        (b"I am somebody", wire.NEITHER),
    ],
)
def test_side_that_answered_is_named_by_its_mark(banner: bytes, side: str) -> None:
    with serving(Manner(banner=banner)) as there:
        result = one(at(there, seconds=0.3, old="side=old", new="side=new"))
    assert (result["word"], result["side"]) == (wire.OK, side)


def test_no_side_is_named_where_no_mark_was_asked_for() -> None:
    with serving(Manner(banner=b"side=old ready")) as there:
        assert one(at(there, args=args_of(banner="ready")))["side"] == ""


def test_fluke_is_forgiven_and_counted() -> None:
    seen: list[bytes] = []

    def answer(heard: bytes) -> bytes:
        seen.append(heard)
        good = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        return good if len(seen) == 3 else b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"

    with serving(Manner(answer=answer)) as there:
        result = one(at(there, "http", need=1, of=3, pause=0.01))
    assert (result["word"], result["oks"], result["tries"]) == (wire.OK, 1, 3)


def test_look_that_cannot_be_saved_is_not_tried_to_the_end() -> None:
    with unbound() as there:
        result = one(at(there, need=3, of=4, pause=0.01))
    # After two failures three of four cannot be reached.
    assert (result["word"], result["oks"], result["tries"]) == (wire.REFUSED, 0, 2)


def test_as_many_oks_are_gathered_as_are_needed() -> None:
    with serving() as there:
        result = one(at(there, need=2, of=3, pause=0.01))
    assert (result["oks"], result["tries"], len(there.accepted)) == (2, 2, 2)


def test_address_outside_of_the_allowed_ranges_is_never_touched() -> None:
    with serving() as there:
        result = one(at(there), allow=["10.0.0.0/8"])
        mapped = one({**at(there), "host": "::ffff:127.0.0.1"}, allow=["10.0.0.0/8", "::/0"])
    assert there.accepted == []
    assert result["word"] == mapped["word"] == wire.NOT_ALLOWED
    assert "outside the allowed ranges" in result["detail"]


def test_mapped_address_is_the_address_that_it_maps() -> None:
    with serving() as there:
        result = one({**at(there), "host": "::ffff:127.0.0.1"})
    assert (result["word"], result["address"]) == (wire.OK, "127.0.0.1")


def test_name_is_resolved_where_the_agent_runs() -> None:
    with serving() as there:
        result = one({**at(there), "host": "localhost"}, allow=["127.0.0.0/8"])
    assert (result["word"], result["address"]) == (wire.OK, "127.0.0.1")


def test_time_of_the_batch_ends_everything_that_is_not_known() -> None:
    with unanswering() as silent, serving() as there:
        looks = [
            {**at(silent, seconds=30), "id": "flying"},
            {**at(silent, seconds=30), "id": "waiting"},
            {**at(there), "id": "known"},
        ]
        caps = {**QUICK_CAPS, "target_at_once": 1}
        found = run_agent(a_header(seconds=0.4, caps=caps), looks)
    words = {result["id"]: result["word"] for result in found}
    assert words == {"flying": wire.NO_TIME, "waiting": wire.NO_TIME, "known": wire.OK}


def test_beat_comes_while_nothing_else_does() -> None:
    with unanswering() as there:
        lines = lines_of_agent(a_header(), [json.dumps({**at(there, seconds=1.3), "of": 1})])
    assert lines[0] == {"beat": 1, "done": 0, "in_flight": 1, "waiting": 0, "slowed": 0}
    assert [("word" in line, "end" in line) for line in lines[1:]] == [(True, False), (False, True)]


def test_want_of_sockets_is_never_the_targets_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> object:
        raise OSError(24, os.strerror(24))

    monkeypatch.setattr(loops, "RawSocket", none_left)
    monkeypatch.setattr(loops, "CROWDED_SECONDS", 0.001)
    with serving() as there:
        result = one(at(there))
    assert there.accepted == []
    assert (result["word"], result["tries"]) == (wire.CROWDED, 0)
    assert "no socket on this machine" in result["detail"]


def test_want_of_sockets_that_passes_costs_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    real, asked = loops.RawSocket, []

    def soon(*words: int) -> object:
        asked.append(words)
        if len(asked) < 4:
            raise OSError(24, os.strerror(24))
        return real(*words)

    monkeypatch.setattr(loops, "RawSocket", soon)
    monkeypatch.setattr(loops, "CROWDED_SECONDS", 0.001)
    with serving() as there:
        result = one(at(there))
    assert (result["word"], result["tries"]) == (wire.OK, 1)


class Far(socket.SocketType):
    """A connection that never stands at once, as to any other machine."""

    asked = False

    def connect_ex(self, at: object) -> int:
        if self.asked:
            return errno.EALREADY
        self.asked = True
        number = super().connect_ex(at)  # type: ignore[arg-type]  # handed on as it came
        return errno.EINPROGRESS if number == 0 else number


def test_far_end_that_takes_its_time_is_found_like_a_near_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loops, "RawSocket", Far)
    banner = args_of(banner="ready")
    with serving(Manner(banner=b"ready")) as there, unbound() as shut:
        looks = [at(there), at(shut), at(there, args=banner), at(shut, args=banner)]
        found = run_agent(
            a_header(), [{**look, "id": f"l{n}", "of": 1} for n, look in enumerate(looks)]
        )
    assert [result["word"] for result in found] == [wire.OK, wire.REFUSED] * 2
    assert [result["source"] for result in found] == ["127.0.0.1", ""] * 2
    assert all(0 < result["connect_ms"] < 5000 for result in found)


def test_time_of_a_look_that_is_over_ends_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "RawSocket", Far)
    with serving(Manner(banner=b"ready", slow=0.2)) as slow, serving() as there:
        looks = [
            {**at(there, seconds=0.05), "id": "over"},
            {**at(slow, seconds=9, args=args_of(banner="ready")), "id": "on"},
        ]
        found = run_agent(a_header(), looks)
    assert [result["word"] for result in found] == [wire.OK, wire.OK]


def test_check_that_breaks_on_an_answer_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Talk):
        def begin(self) -> object:  # type: ignore[override]  # it never gets to return
            raise KeyError("nobody thought of this")

    monkeypatch.setattr(
        TALK_FOR, lambda look: Broken(look) if look["kind"] == "broken" else talk_for(look)
    )
    with serving() as there:
        looks = [{**at(there, "broken"), "of": 1}, {**at(there), "id": "l2"}]
        found = run_agent(a_header(), looks)
    assert [result["word"] for result in found] == [wire.FAILED, wire.OK]
    assert "KeyError" in found[0]["detail"]


def test_target_that_suffers_is_looked_at_less_often_and_named() -> None:
    with unanswering() as there:
        looks = [{**at(there, seconds=0.05), "id": f"l{n}", "of": 1} for n in range(5)]
        caps = {**QUICK_CAPS, "target_at_once": 1}
        lines = lines_of_agent(a_header(caps=caps, seconds=0.8), [json.dumps(x) for x in looks])
    assert lines[-1]["slowed"] == [f"{there.host} {there.port}"]


class Echo(Talk):
    """Says something to a datagram port, and takes what comes for its answer."""

    transport = "udp"

    def begin(self) -> Turn:
        return Turn(send=b"who are you?")

    def hear(self, data: bytes) -> Turn:
        return Turn(done=Finding(wire.OK, data.decode(), f"{len(data)} bytes"))


def test_datagrams_are_heard_and_refused_like_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TALK_FOR, Echo)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        place = server.getsockname()

        def answer() -> None:
            asked, caller = server.recvfrom(1000)
            server.sendto(b"side=new" if asked == b"who are you?" else b"what?", caller)

        answering = threading.Thread(target=answer, daemon=True)
        answering.start()
        heard = one(dict(a_look("echo", *place, old="side=old", new="side=new")))
        answering.join()
    refused = one(dict(a_look("echo", *place)))
    assert (heard["word"], heard["side"], heard["source"]) == (wire.OK, wire.NEW, "127.0.0.1")
    assert refused["word"] == wire.REFUSED


def test_look_without_a_connection_runs_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    class Thinks(Talk):
        transport = "none"

        def alone(self, seconds: float) -> Finding:
            return Finding(wire.OK, "side=new", f"thought for {seconds:g} s at most")

    monkeypatch.setattr(TALK_FOR, Thinks)
    result = one(dict(a_look("thinks", "127.0.0.1", 0, old="side=old", new="side=new")))
    assert (result["word"], result["side"]) == (wire.OK, wire.NEW)
    assert result["detail"] == "thought for 5 s at most"
