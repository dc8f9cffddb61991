"""Atoms: what the declared relations force together, and in which order."""

from __future__ import annotations

import pytest

from estates import an_estate, before, together
from migrator.graph.atoms import atom_of, atoms, before_arcs, tie
from migrator.ids import SubsystemId
from migrator.inventory.model import Inventory


def members(estate: Inventory) -> list[str]:
    return ["".join(atom.members) for atom in atoms(estate)]


def test_without_relations_every_subsystem_is_alone() -> None:
    assert members(an_estate("abc")) == ["a", "b", "c"]
    assert before_arcs(an_estate("abc")) == ()


def test_members_of_with_are_one_atom_named_by_the_lowest() -> None:
    relation = together("c", "a")
    found = atoms(an_estate("abcd", relation))
    assert [atom.id for atom in found] == ["a", "b", "d"]
    assert found[0].members == ("a", "c")
    assert found[0].bonds == (relation,)
    assert found[1].bonds == ()


def test_overlapping_relations_make_one_atom() -> None:
    assert members(an_estate("abcde", together("a", "c"), together("c", "e"))) == ["ace", "b", "d"]


def test_before_orders_atoms_and_does_not_join_them() -> None:
    estate = an_estate("abcd", before("c", "b", "a"), together("a", "d"))
    assert members(estate) == ["ad", "b", "c"]
    assert before_arcs(estate) == (("b", "a"), ("c", "b"))


def test_before_through_a_with_closes_a_circle_to_one_atom() -> None:
    estate = an_estate("abcd", together("a", "c"), before("a", "b", "c"), before("c", "d"))
    assert members(estate) == ["abc", "d"]
    assert before_arcs(estate) == (("a", "d"),)


def test_the_same_order_declared_twice_is_one_arc() -> None:
    assert before_arcs(an_estate("ab", before("a", "b"), before("a", "b"))) == (("a", "b"),)


def test_a_circle_of_before_breaks_nothing_here() -> None:
    estate = an_estate("ab", before("a", "b"), before("b", "a"))
    assert members(estate) == ["ab"]
    assert before_arcs(estate) == ()


def test_what_stays_is_in_no_atom_and_is_passed_over() -> None:
    estate = an_estate("abS", before("a", "S", "b"))
    assert members(estate) == ["a", "b"]
    assert before_arcs(estate) == (("a", "b"),)
    assert members(an_estate("abS", together("a", "S", "b"))) == ["ab"]


def test_each_subsystem_knows_its_atom() -> None:
    found = atom_of(atoms(an_estate("abc", together("b", "c"))))
    assert found == {"a": "a", "b": "b", "c": "b"}


@pytest.mark.parametrize(
    ("first", "second", "way"),
    [
        ("a", "c", "ab bc"),
        ("c", "a", None),
        ("c", "d", "cd"),
        ("d", "c", "dc"),
        ("a", "d", "ab bc cd"),
        ("a", "a", ""),
        ("e", "a", None),
    ],
)
def test_a_tie_is_a_shortest_chain_of_declarations(
    first: str, second: str, way: str | None
) -> None:
    estate = an_estate(
        "abcde", before("a", "b", "c"), together("c", "d"), before("a", "b"), before("b", "c", "d")
    )
    chain = tie(estate, SubsystemId(first), SubsystemId(second))
    shown = None if chain is None else " ".join(f"{here}{there}" for here, there, _ in chain)
    # From b to d there are two ways of one length only by way of c.
    assert shown == way


def test_a_tie_names_the_relation_of_each_hop() -> None:
    order, bond = before("a", "b"), together("b", "c")
    chain = tie(an_estate("abc", order, bond), SubsystemId("a"), SubsystemId("c"))
    assert chain == (("a", "b", order), ("b", "c", bond))
