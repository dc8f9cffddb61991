"""Whom a run that was played would have called: each thing as far as it stood, and nobody twice."""

from __future__ import annotations

from collections import Counter

from calls import a_policy
from itineraries import an_itinerary
from migrator.engine.ports import Line
from migrator.notices.book import Message, Why
from migrator.notices.model import Kind
from migrator.notices.played import would_call
from playing import Play

ONE = an_itinerary(waves=("a",))


def messages(play: Play) -> tuple[Message, ...]:
    lines = [
        Line(seq, at, 1, "engine", event, "", "") for seq, (at, event) in enumerate(play.history, 1)
    ]
    return would_call("night-1", ONE, lines, a_policy())


def told(play: Play, kind: Kind) -> list[tuple[str, Why]]:
    return [
        (message.person, item.why)
        for message in messages(play)
        for item in message.items
        if item.kind == kind and message.channel == "mail"
    ]


def test_what_is_decided_at_once_calls_nobody() -> None:
    play = Play(ONE)
    play.say("go", "w1")
    play.wait(5)
    assert told(play, Kind.GATE) == []


def test_a_gate_that_stands_goes_to_its_deciders_and_their_deputy() -> None:
    play = Play(ONE)
    play.now = play.run.waves["w1"].gate_deadline or play.now
    play.say("go", "w1")
    assert told(play, Kind.GATE)[:3] == [
        ("anna", Why.FIRST), ("bo", Why.FIRST), ("dora", Why.DEPUTY),
    ]  # fmt: skip
    assert {why for _, why in told(play, Kind.GATE)[3:]} <= {Why.REMINDER}


def test_nobody_is_told_the_same_twice() -> None:
    play = Play(ONE)
    play.go_on("a/switch")
    play.fail("a/switch")
    play.wait(40)
    pairs = Counter(
        (message.person, message.channel, item.call, item.nth)
        for message in messages(play)
        for item in message.items
    )
    assert pairs
    assert max(pairs.values()) == 1
