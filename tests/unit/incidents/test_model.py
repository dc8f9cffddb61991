"""A disturbance is open until it is closed, and levels have an order."""

from __future__ import annotations

from dataclasses import replace

from itineraries import START, after
from migrator.incidents.model import Disturbance, Level


def test_it_is_open_until_it_is_closed() -> None:
    known = Disturbance(
        "D1", "k", "a", "w1", "a", "person", "odd", "anna", "anna", START, after(240), "policy"
    )
    assert known.open
    assert not replace(known, closed=after(5), level=Level.GREEN).open


def test_red_is_worse_than_yellow_and_yellow_than_green() -> None:
    assert [level.rank for level in (Level.GREEN, Level.YELLOW, Level.RED)] == [0, 1, 2]
