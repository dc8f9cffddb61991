"""Replan: what has not started follows another plan; everything else stays, and is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.fold import apply, fold
from migrator.engine.replanning import Replan, open_waves, plan_anew
from migrator.engine.run import Run
from migrator.engine.states import IllegalEvent, Side, WaveState
from migrator.ids import WaveId
from migrator.plan.model import Itinerary
from playing import Play

DECIDER = "anna"
GATED = {"ahead_of_gate": ()}
"""Nothing of a wave begins ahead of its gate, unless a test is about that."""


def planned(*waves: str, **changes: Any) -> Itinerary:  # noqa: ANN401 - a test's own data
    """A plan with these waves, another one than the first by its digest."""
    changes.setdefault("policy", GATED)
    return replace(an_itinerary(waves=waves, **changes), plan_digest="9f" * 32)


def running(*waves: str, **changes: Any) -> Play:  # noqa: ANN401 - a test's own data
    """A run of `ab`, `cd`, `ef` unless told, whose first wave is moving."""
    changes.setdefault("policy", GATED)
    play = Play(an_itinerary(waves=waves or ("ab", "cd", "ef"), **changes))
    play.say("go", "w1")
    assert play.wave() is WaveState.MOVING
    return play


def wrong(play: Play, new: Itinerary) -> Sequence[str]:
    """Why a plan cannot be followed."""
    return plan_anew(play.run, new)[1]


def replan(play: Play, new: Itinerary, by: str = "bo", user: str = "u2") -> tuple[ev.Event, ...]:
    """Two people give the verb."""
    details = dict(plan_anew(play.run, new)[0].details())
    play.say("replan", "", DECIDER, os_user="u1", **details)
    return play.say("replan", "", by, os_user=user, **details)


def refusal(play: Play, new: Itinerary, by: str = DECIDER, **words: str) -> str:
    """Why the verb is refused."""
    details = {**dict(plan_anew(play.run, new)[0].details()), "os_user": "u1", **words}
    return play.refusal("replan", "", by, **details)


# --- what it does -------------------------------------------------------------------------------


def test_what_has_not_started_follows_the_new_plan() -> None:
    play = running()
    new = planned("ab", "de", "g", "c")
    before = play.run.moves["a"], play.run.waves["w1"]

    events = replan(play, new)

    told = next(event for event in events if isinstance(event, ev.Replanned))
    assert (told.by, told.second, told.reason) == ("bo", DECIDER, "so be it")
    run = play.run
    assert run.itinerary == replace(new, names=run.itinerary.names)
    assert list(run.waves) == ["w1", "w2", "w3", "w4"]
    assert (run.moves["a"], run.waves["w1"]) == before
    assert (run.moves["a"] is before[0], run.waves["w1"] is before[1]) == (True, True)
    assert {move: record.wave for move, record in run.moves.items()} == {
        "a": "w1", "b": "w1", "d": "w2", "e": "w2", "g": "w3", "c": "w4",
    }  # fmt: skip
    assert "f" not in run.authority
    assert run.authority["g"] is Side.OLD
    assert [check.id for check in run.checks_of["w4"]] == ["f4@w4"]
    assert run.seconds_asked == {}
    play.go_on(lambda run: all(w.state is WaveState.ACCEPTED for w in run.waves.values()))
    assert fold(an_itinerary(waves=("ab", "cd", "ef"), policy=GATED), play.history) == play.run


def test_the_first_person_asks_and_nothing_changes_by_it() -> None:
    play = running()
    new = planned("ab", "cdef")
    details = dict(plan_anew(play.run, new)[0].details())

    asked = play.say("replan", "", DECIDER, os_user="u1", **details)[1]

    assert isinstance(asked, ev.SecondAsked)
    assert (asked.verb, asked.subject, asked.os_user) == ("replan", "", "u1")
    assert list(play.run.waves) == ["w1", "w2", "w3"]
    assert "has asked already" in refusal(play, new)
    assert "another operating-system user" in refusal(play, new, by="bo")
    assert isinstance(
        play.say(
            "replan", "", "bo", os_user="u2",
            **dict(plan_anew(play.run, planned("ab", "cde", "f"))[0].details()),
        )[1],
        ev.SecondAsked,
    ), "another plan than the one that was asked for is asked for anew"  # fmt: skip


def test_the_gate_of_a_wave_that_changes_opens_anew_and_others_stay_open() -> None:
    play = running(policy={"next_wave_when": "verified"})
    play.go_on(lambda run: run.waves["w2"].state is WaveState.DECIDING, gates=False)
    deadline = play.run.waves["w2"].gate_deadline
    play.now += timedelta(minutes=10)

    replan(play, planned("ab", "cd", "fe", policy={"next_wave_when": "verified"}))
    assert play.run.waves["w2"].gate_deadline == deadline, "it is the gate that it was"

    touched = {move for move, record in play.run.moves.items() if record.touched}
    assert touched == {"a", "b", "c", "d"}, "copies of the next wave run ahead of its gate"


def test_a_wave_in_front_closes_the_gate_behind_it() -> None:
    play = running()
    play.go_on(lambda run: run.waves["w2"].state is WaveState.DECIDING, gates=False)
    new = planned("ab", "e", "cdf")

    replan(play, new)

    assert play.run.waves["w2"].state is WaveState.DECIDING, "the gate of another wave by now"
    assert play.run.itinerary.waves[1].moves == ("e",)
    assert play.run.waves["w3"].state is WaveState.PLANNED
    opened = [event for _, event in play.history if isinstance(event, ev.GateOpened)]
    assert [event.wave for event in opened] == ["w1", "w2", "w2"]


def test_waves_that_are_gone_leave_nothing_behind() -> None:
    play = running()
    play.run.stalled["w3"] = ev.Stalled("w3", "w3", "", "", play.now, "")

    replan(play, planned("ab", "cd"))

    assert set(play.run.waves) == set(play.run.last_progress) == {"w1", "w2"}
    assert play.run.stalled == {}
    assert "e" not in play.run.moves


def test_a_check_may_change_or_go_without_its_moves() -> None:
    play = running()
    new = planned("ab", "cd", "ef")
    first, second, third = new.checks
    other = replace(third, quorum=2)

    replan(play, replace(new, checks=(first, other)))

    assert play.run.checks_of == {"w1": (first,), "w2": (), "w3": (other,)}
    told = play.last(ev.Replanned)
    assert (told.legs, told.gone, len(told.checks)) == ((), (second.id,), 1)


# --- what it refuses ----------------------------------------------------------------------------


def test_every_difference_in_what_was_decided_on_is_named() -> None:
    play = running()
    late = planned("ab", "cd", "ef", legs={"a": {"criticality": 1}})
    assert wrong(play, late) == ("a of w1, which is moving, would be planned otherwise",)

    found = wrong(play, planned("abc", "d", "ef"))
    assert "w1 is moving and would be another one" in found
    assert "w1 is moving and would have other checks" in found
    gone = replace(planned("ab", "cd"), waves=planned("ab", "cd").waves[1:])
    assert "w1 is moving and is not in the new plan" in wrong(play, gone)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"inventory_digest": "x"}, "it was made from another inventory; it stays as it is"),
        ({"links_digest": "x"}, "it was made from other links"),
        ({"source": "x"}, "the source would change"),
        ({"target": "x"}, "the target would change"),
        ({"policy": {**GATED, "soak_minutes": 1.0}}, "the policy would change"),
    ],
)
def test_what_belongs_to_the_whole_run_stays(changes: dict[str, Any], why: str) -> None:
    (said,) = wrong(running(), planned("ab", "cd", "ef", **changes))
    assert said.startswith(why)


def test_a_recipe_in_use_stays_and_another_one_cannot_come() -> None:
    play = running()
    new = planned("ab", "cd", "ef")
    shorter = replace(new.recipes["stateful"], commit=())
    (said,) = wrong(play, replace(new, recipes={**new.recipes, "stateful": shorter}))
    assert said == "the recipe stateful is in use and would change"
    leg = replace(new.legs["f"], recipe="mine")
    own = replace(new, legs={**new.legs, "f": leg}, recipes={**new.recipes, "mine": shorter})
    (said,) = wrong(play, own)
    assert said == "f wants the recipe mine, which the run's plan does not have"
    assert said in refusal(play, own)


def test_what_was_begun_ahead_of_its_gate_stays() -> None:
    play = running(policy={})
    assert play.run.moves["c"].touched
    (said,) = wrong(play, planned("ab", "d", "efc", policy={}))
    assert said == "c was begun ahead of its gate (prepare) and would be planned otherwise"
    assert said in refusal(play, planned("ab", "d", "efc", policy={}))
    assert not wrong(play, planned("ab", "cde", "f", policy={})), "its wave may grow around it"


def test_a_wave_held_before_its_gate_is_released_first() -> None:
    play = running()
    play.say("hold", "w3")
    found = wrong(play, planned("ab", "dc", "ef"))
    assert "w3 is held before the waves in front of it: release or decide it first" in found


def test_a_wave_that_is_tried_again_is_not_planned_anew() -> None:
    play = Play(an_itinerary(waves=("ab", "cd"), policy=GATED))
    play.say("no-go", "w1")
    play.say("retry", "w1")
    assert open_waves(play.run) == {"w2"}
    assert "w1" in wrong(play, planned("ba", "cd"))[0]


def test_only_a_decision_maker_may_and_with_a_reason_and_a_change() -> None:
    play = running()
    new = planned("ab", "cdef")
    assert "lena may not decide this" in refusal(play, new, by="lena")
    assert "a new plan needs a reason" in refusal(play, new, reason="")
    same = an_itinerary(waves=("ab", "cd", "ef"), policy=GATED)
    assert refusal(play, same) == "the run follows this plan already"
    play.say("abort", by=DECIDER)
    assert "the run is being aborted" in refusal(play, new)


@pytest.mark.parametrize("text", ["", "{", '["x"]', '[{"id": "w2"}]', "3", "[3]"])
def test_a_plan_that_is_none_is_refused(text: str) -> None:
    assert "the new plan cannot be read" in refusal(running(), planned("ab", "cdef"), waves=text)


def torn(play: Play, **parts: Any) -> Replan:  # noqa: ANN401 - a test's own data
    """A plan whose parts were taken from two."""
    return replace(plan_anew(play.run, planned("ab", "ce", "df"))[0], **parts)


def test_parts_that_do_not_fit_together_are_refused() -> None:
    play = running()
    whole = torn(play)
    w2, w3 = whole.waves
    check = replace(play.run.itinerary.checks[1], id="x@w9", wave=WaveId("w9"))
    for parts in (
        torn(play, waves=(w2, w2)),
        torn(play, waves=(w2, replace(w3, moves=(*w3.moves, *w2.moves)))),
        torn(play, legs=()),
        torn(play, waves=(w2, replace(w3, moves=(*w3.moves, *"x")))),
        torn(play, waves=(w2, replace(w3, moves=w3.moves[1:]))),
        torn(play, checks=(check,)),
        torn(play, gone=("f1@w1",)),
    ):
        details = dict(parts.details())
        assert "its parts do not fit together" in play.refusal("replan", "", DECIDER, **details)


def test_a_wave_that_was_decided_on_cannot_be_smuggled_in() -> None:
    play = running()
    whole = torn(play)
    first = replace(play.run.itinerary.waves[0], moves=())
    details = dict(replace(whole, waves=(first, *whole.waves)).details())
    assert "w1 is moving; it is not planned anew" in play.refusal("replan", "", DECIDER, **details)
    taken = replace(whole.waves[0], moves=(*whole.waves[0].moves, *"a"))
    details = dict(replace(whole, waves=(taken, whole.waves[1])).details())
    assert "a belongs to w1, which is moving" in play.refusal("replan", "", DECIDER, **details)


def test_the_fold_takes_no_plan_that_the_verb_would_refuse() -> None:
    play = running()
    parts = torn(play, legs=())
    event = ev.Replanned("bo", "anna", "x", parts.plan_digest, **parts.texts())
    before: Run = fold(play.run.itinerary, play.history)
    with pytest.raises(IllegalEvent):
        apply(play.run, play.now, event)
    assert play.run == before


def test_a_plan_travels_as_text_and_comes_back_the_same() -> None:
    parts = torn(running())
    back = Replan.read(parts.plan_digest, parts.texts())
    assert back == parts
    assert back.digest == parts.digest != replace(parts, gone=("x",)).digest
    assert all(json.loads(text) is not None for _, text in parts.details()[1:])
