"""What may start now: seats, bandwidth, blackout slots, appointments, order, tries."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from itineraries import START, a_check, a_crew, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.draft import Draft, copy_rate
from migrator.engine.states import WaveState
from migrator.ids import TeamId
from migrator.inventory.model import Estimate
from migrator.plan.model import Itinerary, StepKind
from playing import Play

BLUE = TeamId("blue")


def moving(itinerary: Itinerary) -> Play:
    """A play whose first gate has been passed at minute 2, all copies made."""
    play = Play(itinerary)
    play.wait(2)
    play.end(*play.under_way)
    play.end(*play.under_way)
    play.say("go", "w1")
    return play


# --- the order of one move ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stateful", "stateless", "batch"])
def test_the_steps_of_a_move_come_in_the_order_of_its_recipe(kind: str) -> None:
    play = Play(
        an_itinerary(
            waves=("a",), stateless="a" * (kind == "stateless"), batch="a" * (kind == "batch")
        )
    )
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    steps = [step.kind.value for step in play.run.itinerary.recipes[kind].steps]

    ahead = {"prepare", "copy"}
    started = [act.partition("/")[2] for act in play.started()]
    assert sorted(started) == sorted(steps)
    assert [step for step in started if step not in ahead] == [
        step for step in steps if step not in ahead
    ]


def test_an_intent_carries_its_token_its_try_and_its_limit() -> None:
    long = {"step_minutes": {StepKind.PREPARE: Estimate(10, 90), StepKind.COPY: Estimate(1, 2)}}
    play = Play(an_itinerary(waves=("ab",), legs={"a": long}))
    first = {event.move: event for event in play.happened(ev.StepStarted)}

    assert first["a"].limit_at == after(180)  # twice its own P80
    assert first["b"].limit_at == after(120)  # the policy's limit
    assert first["a"].nth == first["a"].attempt == 1
    assert first["a"].token != first["b"].token
    assert len(first["a"].token) == 16


def test_a_token_is_the_same_for_every_try_and_another_one_in_the_next_attempt() -> None:
    draft = Draft(Play(an_itinerary()).run, START)

    assert draft.token("a", "copy", 1) == draft.token("a", "copy", 1)
    assert len({draft.token("a", "copy", n) for n in (1, 2)} | {draft.token("b", "copy", 1)}) == 3


# --- seats --------------------------------------------------------------------------------------


def test_a_team_works_on_as_many_moves_as_it_has_seats() -> None:
    play = moving(an_itinerary(waves=("abc",), seats=2))

    assert play.under_way == {"a/baseline", "b/baseline"}
    play.go_on("a/probe-links", but=["b/baseline"])
    assert not any(act.startswith("c/") for act in play.under_way)
    play.end("a/probe-links")
    assert "c/baseline" in play.under_way


def test_one_pass_does_not_give_one_seat_away_twice() -> None:
    play = moving(an_itinerary(waves=("abc",), seats=1))

    assert play.under_way == {"a/baseline"}


def test_work_ahead_of_the_gate_takes_no_seat() -> None:
    assert Play(an_itinerary(waves=("abc",), seats=1)).under_way == {
        "a/prepare", "b/prepare", "c/prepare",
    }  # fmt: skip


def test_a_move_that_is_being_taken_back_keeps_its_team_busy() -> None:
    play = moving(an_itinerary(waves=("a", "b"), seats=1, policy={"next_wave_when": "verified"}))
    play.go_on("a/soak")
    play.end(*(play.under_way - {"a/soak"}))
    play.say("unwind", "w1")
    assert "a/fence-target" in play.under_way
    assert play.wave("w2") is WaveState.DECIDING
    play.say("go", "w2")

    assert "b/baseline" not in play.under_way


def test_without_seats_said_a_team_has_no_limit() -> None:
    play = moving(an_itinerary(waves=("abc",), crews={BLUE: a_crew()}))

    assert play.under_way == {"a/baseline", "b/baseline", "c/baseline"}


def test_between_shifts_nobody_starts_and_the_engine_wakes_with_the_next_one() -> None:
    crew = a_crew((START, after(1), 3), (after(60), after(90), 1), (after(70), after(90), 1))
    play = moving(an_itinerary(waves=("ab",), crews={BLUE: crew}))

    assert play.under_way == set()
    assert play.wake_at() == after(60)
    play.wait_until_woken()
    assert play.under_way == {"a/baseline"}
    play.wait(10)
    assert play.under_way == {"a/baseline", "b/baseline"}  # two shifts overlap


def test_where_all_seats_are_taken_the_engine_wakes_with_the_shift_that_brings_another() -> None:
    crew = a_crew((START, after(90), 1), (after(60), after(90), 1), (after(80), after(90), 0))
    play = moving(an_itinerary(waves=("ab",), crews={BLUE: crew}))

    assert play.under_way == {"a/baseline"}
    assert play.wake_at() == after(60)
    play.wait_until_woken()
    assert play.under_way == {"a/baseline", "b/baseline"}


def test_a_shift_without_seats_is_no_shift() -> None:
    crew = a_crew((START, after(1), 3), (after(30), after(60), 0), (after(90), after(120), 1))
    play = moving(an_itinerary(waves=("a",), crews={BLUE: crew}))

    assert play.wake_at() == after(90)


def test_after_the_last_shift_nothing_starts_any_more() -> None:
    play = moving(an_itinerary(waves=("a",), crews={BLUE: a_crew((START, after(1), 3))}))

    assert play.under_way == set()
    play.wait(30)
    said = play.last(ev.Stalled)
    assert (said.wave, said.on_whom) == ("w1", "blue")
    assert "no further shift" in said.waits_for
    assert play.last(ev.WaveHeld).trouble == "stalled"
    assert play.wake_at() is None


def test_a_shift_begins_with_its_first_minute_and_ends_before_its_last() -> None:
    play = moving(an_itinerary(waves=("a",), crews={BLUE: a_crew((after(2), after(9), 1))}))
    assert play.under_way == {"a/baseline"}
    play = moving(an_itinerary(waves=("a",), crews={BLUE: a_crew((START, after(2), 1))}))
    assert play.under_way == set()


# --- copy bandwidth -----------------------------------------------------------------------------


def copying(*sizes: float, limit: float | None) -> Play:
    names = "abc"[: len(sizes)]
    legs = {name: {"copy_gib": size} for name, size in zip(names, sizes, strict=True)}
    play = Play(an_itinerary(waves=(names,), legs=legs, copy_gib_per_hour=limit))
    play.end(*play.under_way)
    return play


def test_copies_share_the_bandwidth() -> None:
    # Each copies 10 GiB in five minutes: 120 GiB per hour.
    play = copying(10, 10, 10, limit=240)
    assert play.under_way == {"a/copy", "b/copy"}
    play.end("a/copy")
    assert play.under_way == {"b/copy", "c/copy"}


def test_a_copy_that_is_too_large_for_the_line_runs_alone() -> None:
    play = copying(50, 10, limit=240)
    assert play.under_way == {"a/copy"}
    play.end("a/copy")
    assert play.under_way == {"b/copy"}


def test_without_a_limit_or_without_data_every_copy_runs() -> None:
    assert copying(50, 50, limit=None).under_way == {"a/copy", "b/copy"}
    assert copying(50, 0, limit=240).under_way == {"a/copy", "b/copy"}


def test_a_copy_without_an_estimate_counts_nothing() -> None:
    leg = an_itinerary().legs["a"]
    assert copy_rate(replace(leg, copy_gib=10)) == 120
    assert copy_rate(replace(leg, copy_gib=10, step_minutes={})) == 0
    assert copy_rate(replace(leg, copy_gib=10, step_minutes={StepKind.COPY: Estimate(0, 0)})) == 0


# --- hours --------------------------------------------------------------------------------------


def slot(start: float, end: float, why: str = "payments") -> tuple[tuple[datetime, datetime, str]]:
    return ((after(start), after(end), why),)


def test_a_cut_does_not_begin_when_it_would_reach_into_a_blackout_slot() -> None:
    # Quiesce to switch are seven steps of five minutes.
    play = moving(an_itinerary(waves=("a",), legs={"a": {"blackouts": slot(30, 60)}}))
    play.end("a/baseline")

    assert play.under_way == set()
    assert play.wake_at() == after(60)
    play.wait_until_woken()
    assert play.under_way == {"a/quiesce"}


def test_a_cut_that_ends_before_the_slot_may_begin() -> None:
    play = moving(an_itinerary(waves=("a",), legs={"a": {"blackouts": slot(37, 60)}}))
    play.end("a/baseline")

    assert play.under_way == {"a/quiesce"}


def test_a_cut_that_has_begun_is_finished_whatever_the_hour() -> None:
    play = moving(an_itinerary(waves=("a",), legs={"a": {"blackouts": slot(37, 60)}}))
    play.go_on("a/grant")
    play.wait(20)
    play.end("a/grant")

    assert play.under_way == {"a/switch"}


def test_a_stateless_cut_is_its_switch_alone() -> None:
    play = moving(
        an_itinerary(waves=("a",), stateless="a", legs={"a": {"blackouts": slot(20, 60)}})
    )
    play.go_on("a/probe")
    play.now = after(16)
    play.end("a/probe")
    assert play.under_way == set()
    play.wait_until_woken()
    assert play.now == after(60)
    assert play.under_way == {"a/switch"}


def test_an_appointment_is_kept_neither_early_nor_late() -> None:
    # Six steps of five minutes lie before the switch, which the partner expects.
    play = moving(an_itinerary(waves=("a",), legs={"a": {"fixed": slot(90, 120, "the bank")}}))
    play.end("a/baseline")
    assert play.under_way == set()
    assert play.wake_at() == after(60)
    play.wait_until_woken()
    assert play.under_way == {"a/quiesce"}


def test_a_missed_appointment_holds_the_wave_and_names_the_partner() -> None:
    play = moving(an_itinerary(waves=("a",), legs={"a": {"fixed": slot(10, 20, "the bank")}}))
    play.end("a/baseline")

    held = play.last(ev.WaveHeld)
    assert (held.trouble, held.subject, held.moves) == ("timed_out", "a/quiesce", ("a",))
    assert "the bank" in held.cause
    assert play.under_way == set()


def test_an_appointment_holds_up_to_its_last_minute() -> None:
    play = moving(an_itinerary(waves=("a",), legs={"a": {"fixed": slot(10, 32, "the bank")}}))
    play.end("a/baseline")

    assert play.under_way == {"a/quiesce"}


# --- before -------------------------------------------------------------------------------------


def test_a_cut_waits_until_what_must_come_before_it_has_switched() -> None:
    play = moving(an_itinerary(waves=("ab",), before=("ab",)))
    play.go_on("a/switch")
    assert "b/quiesce" not in play.started()
    play.end("a/switch")

    assert "b/quiesce" in play.under_way


def test_a_move_that_waits_for_one_that_was_taken_back_says_so_in_time() -> None:
    ahead = {"ahead_of_gate": ()}
    play = moving(an_itinerary(waves=("acb",), before=("ab",), seats=2, policy=ahead))
    play.go_on("a/probe-links", but=["c/prepare"])
    play.say("unwind", "a")  # b has not begun, so it is not taken back with it
    play.go_on(lambda run: run.waves["w1"].state is WaveState.MOVING, but=["c/prepare"])
    play.go_on(lambda run: run.waves["w1"].state is WaveState.HELD)

    assert "b/quiesce" not in play.started()
    assert "a, which was taken back, to switch before b" in play.last(ev.Stalled).waits_for


# --- verified and accepted ----------------------------------------------------------------------


def test_a_wave_is_verified_when_its_checks_have_passed_and_accepted_after_its_soak() -> None:
    play = moving(an_itinerary(waves=("ab",), stateless="b"))
    play.go_on(lambda run: bool(run.waves["w1"].verified))
    assert play.under_way == {"a/soak", "b/soak"}
    play.end("a/soak")
    assert play.wave() is WaveState.MOVING
    play.end("b/soak")
    assert play.wave() is WaveState.ACCEPTED
    assert play.last(ev.WaveAccepted) == ev.WaveAccepted("w1", 1)


def test_verify_waits_for_every_check_that_exercises_the_move() -> None:
    checks = (a_check("f1", 1, "a"), a_check("f2", 1, "ab"), a_check("f3", 1, "b"))
    play = moving(an_itinerary(waves=("ab",), checks=checks))
    play.go_on(lambda run: all(check.id in run.checks for check in checks), ticks=False)
    play.say("tick", "f1@w1", "hanna", verdict="works")
    play.say("tick", "f3@w1", "hanna", verdict="works")
    assert "a/soak" not in play.under_way
    assert "b/soak" not in play.under_way
    play.say("tick", "f2@w1", "hanna", verdict="works")

    assert {"a/soak", "b/soak"} <= play.under_way


def test_a_subsystem_that_no_check_exercises_is_verified_by_its_probes() -> None:
    play = moving(an_itinerary(waves=("a",), checks=()))
    play.go_on("a/soak")

    assert play.happened(ev.CheckOpened) == []
