"""The order of an unwind: no circle, complete for all that is linked, nothing else waits."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from itineraries import an_itinerary
from migrator.plan.model import Itinerary
from migrator.plan.unwind_order import critical_minutes, unwind_arcs, unwind_set

MOVES = "abcdefg"
PAIRS = [one + two for one, two in combinations(MOVES, 2)]


@st.composite
def estates(draw: st.DrawFn) -> Itinerary:
    return an_itinerary(
        waves=(MOVES,),
        links=draw(st.sets(st.sampled_from(PAIRS + [pair[::-1] for pair in PAIRS]))),
        before=draw(st.sets(st.sampled_from(PAIRS), max_size=4)),
        with_=draw(st.sampled_from([(), ("ab",), ("cde",), ("ab", "fg")])),
    )


switched = st.permutations(MOVES).flatmap(
    lambda order: st.integers(0, len(order)).map(lambda n: order[:n])
)
members = st.sets(st.sampled_from(MOVES), min_size=1)


@given(estates(), switched, members)
def test_arcs_follow_the_switches_backwards_and_form_no_circle(
    itinerary: Itinerary, order: list[str], chosen: set[str]
) -> None:
    arcs = unwind_arcs(chosen, order, itinerary.pairs, itinerary.legs)

    assert set(arcs) == chosen
    for move, later in arcs.items():
        assert all(order.index(move) < order.index(other) for other in later)
    critical_minutes(chosen, arcs, dict.fromkeys(chosen, 1.0))  # it asserts that there is no circle


@given(estates(), switched, members)
def test_arcs_are_complete_for_what_is_linked_or_related_and_there_are_no_others(
    itinerary: Itinerary, order: list[str], chosen: set[str]
) -> None:
    arcs = unwind_arcs(chosen, order, itinerary.pairs, itinerary.legs)
    bound = {frozenset((pair.source, pair.target)) for pair in itinerary.pairs}
    for leg in itinerary.legs.values():
        bound |= {frozenset((leg.id, other)) for other in (*leg.together, *leg.after)}

    for one, two in combinations(sorted(chosen), 2):
        expected = frozenset((one, two)) in bound and {one, two} <= set(order)
        assert (two in arcs[one] or one in arcs[two]) == expected


@given(estates(), members, st.sets(st.sampled_from(MOVES)))
def test_the_set_is_closed_and_holds_nothing_that_was_not_begun(
    itinerary: Itinerary, wanted: set[str], begun: set[str]
) -> None:
    found = unwind_set(itinerary.legs, sorted(wanted), begun.__contains__)

    assert set(found) <= begun
    assert wanted & begun <= set(found)
    for move in found:
        for other in itinerary.legs.values():
            bound = other.id in itinerary.legs[move].together or move in other.after
            assert not (bound and other.id in begun) or other.id in found
    for move, reason in found.items():
        assert (reason == "asked for") == (move in wanted)
