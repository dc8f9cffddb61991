"""The clock of a yellow disturbance: its deadline only comes nearer, and warnings precede it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from itineraries import START, after
from migrator.incidents.clock import (
    POLICY,
    TURN_BACK,
    Deadline,
    deadline,
    earlier,
    next_look,
    warning,
)
from migrator.incidents.model import HALF, SOON, Disturbance
from migrator.plan.disturbance import DisturbanceLimits

LIMITS = DisturbanceLimits()
KNOWN = Disturbance(
    "D1", "k", "a", "w1", "a", "person", "odd", "anna", "anna", START, after(240), POLICY
)


def test_four_hours_where_nothing_ends_before() -> None:
    assert deadline(START, START, None, LIMITS) == Deadline(after(240), POLICY)
    assert deadline(START, START, after(240), LIMITS) == Deadline(after(240), POLICY)


def test_what_remains_before_turning_back_is_too_late_where_that_is_less() -> None:
    assert deadline(START, START, after(100), LIMITS) == Deadline(after(100), TURN_BACK)


def test_a_last_call_that_has_passed_is_now() -> None:
    assert deadline(START, after(5), after(-30), LIMITS) == Deadline(after(5), TURN_BACK)


@pytest.mark.parametrize(
    ("call", "expected"), [(241, None), (240, None), (239.5, None), (239, 239)]
)
def test_only_an_hour_that_is_earlier_by_a_minute_is_said_anew(
    call: float, expected: float | None
) -> None:
    found = earlier(KNOWN, START, after(call), LIMITS)
    assert found == (None if expected is None else Deadline(after(expected), TURN_BACK))


def test_a_last_call_that_moved_away_gives_no_time_back() -> None:
    hastened = replace(KNOWN, red_at=after(60), because=TURN_BACK)
    assert earlier(hastened, after(10), None, LIMITS) is None
    assert earlier(hastened, after(10), after(600), LIMITS) is None


def test_it_warns_at_half_of_the_time_and_shortly_before_the_end() -> None:
    assert warning(KNOWN, after(119), LIMITS) == ""
    assert warning(KNOWN, after(120), LIMITS) == HALF
    told = replace(KNOWN, warned=(HALF,))
    assert warning(told, after(224), LIMITS) == ""
    assert warning(told, after(225), LIMITS) == SOON
    assert warning(replace(KNOWN, warned=(HALF, SOON)), after(239), LIMITS) == ""


def test_two_warnings_that_are_due_at_once_are_one() -> None:
    assert warning(KNOWN, after(230), LIMITS) == SOON


def test_little_time_warns_at_once() -> None:
    assert warning(replace(KNOWN, red_at=after(10)), START, LIMITS) == SOON


def test_it_is_looked_at_again_when_it_says_something() -> None:
    assert next_look(KNOWN, START, LIMITS) == after(120)
    assert next_look(replace(KNOWN, warned=(HALF,)), after(120), LIMITS) == after(225)
    assert next_look(replace(KNOWN, warned=(HALF, SOON)), after(225), LIMITS) == after(240)


def test_the_policy_sets_all_three() -> None:
    limits = DisturbanceLimits(60, 0.25, 5)
    known = replace(KNOWN, red_at=deadline(START, START, None, limits).at)
    assert known.red_at == after(60)
    assert next_look(known, START, limits) == after(15)
    assert next_look(replace(known, warned=(HALF,)), after(15), limits) == after(60) - timedelta(
        minutes=5
    )
