"""What people are called for: every wait for a person, once, with those who are meant."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

from itineraries import an_itinerary
from migrator.engine import waits as module
from migrator.engine.states import CheckState, WaveState
from migrator.incidents.model import Level
from migrator.notices.model import Kind, Thing
from migrator.notices.things import KINDS, things
from migrator.plan.model import WaveLeg
from playing import Play

ONE = an_itinerary(waves=("a", "b"))


def of(play: Play, kind: Kind) -> Thing:
    """The one thing of a kind."""
    (found,) = [thing for thing in things(play.run, play.now) if thing.kind is kind]
    return found


def held() -> Play:
    play = Play(ONE)
    play.go_on("a/switch")
    play.fail("a/switch")
    return play


def test_a_gate_is_for_its_deciders_until_its_deadline() -> None:
    play = Play(ONE)
    thing = of(play, Kind.GATE)
    leg: WaveLeg = play.run.itinerary.waves[0]
    assert set(thing.people) == set(leg.deciders or ("anna", "bo"))
    assert thing.until == play.run.waves["w1"].gate_deadline
    assert (thing.wave, thing.then) == ("w1", play.run.itinerary.policy.gate_default)


def test_a_hold_with_a_clock_tells_its_trouble_and_none_of_its_words() -> None:
    play = held()
    thing = of(play, Kind.VETO)
    assert (thing.cause, thing.then) == ("step_failed", "unwind")
    assert thing.until == play.run.waves["w1"].holds[0].unwind_at
    assert "it broke" not in repr(thing)


def test_a_veto_is_the_same_matter_in_another_state() -> None:
    play = held()
    before = of(play, Kind.VETO)
    play.say("veto", "w1", "anna")
    play.say("veto", "w1", "bo")
    after = of(play, Kind.HOLD)
    assert before.key == after.key
    assert before.call != after.call


def test_the_same_subject_held_once_more_is_another_matter() -> None:
    play = held()
    first = of(play, Kind.VETO)
    play.say("retry", "a/switch")
    play.wait(1)
    play.fail("a/switch")
    assert of(play, Kind.VETO).key != first.key


def test_a_check_is_a_thing_shortly_before_its_time_is_over() -> None:
    play = Play(ONE)
    play.go_on(
        lambda run: any(c.state is CheckState.ASSIGNED for c in run.checks.values()), ticks=False
    )
    (known,) = [c for c in play.run.checks.values() if c.state is CheckState.ASSIGNED]
    assert known.limit_at is not None
    early = things(play.run, play.now, timedelta(minutes=1))
    assert not [thing for thing in early if thing.kind is Kind.CHECK]
    late = things(play.run, known.limit_at - timedelta(minutes=1), timedelta(minutes=1))
    (thing,) = [thing for thing in late if thing.kind is Kind.CHECK]
    assert thing.people == (known.person,)


def test_what_does_not_work_in_an_accepted_wave_calls_its_lead() -> None:
    play = Play(ONE)
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    (check,) = play.run.itinerary.checks[:1]
    (handler,) = play.run.checks[check.id].ticks
    play.say("withdraw", check.id, handler)
    play.say("tick", check.id, handler, verdict="does_not_work", note_digest="ab" * 32)
    thing = of(play, Kind.REFUSED)
    assert (thing.wave, thing.subject, thing.cause) == ("w1", check.id, "refused")
    assert thing.pierces


def test_a_paused_run_and_an_accepted_wave_are_news_that_want_no_answer() -> None:
    play = Play(ONE)
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    accepted = of(play, Kind.COMMIT)
    play.say("pause")
    for thing in (accepted, of(play, Kind.PAUSED)):
        assert not thing.wants_answer
        assert not thing.pierces


def test_a_disturbance_calls_its_owner_warns_and_calls_all_hands_when_red() -> None:
    play = Play(ONE)
    play.say("disturb", "w1", "lena", reason="the printers stand")
    (known,) = play.run.unsettled.values()
    yellow = of(play, Kind.DISTURBANCE)
    assert (yellow.people, yellow.cause, yellow.then) == (("lena",), "yellow", "red")
    assert yellow.until == known.red_at
    assert "printers" not in repr(yellow)
    calls = [yellow.call]
    while known.level is Level.YELLOW:
        play.wait_until_woken()
        if of(play, Kind.DISTURBANCE).call != calls[-1]:
            calls.append(of(play, Kind.DISTURBANCE).call)
    red = of(play, Kind.DISTURBANCE)
    assert len(calls) == 2 + len(known.warned)
    assert set(red.people) == {"lena", "anna", "bo"}
    assert not [t for t in things(play.run, play.now) if t.kind is Kind.PAUSED]
    play.say("staff", known.id, "anna", owner="bo")
    assert of(play, Kind.DISTURBANCE).call != red.call


def test_every_wait_for_a_person_has_a_kind_of_its_own() -> None:
    sources = sorted(Path(module.__file__).parent.glob("waits*.py"))
    assert len(sources) > 1
    waits = [
        node
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Wait"
    ]
    words = {
        constant.value
        for call in waits
        if _of_a_person(call)
        for constant in ast.walk(_waits_for(call))
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }
    assert words - set(KINDS) - {"the world's answer"} == set()


def _of_a_person(call: ast.Call) -> bool:
    human = next(word.value for word in call.keywords if word.arg == "human")
    return not (isinstance(human, ast.Constant) and human.value is False)


def _waits_for(call: ast.Call) -> ast.expr:
    named = [word.value for word in call.keywords if word.arg == "waits_for"]
    return named[0] if named else call.args[3]
