"""What the kernel and an engine rehearsal tell alike of thirty random plans, without any chance.

`benchmarks/kernel_engine.py` plays a thousand. Handlers who are wanted in two places and copies
that had not begun when their gate opened are coarser in the kernel, so not all of it is alike yet:
the share stands here so that it cannot get smaller unseen.
"""

from __future__ import annotations

from typing import Final

from paired_weekends import WHAT, a_weekend, apart, told_by_engine, told_by_kernel

STEP_MINUTES: Final = 5.0
PLANS: Final = 30
ALIKE_MIN: Final = 0.5
"""Of all the moves: what is reached, rounded down."""


def test_the_kernel_tells_of_the_moves_that_the_engine_tells_of() -> None:
    moves = alike = 0
    for seed in range(PLANS):
        drawn = a_weekend(seed)
        engine, kernel = told_by_engine(drawn), told_by_kernel(drawn)
        differences = apart(engine, kernel)
        for move in engine.moves:
            moves += 1
            alike += all(differences[move, name] <= STEP_MINUTES for name in WHAT)
    assert alike / moves >= ALIKE_MIN, f"{alike} of {moves} moves are told alike"


def test_a_drawn_plan_is_the_same_for_the_same_seed() -> None:
    assert a_weekend(3).itinerary == a_weekend(3).itinerary
    assert a_weekend(3).itinerary != a_weekend(4).itinerary
