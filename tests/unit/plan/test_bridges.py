"""What crosses the platforms, before and after a change of sides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itineraries import an_itinerary, carrying
from migrator.plan.bridges import Bridge, Crossing, Load, load, too_many

PAIRS = carrying(an_itinerary(waves=("abc",), links=("ab:3", "ac:1", "bc:2", "cx:4")), None).pairs


def test_a_link_crosses_where_one_end_alone_is_on_the_new_side() -> None:
    found = load(PAIRS, {"a", "b", "c"}, {"a", "c"}, 50.0)
    assert found.before == Crossing(1, 4, 40.0)  # to x, which never moves
    assert found.after == Crossing(3, 9, 90.0)
    assert found.cut == (Bridge("a", "b", 3, 30.0), Bridge("b", "c", 2, 20.0))
    assert load(PAIRS, set(), set(), None).after == Crossing(0, 0, 0.0)


def test_the_heaviest_bridge_is_named_first() -> None:
    light = [
        replace(pair, calls_per_day=24) if (pair.source, pair.target) == ("a", "b") else pair
        for pair in PAIRS
    ]
    found = load(light, {"a", "b", "c"}, {"a", "c"}, None)
    assert [str(bridge) for bridge in found.cut] == [
        "b to c: 2 links, 20 calls/h",
        "a to b: 3 links, 1 calls/h",
    ]


def test_one_pair_without_calls_makes_the_sum_unknown_and_hides_nothing_else() -> None:
    pairs = [replace(PAIRS[0], calls_per_day=None), *PAIRS[1:]]
    found = load(pairs, set(), {"a"}, 50.0)
    assert found.after == Crossing(2, 4, None)
    assert found.overloaded is None
    assert not found.overloads
    assert [str(bridge) for bridge in found.cut] == [
        "a to c: 1 link, 10 calls/h",
        "a to b: 3 links",
    ]


@pytest.mark.parametrize(
    ("asked", "most", "answer"),
    [(90.0, 50.0, True), (50.0, 50.0, False), (None, 50.0, None), (90.0, None, None)],
)
def test_too_many_is_more_than_they_carry(
    asked: float | None, most: float | None, answer: bool | None
) -> None:
    assert too_many(asked, most) is answer


@pytest.mark.parametrize(
    ("now", "then", "answer"),
    [(40.0, 90.0, True), (90.0, 90.0, False), (100.0, 90.0, False), (None, 90.0, True)],
)
def test_what_was_overloaded_before_is_not_overloaded_by_the_change(
    now: float | None, then: float, answer: bool
) -> None:
    found = Load(Crossing(1, 1, now), Crossing(1, 1, then), (), 50.0)
    assert found.overloaded
    assert found.overloads is answer


@pytest.mark.parametrize(
    "bridge", [Bridge("a", "b.c-d", 1, None), Bridge("a", "b", 12, 30.0), Bridge("a", "b", 2, 0.0)]
)
def test_a_bridge_is_read_as_it_was_written(bridge: Bridge) -> None:
    assert Bridge.read(str(bridge)) == bridge


def test_other_words_are_no_bridge() -> None:
    assert Bridge.read("a to b: many links") is None
