"""A wave and a subsystem close by: what is told is what the journal says."""

from __future__ import annotations

import pytest

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import Run, new_run
from migrator.engine.states import ActState, CheckState
from migrator.plan.model import StepKind
from migrator.reports.texts import texts
from migrator.web.wave_view import ACTS, CHECKS, subsystem_page, wave_page
from weekend import DECIDER, HANDLERS, Weekend, a_weekend, minutes

T = texts("en", "Europe/Stockholm")


def folded(weekend: Weekend) -> Run:
    run = new_run(weekend.itinerary)
    for line in weekend.lines(None):
        apply(run, line.at, line.event)
        run.seq = line.seq
    return run


@pytest.fixture
def under_way() -> Weekend:
    """The first wave has moved its three subsystems; nobody has verified anything."""
    weekend = a_weekend(2, 3)
    wave = weekend.itinerary.waves[0]
    decided = weekend.gate(wave)
    for move in wave.moves:
        weekend.steps(weekend.itinerary.legs[move], decided)
    return weekend


def test_every_state_has_a_word() -> None:
    assert set(ACTS) == set(ActState)
    assert set(CHECKS) == set(CheckState)


def test_what_the_plan_does_not_know_has_no_page() -> None:
    run = folded(a_weekend(1, 1))
    assert wave_page(run, "w99", T) is None
    assert subsystem_page(run, "cobol-core", T) is None, "it stays"


def test_a_wave_to_come_is_told_by_its_plan(under_way: Weekend) -> None:
    page = wave_page(folded(under_way), "w02", T)
    assert page is not None
    assert (page.state, page.decided_at, page.cause) == ("to come", None, "")
    assert {move.place_word for move in page.moves} == {"on the old side"}
    assert {check.state for check in page.checks} == {"cannot be begun yet"}


def test_a_wave_under_way_tells_who_decided_and_how_far_each_move_is(under_way: Weekend) -> None:
    run = folded(under_way)
    page = wave_page(run, "w01", T)
    assert page is not None
    assert page.decided_by == run.itinerary.members[DECIDER].name
    for move in page.moves:
        steps = run.itinerary.recipes[run.itinerary.legs[move.id].recipe].steps
        assert move.place_word == "on the new side"
        assert move.done == [step.kind for step in steps].index(StepKind.PROBE_LINKS) + 1
        assert move.steps == len(steps)
        assert move.switched is not None


def test_a_check_tells_who_is_asked_who_said_what_and_how_many_are_needed(
    under_way: Weekend,
) -> None:
    run, check = folded(under_way), "function-1-1@w01"
    at = run.now or under_way.itinerary.window.start
    until = at + minutes(45)
    for event in (
        ev.CheckOpened(check, 1),
        ev.CheckAssigned(check, 1, HANDLERS[0], until),
        ev.WrongSideSeen(check, 1, HANDLERS[0], "works", ""),
        ev.TickGiven(check, 1, HANDLERS[0], "works_but", "ab"),
    ):
        apply(run, at, event)
    page = wave_page(run, "w01", T)
    assert page is not None
    row = next(each for each in page.checks if each.id == check)
    name = run.itinerary.members[HANDLERS[0]].name
    assert [(tick.who, tick.verdict) for tick in row.ticks] == [(name, "works, with a remark")]
    assert (row.quorum, row.wrong_side) == (2, 1)


def test_a_hold_shows_its_cause_and_its_clock(under_way: Weekend) -> None:
    run = folded(under_way)
    at = run.now or under_way.itinerary.window.start
    held = ev.WaveHeld("w01", 1, "operator", "w01", (), "the printers stand", at + minutes(15))
    apply(run, at, held)
    page = wave_page(run, "w01", T)
    assert page is not None
    assert (page.state, page.cause, page.unwind_at) == (
        "held", "the printers stand", at + minutes(15),
    )  # fmt: skip


def test_a_subsystem_tells_its_steps_with_their_times_and_what_its_links_said(
    under_way: Weekend,
) -> None:
    run = folded(under_way)
    move = run.itinerary.waves[0].moves[0]
    page = subsystem_page(run, move, T)
    assert page is not None
    record = run.moves[move]
    assert [step.started for step in page.steps] == [act.started for act in record.steps.values()]
    assert {step.state for step in page.steps} == {"done", "not begun"}
    assert page.undos == (), "what was never taken back lists no undos"
    assert [look.look for look in page.looks] == ["before the move", "after the switch"]
    assert [look.broken for look in page.looks] == [2, 2]
    assert [check.id for check in page.checks] == ["function-1-1@w01", "function-1-2@w01"]


def test_a_step_that_failed_says_what_it_said(under_way: Weekend) -> None:
    run = folded(under_way)
    move = run.itinerary.waves[1].moves[0]
    at = run.now or under_way.itinerary.window.start
    begun = ev.StepStarted(move, "prepare", 1, 1, "t", at + minutes(30))
    ended = ev.StepEnded(move, "prepare", 1, "failed", "disk full")
    apply(run, at, begun)
    under = subsystem_page(run, move, T)
    assert under is not None
    assert (under.steps[0].state, under.steps[0].limit_at) == ("under way", at + minutes(30))
    apply(run, at + minutes(3), ended)
    page = subsystem_page(run, move, T)
    assert page is not None
    assert (page.steps[0].state, page.steps[0].said, page.steps[0].limit_at) == (
        "failed", "disk full", None,
    )  # fmt: skip


def test_neighbours_are_those_with_most_links_and_say_whether_they_move(
    under_way: Weekend,
) -> None:
    run = folded(under_way)
    page = subsystem_page(run, run.itinerary.waves[0].moves[0], T)
    assert page is not None
    links = [each.links for each in page.neighbours]
    assert links == sorted(links, reverse=True)
    stays = {each.id: each for each in page.neighbours}["cobol-core"]
    assert (stays.moves, stays.place_word) == (False, "it stays")
