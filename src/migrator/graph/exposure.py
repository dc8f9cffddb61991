"""Exposure: how much link weight is split between the platforms, and for how long.

The objective of a plan. Called by the planner (the quick form), by `migrator lint`, `diff` and
reports (the plain form). For switch instants x, in hours from any common origin:

    E = sum over unordered pairs of w_ij |x_i - x_j|

which is the integral over time of the cut, the weight between what has switched and what has not.
A subsystem that never switches is left out, unless an hour is given until which it counts as not
switched. The plain and the quick form agree to rounding; a property test holds them together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migrator.graph.build import DependencyGraph
from migrator.ids import SubsystemId


@dataclass(frozen=True, slots=True)
class CutStep:
    """From the hour `at` until the next step, `weight` lies between the platforms."""

    at: float
    weight: int


def exposure(
    graph: DependencyGraph,
    instants: Mapping[SubsystemId, float],
    never_until: float | None = None,
) -> float:
    """Give E in weight-hours; subsystems without an instant count as switched at `never_until`."""
    return math.fsum(
        weight * abs(_instant(instants, one, never_until) - _instant(instants, other, never_until))
        for (one, other), weight in graph.weights.items()
        if never_until is not None or (one in instants and other in instants)
    )


def split_hours(graph: DependencyGraph, weight_hours: float) -> float:
    """Divide by all weight: the mean hours for which a unit of link weight is split."""
    return weight_hours / graph.weight if graph.weight else 0.0


def cut_over_time(
    graph: DependencyGraph,
    instants: Mapping[SubsystemId, float],
    never_until: float | None = None,
) -> tuple[CutStep, ...]:
    """Give the cut after each instant at which something switches, in order of time."""
    change: dict[float, int] = {}
    for (one, other), weight in graph.weights.items():
        if never_until is None and not (one in instants and other in instants):
            continue
        first, last = sorted(
            (_instant(instants, one, never_until), _instant(instants, other, never_until))
        )
        change[first] = change.get(first, 0) + weight
        change[last] = change.get(last, 0) - weight
    steps = []
    cut = 0
    for at, difference in sorted(change.items()):
        cut += difference
        steps.append(CutStep(at, cut))
    return tuple(steps)


def peak(steps: Sequence[CutStep]) -> CutStep | None:
    """The first hour with the heaviest cut: what the bridge must bear. None: nothing switches."""
    return max(steps, key=lambda step: (step.weight, -step.at), default=None)


@dataclass(frozen=True, slots=True)
class QuickExposure:
    """The same sum for a search that asks a million times: numbers instead of names.

    `units` are what switches together, numbered by their place; `edges` are (unit, unit, weight)
    with the lower number first and no edge inside a unit; `around` lists each unit's edges.
    Made by `quick`.
    """

    units: tuple[SubsystemId, ...]
    edges: tuple[tuple[int, int, int], ...]
    around: tuple[tuple[tuple[int, int], ...], ...]

    def total(self, instants: Sequence[float]) -> float:
        """E for one instant per unit."""
        return sum(w * abs(instants[i] - instants[j]) for i, j, w in self.edges)

    def change(self, instants: Sequence[float], unit: int, instant: float) -> float:
        """How E changes if one unit switches at another instant; costs that unit's edges only."""
        now = instants[unit]
        return sum(
            w * (abs(instant - instants[other]) - abs(now - instants[other]))
            for other, w in self.around[unit]
        )


def quick(graph: DependencyGraph, unit_of: Mapping[SubsystemId, SubsystemId]) -> QuickExposure:
    """Sum the weights between units (atoms); `unit_of` names each moving subsystem's atom.

    Subsystems without a unit never switch and are left out.
    """
    units = tuple(sorted(set(unit_of.values())))
    number = {unit: place for place, unit in enumerate(units)}
    summed: dict[tuple[int, int], int] = {}
    for (one, other), weight in graph.weights.items():
        if one in unit_of and other in unit_of and unit_of[one] != unit_of[other]:
            low, high = sorted((number[unit_of[one]], number[unit_of[other]]))
            summed[low, high] = summed.get((low, high), 0) + weight
    around: list[list[tuple[int, int]]] = [[] for _ in units]
    for (low, high), weight in sorted(summed.items()):
        around[low].append((high, weight))
        around[high].append((low, weight))
    return QuickExposure(
        units=units,
        edges=tuple((low, high, weight) for (low, high), weight in sorted(summed.items())),
        around=tuple(tuple(edges) for edges in around),
    )


def _instant(
    instants: Mapping[SubsystemId, float], subsystem: SubsystemId, never_until: float | None
) -> float:
    """The hour at which a subsystem switches."""
    if subsystem in instants:
        return instants[subsystem]
    assert never_until is not None, "pairs without an instant were left out"
    return never_until
