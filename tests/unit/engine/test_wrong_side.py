"""A verdict on the old side's screen is no verdict: it moves nothing, and it is on record."""

from __future__ import annotations

from datetime import timedelta

import pytest

from migrator.engine import events as ev
from migrator.engine.commands import answer
from migrator.engine.fold import apply
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run, new_run
from migrator.engine.states import CheckState
from weekend import HANDLERS, Weekend, a_weekend

CHECK = "function-1-1@w01"
PERSON = HANDLERS[0]


def asked() -> tuple[Run, Weekend]:
    weekend = a_weekend(1, 2)
    wave = weekend.itinerary.waves[0]
    decided = weekend.gate(wave)
    last = max(weekend.steps(weekend.itinerary.legs[move], decided) for move in wave.moves)
    weekend.note(last, ev.CheckOpened(CHECK, 1))
    weekend.note(last, ev.CheckAssigned(CHECK, 1, PERSON, last + timedelta(hours=1)))
    run = new_run(weekend.itinerary)
    for line in weekend.lines(None):
        apply(run, line.at, line.event)
    return run, weekend


def tick(run: Run, verdict: str, side: str, id_: str = "t1") -> tuple[ev.Event, ...]:
    details = (("verdict", verdict), ("side", side))
    command = OperatorCommand(id_, "tick", PERSON, False, CHECK, "", run.seq, details)
    assert run.now is not None
    events = answer(run, command, run.now, {})
    for event in events:
        apply(run, run.now, event)
    return events


@pytest.mark.parametrize("verdict", ["works", "works_but", "does_not_work"])
def test_what_was_seen_on_the_old_side_leaves_the_check_open(verdict: str) -> None:
    run, _ = asked()
    _, found = tick(run, verdict, "old")
    assert found == ev.WrongSideSeen(CHECK, 1, PERSON, verdict, "")
    check = run.checks[CHECK]
    assert (check.state, check.person, check.ticks) == (CheckState.ASSIGNED, PERSON, {})
    assert check.wrong_side == (PERSON,)


def test_the_same_person_answers_again_from_the_right_side() -> None:
    run, _ = asked()
    tick(run, "does_not_work", "old")
    _, found = tick(run, "works", "new", "t2")
    assert isinstance(found, ev.TickGiven)
    assert run.checks[CHECK].ticks == {PERSON: "works"}


def test_whoever_cannot_judge_needs_no_side() -> None:
    run, _ = asked()
    _, found = tick(run, "cannot_judge", "old")
    assert isinstance(found, ev.TickGiven)
    assert run.checks[CHECK].state is CheckState.OPEN
