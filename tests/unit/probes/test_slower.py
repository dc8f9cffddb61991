"""Slower is said of distributions that differ by much and surely, and hardly ever of one sample."""

from __future__ import annotations

import random

import pytest

from migrator.probes.slower import RULE, compare, rank_test

CALM = [float(ms) for ms in range(10, 30)]
SLOW = [ms * 10 for ms in CALM]


def test_ranks_without_ties_are_those_of_the_textbook() -> None:
    # Every one of four later samples is above every one of three: U = 4 x 3.
    ranks = rank_test([1, 2, 3], [4, 5, 6, 7])
    assert ranks.u == 12
    assert ranks.z == pytest.approx((12 - 6 - 0.5) / (3 * 4 * 8 / 12) ** 0.5)
    assert ranks.p == pytest.approx(0.02593, abs=1e-4)


def test_samples_that_are_equal_share_their_rank_and_narrow_the_spread() -> None:
    # Ranks: 1 -> 1, 2 2 -> 2.5 each, 3 -> 4. U = (2.5 + 4) - 3.
    ranks = rank_test([1, 2], [2, 3])
    assert ranks.u == 3.5
    variance = 4 / 12 * (5 - 6 / 12)
    assert ranks.z == pytest.approx((3.5 - 2 - 0.5) / variance**0.5)


def test_all_equal_is_no_difference() -> None:
    assert rank_test([5.0] * 9, [5.0] * 9).p == 1.0


def test_the_two_directions_of_the_test_are_each_others_mirror() -> None:
    chance = random.Random(7)
    one = [chance.random() for _ in range(30)]
    other = [chance.random() for _ in range(20)]
    up, down = rank_test(one, other), rank_test(other, one)
    assert up.u + down.u == 600
    assert up.z + down.z == pytest.approx(-1 / (30 * 20 / 12 * 51) ** 0.5)


def test_chance_alone_is_as_rare_as_the_test_says() -> None:
    chance = random.Random(1)
    low = sum(
        rank_test([chance.random() for _ in range(12)], [chance.random() for _ in range(12)]).p
        <= 0.05
        for _ in range(2_000)
    )
    assert 60 <= low <= 120  # 100 are expected; the correction makes it a little fewer


def test_ten_times_as_slow_throughout_is_slower() -> None:
    pace = compare(CALM, SLOW)
    assert pace.slower
    assert (pace.before_ms, pace.now_ms) == (19.5, 195.0)


def test_the_same_is_not_slower_and_quicker_is_not() -> None:
    assert not compare(CALM, CALM).slower
    assert not compare(SLOW, CALM).slower


def test_surely_slower_by_little_is_not_said() -> None:
    assert not compare(CALM, [ms * 2.9 for ms in CALM]).slower
    # Thirty times as slow and still a matter of two milliseconds.
    assert not compare([0.1] * 50, [3.0] * 50).slower


def test_a_few_slow_answers_among_many_are_not_said() -> None:
    assert not compare(CALM * 5, CALM * 4 + SLOW).slower


def test_slower_by_much_in_a_spread_that_proves_nothing_is_not_said() -> None:
    before = [1.0, 400.0] * 5
    now = [2.0, 401.0, 401.0] * 3
    assert compare([1.0] * 4 + [400.0] * 4 + [1.0], now).now_ms == 401.0
    assert not compare(before, now).slower


def test_one_sample_is_slower_only_beyond_what_a_lost_packet_costs() -> None:
    assert not compare([10.0], [1_999.0]).slower
    assert compare([10.0], [2_000.0]).slower
    assert not compare([201.0], [2_000.0]).slower  # and ten times as slow it must be


def test_two_samples_are_no_more_than_one() -> None:
    assert not compare([10.0], [300.0, 9_000.0]).slower
    assert compare([10.0], [2_000.0, 9_000.0]).slower


def test_a_few_samples_must_all_be_far_above_the_slowest_before() -> None:
    assert compare([10.0, 12.0], [262.0, 300.0, 280.0]).slower
    assert not compare([10.0, 12.0], [261.0, 300.0, 280.0]).slower
    assert not compare([10.0, 90.0], [800.0, 800.0, 800.0]).slower


def test_without_samples_nothing_is_slower() -> None:
    assert not compare([], SLOW).slower
    assert not compare(CALM, []).slower


def test_the_test_is_asked_only_where_both_sides_have_enough() -> None:
    few = [15.0] * (RULE.enough - 1)
    assert "few samples" in compare(few, SLOW).why
    assert "few samples" in compare(CALM, [200.0] * (RULE.enough - 1)).why
    assert compare(CALM, SLOW).why.startswith("p = ")
