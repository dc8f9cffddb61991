"""Circles are told member by member, once per knot, at the declaration that closes them."""

from __future__ import annotations

from pathlib import Path

from builders import edited, faults_of
from migrator.inventory.circles import shortest_circles
from small_files import FILES


def relation(kind: str, *members: str) -> str:
    return f"  - {{kind: {kind}, members: [{', '.join(members)}], owner: o, reason: r}}\n"


def test_two_that_each_want_to_be_first_are_told(tmp_path: Path) -> None:
    relations = FILES["relations"] + relation("before", "payments", "ledger")
    assert faults_of(tmp_path, relations=relations) == [
        (
            "relations.yaml:10: relations[2].members: the relations ask for a circle: "
            "'ledger' before 'payments' (line 2), 'payments' before 'ledger' (line 10); "
            "take one of these declarations back"
        )
    ]


def test_circle_through_those_that_move_together_is_told(tmp_path: Path) -> None:
    relations = (
        FILES["relations"]  # ledger before payments; night with web
        + relation("before", "payments", "web")
        + relation("before", "night", "ledger")
    )
    assert faults_of(tmp_path, relations=relations) == [
        (
            "relations.yaml:11: relations[3].members: the relations ask for a circle: "
            "'ledger' before 'payments' (line 2), 'payments' before 'web' (line 10), "
            "'web' together with 'night', 'night' before 'ledger' (line 11); "
            "take one of these declarations back"
        )
    ]


def test_circle_inside_one_group_is_told(tmp_path: Path) -> None:
    relations = (
        FILES["relations"] + relation("before", "night", "web") + relation("before", "web", "night")
    )
    [fault] = faults_of(tmp_path, relations=relations)
    assert "'night' before 'web' (line 10), 'web' before 'night' (line 11)" in fault


def test_order_inside_one_group_is_allowed(tmp_path: Path) -> None:
    relations = FILES["relations"] + relation("before", "night", "web")
    assert faults_of(tmp_path, relations=relations) == []


def test_deputies_in_a_circle_are_told(tmp_path: Path) -> None:
    people = edited("people", "{id: bo, name: Bo B,", "{id: bo, name: Bo B, deputy: anna,")
    assert faults_of(tmp_path, people=people) == [
        (
            "people.yaml:7: people[0].deputy: the deputies go in a circle: anna -> bo -> anna; "
            "name somebody outside it"
        )
    ]


def test_own_deputy_is_a_circle_of_one(tmp_path: Path) -> None:
    people = edited("people", "deputy: bo", "deputy: anna")
    [fault] = faults_of(tmp_path, people=people)
    assert "anna -> anna" in fault


def test_one_circle_is_told_per_knot_and_it_is_the_shortest() -> None:
    arcs = {"a": ["b"], "b": ["c"], "c": ["a", "b"], "x": ["y"], "y": ["x"], "z": ["a"]}
    assert shortest_circles(arcs) == [["b", "c"], ["x", "y"]]


def test_what_goes_one_way_has_no_circles() -> None:
    assert shortest_circles({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == []


def test_knots_that_interleave_by_name_are_told_once_each() -> None:
    arcs = {"a": ["z"], "z": ["a"], "b": ["c"], "c": ["b"]}
    assert shortest_circles(arcs) == [["a", "z"], ["b", "c"]]
