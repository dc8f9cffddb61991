"""Who is who: exact ids, addresses and aliases join; likeness is only asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.joining_names import (
    EMPTY,
    Known,
    Names,
    Table,
    alike,
    find_names,
    plain_address,
    read_table,
)
from migrator.inventory.reader import read_inventory
from small_inventories import an_inventory

Parts = dict[str, list[str]]


def find(
    tmp_path: Path, *each: Parts, aliases: Table = EMPTY, addresses: Table = EMPTY, more: str = ""
) -> Names:
    inventories = [
        read_inventory(an_inventory(tmp_path / f"s{n}", parts, [], more if n == 0 else ""))
        for n, parts in enumerate(each)
    ]
    return find_names(inventories, aliases, addresses)


def a_table(**entries: str) -> Table:
    return Table("t.csv", {key: (to, n) for n, (key, to) in enumerate(entries.items(), 1)})


def test_an_exact_component_is_itself(tmp_path: Path) -> None:
    names = find(tmp_path, {"web": ["web.app"]}, {"web": ["web.app", "web.new"]})
    assert names.ends[1, "web.app"] == Known("web", "web.app")
    assert list(names.components["web"]) == ["web.app", "web.new"]


def test_a_source_without_components_means_the_subsystem(tmp_path: Path) -> None:
    names = find(tmp_path, {"web": ["web.app"]}, {"web": ["web"]})
    assert names.ends[1, "web"] == Known("web", None)
    assert list(names.components["web"]) == ["web.app"]


def test_the_order_of_sources_does_not_decide_who_knows_more(tmp_path: Path) -> None:
    names = find(tmp_path, {"web": ["web"]}, {"web": ["web.app"]})
    assert names.ends[0, "web"] == Known("web", None)
    assert list(names.components["web"]) == ["web.app"]
    assert names.subsystems["web"][0] == 0


def test_a_subsystem_whose_parts_are_all_elsewhere_keeps_itself(tmp_path: Path) -> None:
    names = find(tmp_path, {"shop": ["app", "job"]}, {"web": ["web"]}, {"web": ["app"]})
    assert names.ends[1, "web"] == Known("web", "web")
    assert list(names.components["web"]) == ["web"]


def test_a_component_that_a_source_puts_elsewhere_stays_and_is_named(tmp_path: Path) -> None:
    names = find(tmp_path, {"web": ["app"]}, {"shop": ["app"]})
    assert names.ends[1, "app"] == Known("web", "app")
    assert names.elsewhere == [("app", "shop", "web")]
    assert list(names.subsystems) == ["web"]


def test_an_alias_says_that_two_are_one(tmp_path: Path) -> None:
    names = find(
        tmp_path, {"web": ["web.app"]}, {"frontend": ["frontend"]}, aliases=a_table(frontend="web")
    )
    assert names.ends[1, "frontend"] == Known("web", None)
    assert (list(names.subsystems), names.used_aliases) == (["web"], {"frontend"})


def test_an_alias_may_name_a_component_of_a_later_source(tmp_path: Path) -> None:
    each: list[Parts] = [{"web": ["web.app"]}, {"old": ["old"]}, {"db": ["db.pg"]}]
    names = find(tmp_path, *each, aliases=a_table(old="db.pg"))
    assert names.ends[1, "old"] == Known("db", "db.pg")


def test_an_alias_that_leads_nowhere_is_a_fault_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find(tmp_path, {"web": ["web"]}, {"old": ["old"]}, aliases=a_table(x="y", old="gone"))
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == ("t.csv", 2)


def test_the_first_inventory_keeps_its_names(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find(tmp_path, {"web": ["web"]}, {"old": ["old"]}, aliases=a_table(web="old"))
    assert "turn it round" in caught.value.faults[0].message


def test_an_address_table_says_who_an_unknown_is(tmp_path: Path) -> None:
    unknown = {"unknown": ["unknown-10.0.0.5=unknown:10.0.0.5", "unknown-x=unknown:x"]}
    table = Table("a.csv", {"010.0.0.5": ("db", 1), "10.0.0.5": ("web.app", 2)})
    names = find(tmp_path, {"web": ["web.app"]}, unknown, addresses=table)
    assert names.ends[1, "unknown-10.0.0.5"] == Known("web", "web.app")
    assert list(names.components["unknown"]) == ["unknown-x"]


def test_a_system_tagged_with_an_address_is_who_answers_there(tmp_path: Path) -> None:
    unknown = {"unknown": ["unknown-10.0.0.5=unknown:10.0.0.5"]}
    tags = "    tags: ['address:10.0.0.5:5432']"
    names = find(tmp_path, {"db": ["db.pg"]}, unknown, more=tags)
    assert names.ends[1, "unknown-10.0.0.5"] == Known("db", None)


def test_an_address_that_two_systems_have_proves_neither(tmp_path: Path) -> None:
    tags = "    tags: ['address:10.0.0.5:1']"
    each = [
        read_inventory(an_inventory(tmp_path / name, parts, [], tags))
        for name, parts in (("a", {"db": ["db"]}), ("b", {"web": ["web"]}))
    ]
    unknown: Parts = {"unknown": ["unknown-10.0.0.5=unknown:10.0.0.5"]}
    each.append(read_inventory(an_inventory(tmp_path / "c", unknown, [])))
    names = find_names(each, EMPTY, EMPTY)
    assert names.ends[2, "unknown-10.0.0.5"] == Known("unknown", "unknown-10.0.0.5")


def test_likeness_is_a_question() -> None:
    assert alike(["orders", "orders-service", "pay", "or-ders"]) == [
        ("or-ders", "orders"),
        ("orders", "orders-service"),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("[::1]", "0:0::1"), ("DB.Example", "db.example"), (" 10.0.0.1 ", "10.0.0.1")],
)
def test_one_address_has_one_spelling(one: str, other: str) -> None:
    assert plain_address(one) == plain_address(other)


def test_a_table_is_read_with_remarks_and_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("name;id\n# ours\nold;web\n", encoding="utf-8-sig")
    assert read_table(path).entries == {"old": ("web", 3)}


def test_a_broken_table_names_every_line(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("a,b\nonly\na,c\n,x\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert [fault.line for fault in caught.value.faults] == [2, 3, 4]


def test_a_table_that_is_not_there_is_input_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_table(tmp_path / "gone.csv")
