"""Kernel and engine rehearsal tell of the same weekend in thirty random plans, without chance.

`benchmarks/kernel_engine.py` plays a thousand. Who comes first in one and the same instant may be
told differently, so nineteen of twenty have to be alike.
"""

from __future__ import annotations

from typing import Final

from paired_weekends import a_weekend, apart, told_by_engine, told_by_kernel

STEP_MINUTES: Final = 5.0
PLANS: Final = 30
ALIKE_MIN: Final = 0.95
"""Of the plans in which nobody has to hold a wave."""


def test_the_kernel_tells_of_the_weekends_that_the_engine_tells_of() -> None:
    apart_most = {}
    for seed in range(PLANS):
        drawn = a_weekend(seed)
        engine, kernel = told_by_engine(drawn), told_by_kernel(drawn)
        if engine.outcome == "completed":
            apart_most[seed] = max(apart(engine, kernel).values())
    others = {seed: most for seed, most in apart_most.items() if most > STEP_MINUTES}
    assert len(others) <= (1 - ALIKE_MIN) * len(apart_most), f"these are told apart: {others}"


def test_a_drawn_plan_is_the_same_for_the_same_seed() -> None:
    assert a_weekend(3).itinerary == a_weekend(3).itinerary
    assert a_weekend(3).itinerary != a_weekend(4).itinerary
