"""Disturbances in a rehearsal: scripted ones come at their hour, and owners close them."""

from __future__ import annotations

from datetime import timedelta

from itineraries import after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import RunState
from migrator.incidents.model import Level
from migrator.platform.simulated.faults import FaultBox, PlannedFault
from stage import Stage


def played(*faults: PlannedFault) -> Stage:
    stage = Stage(an_itinerary(waves=("a", "b")), faults)
    stage.play()
    return stage


def test_a_scripted_one_comes_at_its_hour_and_its_owner_closes_it() -> None:
    stage = played(PlannedFault("disturbance", "b", start=after(30), note="sums differ"))
    known = stage.run.disturbances["D1"]
    assert (known.opened, known.target, known.reason) == (after(30), "b", "sums differ")
    assert (known.source, known.owner) == ("rehearsal", "lena")
    assert known.level is Level.GREEN
    assert known.closed is not None
    assert known.closed - known.opened < timedelta(hours=4)
    assert stage.run.state is RunState.ENDED


def test_an_owner_who_takes_twelve_times_as_long_lets_it_become_red() -> None:
    stage = played(PlannedFault("disturbance", factor=12.0))
    known = stage.run.disturbances["D1"]
    assert known.target == ""
    assert known.reddened is not None
    assert known.closed is not None
    paused = [line.at for line in stage.lines if isinstance(line.event, ev.RunPaused)]
    resumed = [line.at for line in stage.lines if isinstance(line.event, ev.RunResumed)]
    assert (paused, resumed) == ([known.reddened], [known.closed])
    assert stage.run.state is RunState.ENDED


def test_each_fault_opens_one() -> None:
    stage = played(
        PlannedFault("disturbance", "a"), PlannedFault("disturbance", "a", start=after(5))
    )
    assert [known.key for known in stage.run.disturbances.values()] == ["fault:0", "fault:1"]


def test_what_has_struck_before_a_restart_does_not_strike_again() -> None:
    box = FaultBox((PlannedFault("step_fails"), PlannedFault("disturbance", factor=3.0)))
    ((index, fault),) = box.awaited("disturbance")
    assert (index, fault.kind, box.factor(index), box.factor(9)) == (1, "disturbance", 3.0, 1.0)
    box.strike(index)
    assert box.awaited("disturbance") == ()
    assert box.unstruck() == (PlannedFault("step_fails"),)
