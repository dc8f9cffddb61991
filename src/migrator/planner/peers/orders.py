"""The orders that people take without a search, each with as many tie-breaks as one likes.

Called by `compare.py`. All give atoms in an order that keeps the `before` relations; cutting it
into waves is somebody else's work, the same for everybody. Without chance (None) an order is the
one of `seeds.py`; with it, only what the rule leaves open is shuffled.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from random import Random

from migrator.planner.problem import Problem
from migrator.planner.seeds import by_priority, risk_ascending


def layered(problem: Problem, chance: Random | None = None) -> list[int]:
    """What others call comes first, layer by layer; who of a layer goes first is open."""
    places = tie_breaks(problem, chance)
    layer = layers(problem, places)
    return by_priority(problem, lambda atom: (layer[atom], places[atom]))


def layers(problem: Problem, places: Sequence[int]) -> list[int]:
    """The layer of each atom: above everybody whom it calls, once the circles are opened.

    Circles are opened as `seeds.layering` opens them: by how much an atom calls against how much
    it is called, and among equals by `places`.
    """
    calls: list[dict[int, int]] = [{} for _ in problem.atoms]
    out, into = [0] * len(problem.atoms), [0] * len(problem.atoms)
    for source, target, weight in problem.arcs:
        a, b = problem.atom_of[source], problem.atom_of[target]
        if a != b:
            calls[a][b] = calls[a].get(b, 0) + weight
            out[a] += weight
            into[b] += weight
    ranked = sorted(
        range(len(problem.atoms)),
        key=lambda a: (Fraction(out[a], max(1, out[a] + into[a])), places[a]),
    )
    rank = {atom: place for place, atom in enumerate(ranked)}
    found = [0] * len(problem.atoms)
    for atom in ranked:
        below = [found[other] for other in calls[atom] if rank[other] < rank[atom]]
        found[atom] = 1 + max(below, default=-1)
    return found


def by_risk(problem: Problem, chance: Random | None = None) -> list[int]:
    """What hurts least first; with chance, only criticality counts and its levels are shuffled."""
    if chance is None:
        return risk_ascending(problem)
    places = tie_breaks(problem, chance)
    worst = [max(problem.moves[i].criticality for i in members) for members in problem.atoms]
    return by_priority(problem, lambda atom: (worst[atom], places[atom]))


def shuffled(problem: Problem, chance: Random) -> list[int]:
    """Any order at all that keeps `before`: whoever does no better than this has no rule."""
    places = tie_breaks(problem, chance)
    return by_priority(problem, lambda atom: (places[atom], atom))


def tie_breaks(problem: Problem, chance: Random | None) -> list[int]:
    """A place for each atom by which ties are broken."""
    places = list(range(len(problem.atoms)))
    if chance is not None:
        chance.shuffle(places)
    return places
