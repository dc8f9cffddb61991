"""The people who are not really there: who does what, and who is left alone."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta

from by_hand import a_task, carried_out, hand, recipe
from itineraries import a_check, a_member, after, an_itinerary
from migrator.conductor.clock import VirtualClock
from migrator.engine import events as ev
from migrator.engine.states import RunState, WaveState
from migrator.plan.model import Itinerary
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import FaultBox, PlannedFault
from migrator.platform.simulated.people import SimulatedPeople
from playing import Play
from stage import Stage


def played(*faults: PlannedFault, **estate: object) -> Stage:
    stage = Stage(an_itinerary(**{"waves": ("a",), **estate}), faults)  # type: ignore[arg-type]  # a test's own data
    stage.play()
    return stage


def taken(stage: Stage, verb: str) -> list[ev.CommandTaken]:
    return [
        line.event
        for line in stage.lines
        if isinstance(line.event, ev.CommandTaken) and line.event.verb == verb
    ]


def test_a_quiet_weekend_is_decided_ticked_and_signed() -> None:
    stage = played(waves=("a", "b"))

    assert [event.target for event in taken(stage, "go")] == ["w1", "w2"]
    assert {event.by for event in taken(stage, "go")} == {"anna"}
    assert {event.target for event in taken(stage, "commit")} == {"w1", "w2"}
    assert {event.by for event in taken(stage, "tick")} <= {"hanna", "heidi", "hugo"}
    assert {event.reason for event in taken(stage, "go")} == {"simulated"}


def test_who_is_on_shift_decides() -> None:
    people = {
        "anna": a_member("anna", "decision_maker", shifts=((after(900), after(999)),)),
        "bo": a_member("bo", "decision_maker", shifts=((after(0), after(999)),)),
    }
    stage = played(members=people, checks=())

    assert taken(stage, "go")[0].by == "bo"


def test_where_nobody_is_named_somebody_decides_all_the_same() -> None:
    itinerary = an_itinerary(waves=("a",), members={}, checks=())
    stage = Stage(replace(itinerary, waves=(replace(itinerary.waves[0], deciders=(), lead=None),)))
    stage.play()

    assert len(taken(stage, "go")) == 1
    assert stage.run.waves["w1"].state is WaveState.COMMITTED


def test_an_unanswered_check_is_released_by_the_lead_and_answered_by_another() -> None:
    stage = played(PlannedFault("handler_never_answers", function="f1"))

    assert taken(stage, "release")[0].by == "lena"
    assert taken(stage, "tick")[0].by == "heidi"
    assert stage.run.waves["w1"].state is WaveState.COMMITTED


def test_a_refused_wave_goes_back() -> None:
    stage = played(PlannedFault("handler_says_no", function="f1"))

    assert stage.run.waves["w1"].state is WaveState.RETURNED
    assert stage.box.struck() == (1,)


def test_a_stuck_undo_is_tried_once_more_and_then_left_to_real_people() -> None:
    failing = PlannedFault("step_fails", "a", "start", times=9)
    mended = played(failing, PlannedFault("undo_fails", "a", "fence-target", times=3))
    assert mended.run.waves["w1"].state is WaveState.RETURNED
    assert len(taken(mended, "retry")) == 1
    stuck = played(failing, PlannedFault("undo_fails", "a", "fence-target", times=99))
    assert stuck.run.waves["w1"].state is WaveState.STUCK
    assert len(taken(stuck, "retry")) == 1


def test_a_wave_that_stalls_again_after_its_release_is_taken_back() -> None:
    """Nobody who may verify is there any more: releasing the wave a second time mends nothing."""
    people = {
        name: a_member(name, "handler", shifts=((after(0), after(1)),)) for name in ("hanna",)
    } | {"anna": a_member("anna", "decision_maker"), "lena": a_member("lena", "wave_lead")}
    stage = played(members=people, checks=(a_check("f1", 1, "a"),))

    assert len(taken(stage, "release")) == 1
    assert len(taken(stage, "unwind")) == 1
    assert stage.run.state is RunState.ENDED


def test_a_refused_unwind_is_asked_for_again() -> None:
    stage = played(
        PlannedFault("step_fails", "a", "quiesce", times=9),
        PlannedFault("step_times_out", "b", "quiesce"),
        waves=("ab",),
        policy={"on": {}},
    )

    refused = [line.event for line in stage.lines if isinstance(line.event, ev.CommandRefused)]
    assert any("is under way" in event.why for event in refused)
    assert stage.run.waves["w1"].state is WaveState.RETURNED


def test_nobody_acts_in_the_past() -> None:
    stage = played()
    times = [line.at for line in stage.lines]

    assert times == sorted(times)
    assert times[-1] - times[0] < timedelta(hours=12)


# --- tasks ---------------------------------------------------------------------------------------


def with_task(*persons: str, looks: bool = True) -> Itinerary:
    return carried_out(recipe(tasks=[("quiesce", a_task("key", hand(*persons), looks=looks))]))


def ticked(stage: Stage) -> list[tuple[str, str]]:
    return [(event.target, event.by) for event in taken(stage, "tick") if "/" in event.target]


def test_a_task_is_done_by_its_person_in_its_planned_time() -> None:
    stage = Stage(with_task("bo"))
    stage.play()
    (ended,) = [line for line in stage.lines if line.event == done("bo")]
    (begun,) = [
        line
        for line in stage.lines
        if isinstance(line.event, ev.StepStarted) and line.event.step == "key"
    ]

    assert ticked(stage) == [("a/key", "bo")]
    assert ended.at - begun.at == timedelta(minutes=5)
    assert stage.run.waves["w1"].state is WaveState.COMMITTED


def done(by: str) -> ev.StepEnded:
    return ev.StepEnded("a", "key", 1, "done", f"done by {by}: simulated")


def test_a_team_of_which_nobody_is_named_does_its_task_all_the_same() -> None:
    stage = Stage(with_task())
    stage.play()

    assert ticked(stage) == [("a/key", "team.blue")]
    assert stage.run.waves["w1"].state is WaveState.COMMITTED


def test_a_fault_of_the_step_makes_its_task_impossible() -> None:
    stage = Stage(with_task("bo"), [PlannedFault("step_fails", "a", "key")])
    stage.play()

    assert stage.box.struck() == (1,)
    assert ticked(stage) == [("a/key", "bo")] * 2
    assert stage.run.waves["w1"].state is WaveState.COMMITTED


def test_a_task_that_nobody_does_after_its_release_is_given_up_by_the_lead() -> None:
    """Nils is unknown to this run: what he says is refused, and no rehearsal may last for ever."""
    stage = Stage(with_task("nils"))
    stage.play()

    assert [event.target for event in taken(stage, "release")] == ["w1"]
    assert ticked(stage) == [("a/key", "lena")] * 2
    assert stage.run.waves["w1"].state is WaveState.RETURNED


def test_a_task_that_waited_for_its_tick_at_a_death_is_done_after_it() -> None:
    first = Stage(with_task("bo"), keep_moments=True)
    first.play()
    began = next(
        moment
        for moment in first.moments
        if any(
            isinstance(line.event, ev.StepStarted) and line.event.step == "key"
            for line in moment.lines
        )
    )
    again = Stage(with_task("bo"), moment=began)
    again.play()

    assert ticked(again) == [("a/key", "bo")]
    assert again.end_state() == first.end_state()
    assert again.ledger().violations == []


def asked(itinerary: Itinerary, *present: str) -> tuple[tuple[str, str], ...]:
    """Who is asked in earnest while a task is under way."""
    play = Play(itinerary)
    play.go_on("a/key")
    people = SimulatedPeople(
        itinerary, VirtualClock(play.now), Chance(1), FaultBox(()), lambda _command: None,
        lambda _work, _name: None, frozenset(present),
    )  # fmt: skip
    return people.present_asked(play.run)


def test_time_stands_still_for_the_task_of_somebody_who_is_really_there() -> None:
    assert asked(with_task("bo"), "bo") == (("bo", "a/key"),)
    assert asked(with_task("bo"), "anna") == ()


def test_nobody_simulated_does_the_task_of_somebody_who_is_really_there() -> None:
    itinerary = with_task("bo")
    spawned: list[str] = []

    def spawn(work: Coroutine[object, object, None], name: str) -> None:
        work.close()
        spawned.append(name)

    play = Play(itinerary)
    play.go_on("a/key")
    for present in ("bo", "anna"):
        people = SimulatedPeople(
            itinerary, VirtualClock(play.now), Chance(1), FaultBox(()), lambda _command: None,
            spawn, frozenset({present}),
        )  # fmt: skip
        people.resume(play.run)
    assert [name for name in spawned if "tick a/key" in name] == ["tick a/key bo 1"]
