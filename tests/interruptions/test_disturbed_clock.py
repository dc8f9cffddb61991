"""A process may die at every commit while a disturbance runs to red: its hour stays what was said.

The hour is a fact of the journal, so whoever leads next finds it there; nothing is opened twice,
and red comes at that hour and stops the run, whoever leads it by then.
"""

from __future__ import annotations

from itineraries import after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import RunState
from migrator.platform.simulated.faults import PlannedFault
from stage import Stage

ESTATE = an_itinerary(waves=("a",))
FAULTS = (
    PlannedFault("disturbance", "a", start=after(30), factor=12.0),
    PlannedFault("handler_says_no", function="f1"),
)


def test_red_comes_at_its_hour_wherever_the_process_died() -> None:
    undisturbed = Stage(ESTATE, FAULTS, keep_moments=True)
    undisturbed.play()
    said = undisturbed.run.disturbances
    assert said["D1"].reddened == said["D1"].red_at == after(270)
    assert len(undisturbed.moments) > 40

    for moment in undisturbed.moments:
        again = Stage(ESTATE, FAULTS, moment=moment)
        again.play()
        found = again.run.disturbances
        where = f"died at {moment.why}, after {len(moment.lines)} lines"
        assert again.run.state is RunState.ENDED, where
        assert [known.key for known in found.values()] == [each.key for each in said.values()], (
            where
        )
        assert found["D1"].red_at == found["D1"].reddened == after(270), where
        red = [line.seq for line in again.lines if isinstance(line.event, ev.DisturbanceReddened)]
        paused = [line.seq for line in again.lines if isinstance(line.event, ev.RunPaused)]
        assert paused == [red[0] + 1], where
        assert not again.run.unsettled, where
