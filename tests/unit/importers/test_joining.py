"""Joined inventories: valid, complete, the same twice, and compared with what was declared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.joining import Wish, join_inventories
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from small_inventories import a_link, an_inventory, rows_of

DECLARED = a_link("web.app", "db.pg", "postgresql", "5432", evidence="the catalogue")


def two(tmp_path: Path) -> tuple[Path, Path]:
    ours = an_inventory(
        tmp_path / "ours",
        {"web": ["web.app"], "db": ["db.pg"]},
        [DECLARED, a_link("db.pg", "web.app", "http", "80")],
        "    criticality: 5\n    team: shop",
    )
    people = "teams: [{id: shop, name: Shop, seats: 2}]\n"
    (ours / "people.yaml").write_text(people, encoding="utf-8")
    seen = an_inventory(
        tmp_path / "seen",
        {"web": ["web"], "db": ["db"], "new": ["new"]},
        [a_link("web", "db", calls="40"), a_link("new", "web", calls="9")],
    )
    (seen / "manifests" / "web").mkdir(parents=True)
    (seen / "manifests" / "web" / "a.yaml").write_text("kind: X\n", encoding="utf-8")
    return ours, seen


def test_the_result_is_an_inventory(tmp_path: Path) -> None:
    ours, seen = two(tmp_path)
    join_inventories(Wish((ours, seen), tmp_path / "out"))
    inventory = read_inventory(tmp_path / "out")
    assert [each.id for each in inventory.subsystems] == ["db", "new", "web"]
    web = inventory.subsystems[2]
    assert (web.criticality, web.team) == (5, "shop")
    assert inventory.manifests == ("manifests/web/a.yaml",)
    assert read_links(inventory, None).count == 3


def test_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    ours, seen = two(tmp_path)
    written = []
    for name in ("one", "two"):
        folder = tmp_path / name / "out"
        join_inventories(Wish((seen,), folder, against=ours))
        written.append({each.name: each.read_bytes() for each in folder.rglob("*.*")})
    assert written[0] == written[1]
    join_inventories(Wish((seen,), tmp_path / "one" / "out", against=ours))  # over itself


def test_what_differs_from_the_declared_is_told_twice(tmp_path: Path) -> None:
    ours, seen = two(tmp_path)
    joined = join_inventories(Wish((seen,), tmp_path / "out", against=ours))
    assert joined.counts.findings == {"seen-not-declared": 1, "declared-never-seen": 1}
    text = (tmp_path / "out" / "seen-declared.txt").read_text(encoding="utf-8")
    assert "new -> web: 1 link, 9 calls a day" in text
    rows = rows_of(tmp_path / "out" / "seen-declared.csv")
    assert [row["finding"] for row in rows] == ["seen-not-declared", "declared-never-seen"]


def test_the_report_says_who_saw_what_and_by_which_rule(tmp_path: Path) -> None:
    ours, seen = two(tmp_path)
    join_inventories(Wish((ours, seen), tmp_path / "out"))
    data = json.loads((tmp_path / "out" / "coverage.json").read_text(encoding="utf-8"))
    assert data["links"]["by_sources"] == {"1": 2, "2": 1}
    assert [each["links_of_its_own"] for each in data["sources"]] == [1, 1]
    page = (tmp_path / "out" / "coverage.md").read_text(encoding="utf-8")
    assert "the largest sum counts" in page


def test_people_of_later_inventories_are_not_carried_and_that_is_said(tmp_path: Path) -> None:
    ours, seen = two(tmp_path)
    joined = join_inventories(Wish((seen, ours), tmp_path / "out"))
    assert joined.not_carried == ("ours: people.yaml",)


def test_an_alias_takes_the_manifests_along(tmp_path: Path) -> None:
    ours, seen = two(tmp_path)
    (tmp_path / "names.csv").write_text("new,db\nnobody,db\n", encoding="utf-8")
    (seen / "manifests" / "new").mkdir()
    (seen / "manifests" / "new" / "b.yaml").write_text("kind: X\n", encoding="utf-8")
    wish = Wish((ours, seen), tmp_path / "out", aliases=tmp_path / "names.csv")
    joined = join_inventories(wish)
    assert joined.unused_aliases == ("nobody",)
    assert (tmp_path / "out" / "manifests" / "db" / "b.yaml").exists()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    ours, seen = two(tmp_path)
    assert join_inventories(Wish((ours, seen), tmp_path / "out", dry_run=True)).counts.links == 3
    assert not (tmp_path / "out").exists()


def test_a_folder_named_twice_is_refused(tmp_path: Path) -> None:
    ours, _ = two(tmp_path)
    with pytest.raises(InputError):
        join_inventories(Wish((ours, ours), tmp_path / "out"))


def test_an_inventory_is_not_written_over_itself(tmp_path: Path) -> None:
    ours, seen = two(tmp_path)
    with pytest.raises(InputError) as caught:
        join_inventories(Wish((ours, seen), ours, force=True))
    assert caught.value.reference == "import-folder-not-ours"


def test_inventories_without_links_can_be_joined(tmp_path: Path) -> None:
    one = an_inventory(tmp_path / "one", {"web": ["web"]}, [])
    other = an_inventory(tmp_path / "other", {"db": ["db"]}, [])
    join_inventories(Wish((one, other), tmp_path / "out"))
    assert read_inventory(tmp_path / "out").links_file is None


def test_a_store_does_not_stand_for_its_subsystem_while_something_else_can(tmp_path: Path) -> None:
    fine = an_inventory(tmp_path / "fine", {"web": ["web.a-store", "web.b"]}, [])
    path = fine / "subsystems.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("role: process", "role: store", 1), encoding="utf-8")
    seen = an_inventory(tmp_path / "seen", {"web": ["web"], "new": ["new"]}, [a_link("new", "web")])
    join_inventories(Wish((fine, seen), tmp_path / "out"))
    assert [row["target"] for row in rows_of(tmp_path / "out" / "links.csv")] == ["web.b"]
