"""Chance by seed and key: the same question always gets the same answer."""

from __future__ import annotations

from statistics import median, quantiles

import pytest

from migrator.inventory.model import Estimate
from migrator.platform.simulated.chance import Chance


def test_a_draw_belongs_to_its_seed_and_its_key() -> None:
    assert Chance(1).uniform("a", 1) == Chance(1).uniform("a", 1)
    assert Chance(1).uniform("a", 1) != Chance(2).uniform("a", 1)
    assert Chance(1).uniform("a", 1) != Chance(1).uniform("a", 2)


def test_draws_are_even() -> None:
    chance = Chance(1)
    draws = [chance.uniform(n) for n in range(4000)]

    assert all(0 <= draw < 1 for draw in draws)
    assert median(draws) == pytest.approx(0.5, abs=0.03)
    assert {chance.integer(4, n) for n in range(200)} == {0, 1, 2, 3}


def test_minutes_have_the_estimates_median_and_its_80th_percentile() -> None:
    chance = Chance(1)
    draws = [chance.minutes(Estimate(20, 30), n) for n in range(4000)]

    assert median(draws) == pytest.approx(20, rel=0.05)
    assert quantiles(draws, n=10)[7] == pytest.approx(30, rel=0.05)


def test_no_minutes_are_none_and_certain_ones_exact() -> None:
    assert Chance(1).minutes(Estimate(0, 5), "x") == 0
    assert Chance(1).minutes(Estimate(7, 7), "x") == 7
    assert Chance(1).minutes(Estimate(7, 3), "x") == 7  # a P80 below the P50 is taken as the P50


def test_a_wild_estimate_does_not_fill_the_weekend() -> None:
    chance = Chance(1)

    assert max(chance.minutes(Estimate(1, 10_000), n) for n in range(1000)) < 300
