"""The work that a plan asks of case handlers."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from migrator.forecast.model import HourOfWork
from migrator.inventory.model import Estimate
from migrator.plan.model import CheckLeg, Itinerary
from migrator.reports.drawing.load import by_pool, planned_load, strain, tightest, tightest_hour
from migrator.reports.texts import texts
from weekend import END, HANDLERS, START, an_itinerary

T = texts("en", "Europe/Stockholm")
HOUR = timedelta(hours=1)


def a_plan(**changes: object) -> Itinerary:
    """A plan with a single check, of two handlers for 90 minutes."""
    itinerary = an_itinerary(1, 2)
    check = replace(itinerary.checks[0], minutes=Estimate(90, 120), **changes)  # type: ignore[arg-type] # fields by name
    return replace(itinerary, checks=(check,))


def load(itinerary: Itinerary) -> tuple[HourOfWork, ...]:
    return planned_load(T, itinerary, START, END)


def test_a_check_asks_its_quorum_for_its_p50_from_its_last_switch_on() -> None:
    itinerary = a_plan()
    rows = [row for row in load(itinerary) if row.wanted > 0]
    assert sum(row.wanted for row in rows) == pytest.approx(2 * 1.5)
    switch = max(itinerary.legs[move].planned_switch for move in itinerary.checks[0].core)
    assert rows[0].begin <= switch < rows[0].begin + HOUR


def test_a_check_that_is_possible_only_later_asks_nobody_before() -> None:
    late = START + 20 * HOUR
    rows = [row for row in load(a_plan(possible_after=late)) if row.wanted > 0]
    assert [row.begin for row in rows] == [late, late + HOUR]
    assert [row.wanted for row in rows] == pytest.approx([2.0, 1.0])


def test_who_is_there_is_counted_by_shifts() -> None:
    rows = load(a_plan())
    friday = sum(n % 2 for n in range(1, len(HANDLERS) + 1))
    assert rows[0].there == friday
    assert rows[-1].there == len(HANDLERS) - friday


def test_checks_with_the_same_handlers_are_one_pool_named_by_what_they_verify() -> None:
    itinerary = an_itinerary(1, 2)
    assert set(by_pool(load(itinerary))) == {"Handle a case function-1-1 and 1 more"}
    one, other = itinerary.checks

    def apart(check: CheckLeg) -> CheckLeg:
        return replace(check, eligible=HANDLERS[:1], name=one.name)

    pools = by_pool(load(replace(itinerary, checks=(one, apart(other)))))
    assert set(pools) == {"Handle a case function-1-1", "Handle a case function-1-1 (2)"}


def hours(*pairs: tuple[float, float]) -> list[HourOfWork]:
    return [HourOfWork(START + n * HOUR, "x", w, w, t) for n, (w, t) in enumerate(pairs)]


def test_the_tightest_pool_is_the_one_nearest_to_asking_for_more_than_there_is() -> None:
    pools = {"easy": hours((9, 90)), "even": hours((1, 4), (2, 2)), "none": hours((0.2, 0))}
    assert tightest(pools) == ["none", "even", "easy"]
    assert strain(pools["even"]) == 1.0
    assert tightest_hour(pools["even"]).wanted == 2


def test_a_pool_whose_heads_nobody_counts_is_never_tight() -> None:
    assert strain(hours((5, math.inf))) == 0.0
    assert strain([]) == 0.0
