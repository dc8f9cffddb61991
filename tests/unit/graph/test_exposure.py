"""Exposure: weight that is split between the platforms, times how long."""

from __future__ import annotations

import pytest

from estates import a_graph
from migrator.graph.exposure import CutStep, cut_over_time, exposure, peak, quick, split_hours
from migrator.ids import SubsystemId

A, B, C, S = (SubsystemId(name) for name in "abcS")
GRAPH = a_graph("ab:10", "ba:2", "bc:3", "aS:5")


def test_exposure_is_weight_times_the_hours_between_the_switches() -> None:
    assert exposure(GRAPH, {A: 1.0, B: 4.0, C: 2.5}) == 12 * 3.0 + 3 * 1.5


def test_what_never_switches_counts_until_the_hour_given() -> None:
    assert exposure(GRAPH, {A: 1.0, B: 1.0, C: 1.0}, never_until=60.0) == 5 * 59.0


def test_a_subsystem_without_an_instant_is_left_out() -> None:
    assert exposure(GRAPH, {A: 1.0, C: 9.0}) == 0.0
    assert cut_over_time(GRAPH, {A: 1.0, C: 9.0}) == ()


def test_hours_are_divided_by_all_weight() -> None:
    assert split_hours(GRAPH, 40.0) == 2.0
    assert split_hours(a_graph(nodes="ab"), 0.0) == 0.0


def test_the_cut_rises_and_falls_with_each_switch() -> None:
    steps = cut_over_time(GRAPH, {A: 1.0, B: 4.0, C: 2.5})
    assert steps == (CutStep(1.0, 12), CutStep(2.5, 15), CutStep(4.0, 0))
    assert peak(steps) == CutStep(2.5, 15)


def test_the_cut_with_what_never_switches_stays_to_the_end() -> None:
    steps = cut_over_time(GRAPH, {A: 1.0, B: 1.0, C: 1.0}, never_until=60.0)
    assert steps == (CutStep(1.0, 5), CutStep(60.0, 0))


def test_of_equal_peaks_the_first_is_named_and_none_where_nothing_switches() -> None:
    assert peak((CutStep(1.0, 7), CutStep(2.0, 7))) == CutStep(1.0, 7)
    assert peak(()) is None


def test_the_quick_form_sums_over_units() -> None:
    units = {A: A, B: B, C: A}
    form = quick(GRAPH, units)
    assert form.units == (A, B)
    assert form.edges == ((0, 1, 15),)
    assert form.around == (((1, 15),), ((0, 15),))
    assert form.total((1.0, 4.0)) == exposure(GRAPH, {A: 1.0, B: 4.0, C: 1.0}) == 45.0


@pytest.mark.parametrize("instant", [0.0, 2.0, 4.0, 7.5])
def test_a_change_is_the_difference_of_two_totals(instant: float) -> None:
    form = quick(GRAPH, {A: A, B: B, C: C})
    before, after = (1.0, 4.0, 2.5), (1.0, instant, 2.5)
    assert form.change(before, 1, instant) == form.total(after) - form.total(before)
