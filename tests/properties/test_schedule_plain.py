"""The compiled kernel and its plain twin tell of the same weekend, whatever the estate is like."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.schedule.run import PLAN, Weekends, decision, turn_backs, weekends
from schedules import an_estate

seeds = st.integers(0, 1 << 40)


def equal(one: Weekends, other: Weekends, tolerance: float = 0.0) -> None:
    for name in ("figures", "gates", "times"):
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), rtol=tolerance, atol=tolerance, err_msg=name
        )


@settings(max_examples=150, deadline=None)
@given(seeds)
def test_exact_weekends_are_the_same_to_the_bit(seed: int) -> None:
    estate = an_estate(Random(seed))
    p, chosen = estate.problem, decision(estate.waves)
    for first, count in ((PLAN, 1), (0, 3)):
        one, other = (
            weekends(p, chosen, seed, count, first=first, keep=count, plainly=plainly)
            for plainly in (False, True)
        )
        equal(one, other)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_sampled_weekends_are_the_same_but_for_rounding(seed: int) -> None:
    estate = an_estate(Random(seed), sigma=0.4)
    p, chosen = estate.problem, decision(estate.waves)
    one, other = (
        weekends(p, chosen, seed, 3, keep=3, plainly=plainly) for plainly in (False, True)
    )
    equal(one, other, tolerance=1e-6)


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_turning_back_takes_equally_long(seed: int) -> None:
    estate = an_estate(Random(seed))
    p, chosen = estate.problem, decision(estate.waves)
    times = np.arange(0.0, 2000.0, 72.0)
    one, other = (
        turn_backs(p, chosen, seed, 2, times, 16.0, plainly=plainly) for plainly in (False, True)
    )
    np.testing.assert_array_equal(one, other)
