"""Azure's second and fourth phase: ranked groups are put in waves, restructured and evened out.

Called by `azure.py`, whose docstring names the pages and says what they leave open. Groups fill
waves in the order of their score; then single groups change waves, or two change places, as long as
that helps: a condition of a higher rank is never made worse for one of a lower rank, all conditions
come before the ties across waves, and the hard limits come before everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from migrator.planner.peers.azure_conditions import (
    NOTHING,
    Amounts,
    Board,
    earliest,
)
from migrator.planner.peers.azure_score import Facts
from migrator.planner.peers.orders import layers, tie_breaks
from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves, by_priority, cut
from migrator.planner.waves import Limits

ROUNDS_MAX: Final = 40
"""Rounds over all groups; on samples of 77 to 1,000 nothing moved any more after 10 to 25."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read what the pages leave open; every reading is tried."""

    strong_share: float  # of all two-way pairs, the strongest: they stay together
    targets_first: bool  # condition 3 is critical (else advisory: flagged, never enforced)
    reach: int | None  # how many waves a group may leave the place of its score; None: any


READINGS: Final = tuple(
    Reading(share, targets_first, reach)
    for share in (0.0, 0.05, 0.25, 1.0)
    for targets_first in (True, False)
    for reach in (1, None)
)


def rank(
    problem: Problem, facts: Sequence[Facts], reading: Reading, chance: Random | None
) -> list[int]:
    """The groups in the order in which they fill waves: condition 3 and 4, then the score."""
    places = tie_breaks(problem, chance)
    layer = layers(problem, places) if reading.targets_first else [0] * len(problem.atoms)
    # Test before production is the fourth condition, so it comes after the layers.
    ahead = sorted(
        range(len(problem.atoms)), key=lambda g: (not facts[g].testing, -facts[g].score, places[g])
    )
    second = {group: place for place, group in enumerate(ahead)}
    return by_priority(problem, lambda group: (layer[group], second[group]))


def fill(
    problem: Problem, limits: Limits, facts: Sequence[Facts], order: Sequence[int], count: int
) -> Waves:
    """Waves of about even size in that order; critical and complex groups wait where they can."""
    early = frozenset(range(earliest(count)))
    waiting = replace(
        limits,
        forbidden=tuple(
            barred | early
            if (fact.high or fact.complex) and limits.pinned[group] not in early
            else barred
            for group, (fact, barred) in enumerate(zip(facts, limits.forbidden, strict=True))
        ),
    )
    # Where nothing else is left for a wave, conditions 6 and 7 give way: they are advisory.
    return cut(problem, waiting, order, count) or cut(problem, limits, order, count)


def even_out(board: Board, reading: Reading, order: Sequence[int]) -> None:
    """Change the waves for the better, group by group, until nothing helps any more."""
    ranked = list(board.wave_of)
    for _ in range(ROUNDS_MAX):
        moved = [_improve(board, reading, ranked, group) for group in order]
        if not any(moved):
            return


def _improve(board: Board, reading: Reading, ranked: Sequence[int], group: int) -> bool:
    """Bring one group to the wave that helps most, alone or against one that goes back."""
    here = board.wave_of[group]
    waves = [
        wave for wave in _reachable(board, reading, ranked, group) if board.allowed(group, wave)
    ]
    gains = zip(board.changes(group, waves), waves, strict=True)
    counted = ((_counted(amounts, reading), wave) for amounts, wave in gains)
    better = sorted((gain, wave) for gain, wave in counted if gain < NOTHING)
    for gain, wave in better:
        board.put(group, wave)
        if board.room(here) and board.room(wave):
            board.keep(group)
            return True
        if _sent_back(board, reading, ranked, (group, here, wave), gain):
            return True
        board.put(group, here)
    return False


def _sent_back(
    board: Board,
    reading: Reading,
    ranked: Sequence[int],
    moved: tuple[int, int, int],
    gain: Amounts,
) -> bool:
    """Bring the best other group of the wave back to where the first came from, if it still pays.

    `moved` is the first group, its old and its new wave.
    """
    group, here, wave = moved
    best: tuple[Amounts, int] | None = None
    for other in sorted(board.members[wave] - {group}):
        if (
            board.would_fit(other, wave, here)
            and here in _reachable(board, reading, ranked, other)
            and board.allowed(other, here)
        ):
            both = _sum(gain, _counted(board.change_back(other, group, here), reading))
            if both < NOTHING and (best is None or both < best[0]):
                best = both, other
    if best is None:
        return False
    board.put(best[1], here)
    board.keep(group)
    board.keep(best[1])
    return True


def _reachable(board: Board, reading: Reading, ranked: Sequence[int], group: int) -> range:
    """The waves to which a reading lets a group go."""
    if reading.reach is None:
        return range(board.count)
    home = ranked[group]
    return range(max(0, home - reading.reach), min(board.count, home + reading.reach + 1))


def _counted(amounts: Amounts, reading: Reading) -> Amounts:
    """The amounts that a reading enforces."""
    return amounts if reading.targets_first else (0, *amounts[1:])


def _sum(one: Amounts, other: Amounts) -> Amounts:
    return (
        one[0] + other[0],
        one[1] + other[1],
        one[2] + other[2],
        one[3] + other[3],
        one[4] + other[4],
        one[5] + other[5],
        one[6] + other[6],
    )
