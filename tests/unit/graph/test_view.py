"""Views: what a picture shows, and the sentence about what it leaves out."""

from __future__ import annotations

import pytest

from estates import a_graph, an_estate, together
from migrator.graph import view as module
from migrator.graph.atoms import atoms
from migrator.graph.reach import around, why
from migrator.graph.view import (
    View,
    view_of_all,
    view_of_hubs,
    view_of_neighbourhood,
    view_of_route,
)
from migrator.ids import SubsystemId

GROUPS = atoms(an_estate("abcde", together("a", "b"), together("d", "e")))


def arcs(view: View) -> list[str]:
    return [f"{arc.source}{arc.target}" for arc in view.arcs]


def test_the_whole_estate_leaves_nothing_out() -> None:
    view = view_of_all(a_graph("ab:1", "ba:5", nodes="abcde"), GROUPS, "Estate")
    assert view.nodes == ("a", "b", "c", "d", "e")
    assert arcs(view) == ["ba", "ab"]
    assert [atom.id for atom in view.atoms] == ["a", "d"]
    assert view.left_out == "All 5 subsystems and all 2 pairs."


def test_hubs_and_the_heaviest_arcs_between_them_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "HUBS_DRAWN_MAX", 3)
    monkeypatch.setattr(module, "HUB_ARCS_DRAWN_MAX", 2)
    view = view_of_hubs(a_graph("ab:50", "bc:30", "ca:10", "cd:10"), GROUPS, "Estate")
    assert view.nodes == ("a", "b", "c")
    assert arcs(view) == ["ab", "bc"]
    assert view.left_out == (
        "3 of 4 subsystems and 2 of 4 pairs are drawn; they carry 80% of the link weight."
    )


def test_an_estate_without_links_has_a_view_all_the_same() -> None:
    view = view_of_hubs(a_graph(nodes="ab"), (), "Estate")
    assert (view.nodes, view.arcs) == ((), ())
    assert "carry 100%" in view.left_out


def hood(centre: str, depth: int, *pairs: str) -> View:
    graph = a_graph(*pairs)
    return view_of_neighbourhood(graph, around(graph, SubsystemId(centre), depth), GROUPS)


def test_callers_stand_left_and_called_ones_right() -> None:
    view = hood("a", 1, "ba:1", "ac:1")
    assert view.column == {"a": 0, "b": -1, "c": 1}
    assert view.title == "Around a, 1 hop"
    assert [atom.id for atom in view.atoms] == ["a"]


def test_the_heavier_direction_decides_and_of_equals_the_caller() -> None:
    view = hood("a", 1, "ba:1", "ab:2", "ca:2", "ac:1", "da:2", "ad:2")
    assert view.column == {"a": 0, "b": 1, "c": -1, "d": -1}


def test_links_that_are_never_called_place_a_neighbour_too() -> None:
    assert hood("a", 1, "ba:0", "ac:0").column == {"a": 0, "b": -1, "c": 1}


def test_further_ones_stand_behind_their_heaviest_neighbour() -> None:
    view = hood("a", 2, "ba:1", "ac:1", "bd:1", "dc:5", "eb:1", "bc:9")
    assert view.column == {"a": 0, "b": -1, "c": 1, "d": 2, "e": -2}
    # b and d, and b and c, do not stand in neighbouring columns.
    assert arcs(view) == ["dc", "ac", "ba", "eb"]
    assert view.title == "Around a, 2 hops"


def test_of_a_full_column_the_heaviest_stay_and_take_those_behind_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "COLUMN_MAX", 1)
    view = hood("a", 2, "ab:1", "ac:5", "bd:9", "ce:1")
    assert view.column == {"a": 0, "c": 1, "e": 2}
    assert view.left_out.startswith("3 of 5 subsystems and 2 of 4 pairs are drawn")


def test_arcs_that_do_not_touch_the_centre_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OUTER_ARCS_DRAWN_MAX", 1)
    assert arcs(hood("a", 2, "ab:1", "bc:5", "bd:7")) == ["bd", "ab"]


def test_a_way_stands_from_left_to_right() -> None:
    graph = a_graph("ca:1", "ab:2")
    route = why(graph, SubsystemId("c"), SubsystemId("b"))
    assert route is not None
    view = view_of_route(route, GROUPS)
    assert view.column == {"c": 0, "a": 1, "b": 2}
    assert view.focus == ("c", "b")
    assert view.title == "Why c depends on b"
    assert [atom.id for atom in view.atoms] == ["a"]


def test_a_way_without_hops_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="at least one hop"):
        view_of_route((), ())
