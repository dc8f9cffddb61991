"""Circles of links, explained."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from estates import a_graph
from migrator.graph import cycles as module
from migrator.graph.cycles import cycles, feedback_arcs, shortest_cycle
from migrator.ids import SubsystemId
from migrator.links.table import Pair


def shown(arcs: Sequence[Pair]) -> list[str]:
    return [f"{arc.source}{arc.target}" for arc in arcs]


def test_a_graph_without_circles_has_none() -> None:
    assert cycles(a_graph("ab:1", "bc:1", "ac:1")) == ()
    assert cycles(a_graph(nodes="ab")) == ()


def test_a_circle_is_named_with_its_links_and_the_cheapest_arc_to_bridge() -> None:
    (cycle,) = cycles(a_graph("ab:50", "bc:40", "ca:3", "cd:9"))
    assert cycle.members == ("a", "b", "c")
    assert (cycle.links, cycle.weight) == (3, 93)
    assert shown(cycle.bridges) == ["ca"]
    assert cycle.bridge_weight == 3
    assert cycle.example == ("b", "c", "a")


def test_the_largest_circle_comes_first_and_equal_ones_by_name() -> None:
    found = cycles(a_graph("ab:1", "ba:1", "cd:1", "de:1", "ec:1", "xy:1", "yx:1"))
    assert ["".join(cycle.members) for cycle in found] == ["cde", "ab", "xy"]


def test_bridges_are_shown_the_heaviest_first() -> None:
    (cycle,) = cycles(a_graph("ab:90", "ba:2", "bc:90", "cb:5", "ca:7"))
    assert shown(cycle.bridges) == ["ca", "cb", "ba"]
    assert cycle.bridge_weight == 14


def test_links_that_are_never_called_are_bridged_first() -> None:
    (cycle,) = cycles(a_graph("ab:1", "bc:0", "ca:1"))
    assert shown(cycle.bridges) == ["bc"]
    assert cycle.bridge_weight == 0


def test_the_greedy_order_is_improved_by_moving_subsystems(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph = a_graph("ab:8", "ad:3", "bd:4", "ca:4", "cd:9", "dc:7")
    assert shown(feedback_arcs(graph.nodes, graph.arcs)) == ["dc"]
    monkeypatch.setattr(module, "SWEEPS_MAX", 0)
    assert shown(feedback_arcs(graph.nodes, graph.arcs)) == ["ca", "dc"]


def test_nothing_needs_bridging_where_there_is_no_circle() -> None:
    graph = a_graph("ab:1", "bc:1", "ac:1", nodes="x")
    assert feedback_arcs(graph.nodes, graph.arcs) == ()


def test_of_equally_light_sets_the_one_with_fewer_arcs_is_chosen() -> None:
    graph = a_graph("ab:2", "bc:1", "bd:1", "ca:9", "da:9")
    assert shown(feedback_arcs(graph.nodes, graph.arcs)) == ["ab"]


def test_a_source_inside_a_circle_of_others_comes_first() -> None:
    graph = a_graph("ab:9", "bc:1", "ca:1", "bd:5", "dc:4")
    assert shown(feedback_arcs(graph.nodes, graph.arcs)) == ["ca"]


def test_a_place_that_is_as_good_is_not_taken() -> None:
    assert module._best_place((SubsystemId("b"),), {}, 1) == 1
    assert module._best_place((SubsystemId("b"),), {SubsystemId("b"): -1}, 0) == 1


@pytest.mark.parametrize(
    ("through", "circle"), [("a", "ad"), ("b", "bca"), ("d", "da"), ("e", None), ("x", None)]
)
def test_a_shortest_circle_through_a_subsystem(through: str, circle: str | None) -> None:
    graph = a_graph("ab:1", "bc:1", "ca:1", "ad:1", "da:1", "ae:1", nodes="x")
    found = shortest_cycle(graph, SubsystemId(through))
    assert (None if found is None else "".join(found)) == circle


def test_a_subsystem_that_is_reached_in_two_ways_is_looked_at_once() -> None:
    graph = a_graph("ab:1", "ac:1", "bd:1", "cd:1", "da:1")
    assert "".join(shortest_cycle(graph, SubsystemId("a")) or ()) == "abd"
