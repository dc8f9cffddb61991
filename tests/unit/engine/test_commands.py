"""Every verb is answered once: taken with what follows, or refused in words that help."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.commands import VERBS, answer
from migrator.engine.ports import OperatorCommand
from migrator.engine.states import RunState
from playing import Play


def at_the_gate(**changes: object) -> Play:
    policy = {"ahead_of_gate": ()}
    return Play(an_itinerary(**{"waves": ("a", "b"), "policy": policy, **changes}))  # type: ignore[arg-type]  # a test's own data


# --- all verbs ----------------------------------------------------------------------------------


def test_a_taken_command_is_answered_with_what_it_was() -> None:
    play = at_the_gate()
    taken, *_ = play.say("go", "w1", by="bo", reason="all is well", id="c9")

    assert taken == ev.CommandTaken("c9", "go", "w1", "bo", True, "all is well", 2)


def test_a_doubled_command_changes_nothing_and_is_not_answered_again() -> None:
    play = at_the_gate()
    play.say("go", "w1", id="c9")
    seq = play.run.seq

    assert play.say("go", "w1", id="c9") == ()
    assert play.run.seq == seq
    assert play.refusal("hold", "w9", id="c10") != ""
    assert play.say("hold", "w9", id="c10") == ()


def test_an_unknown_verb_is_answered_with_the_nearest_one() -> None:
    assert at_the_gate().refusal("comit", "w1") == "there is no verb 'comit'; commit?"
    assert at_the_gate().refusal("xyzzy", "w1") == "there is no verb 'xyzzy'"


def test_only_people_of_the_run_may_act() -> None:
    play = at_the_gate()
    assert play.refusal("go", "w1", "ann") == "nobody called 'ann' is named in this run; anna?"
    assert play.refusal("go", "w1", "zzz") == "nobody called 'zzz' is named in this run"


def test_where_nobody_is_named_anybody_may_act() -> None:
    play = at_the_gate(members={})
    assert isinstance(play.say("hold", "w1", by="somebody")[0], ev.CommandTaken)


def test_nothing_can_be_changed_once_the_run_has_ended() -> None:
    play = at_the_gate(waves=("a",))
    play.say("abort", "run")
    assert play.state() is RunState.ENDED

    assert play.refusal("retry", "w1") == (
        "the run has ended (returned); nothing can be changed any more"
    )


@pytest.mark.parametrize("verb", ["go", "no-go", "postpone", "hold", "release", "veto", "commit"])
def test_an_unknown_wave_is_answered_with_the_nearest_one(verb: str) -> None:
    assert at_the_gate().refusal(verb, "w11") == "there is no wave 'w11'; w1?"
    assert at_the_gate().refusal(verb, "xyz") == "there is no wave 'xyz'"


def test_every_verb_of_the_specification_exists() -> None:
    assert set(VERBS) == {
        "pause", "resume", "hold", "release", "retry", "skip", "force-done", "abandon", "unwind",
        "go", "no-go", "postpone", "tick", "withdraw", "commit", "veto", "override", "abort",
        "extend", "sign", "waive", "record", "amend", "replan",
        "disturb", "staff", "log", "close", "claim", "hand-over", "raise", "arrive", "leave",
    }  # fmt: skip


def test_answering_is_pure() -> None:
    play = at_the_gate()
    before = replace(play.run)
    command = OperatorCommand("c1", "go", "anna", False, "w1", "", 0)

    first = answer(play.run, command, play.now, {})

    assert answer(play.run, command, play.now, {}) == first
    assert play.run == before
