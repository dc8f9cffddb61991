"""What crosses the platforms, and what a way back leaves to the bridges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itineraries import an_itinerary, carrying
from migrator.plan.bridges import Bridge, Crossing, Load, bridges, crossing, too_many

PAIRS = carrying(an_itinerary(waves=("abc",), links=("ab:3", "ac:1", "bc:2", "cx:4")), None).pairs


def test_a_link_crosses_where_one_end_alone_is_on_the_new_side() -> None:
    assert crossing(PAIRS, {"a", "b", "c"}) == Crossing(1, 4, 40.0)  # to x, which never moves
    assert crossing(PAIRS, {"a", "c"}) == Crossing(3, 9, 90.0)
    assert crossing(PAIRS, set()) == Crossing(0, 0, 0.0)


def test_bridges_are_between_what_is_back_and_the_new_side_and_the_heaviest_is_the_first() -> None:
    assert bridges(PAIRS, {"b"}, {"a", "c"}) == (Bridge("a", "b", 3, 30.0), Bridge("b", "c", 2, 20))
    assert bridges(PAIRS, {"b", "c"}, {"a"}) == (Bridge("a", "b", 3, 30.0), Bridge("a", "c", 1, 10))
    assert bridges(PAIRS, {"c"}, set()) == ()  # x was never on the new side
    light = [replace(pair, calls_per_day=24) if pair.links == 3 else pair for pair in PAIRS]
    assert [str(bridge) for bridge in bridges(light, {"b"}, {"a", "c"})] == [
        "b to c: 2 links, 20 calls/h",
        "a to b: 3 links, 1 calls/h",
    ]


def test_one_pair_without_calls_makes_the_sum_unknown_and_hides_nothing_else() -> None:
    pairs = [replace(PAIRS[0], calls_per_day=None), *PAIRS[1:]]
    assert crossing(pairs, {"a"}) == Crossing(2, 4, None)
    assert [str(bridge) for bridge in bridges(pairs, {"b", "c"}, {"a"})] == [
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
    ("onward", "after", "answer"),
    [
        (40.0, 90.0, True),
        (90.0, 90.0, False),
        (100.0, 90.0, False),
        (None, 90.0, True),
        (0.0, 50.0, False),
        (0.0, None, False),
    ],
)
def test_a_way_back_overloads_where_it_asks_for_too_much_and_for_more_than_going_on(
    onward: float | None, after: float | None, answer: bool
) -> None:
    now = Crossing(1, 1, 90.0)
    found = Load(now, Crossing(1, 1, onward), Crossing(1, 1, after), (), 50.0)
    assert found.overloads is answer


@pytest.mark.parametrize(
    "bridge", [Bridge("a", "b.c-d", 1, None), Bridge("a", "b", 12, 30.0), Bridge("a", "b", 2, 0.0)]
)
def test_a_bridge_is_read_as_it_was_written(bridge: Bridge) -> None:
    assert Bridge.read(str(bridge)) == bridge


def test_other_words_are_no_bridge() -> None:
    assert Bridge.read("a to b: many links") is None
