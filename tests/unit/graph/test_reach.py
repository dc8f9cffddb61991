"""Who reaches whom by links."""

from __future__ import annotations

import pytest

from estates import a_graph
from migrator.graph.reach import around, reach, why
from migrator.ids import SubsystemId

A, B, C, D = (SubsystemId(name) for name in "abcd")


def way(first: str, second: str, *arcs: str) -> str | None:
    found = why(a_graph(*arcs, nodes=first + second), SubsystemId(first), SubsystemId(second))
    return None if found is None else " ".join(f"{arc.source}{arc.target}" for arc in found)


@pytest.mark.parametrize(
    ("first", "second", "arcs", "expected"),
    [
        ("a", "b", ("ab:1",), "ab"),
        ("b", "a", ("ab:1",), None),
        ("a", "d", ("ab:9", "bd:9", "ad:0"), "ad"),
        ("a", "d", ("ab:1", "bd:1", "ac:1", "cd:2"), "ac cd"),
        ("a", "d", ("ab:1", "bd:1", "ac:1", "cd:1"), "ab bd"),
        ("a", "a", ("ab:1", "ba:1"), ""),
        ("a", "e", ("ab:1", "bc:1", "cd:1", "de:1", "ca:1"), "ab bc cd de"),
        ("a", "c", (), None),
    ],
    ids=[
        "direct", "against the arrow", "fewest hops", "then heaviest", "then the lowest ids",
        "itself", "far", "nothing",
    ],
)  # fmt: skip
def test_why_one_depends_on_another(
    first: str, second: str, arcs: tuple[str, ...], expected: str | None
) -> None:
    assert way(first, second, *arcs) == expected


def test_a_neighbourhood_looks_both_ways_and_stops_at_its_depth() -> None:
    graph = a_graph("ab:1", "ca:1", "bd:1", "de:1", "bc:1", nodes="x")
    hood = around(graph, A, 1)
    assert hood.distance == {A: 0, B: 1, C: 1}
    assert [f"{arc.source}{arc.target}" for arc in hood.arcs] == ["ab", "bc", "ca"]
    assert around(graph, A, 2).distance == {A: 0, B: 1, C: 1, D: 2}
    assert around(graph, A, 0).distance == {A: 0}


def test_reach_counts_who_is_affected_and_what_is_needed() -> None:
    found = reach(a_graph("ab:1", "bc:1", "db:1", "ca:1", "ce:1", nodes="x"), B)
    assert found.affected_directly == ("a", "d")
    assert found.affected == ("a", "c", "d")
    assert found.needs_directly == ("c",)
    assert found.needs == ("a", "c", "e")


def test_a_subsystem_without_links_reaches_nothing() -> None:
    found = reach(a_graph("ab:1", nodes="x"), SubsystemId("x"))
    assert (found.affected_directly, found.affected) == ((), ())
    assert (found.needs_directly, found.needs) == ((), ())
