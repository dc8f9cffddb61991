"""Hubs: where most of the weight goes."""

from __future__ import annotations

from estates import a_graph
from migrator.graph.hubs import Hub, hubs
from migrator.ids import SubsystemId


def test_the_heaviest_comes_first_with_its_share() -> None:
    found = hubs(a_graph("ab:6", "bc:3", "ca:1", nodes="x"), 10)
    assert found[0] == Hub(SubsystemId("b"), weight=9, share=0.9, links=2, callers=1, called=1)
    assert [hub.subsystem for hub in found] == ["b", "a", "c"]
    assert round(sum(hub.share for hub in found), 9) == 2.0


def test_no_more_than_the_limit_are_named() -> None:
    assert [hub.subsystem for hub in hubs(a_graph("ab:6", "bc:3"), 1)] == ["b"]


def test_of_equals_the_one_with_more_links_then_the_lower_name_comes_first() -> None:
    found = hubs(a_graph("ab:0", "cb:0", "dc:0"), 4)
    assert [hub.subsystem for hub in found] == ["b", "c", "a", "d"]
    assert found[0].share == 0.0


def test_without_links_there_are_no_hubs() -> None:
    assert hubs(a_graph(nodes="ab"), 5) == ()
