"""A weekend goes on from its middle as it would have gone, and both tellers agree on it."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from live_states import cut, foreseeable
from migrator.schedule import plain
from migrator.schedule.live import NOT_BEFORE, NOW, Live
from migrator.schedule.plain_notes import Played
from migrator.schedule.run import PLAN, Weekends, decision, turn_backs, weekends
from schedules import Estate, an_estate

seeds = st.integers(0, 1 << 40)
shares = st.integers(0, 40).map(lambda part: part / 32)
samples = st.integers(PLAN, 2)
NAMES = ("figures", "gates", "times")


def played(estate: Estate, seed: int, sample: int) -> Played:
    chosen = decision(estate.waves)
    return plain.play(estate.problem, chosen.order.tolist(), chosen.wave_at.tolist(), seed, sample)


def a_moment(w: Played, share: float) -> float:
    """A minute of the weekend, or after it."""
    return float(round((w.over if w.over < np.inf else 2000.0) * share))


def gone_on(estate: Estate, state: Live, seed: int, sample: int, *, plainly: bool) -> Weekends:
    p, chosen = estate.problem, decision(estate.waves)
    return weekends(p, chosen, seed, 1, first=sample, keep=1, live=state, plainly=plainly)


@settings(max_examples=200, deadline=None)
@given(seeds, samples, shares, st.booleans())
def test_a_weekend_that_is_cut_goes_on_as_it_would_have_gone(
    seed: int, sample: int, share: float, plainly: bool
) -> None:
    estate = an_estate(Random(seed))
    w = played(estate, seed, sample)
    t = a_moment(w, share)
    assume(foreseeable(w, estate.waves, t))
    found = gone_on(estate, cut(w, estate.waves, t), seed, sample, plainly=plainly)
    whole = weekends(
        estate.problem, decision(estate.waves), seed, 1, first=sample, keep=1, plainly=True
    )
    for name in NAMES:
        np.testing.assert_allclose(
            getattr(found, name), getattr(whole, name), atol=1e-9, err_msg=f"{name} from {t}"
        )


@settings(max_examples=80, deadline=None)
@given(seeds, samples, shares)
def test_turning_back_later_takes_as_long_as_it_would_have(
    seed: int, sample: int, share: float
) -> None:
    estate = an_estate(Random(seed))
    w = played(estate, seed, sample)
    t = a_moment(w, share)
    assume(foreseeable(w, estate.waves, t))
    times = t + np.arange(0.0, 900.0, 72.0)
    p, chosen = estate.problem, decision(estate.waves)
    state = cut(w, estate.waves, t)
    whole = turn_backs(p, chosen, seed, 1, times, 16.0, first=sample)
    for plainly in (False, True):
        found = turn_backs(
            p, chosen, seed, 1, times, 16.0, first=sample, live=state, plainly=plainly
        )
        np.testing.assert_allclose(found, whole, atol=1e-9, err_msg=f"from {t}")


@settings(max_examples=150, deadline=None)
@given(seeds, samples, shares, st.sampled_from([0.0, 8.0, 240.0]), st.booleans(), st.booleans())
def test_late_held_and_half_undone_weekends_are_told_alike(
    seed: int, sample: int, share: float, late: float, held: bool, chance: bool
) -> None:
    estate = an_estate(Random(seed), sigma=0.4 if chance else 0.0)
    w = played(estate, seed, sample)
    t = a_moment(w, share)
    state = cut(w, estate.waves, t)
    state.clock[NOW] += late
    if held:
        state.waves[:, NOT_BEFORE] = state.clock[NOW] + 64.0
    one, other = (gone_on(estate, state, seed + 1, 1, plainly=plainly) for plainly in (False, True))
    for name in NAMES:
        tolerance = 1e-6 if chance else 0.0
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), rtol=tolerance, atol=tolerance, err_msg=name
        )


@settings(max_examples=80, deadline=None)
@given(seeds, shares, st.sampled_from([0.0, 8.0, 240.0]))
def test_nothing_of_the_past_changes_and_nothing_new_is_dated_back(
    seed: int, share: float, late: float
) -> None:
    estate = an_estate(Random(seed), sigma=0.4)
    w = played(estate, seed, 0)
    t = a_moment(w, share)
    assume(foreseeable(w, estate.waves, t))
    state = cut(w, estate.waves, t)
    now = t + late
    state.clock[NOW] = now
    found = gone_on(estate, state, seed + 1, 7, plainly=False)
    columns = ("started", "switched", "verified", "ended")
    assert len(columns) == found.times.shape[2]
    for i, known in enumerate(state.moves):
        for column, place in enumerate((4, 9, 11, 12)):
            at = found.times[0, i, column]
            if np.isinf(at):
                continue  # its wave went back, or nobody ever came
            assert at == known[place] or at >= now - 1e-9
