"""What holds for every graph: circles, bridges, reach and exposure."""

from __future__ import annotations

import math
import random
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estates import a_pair, an_estate, before, together
from migrator.graph.atoms import atom_of, atoms, before_arcs, tie
from migrator.graph.build import DependencyGraph, build_graph
from migrator.graph.cycles import cycles, feedback_arcs, shortest_cycle
from migrator.graph.exposure import cut_over_time, exposure, quick
from migrator.graph.reach import around, reach, why
from migrator.ids import SubsystemId
from migrator.inventory.model import Relation
from migrator.links.table import Pair

NAMES = tuple(SubsystemId(letter) for letter in "abcdefg")
ESTATE = an_estate(NAMES)
ENDS = tuple((one, other) for one, other in product(NAMES, NAMES) if one != other)


@st.composite
def graphs(draw: st.DrawFn) -> DependencyGraph:
    chosen = draw(st.lists(st.sampled_from(ENDS), unique=True, max_size=24))
    return build_graph(ESTATE, [a_pair(*ends, draw(st.integers(0, 50))) for ends in chosen])


@st.composite
def relations(draw: st.DrawFn) -> tuple[Relation, ...]:
    kinds = st.sampled_from((together, before))
    members = st.lists(st.sampled_from(NAMES), unique=True, min_size=2, max_size=3)
    found = draw(st.lists(st.tuples(kinds, members), max_size=5))
    return tuple(kind(*chosen) for kind, chosen in found)


hours = st.integers(0, 720).map(lambda steps: steps / 12)  # a weekend's five-minute grid
instants = st.fixed_dictionaries(dict.fromkeys(NAMES, hours))


def reaches(arcs: tuple[Pair, ...] | list[Pair]) -> set[tuple[SubsystemId, SubsystemId]]:
    """Who reaches whom in one hop or more, the slow and certain way."""
    known = {(arc.source, arc.target) for arc in arcs}
    for middle, one, other in product(NAMES, NAMES, NAMES):
        if (one, middle) in known and (middle, other) in known:
            known.add((one, other))
    return known


@given(graphs())
def test_a_circle_is_what_reaches_each_other(graph: DependencyGraph) -> None:
    known = reaches(graph.arcs)
    expected = {
        frozenset(
            {one} | {other for other in NAMES if (one, other) in known and (other, one) in known}
        )
        for one in NAMES
        if (one, one) in known
    }
    found = cycles(graph)
    assert {frozenset(cycle.members) for cycle in found} == expected
    for cycle in found:
        inside = [a for a in graph.arcs if {a.source, a.target} <= set(cycle.members)]
        assert cycle.weight == sum(arc.weight for arc in inside)
        assert cycle.links == sum(arc.links for arc in inside)


@given(graphs())
def test_without_the_bridges_no_circle_is_left(graph: DependencyGraph) -> None:
    bridges = [arc for cycle in cycles(graph) for arc in cycle.bridges]
    known = reaches([arc for arc in graph.arcs if arc not in bridges])
    assert not any((name, name) in known for name in NAMES)
    assert list(feedback_arcs(graph.nodes, graph.arcs)) == sorted(
        feedback_arcs(graph.nodes, graph.arcs), key=lambda arc: (arc.source, arc.target)
    )


@given(graphs())
def test_no_single_bridge_is_taken_for_nothing(graph: DependencyGraph) -> None:
    # Each cut weighs less than all arcs of its circle: at least one direction stays.
    for cycle in cycles(graph):
        assert (
            1
            <= len(cycle.bridges)
            < sum(1 for arc in graph.arcs if {arc.source, arc.target} <= set(cycle.members))
        )
        assert cycle.bridge_weight == sum(arc.weight for arc in cycle.bridges)
        assert 2 * cycle.bridge_weight <= cycle.weight


@given(graphs())
def test_an_example_is_a_circle_and_there_is_no_shorter_one(graph: DependencyGraph) -> None:
    ends = {(arc.source, arc.target) for arc in graph.arcs}
    known = reaches(graph.arcs)
    for name in NAMES:
        circle = shortest_cycle(graph, name)
        assert (circle is not None) == ((name, name) in known)
        if circle is not None:
            assert circle[0] == name
            assert len(set(circle)) == len(circle)
            assert all(hop in ends for hop in zip(circle, (*circle[1:], name), strict=True))
            shorter = [why(graph, end, name) for start, end in ends if start == name]
            assert len(circle) == 1 + min(len(way) for way in shorter if way is not None)


