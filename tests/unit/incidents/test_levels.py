"""Levels: as bad as the worst that is open, from the subsystem up to the whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from itineraries import START
from migrator.incidents.levels import Levels, levels, worse
from migrator.incidents.model import Disturbance, Level


def a_disturbance(
    name: str = "D1", wave: str = "w1", subsystem: str = "a", level: Level = Level.YELLOW
) -> Disturbance:
    target = subsystem or wave
    red_at = START + timedelta(hours=4)
    return Disturbance(
        name, name, target, wave, subsystem, "person", "odd", "anna", "anna", START, red_at,
        "policy", level,
    )  # fmt: skip


def test_nothing_open_is_green_everywhere() -> None:
    assert levels(()) == Levels(Level.GREEN, {}, {})
    assert levels(()).of_wave("w1") is Level.GREEN
    assert levels(()).of_subsystem("a") is Level.GREEN


def test_a_subsystem_colours_its_wave_and_the_whole_and_no_other() -> None:
    found = levels([a_disturbance()])
    assert found.of_subsystem("a") is found.of_wave("w1") is found.whole is Level.YELLOW
    assert found.of_subsystem("b") is found.of_wave("w2") is Level.GREEN


def test_a_wave_colours_none_of_its_subsystems() -> None:
    found = levels([a_disturbance(subsystem="")])
    assert (found.of_wave("w1"), found.of_subsystem("a")) == (Level.YELLOW, Level.GREEN)


def test_what_is_about_the_whole_colours_no_wave() -> None:
    found = levels([a_disturbance(wave="", subsystem="")])
    assert found == Levels(Level.YELLOW, {}, {})


def test_the_worst_counts_in_whatever_order_they_come() -> None:
    both = [a_disturbance(), a_disturbance("D2", level=Level.RED)]
    for order in (both, both[::-1]):
        found = levels(order)
        assert found.of_subsystem("a") is found.of_wave("w1") is found.whole is Level.RED


def test_a_closed_one_changes_nothing() -> None:
    closed = replace(a_disturbance(), level=Level.GREEN, closed=START)
    assert not closed.open
    assert levels([closed]) == levels(())


def test_the_worse_of_two_is_the_same_from_both_sides() -> None:
    for one in Level:
        for other in Level:
            assert worse(one, other) is worse(other, one)
            assert worse(one, other).rank == max(one.rank, other.rank)
