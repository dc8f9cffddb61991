"""Azure's third phase: how early a group should go, as a score from 0 to 100.

Called by `azure.py`, whose docstring names the pages. They name five factors and what each does
(simple, uncritical, ready, cheap and valuable groups go first), but neither the weights nor the
scales; so all five weigh the same, and each runs over the estate from its lowest to its highest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from migrator.inventory.model import Inventory, Subsystem
from migrator.planner.problem import Problem

TESTING_TAGS: Final = frozenset(
    name
    for word in ("dev", "development", "test", "testing", "staging", "qa", "sandbox")
    for name in (word, f"environment:{word}", f"env:{word}")
)
"""How a subsystem says that it is not production; who says nothing is, as the pages have it."""

HIGH_CRITICALITY: Final = 5
COMPLEX_SHARE: Final = 0.1
"""The pages' example of a complex application has twelve dependent services; in an estate where
nearly everybody has as many, the tenth with the most parts and neighbours counts as complex."""

FACTORS: Final = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """What the conditions and the score ask of a group."""

    testing: bool  # development or test; a group with one production member is production
    high: bool  # business critical
    complex: bool
    score: float  # 0 to 100; higher goes earlier


def facts(problem: Problem, inventory: Inventory) -> tuple[Facts, ...]:
    """The facts of every atom of a problem, whose atoms are Azure's groups."""
    moving = inventory.moving
    neighbours = _neighbours(problem)
    rows = [
        _factors([moving[i] for i in members], len(neighbours[number]))
        for number, members in enumerate(problem.atoms)
    ]
    # Each factor is turned so that more of it means later, then all are set between 0 and 1.
    scaled = list(zip(*[_scaled(column) for column in zip(*rows, strict=True)], strict=True))
    complexities = sorted((row[0] for row in rows), reverse=True)
    many = complexities[min(len(rows) - 1, round(COMPLEX_SHARE * len(rows)))] if rows else 0.0
    return tuple(
        Facts(
            testing=all(TESTING_TAGS.intersection(moving[i].tags) for i in members),
            high=any(moving[i].criticality >= HIGH_CRITICALITY for i in members),
            complex=row[0] > many,
            score=100 * (1 - sum(parts) / FACTORS),
        )
        for members, row, parts in zip(problem.atoms, rows, scaled, strict=True)
    )


def _factors(members: Sequence[Subsystem], neighbours: int) -> tuple[float, ...]:
    """Complexity, criticality, lack of readiness, effort, and lack of value."""
    ready = math.prod(1 - subsystem.failure_probability for subsystem in members)
    return (
        float(neighbours + sum(len(subsystem.components) for subsystem in members)),
        float(max(subsystem.criticality for subsystem in members)),
        1 - ready,
        math.fsum(subsystem.durations["move"].p50 for subsystem in members),
        # Savings are not in an inventory; what is freed on the old side stands in for them.
        -math.fsum(subsystem.cpu for subsystem in members),
    )


def _scaled(column: Sequence[float]) -> list[float]:
    least, most = min(column), max(column)
    return [(value - least) / (most - least) if most > least else 0.0 for value in column]


def _neighbours(problem: Problem) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in problem.atoms]
    for i, j, _ in problem.pairs:
        a, b = problem.atom_of[i], problem.atom_of[j]
        if a != b:
            found[a].add(b)
            found[b].add(a)
    return found
