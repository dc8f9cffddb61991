"""Exposure over time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from migrator.engine import events as ev
from migrator.reports.exposure import Curve, exposure
from weekend import START, Weekend, a_quiet_weekend, a_weekend, minutes


def flipped(weekend: Weekend, *sides: tuple[int, str, str]) -> Curve:
    for at, subsystem, side in sides:
        weekend.note(START + timedelta(hours=at), ev.AuthorityMoved(subsystem, side))
    return exposure(weekend.itinerary, weekend.lines(None)).actual


def two() -> Weekend:
    """Two subsystems of which one has a pair with the other and one with one that stays."""
    return a_weekend(1, 2)


def test_a_pair_is_split_from_the_first_switch_to_the_second() -> None:
    weekend = two()
    first, second = weekend.itinerary.legs
    curve = flipped(weekend, (1, first, "new"), (4, second, "new"))
    assert [share for _, share in curve.points] == [0.0, 1.0, 0.0]
    assert curve.hours(START + timedelta(hours=10)) == pytest.approx(3.0)


def test_a_subsystem_that_goes_back_mends_what_it_split() -> None:
    weekend = two()
    first, _ = weekend.itinerary.legs
    curve = flipped(weekend, (1, first, "new"), (2, first, "old"))
    assert curve.points[-1] == (START + timedelta(hours=2), 0.0)


def test_while_nobody_has_authority_nothing_is_split_yet() -> None:
    weekend = two()
    first, _ = weekend.itinerary.legs
    curve = flipped(weekend, (1, first, "none"))
    assert curve.highest == 0.0


def test_what_is_closed_off_on_its_way_back_counts_until_the_old_side_has_it() -> None:
    weekend = two()
    first, _ = weekend.itinerary.legs
    curve = flipped(weekend, (1, first, "new"), (2, first, "none"), (4, first, "old"))
    assert curve.hours(START + timedelta(hours=10)) == pytest.approx(3.0)


def test_links_to_what_stays_are_counted_apart_and_not_in_the_curve() -> None:
    weekend = a_quiet_weekend()
    found = exposure(weekend.itinerary, weekend.lines())
    assert found.actual.points[-1][1] == 0.0
    assert found.stay_links == 14


def test_the_planned_curve_ends_at_nothing_split() -> None:
    weekend = a_weekend(4, 5)
    planned = exposure(weekend.itinerary, weekend.lines(None)).planned
    assert planned.highest > 0
    assert planned.points[-1][1] == pytest.approx(0.0)


def test_an_estate_without_links_has_no_weight_and_no_curve() -> None:
    weekend = a_quiet_weekend()
    bare = replace(weekend.itinerary, pairs=())
    found = exposure(bare, weekend.lines())
    assert found.weight == 0
    assert found.actual.highest == 0.0


def test_the_area_stops_at_the_moment_asked_for() -> None:
    curve = Curve(((START, 0.5), (START + timedelta(hours=2), 0.25)))
    assert curve.hours(START + timedelta(hours=1)) == pytest.approx(0.5)
    assert curve.hours(START + timedelta(hours=4)) == pytest.approx(1.5)
    assert curve.at(START + minutes(121)) == 0.25
