"""Go, no-go and postpone: who may, when, and what the decider had seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from itineraries import a_member, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import WaveState
from playing import Play

SEEN = "0123456789abcdef" * 4
VERBS = [("go", ev.GateDecided), ("no-go", ev.GateLapsed), ("postpone", ev.GatePostponed)]


def at_the_gate(**changes: object) -> Play:
    policy = {"ahead_of_gate": ()}
    return Play(an_itinerary(**{"waves": ("a", "b"), "policy": policy, **changes}))  # type: ignore[arg-type]  # a test's own data


@pytest.mark.parametrize(("verb", "kind"), VERBS)
def test_the_digest_stands_in_the_fact(verb: str, kind: type[ev.Event]) -> None:
    until = after(90).isoformat()
    for words, digest in (({"seen": SEEN}, SEEN), ({}, "")):
        said = at_the_gate().say(verb, "w1", until=until, **words)[1]
        assert isinstance(said, kind)
        assert getattr(said, "seen", None) == digest


@pytest.mark.parametrize(("verb", "kind"), VERBS)
@pytest.mark.parametrize("digest", ["x", SEEN[:-1], SEEN.upper(), SEEN + "0"])
def test_what_is_no_digest_is_refused(verb: str, kind: type[ev.Event], digest: str) -> None:
    play = at_the_gate()
    said = play.refusal(verb, "w1", until=after(90).isoformat(), seen=digest)
    assert said == "what was seen is named by the SHA-256 of what `migrator gate` showed"
    assert play.happened(kind) == []


@pytest.mark.parametrize("verb", ["go", "no-go", "postpone"])
def test_only_the_named_deciders_and_their_deputies_decide(verb: str) -> None:
    play = at_the_gate()
    said = play.refusal(verb, "w1", "lena", until=after(90).isoformat())
    assert said == "lena may not decide this; anna, bo, dora may"
    assert isinstance(play.say(verb, "w1", "dora", until=after(90).isoformat())[0], ev.CommandTaken)


def test_a_decider_who_is_not_among_the_people_has_no_deputy() -> None:
    people = {"lena": a_member("lena"), "bo": a_member("bo")}
    play = at_the_gate(members=people)
    assert play.refusal("go", "w1", "lena") == "lena may not decide this; anna, bo may"


def test_a_gate_without_names_may_be_decided_by_anybody() -> None:
    itinerary = an_itinerary(waves=("a",))
    play = Play(replace(itinerary, waves=(replace(itinerary.waves[0], deciders=()),)))

    assert isinstance(play.say("go", "w1", "hanna")[0], ev.CommandTaken)


def test_an_early_go_says_what_comes_first() -> None:
    assert at_the_gate().refusal("go", "w2") == (
        "the gate of w2 is not open yet: the waves before it come first"
    )


def test_a_late_go_says_who_decided() -> None:
    play = at_the_gate()
    play.say("go", "w1", "bo")
    assert play.refusal("no-go", "w1") == ("the gate of w1 was decided by bo; the wave is moving")
    play = at_the_gate()
    play.say("abort", "run")
    assert "run has ended" in play.refusal("go", "w1")
    play = at_the_gate()
    play.say("hold", "w1", "lena")
    assert play.refusal("go", "w1") == "the gate of w1 was decided; the wave is held"


def test_no_go_while_the_run_is_paused_but_no_go_is_possible() -> None:
    play = at_the_gate()
    play.say("pause", "run")
    assert play.refusal("go", "w1") == "the run is paused; resume it first"
    play.say("no-go", "w1")
    assert play.wave() is WaveState.DECLINED


def test_a_no_go_counts_at_once_and_takes_back_what_was_prepared_when_it_is_quiet() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.end("a/prepare")
    play.say("no-go", "w1", reason="not today")
    assert play.wave() is WaveState.DECLINED
    assert play.refusal("retry", "w1") == "a/copy is under way; it is taken back first"
    play.end("a/copy")

    assert play.wave() is WaveState.UNWINDING
    assert play.last(ev.UnwindBegun).cause == "no-go: not today"
    assert play.last(ev.GateLapsed).by == "anna"


@pytest.mark.parametrize(
    ("until", "why"),
    [
        ("", "postpone needs a time"),
        ("soon", "postpone needs a time"),
        ("2023-10-14T09:30", "needs an offset"),
        (after(-5).isoformat(), "has passed"),
        (after(0).isoformat(), "has passed"),
    ],
)
def test_a_gate_is_postponed_to_a_time_to_come(until: str, why: str) -> None:
    assert why in at_the_gate().refusal("postpone", "w1", until=until)


def test_a_gate_is_not_postponed_beyond_the_window() -> None:
    play = at_the_gate()
    end = play.run.itinerary.window.end
    said = play.refusal("postpone", "w1", until=(end + timedelta(minutes=1)).isoformat())
    assert said.startswith("the window ends ")
    play.say("postpone", "w1", until=end.isoformat())
    assert play.run.waves["w1"].gate_deadline == end
