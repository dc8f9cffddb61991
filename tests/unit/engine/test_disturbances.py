"""Disturbances by themselves: a refusal opens one, its clock warns, and red stops the run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecasts import a_forecast
from itineraries import a_check, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.disturbances import in_a_disturbance, last_call, owner_of, reds
from migrator.engine.fold import apply, fold
from migrator.engine.states import IllegalEvent, RunState, WaveState
from migrator.incidents.levels import levels
from migrator.incidents.model import HALF, SOON, Level
from migrator.plan.disturbance import DisturbanceLimits
from playing import Play

QUIET = {"ahead_of_gate": (), "gate_default": "wait"}


def at_the_gate(**policy: object) -> Play:
    return Play(an_itinerary(waves=("a", "b"), policy={**QUIET, **policy}))


def moving() -> Play:
    play = at_the_gate()
    play.say("go", "w1")
    return play


def state(play: Play) -> RunState:
    """A call, so that nobody believes it to be what it was some lines before."""
    return play.run.state


def level(play: Play) -> Level:
    """The same, of D1."""
    return play.run.disturbances["D1"].level


def yellow(play: Play, target: str = "a", **words: str) -> str:
    opened = play.say("disturb", target, **{"reason": "odd sums", **words})[1]
    assert isinstance(opened, ev.DisturbanceOpened)
    return opened.disturbance


def refused() -> Play:
    play = Play(an_itinerary(waves=("a", "b"), policy={"gate_default": "wait"}))
    play.go_on(lambda run: "f1@w1" in run.checks, ticks=False)
    play.settle()
    play.say("tick", "f1@w1", play.run.checks["f1@w1"].person, verdict="does_not_work")
    return play


# --- the clock ------------------------------------------------------------------------------------


def test_yellow_warns_twice_and_is_red_after_four_hours() -> None:
    play = at_the_gate()
    yellow(play)
    play.wait(119)
    assert not play.happened(ev.DisturbanceWarned)
    play.wait(1)
    assert [each.warning for each in play.happened(ev.DisturbanceWarned)] == [HALF]
    play.wait(105)
    assert [each.warning for each in play.happened(ev.DisturbanceWarned)] == [HALF, SOON]
    play.wait(14)
    assert level(play) is Level.YELLOW
    play.wait(1)
    assert level(play) is Level.RED
    assert play.folded() == play.run


def test_the_engine_wakes_itself_for_each_of_them() -> None:
    play = at_the_gate()
    yellow(play)
    hours = []
    while not play.happened(ev.DisturbanceReddened):
        play.wait_until_woken()
        hours.append(play.now)
    assert {after(120), after(225), after(240)} <= set(hours)


def test_red_stops_the_run_and_says_why() -> None:
    play = moving()
    yellow(play)
    play.end("a/prepare")
    before = len(play.happened(ev.StepStarted))
    play.now += timedelta(minutes=240)
    said = play.settle()
    red = next(at for at, event in enumerate(said) if isinstance(event, ev.DisturbanceReddened))
    assert said[red + 1] == ev.RunPaused("disturbance D1 is red: odd sums")
    assert said[red] == ev.DisturbanceReddened(
        "D1", "a", "not mended 240 min after it was opened: odd sums", True
    )
    assert state(play) is RunState.PAUSED
    for act in sorted(play.under_way):
        play.end(act)
    assert len(play.happened(ev.StepStarted)) == before  # nothing new starts


def test_red_in_a_run_that_stands_already_stops_nothing_twice() -> None:
    play = at_the_gate()
    yellow(play)
    play.say("pause", reason="lunch")
    play.wait(240)
    assert not play.last(ev.DisturbanceReddened).holds
    assert len(play.happened(ev.RunPaused)) == 1
    play.say("close", "D1", cause="a bug")
    assert state(play) is RunState.PAUSED  # who paused it resumes it


def test_two_red_ones_stop_the_run_once_and_it_goes_on_after_both() -> None:
    play = at_the_gate()
    yellow(play)
    yellow(play, "b")
    play.wait(240)
    assert len(reds(play.run)) == 2
    assert len(play.happened(ev.RunPaused)) == 1
    play.say("close", "D1", cause="a bug")
    assert state(play) is RunState.PAUSED
    play.say("close", "D2", cause="the same")
    assert state(play) is RunState.RUNNING
    assert play.last(ev.RunResumed).reason == "disturbance D2 is closed: the same"


def test_a_gate_gets_the_time_back_for_which_red_stopped_the_run() -> None:
    play = at_the_gate(gate_deadline_minutes=600.0)
    deadline = play.run.waves["w1"].gate_deadline
    assert deadline is not None
    yellow(play)
    play.wait(240)
    play.wait(60)
    play.say("close", "D1", cause="a bug")
    assert play.run.waves["w1"].gate_deadline == deadline + timedelta(minutes=60)


def test_a_decision_maker_lets_a_red_run_go_on_with_a_reason_and_the_log_has_it() -> None:
    play = at_the_gate()
    yellow(play)
    play.wait(240)
    assert "lena may not decide this" in play.refusal("resume", by="lena", reason="on we go")
    assert "D1 is red" in play.refusal("resume", reason="")
    play.say("resume", reason="only a report is late")
    assert state(play) is RunState.RUNNING
    known = play.run.disturbances["D1"]
    assert known.log[-1].text == "the run goes on while this is red: only a report is late"
    assert known.level is Level.RED
    play.wait(600)
    assert state(play) is RunState.RUNNING  # it was answered for, and is not stopped again


def test_a_policy_that_waits_for_a_human_is_not_overruled_by_a_closing() -> None:
    play = at_the_gate(after_unwind="hold")
    play.say("go", "w1")
    play.end("a/prepare")
    yellow(play, "b")
    play.wait(240)
    assert play.run.paused_for == "D1"
    play.say("unwind", "w1")
    for act in sorted(play.under_way):
        play.end(act)
    while play.under_way:
        play.end(*sorted(play.under_way))
    assert play.run.waves["w1"].state is WaveState.RETURNED
    play.say("close", "D1", cause="a bug")
    assert state(play) is RunState.PAUSED


def test_limits_are_the_policys() -> None:
    play = at_the_gate(disturbances=DisturbanceLimits(60, 0.5, 15))
    yellow(play)
    play.wait(60)
    assert level(play) is Level.RED


# --- turning back ---------------------------------------------------------------------------------


def forecast(play: Play, limit_minutes: float) -> None:
    play.note(a_forecast(limit=after(limit_minutes), made=play.now, knows=play.run.seq))
    play.settle()


def test_what_remains_before_turning_back_is_its_time() -> None:
    play = moving()
    forecast(play, 200)
    yellow(play)
    known = play.run.disturbances["D1"]
    assert known.red_at == last_call(play.run, play.now)
    assert known.red_at < after(200)
    assert known.because == "turn-back"


def test_an_hour_that_comes_nearer_is_said_anew_and_stored() -> None:
    play = moving()
    yellow(play)
    forecast(play, 200)
    said = play.last(ev.DisturbanceHastened)
    assert (said.was, said.red_at) == (after(240), play.run.disturbances["D1"].red_at)
    assert said.red_at < after(200)
    assert play.folded() == play.run


def test_an_hour_that_moves_away_gives_nothing_back() -> None:
    play = moving()
    yellow(play)
    forecast(play, 200)
    said = play.run.disturbances["D1"].red_at
    forecast(play, 500)
    play.say("sign", "no full unwind after", until=after(500).isoformat())
    assert play.run.disturbances["D1"].red_at == said
    assert len(play.happened(ev.DisturbanceHastened)) == 1


def test_a_later_hour_is_no_fact() -> None:
    play = at_the_gate()
    yellow(play)
    with pytest.raises(IllegalEvent, match="D1 is yellow"):
        play.note(ev.DisturbanceHastened("D1", "a", after(240), after(241), "policy"))
    assert play.run.disturbances["D1"].red_at == after(240)


def test_before_anything_moves_there_is_nothing_to_turn_back_from() -> None:
    play = at_the_gate()
    forecast(play, 100)
    yellow(play)
    assert play.run.disturbances["D1"].red_at == after(240)


# --- refusals -------------------------------------------------------------------------------------


def test_a_refusal_opens_one_for_its_wave_and_names_its_lead() -> None:
    opened = refused().last(ev.DisturbanceOpened)
    assert (opened.key, opened.target, opened.source) == ("f1@w1", "w1", "check")
    assert (opened.by, opened.owner) == ("engine", "lena")
    assert opened.reason.endswith("says that it does not work")


def test_a_refusal_opens_it_once_and_its_release_does_not_close_it() -> None:
    play = refused()
    play.wait(5)
    assert len(play.happened(ev.DisturbanceOpened)) == 1
    said = next(iter(play.run.checks["f1@w1"].ticks))
    play.say("withdraw", "f1@w1", said)
    assert play.run.waves["w1"].state is WaveState.MOVING
    assert play.run.disturbances["D1"].open


def test_the_same_check_refused_again_adds_to_the_open_one() -> None:
    play = refused()
    said = next(iter(play.run.checks["f1@w1"].ticks))
    play.wait(1)
    play.say("withdraw", "f1@w1", said)
    play.wait(1)
    person = play.run.checks["f1@w1"].person
    play.say("tick", "f1@w1", person, verdict="does_not_work")
    assert len(play.happened(ev.DisturbanceOpened)) == 1
    assert play.run.disturbances["D1"].times == 2


def test_two_refusals_at_the_same_moment_are_two_disturbances() -> None:
    checks = (a_check("f1", 1, "a"), a_check("f2", 1, "a"))
    play = Play(an_itinerary(waves=("a",), checks=checks, policy={"gate_default": "wait"}))
    play.go_on(lambda run: len(run.checks) == 2, ticks=False)
    play.settle()
    for check in play.run.checks.values():
        play.note(ev.TickGiven(check.id, 1, check.person, "does_not_work", ""))
    play.settle()
    assert {known.key: name for name, known in play.run.disturbances.items()} == {
        "f1@w1": "D1", "f2@w1": "D2",
    }  # fmt: skip


def test_one_that_was_closed_over_a_standing_hold_is_not_opened_again() -> None:
    play = refused()
    play.say("close", "D1", "lena", cause="a test case")
    play.wait(1)
    assert play.run.waves["w1"].state is WaveState.HELD
    assert not play.run.unsettled


def test_whose_it_is_where_nobody_leads_the_wave() -> None:
    run = at_the_gate().run
    assert owner_of(run, "w1") == "lena"
    assert owner_of(run, "") == "anna"
    nobody = Play(an_itinerary(members={})).run
    assert owner_of(nobody, "w9") == ""


# --- beside it ------------------------------------------------------------------------------------


def test_a_run_does_not_end_over_an_open_one() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    yellow(play)
    play.say("commit", "w1")
    while play.under_way:
        play.end(*sorted(play.under_way))
    assert state(play) is RunState.RUNNING
    play.say("close", "D1", cause="a bug")
    assert state(play) is RunState.ENDED


def test_an_aborted_run_ends_and_leaves_open_what_nobody_closed() -> None:
    play = at_the_gate()
    yellow(play)
    play.say("abort", "run")
    assert state(play) is RunState.ENDED
    assert list(play.run.unsettled) == ["D1"]


def test_whoever_works_on_one_is_known_until_it_is_closed() -> None:
    play = at_the_gate()
    yellow(play)
    play.say("staff", "D1", members="hanna, heidi")
    assert in_a_disturbance(play.run) == {"hanna", "heidi"}
    play.say("close", "D1", cause="a bug")
    assert in_a_disturbance(play.run) == set()


def test_whoever_works_on_one_gets_no_new_check() -> None:
    play = Play(an_itinerary(waves=("a",), policy={"gate_default": "wait"}))
    yellow(play)
    play.say("staff", "D1", members="hanna, hugo")
    play.go_on(lambda run: "f1@w1" in run.checks, ticks=False)
    play.settle()
    assert play.run.checks["f1@w1"].person == "heidi"


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_its_clock_is_the_same_wherever_the_journal_is_cut(cut: int) -> None:
    play = moving()
    yellow(play)
    forecast(play, 200)
    play.wait(300)
    again = fold(play.run.pinned, play.history[:cut])
    for at, event in play.history[cut:]:
        apply(again, at, event)
    assert again == play.run
    assert levels(again.disturbances.values()) == levels(play.run.disturbances.values())
