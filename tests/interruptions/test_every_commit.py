"""A process may die at every commit and after every effect: the run ends where it would have ended.

A commit is whole or not there, so a process can only die between two of them; and between an
effect in the world and the commit that tells of it. Each of these places is tried, with the world
as it was there. No effect is lost or done twice, nothing is ever live on both sides.
"""

from __future__ import annotations

import pytest

from itineraries import an_itinerary
from migrator.platform.simulated.faults import PlannedFault
from stage import Stage

ESTATE = an_itinerary(
    waves=("ab", "cd"), links=("ab:3", "bc", "cd"), before=("ac",), stateless="b", batch="d"
)
SCENARIOS: dict[str, tuple[PlannedFault, ...]] = {
    "all goes well": (),
    "one try fails, a handler says no, an undo fails": (
        PlannedFault("step_half_fails", "a", "final-copy"),
        PlannedFault("handler_says_no", function="f1"),
        PlannedFault("undo_fails", "b", "switch-back"),
    ),
    "a step fails for good, and links regress": (
        PlannedFault("links_regress", "b"),
        PlannedFault("step_half_fails", "c", "start", times=99),
        PlannedFault("step_times_out", "d", "copy"),
    ),
    "a handler never answers, and an undo is stuck until it is tried again": (
        PlannedFault("handler_never_answers", function="f1"),
        PlannedFault("step_fails", "c", "start", times=99),
        PlannedFault("undo_fails", "c", "start-source", times=3),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_it_ends_in_the_same_place_wherever_the_process_died(scenario: str) -> None:
    faults = SCENARIOS[scenario]
    undisturbed = Stage(ESTATE, faults, keep_moments=True)
    undisturbed.play()
    assert undisturbed.ledger().violations == []
    assert len(undisturbed.moments) > 70

    for moment in undisturbed.moments:
        again = Stage(ESTATE, faults, moment=moment)
        again.play()
        ledger = again.ledger()
        assert ledger.violations == [], f"died at {moment.why}, after {moment.lines[-1].event}"
        assert again.end_state() == undisturbed.end_state(), f"died at {moment.why}"
        assert ledger.effects_doubled == 0
        assert ledger.both_live_seconds == 0
        assert again.lines[: len(moment.lines)] == moment.lines


def test_it_may_die_again_while_it_recovers() -> None:
    faults = SCENARIOS["one try fails, a handler says no, an undo fails"]
    undisturbed = Stage(ESTATE, faults, keep_moments=True)
    undisturbed.play()

    for moment in undisturbed.moments[5::16]:
        recovering = Stage(ESTATE, faults, moment=moment, keep_moments=True)
        recovering.play()
        for second in recovering.moments[:4]:
            again = Stage(ESTATE, faults, moment=second)
            again.play()
            assert again.ledger().violations == [], f"died at {moment.why}, then {second.why}"
            assert again.end_state() == undisturbed.end_state()


def test_an_undo_that_was_under_way_is_observed_and_not_repeated() -> None:
    faults = (PlannedFault("step_fails", "a", "start", times=99),)
    undisturbed = Stage(ESTATE, faults, keep_moments=True)
    undisturbed.play()
    effects = [moment for moment in undisturbed.moments if moment.why.startswith("effect")]
    undone = [
        moment
        for moment in effects
        if any(type(line.event).__name__ == "UnwindBegun" for line in moment.lines)
    ]
    assert undone

    for moment in undone:
        again = Stage(ESTATE, faults, moment=moment)
        again.play()
        kinds = [type(line.event).__name__ for line in again.lines[len(moment.lines) :]]
        assert "UndoDoubted" in kinds
        assert "UndoSettled" in kinds
        assert again.ledger().effects_doubled == 0
