"""Names: asked once, in time, and never for longer than their limit."""

from __future__ import annotations

import json
import select
import socket
import threading

import pytest

from migrator.probes.agent import wire
from migrator.probes.agent.names import Answer, Ask, Names
from probing.running import a_header, lines_of_agent
from probing.servers import serving
from probing.talking import a_look


def answers(names: Names, count: int) -> list[tuple[bytes, Answer]]:
    """Wait for so many lines whose names are known."""
    found: list[tuple[bytes, Answer]] = []
    for _ in range(100):
        found += names.come()
        if len(found) >= count:
            break
        select.select([names.wake], [], [], 0.05)
    return found


def test_a_name_is_asked_once_for_all_lines_that_wait_for_it() -> None:
    asked: list[str] = []

    def ask(name: str) -> list[str]:
        asked.append(name)
        return ["192.0.2.1"]

    names = Names(ask)
    names.park("a.test", b"1")
    names.park("a.test", b"2")
    names.park("b.test", b"3")
    known = Answer(["192.0.2.1"], "")
    assert sorted(answers(names, 3)) == [(b"1", known), (b"2", known), (b"3", known)]
    assert sorted(asked) == ["a.test", "b.test"]
    assert names.answer("a.test") == known
    assert names.parked == 0
    names.close()


@pytest.mark.parametrize(
    ("ask", "fault"),
    [
        (lambda _: [], "the name has no address"),
        (lambda _: ["nonsense"], "the name has no address"),
        (lambda _: (_ for _ in ()).throw(socket.gaierror(-2, "Name not known")), "name not known"),
        (lambda _: [str(("x" * 70 + "é").encode("idna"))], "too long"),
    ],
)
def test_name_that_does_not_resolve_says_why(ask: Ask, fault: str) -> None:
    names = Names(ask)
    names.park("a.test", b"1")
    ((_, answer),) = answers(names, 1)
    assert answer.addresses == []
    assert fault in answer.fault
    names.close()


def test_resolver_that_hangs_holds_up_nobody() -> None:
    over = threading.Event()

    def ask(name: str) -> list[str]:
        if name.startswith("hangs"):
            over.wait(20)
        return ["192.0.2.1"]

    names = Names(ask, seconds=0.1)
    for n in range(40):
        names.park(f"hangs{n}.test", b"late")
    names.park("a.test", b"quick")
    found = answers(names, 41)
    over.set()
    assert [line for line, answer in found if not answer.fault] == [b"quick"]
    assert {answer.fault for _, answer in found} == {"", "no answer from the resolver in 0.1 s"}
    names.close()


def test_lines_are_given_back_when_the_time_is_over() -> None:
    over = threading.Event()
    names = Names(lambda _: [str(over.wait(20))])
    names.park("a.test", b"1")
    assert (names.abandon(), names.parked) == ([b"1"], 0)
    over.set()
    names.close()


def test_address_that_a_name_resolves_to_must_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {
        "inside.test": ["127.0.0.1"],
        "outside.test": ["192.0.2.7"],
        "both.test": ["192.0.2.7", "127.0.0.1"],
        "nowhere.test": [],
    }
    monkeypatch.setattr(Names.__init__, "__defaults__", (lambda name: table[name], 5.0))
    with serving() as there:
        looks = [
            json.dumps({**a_look("tcp", name, there.port), "id": name, "of": 1}) for name in table
        ]
        lines = lines_of_agent(a_header(allow=["127.0.0.0/8"]), looks)
    assert len(there.accepted) == 2
    found = {line["id"]: (line["word"], line["address"]) for line in lines if "word" in line}
    assert found == {
        "inside.test": (wire.OK, "127.0.0.1"),
        "outside.test": (wire.NOT_ALLOWED, "192.0.2.7"),
        "both.test": (wire.OK, "127.0.0.1"),
        "nowhere.test": (wire.DNS, ""),
    }
