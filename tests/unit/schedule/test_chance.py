"""The inverse of the normal distribution is right, and draws are even and apart."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from migrator.schedule.chance import quantile, root, uniform


@pytest.mark.parametrize("p", [1e-12, 1e-4, 0.02, 0.0243, 0.1, 0.5, 0.8, 0.97, 0.98, 1 - 1e-9])
def test_the_quantile_is_that_of_the_normal_distribution(p: float) -> None:
    assert quantile(p) == pytest.approx(NormalDist().inv_cdf(p), rel=2e-9, abs=1e-12)


def draw(seed: int, sample: int, kind: int, index: int, nth: int) -> float:
    return uniform(np.uint64(root(seed, sample)), kind, index, nth)


def test_draws_are_even_and_neighbours_have_nothing_to_do_with_each_other() -> None:
    draws = np.array([[draw(7, sample, 1, i, 0) for i in range(40)] for sample in range(250)])
    assert draws.min() > 0
    assert draws.max() < 1
    assert abs(draws.mean() - 0.5) < 0.01  # three standard errors of 10,000 draws
    for one, other in ((draws[:, :-1], draws[:, 1:]), (draws[:-1], draws[1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.03


def test_every_part_of_the_key_counts() -> None:
    keys = [(1, 2, 3, 0, 0), (2, 1, 3, 0, 0), (1, 2, 0, 3, 0), (1, 2, 0, 0, 3), (1, 3, 2, 0, 0)]
    assert len({draw(*key) for key in keys}) == len(keys)
