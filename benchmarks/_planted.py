"""Instances of which the least exposure is known, because it was put there.

K blocks of equal size exactly fill K waves. Inside a block a ring of heavy links (40,000 each, so
every cut through a block costs 80,000 or more) and a few lighter ones; between neighbours of a
hidden order of the blocks light links, whose total over the whole instance stays below 80,000. So
splitting a block costs more than all light links together, no order of whole blocks beats the
hidden one or its reverse, and the least exposure is the light weight times the length of a wave.
Every duration is the same, a team has a seat for each move of a wave, nothing fails, and there is
no pilot, no date and no relation. Labels are permuted.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Final, NamedTuple

from migrator.ids import SubsystemId, TeamId
from migrator.planner.calendars import ALWAYS
from migrator.planner.problem import CheckFacts, MoveFacts, Problem
from migrator.planner.waves import Limits
from migrator.schedule import problem as kernel
from migrator.schedule.problem import NEVER, Crew, Function, Move, Rows, Rules, Spread

HEAVY: Final = 40_000
INNER_MAX: Final = 2_000
LIGHT_TOTAL: Final = 60_000
"""Below 80,000 with room to spare; each pair of neighbours gets its part of it."""

MOVE_MINUTES: Final = 20.0
CHECK_MINUTES: Final = 5.0
WINDOW_TICKS: Final = 100_000
"""No window: what is asked is the order, not whether it fits."""


class Planted(NamedTuple):
    """An instance and its answer."""

    problem: Problem
    limits: Limits
    estate: kernel.Problem
    blocks: list[list[int]]  # in the hidden order
    least_hours: float


def planted(count: int, waves: int, seed: int) -> Planted:
    """An instance of `count` atoms in so many waves."""
    chance = Random(f"planted/{count}/{waves}/{seed}")
    size = count // waves
    labels = list(range(count))
    chance.shuffle(labels)
    blocks = [labels[k * size : (k + 1) * size] for k in range(waves)]
    weights: dict[tuple[int, int], int] = {}

    def link(i: int, j: int, weight: int) -> None:
        pair = (min(i, j), max(i, j))
        weights[pair] = weights.get(pair, 0) + weight

    for block in blocks:
        for k, i in enumerate(block):
            link(i, block[(k + 1) % size], HEAVY)
        for _ in range(size):
            i, j = chance.sample(block, 2)
            link(i, j, chance.randrange(1, INNER_MAX))
    light = 0
    each = LIGHT_TOTAL // (waves - 1)
    for one, other in pairwise(blocks):
        links = max(2, size // 2)
        for _ in range(links):
            weight = chance.randrange(1, each // links + 1)
            link(chance.choice(one), chance.choice(other), weight)
            light += weight
    pairs = tuple((i, j, weight) for (i, j), weight in sorted(weights.items()))
    total = sum(weight for _, _, weight in pairs)
    wave_hours = (MOVE_MINUTES + CHECK_MINUTES) / 60
    return Planted(
        _problem(count, size, pairs, total),
        _limits(count, size),
        kernel.arrays(*_rows(count, size, pairs)),
        blocks,
        light / total * wave_hours,
    )


def _problem(
    count: int, seats: int, pairs: tuple[tuple[int, int, int], ...], total: int
) -> Problem:
    ids = tuple(SubsystemId(f"s{i:04d}") for i in range(count))
    move = MoveFacts(
        team=0, ahead=0, copy=0, copy_rate=0, after_copy=0, hands_copy=None, hands_copy_end=0,
        cut_from=1, switch=2, hands=4, allowed=ALWAYS, fixed=None, criticality=1, before=(),
    )  # fmt: skip
    return Problem(
        ids=ids,
        index={name: i for i, name in enumerate(ids)},
        moves=(move,) * count,
        atoms=tuple((i,) for i in range(count)),
        atom_of=tuple(range(count)),
        atom_before=(frozenset(),) * count,
        atom_after=(frozenset(),) * count,
        checks=tuple(CheckFacts(None, frozenset({i}), 1, (), 1, 0) for i in range(count)),
        checks_of=tuple((i,) for i in range(count)),
        pairs=pairs,
        arcs=pairs,
        weight=total,
        teams=(TeamId("all"),),
        seats=(((seats, ALWAYS),),),
        handlers=(),
        on_duty=(),
        deciding=ALWAYS,
        soak=0,
        copy_capacity=None,
        wait_for_accepted=False,
        window=WINDOW_TICKS,
    )


def _limits(count: int, size: int) -> Limits:
    return Limits(
        moves_max=size,
        critical_max=0,
        pilot_moves_max=0,
        pilot=frozenset(),
        size=(1,) * count,
        critical=(0,) * count,
        forbidden=(frozenset(),) * count,
        pinned=(None,) * count,
        moves_wanted=0,
    )


def _rows(count: int, seats: int, pairs: tuple[tuple[int, int, int], ...]) -> Rows:
    move = Move(Spread(MOVE_MINUTES, 0.0), shares=(0.0, 0.0, 0.25, 0.25, 0.5))
    return Rows(
        [move] * count,
        [Function(Spread(CHECK_MINUTES, 0.0), (i,)) for i in range(count)],
        [Crew(((0.0, NEVER, seats),))],
        [Crew()],
        [(i, j, float(weight)) for i, j, weight in pairs],
        Rules(window=WINDOW_TICKS * 5.0),
    )
