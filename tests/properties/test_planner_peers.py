"""Whatever the estate, every peer keeps the limits that our plans keep, in every reading."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import ids
from migrator.inventory.model import Relation, RelationKind
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.peers.azure import wave_plan
from migrator.planner.peers.azure_waves import READINGS, Reading
from migrator.planner.peers.compare import (
    LAYERING,
    RANDOM,
    RISK,
    Ground,
    azure_try,
    moves_of,
    order_tries,
)
from migrator.planner.problem import build_problem
from migrator.planner.rules import find_rules
from migrator.planner.seeds import Waves
from migrator.planner.waves import default_constraints, limits
from weekend_estates import a_mover, an_estate, pairs_of


@st.composite
def grounds(draw: st.DrawFn) -> Ground:
    """2 to 16 subsystems, two-way ties among them, rising relations, a few waves forbidden."""
    count = draw(st.integers(2, 16))
    number = st.integers(0, count - 1)
    movers = tuple(
        a_mover(
            n,
            criticality=draw(st.integers(1, 5)),
            tags=tuple(draw(st.sets(st.sampled_from(("dev", "application:a", "application:b"))))),
        )
        for n in range(count)
    )
    relations = [
        Relation(draw(st.sampled_from(RelationKind)), ids(*sorted(names)), "Owner", "because")
        for names in draw(
            st.lists(st.sets(number.map(lambda n: f"s{n:02d}"), min_size=2, max_size=3), max_size=3)
        )
    ]
    rows = draw(st.dictionaries(st.tuples(number, number), st.integers(1, 9), max_size=30))
    inventory = an_estate(count, subsystems=movers, relations=tuple(relations))
    pairs = pairs_of(*((a, b, weight) for (a, b), weight in rows.items() if a != b))
    problem = build_problem(inventory, pairs, find_rules(inventory), DEFAULT_POLICY, RECIPES)
    waves = draw(st.integers(1, 4))
    numbers = limits(problem, default_constraints(problem, waves, None), waves)
    room = max(numbers.moves_max, *numbers.size)
    barred = tuple(frozenset(draw(st.sets(st.integers(1, 3), max_size=1))) for _ in problem.atoms)
    return Ground(inventory, problem, replace(numbers, moves_max=room, forbidden=barred), waves)


@given(grounds(), st.sampled_from(READINGS))
@settings(max_examples=40, deadline=None)
def test_azures_waves_keep_every_hard_limit(ground: Ground, reading: Reading) -> None:
    for how, waves in azure_try(ground, reading, None):
        if waves:
            keeps_everything(ground, waves, how)
    plan = wave_plan(ground.problem, ground.limits, ground.inventory, ground.count, reading)
    if plan is None:
        return
    home = {atom: k for k, wave in enumerate(plan.waves) for atom in wave}
    assert all(len({home[atom] for atom in group}) == 1 for group in plan.groups)


@given(grounds(), st.sampled_from((LAYERING, RISK, RANDOM)))
@settings(max_examples=30, deadline=None)
def test_orders_keep_every_hard_limit(ground: Ground, name: str) -> None:
    for how, waves in order_tries(ground, name, 3, 0):
        if waves:
            keeps_everything(ground, waves, f"{name} {how}")


def keeps_everything(ground: Ground, waves: Waves, how: str) -> None:
    """Count it anew, without the search's own checks."""
    problem, numbers = ground.problem, ground.limits
    home = {atom: k for k, wave in enumerate(waves) for atom in wave}
    assert sorted(atom for wave in waves for atom in wave) == list(range(len(problem.atoms))), how
    for k, wave in enumerate(waves):
        assert wave, how
        assert sum(numbers.size[atom] for atom in wave) <= numbers.room(k), how
        assert sum(numbers.critical[atom] for atom in wave) <= numbers.critical_max, how
        assert not any(k in numbers.forbidden[atom] for atom in wave), how
        assert k > 0 or not numbers.pilot or numbers.pilot.issuperset(wave), how
    for atom, firsts in enumerate(problem.atom_before):
        assert all(home[first] <= home[atom] for first in firsts), how
    for wave in moves_of(problem, waves):
        place = {i: at for at, i in enumerate(wave)}
        for i in wave:
            assert all(place.get(first, -1) < place[i] for first in problem.moves[i].before), how
