"""The kernel unwinds in the engine's order: the arcs of `plan/unwind_order.py`, and no others."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from itineraries import an_itinerary
from migrator.plan.unwind_order import critical_minutes, unwind_arcs
from migrator.schedule import paper as at
from migrator.schedule.paper import paper
from migrator.schedule.problem import Move, Rules, Spread, arrays
from migrator.schedule.unwind_time import unwound

MOVES = "abcdefg"
PAIRS = [one + two for one, two in combinations(MOVES, 2)]
switched = st.permutations(MOVES).flatmap(
    lambda order: st.integers(0, len(order)).map(lambda n: order[:n])
)


@given(
    st.sets(st.sampled_from(PAIRS)),
    st.sets(st.sampled_from(PAIRS), max_size=4),
    st.sampled_from([(), ("ab",), ("cde",), ("ab", "fg")]),
    switched,
    st.sets(st.sampled_from(MOVES), min_size=1),
    st.lists(st.integers(1, 99), min_size=len(MOVES), max_size=len(MOVES)),
)
def test_without_crews_it_takes_as_long_as_the_longest_chain_of_the_engines_arcs(
    links: set[str],
    before: set[str],
    together: tuple[str, ...],
    order: list[str],
    members: set[str],
    minutes: list[int],
) -> None:
    itinerary = an_itinerary(waves=(MOVES,), links=links, before=before, with_=together)
    arcs = unwind_arcs(members, order, itinerary.pairs, itinerary.legs)
    lengths = dict(zip(MOVES, map(float, minutes), strict=True))
    group = {move: number for number, mates in enumerate(together) for move in mates}
    number = {str(leg.id): i for i, leg in enumerate(itinerary.legs.values())}
    assert list(number) == list(MOVES)
    p = arrays(
        [
            Move(
                move=Spread(8.0, 0.0),
                unwind=Spread(lengths[move], 0.0),
                group=group.get(move),
                before=tuple(number[first] for first in itinerary.legs[move].after),
            )
            for move in MOVES
        ],
        pairs=[(number[pair.source], number[pair.target], 1.0) for pair in itinerary.pairs],
        rules=Rules(unwind_seats=False),
    )
    w = paper(p)
    w.times[:, at.SWITCH] = math.inf
    for minute, move in enumerate(order):
        w.times[number[move], at.SWITCH] = float(minute)
    w.times[:, at.UNDO] = [lengths[move] for move in MOVES]
    going = sorted((number[move] for move in members), key=lambda i: (w.times[i, at.SWITCH], i))

    back = unwound(p, w, np.array(going, dtype=np.int64), len(going), 100.0, 0.0)

    assert back == critical_minutes(members, arcs, lengths)
