"""Until when one may still turn back, and every stretch in which one may not."""

from __future__ import annotations

import math

import numpy as np

from migrator.schedule.problem import Crew, Function, Move, Rules, Spread, arrays
from migrator.schedule.run import decision, turn_backs
from migrator.schedule.turn_back import unsafe_stretches

HOUR = Spread(60.0, 0.0)


def back_at(times: list[float], **changes: object) -> list[float]:
    """When two moves, one wave each, would be back."""
    facts = {"move": HOUR, "shares": (0.0, 0.0, 0.5, 0.25, 0.25), "unwind": HOUR, **changes}
    p = arrays(
        [Move(**facts), Move(**facts)],  # type: ignore[arg-type]  # tests say what they change
        [Function(Spread(30.0, 0.0), (0,))],
        [Crew(((0.0, math.inf, 1),))],
        rules=Rules(soak=0.0),
    )
    back = turn_backs(p, decision([[0], [1]]), 1, 1, np.array(times), 15.0)
    return [float(each) for each in back[0]]


def test_what_has_started_goes_back_one_after_the_other_and_is_verified() -> None:
    # The first move runs from 0 to 60 and is checked until 90, then the second one runs. The team
    # has one seat, and the first move's check on the old side comes last.
    assert back_at([0.0, 50.0, 100.0, 500.0]) == [75.0, 155.0, 265.0, 665.0]


def test_what_had_not_switched_needs_a_part_of_its_undo_and_no_check() -> None:
    assert back_at([10.0, 100.0], early_share=0.5) == [55.0, 235.0]


def test_what_is_committed_needs_no_way_back() -> None:
    assert back_at([80.0, 100.0, 500.0], commit_after=5.0) == [185.0, 175.0, 515.0]


def test_stretches_begin_where_it_was_still_safe_and_end_where_it_is_again() -> None:
    times = [0.0, 30.0, 60.0, 90.0, 120.0, 150.0]
    assert unsafe_stretches(times, [10, 20, 30, 40, 50, 60], 60) == []
    assert unsafe_stretches(times, [10, 70, 80, 40, 50, 90], 60) == [(0.0, 90.0), (120.0, math.inf)]
    assert unsafe_stretches(times, [99, 20, 30, 40, 50, 60], 60) == [(0.0, 30.0)]
