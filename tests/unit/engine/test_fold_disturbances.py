"""What the fold makes of a disturbance: what the table allows, and nothing else."""

from __future__ import annotations

import copy

import pytest

from itineraries import START, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import Run, new_run
from migrator.engine.states import DISTURBANCE, IllegalEvent
from migrator.incidents.model import HALF, SOON, Level
from playing import the_first_line

OPENED = ev.DisturbanceOpened("D1", "k", "a", "person", "odd", "anna", "anna", after(240), "policy")
CLOSED = ev.DisturbanceClosed("D1", "a", "a bug", "mended", "anna")
RED = ev.DisturbanceReddened("D1", "a", "not mended", holds=False)
LATER: tuple[ev.Event, ...] = (
    ev.DisturbanceStaffed("D1", "a", "bo", ("lena",), "R 4", "", "anna"),
    ev.DisturbanceNoted("D1", "a", "seen", "person", "anna"),
    ev.DisturbanceHastened("D1", "a", after(240), after(100), "turn-back"),
    ev.DisturbanceWarned("D1", "a", HALF, after(240)),
    RED,
    CLOSED,
)
WAY: dict[Level, tuple[ev.Event, ...]] = {
    Level.YELLOW: (),
    Level.RED: (RED,),
    Level.GREEN: (CLOSED,),
}


def a_run(*events: ev.Event) -> Run:
    run = new_run(an_itinerary(waves=("a", "b")))
    for event in (the_first_line(), *events):
        apply(run, START, event)
    return run


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("event", LATER, ids=lambda event: type(event).__name__)
def test_a_line_does_what_the_table_says_or_raises_and_changes_nothing(
    level: Level, event: ev.Event
) -> None:
    run = a_run(OPENED, *WAY[level])
    assert run.disturbances["D1"].level is level
    following = DISTURBANCE[level].get(type(event))
    if following is None:
        before = copy.deepcopy(run)
        with pytest.raises(IllegalEvent, match=f"D1 is {level.value}"):
            apply(run, START, event)
        assert run == before
    else:
        apply(run, START, event)
        assert run.disturbances["D1"].level is following


def test_the_same_number_or_an_open_key_is_no_other_disturbance() -> None:
    run = a_run(OPENED)
    for name, key in (("D1", "k2"), ("D2", "k")):
        event = ev.DisturbanceOpened(name, key, "a", "person", "o", "b", "b", after(9), "policy")
        with pytest.raises(IllegalEvent):
            apply(run, START, event)
    assert list(run.disturbances) == ["D1"]


def test_the_last_warning_stands_for_the_first_one() -> None:
    run = a_run(OPENED, ev.DisturbanceWarned("D1", "a", SOON, after(240)))
    assert run.disturbances["D1"].warned == (HALF, SOON)


def test_what_stopped_the_run_is_known_until_it_goes_on() -> None:
    red = ev.DisturbanceReddened("D1", "a", "not mended", holds=True)
    run = a_run(OPENED, red, ev.RunPaused("D1 is red"))
    assert run.paused_for == "D1"
    apply(run, START, ev.RunResumed(""))
    assert run.paused_for == ""


def test_closed_ones_stay_on_record() -> None:
    run = a_run(OPENED, CLOSED)
    assert list(run.disturbances) == ["D1"]
    assert not run.unsettled
    assert run.keyed == {"k": "D1"}