@given(graphs(), st.sampled_from(ENDS))
def test_a_way_is_a_chain_of_links_and_is_there_where_it_can_be(
    graph: DependencyGraph, ends: tuple[SubsystemId, SubsystemId]
) -> None:
    way = why(graph, *ends)
    assert (way is not None) == (ends in reaches(graph.arcs))
    if way is not None:
        assert (way[0].source, way[-1].target) == ends
        assert all(one.target == other.source for one, other in pairwise(way))


@given(graphs(), st.sampled_from(NAMES))
def test_reach_is_what_the_slow_way_finds(graph: DependencyGraph, name: SubsystemId) -> None:
    known = reaches(graph.arcs)
    found = reach(graph, name)
    assert set(found.affected) == {n for n in NAMES if n != name and (n, name) in known}
    assert set(found.needs) == {n for n in NAMES if n != name and (name, n) in known}
    assert set(found.affected_directly) | set(found.needs_directly) | {name} == set(
        around(graph, name, 1).distance
    )


@given(relations())
def test_atoms_are_a_partition_and_their_order_has_no_circle(found: tuple[Relation, ...]) -> None:
    estate = an_estate(NAMES, *found)
    groups = atoms(estate)
    assert sorted(member for atom in groups for member in atom.members) == list(NAMES)
    home = atom_of(groups)
    order = before_arcs(estate)
    assert not any(arc in reaches([a_pair(b, a) for a, b in order]) for arc in order)
    for relation in found:
        if relation.kind.value == "with":
            assert len({home[member] for member in relation.members}) == 1
    for one, other in ENDS:
        tied = tie(estate, one, other) is not None and tie(estate, other, one) is not None
        assert tied == (home[one] == home[other])


@given(graphs(), hours)
def test_exposure_is_zero_when_all_switch_at_once(graph: DependencyGraph, hour: float) -> None:
    assert exposure(graph, dict.fromkeys(NAMES, hour)) == 0.0


@given(graphs(), instants)
def test_exposure_does_not_care_for_the_direction_of_time(
    graph: DependencyGraph, found: dict[SubsystemId, float]
) -> None:
    turned = {name: 60.0 - hour for name, hour in found.items()}
    assert exposure(graph, turned) == pytest.approx(exposure(graph, found))
    moved = {name: hour + 7.0 for name, hour in found.items()}
    assert exposure(graph, moved) == pytest.approx(exposure(graph, found))


@given(graphs(), instants)
def test_exposure_is_the_integral_of_the_cut(
    graph: DependencyGraph, found: dict[SubsystemId, float]
) -> None:
    steps = cut_over_time(graph, found)
    area = math.fsum(step.weight * (following.at - step.at) for step, following in pairwise(steps))
    assert area == pytest.approx(exposure(graph, found))
    assert all(step.weight >= 0 for step in steps)
    assert not steps or steps[-1].weight == 0


@given(graphs(), instants, relations(), hours)
def test_the_quick_form_is_the_plain_one(
    graph: DependencyGraph,
    found: dict[SubsystemId, float],
    declared: tuple[Relation, ...],
    hour: float,
) -> None:
    home = atom_of(atoms(an_estate(NAMES, *declared)))
    form = quick(graph, home)
    hours_of_units = [found[unit] for unit in form.units]
    plain = exposure(graph, {name: found[home[name]] for name in NAMES})
    assert form.total(hours_of_units) == pytest.approx(plain)
    changed = [hour, *hours_of_units[1:]]
    assert form.change(hours_of_units, 0, hour) == pytest.approx(
        form.total(changed) - form.total(hours_of_units)
    )


@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_in_which_pairs_come_changes_nothing(
    graph: DependencyGraph, chance: random.Random
) -> None:
    shuffled = list(graph.arcs)
    chance.shuffle(shuffled)
    again = build_graph(ESTATE, shuffled)
    assert again == graph
    assert list(again.weights) == list(graph.weights)
