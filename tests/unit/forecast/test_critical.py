"""Cruciality is a rank correlation: it knows order and not size."""

from __future__ import annotations

import math

import numpy as np
import pytest

from migrator.forecast.chance import Sampled
from migrator.forecast.critical import cruciality, spearman


def test_spearman_knows_order_and_not_size() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0])
    assert spearman(a, np.exp(a)) == pytest.approx(1.0)
    assert spearman(a, -a) == pytest.approx(-1.0)
    assert spearman(a, np.ones(4)) == 0.0
    # With a tie the two share the mean rank: 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
    assert spearman(np.array([1.0, 2.0, 2.0, 4.0]), a) == pytest.approx(4.5 / math.sqrt(4.5 * 5))


def test_cruciality_is_of_the_move_whose_length_the_end_follows() -> None:
    rng = np.random.default_rng(1)
    long, short = rng.uniform(50, 100, 200), rng.uniform(5, 10, 200)
    zero = np.zeros(200)
    times = np.stack([np.stack([zero, m / 2, m, m], axis=1) for m in (long, short)], axis=1)
    figures = np.zeros((200, 5))
    figures[:, 0] = long
    found = cruciality(Sampled(figures, np.zeros((200, 1)), times))
    assert found[0] == pytest.approx(1.0)
    assert abs(found[1]) < 0.2


def test_a_move_that_seldom_goes_is_judged_by_the_weekends_in_which_it_went() -> None:
    times = np.full((20, 1, 4), math.inf)
    times[:5, 0, :] = np.array([[0, m, m, m] for m in (10, 30, 20, 50, 40)])
    figures = np.zeros((20, 5))
    figures[:, 0] = 100.0
    figures[:5, 0] = (10, 30, 20, 50, 40)
    found = cruciality(Sampled(figures, np.zeros((20, 1)), times))
    assert found[0] == pytest.approx(1.0)
