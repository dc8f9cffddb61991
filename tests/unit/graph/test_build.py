"""The graph: all subsystems, directed pairs, undirected weights."""

from __future__ import annotations

import random

import pytest

from builders import an_inventory
from estates import a_graph, a_pair, an_estate
from migrator.graph.build import build_graph, directed, unordered
from migrator.ids import SubsystemId

A, B, C = (SubsystemId(name) for name in "abc")


def test_every_subsystem_is_a_node_also_one_without_links_or_one_that_stays() -> None:
    graph = build_graph(an_inventory(), ())
    assert graph.nodes == ("archive", "bank", "ledger", "night", "payments", "web")
    assert graph.arcs == ()
    assert (graph.weight, graph.links) == (0, 0)


def test_both_directions_make_one_weight() -> None:
    graph = a_graph("ab:5", "ba:7", "bc:1")
    assert graph.weights == {(A, B): 12, (B, C): 1}
    assert graph.weight == 13


def test_links_are_summed_over_all_pairs() -> None:
    pairs = (a_pair("a", "b", 5, links=3), a_pair("b", "c", 1, links=4))
    assert build_graph(an_estate("abc"), pairs).links == 7


def test_the_order_of_pairs_does_not_matter() -> None:
    pairs = [a_pair(arc[0], arc[1], n) for n, arc in enumerate(["ab", "ba", "bc", "ca", "ac"])]
    plain = build_graph(an_estate("abc"), pairs)
    random.Random(1).shuffle(pairs)
    assert build_graph(an_estate("abc"), pairs) == plain
    assert [(arc.source, arc.target) for arc in plain.arcs] == [
        (A, B), (A, C), (B, A), (B, C), (C, A),
    ]  # fmt: skip


def test_a_pair_that_is_never_called_is_there_with_no_weight() -> None:
    assert a_graph("ab:0").weights == {(A, B): 0}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ((("a", "x"),), "pair to unknown subsystem x"),
        ((("x", "a"),), "pair from unknown subsystem x"),
        ((("a", "a"),), "inner links of a are no pair"),
        ((("a", "b"), ("a", "b")), "a pair stands twice"),
    ],
)
def test_what_cannot_come_from_the_links_is_a_bug(
    pairs: tuple[tuple[str, str], ...], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        build_graph(an_estate("abc"), [a_pair(source, target) for source, target in pairs])


def test_the_key_of_two_subsystems_is_the_same_in_any_order() -> None:
    assert unordered(A, B) == unordered(B, A) == (A, B)


def test_networkx_sees_the_same_nodes_and_arcs() -> None:
    network = directed(a_graph("ba:1", "ac:1", nodes="abcd"))
    assert list(network.nodes) == ["a", "b", "c", "d"]
    assert list(network.edges) == [("a", "c"), ("b", "a")]
