"""Samples are what they are, whoever draws them and in whatever company."""

from __future__ import annotations

from random import Random

import numpy as np

from migrator.schedule.problem import Move, Spread, arrays, spread
from migrator.schedule.run import decision, turn_backs, weekends
from migrator.schedule.weekend import OVER
from schedules import an_estate

ESTATE = an_estate(Random(11), sigma=0.5)
PROBLEM = ESTATE.problem
CHOSEN = decision(ESTATE.waves)


def test_two_threads_draw_the_same_weekends_as_one() -> None:
    one = weekends(PROBLEM, CHOSEN, 1, 600, keep=400)
    two = weekends(PROBLEM, CHOSEN, 1, 600, keep=400, threads=2)
    np.testing.assert_array_equal(one.figures, two.figures)
    np.testing.assert_array_equal(one.gates, two.gates)
    np.testing.assert_array_equal(one.times, two.times)
    times = np.arange(0.0, 900.0, 300.0)
    np.testing.assert_array_equal(
        turn_backs(PROBLEM, CHOSEN, 1, 300, times, 5.0),
        turn_backs(PROBLEM, CHOSEN, 1, 300, times, 5.0, threads=2),
    )


def test_a_sample_is_the_same_alone_and_among_others() -> None:
    many = weekends(PROBLEM, CHOSEN, 1, 20)
    alone = weekends(PROBLEM, CHOSEN, 1, 1, first=13)
    np.testing.assert_array_equal(many.figures[13], alone.figures[0])


def test_another_seed_is_another_weekend() -> None:
    one = weekends(PROBLEM, CHOSEN, 1, 50).figures
    other = weekends(PROBLEM, CHOSEN, 2, 50).figures
    assert not np.array_equal(one, other)


def test_a_move_keeps_its_draw_in_another_order() -> None:
    p = arrays([Move(Spread(60.0, 0.5)), Move(Spread(60.0, 0.5))])
    one = weekends(p, decision([[0], [1]]), 1, 5, keep=5).times
    other = weekends(p, decision([[1], [0]]), 1, 5, keep=5).times
    np.testing.assert_allclose(one[:, :, 3] - one[:, :, 0], other[:, :, 3] - other[:, :, 0])


def test_sampled_durations_have_the_p50_and_p80_that_were_said() -> None:
    p = arrays([Move(spread(60.0, 90.0))])
    ends = weekends(p, decision([[0]]), 1, 20_000).figures[:, OVER]
    found = np.quantile(ends, [0.5, 0.8])
    # Three standard errors of a quantile of 20,000 draws are about 1.5 % here.
    np.testing.assert_allclose(found, [60.0, 90.0], rtol=0.015)


def test_a_common_shock_moves_all_ends_together() -> None:
    moves = [Move(Spread(60.0, 0.0)), Move(Spread(60.0, 0.0))]
    p = arrays(moves)
    shocked = p._replace(rules=np.where(np.arange(len(p.rules)) == 14, 0.3, p.rules))
    ends = weekends(shocked, decision([[0, 1]]), 1, 50, keep=50).times[:, :, 3]
    np.testing.assert_array_equal(ends[:, 0], ends[:, 1])
    assert len(set(ends[:, 0].tolist())) == 50
