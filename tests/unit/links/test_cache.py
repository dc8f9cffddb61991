"""The cache of checked links: quick where nothing changed, never wrong where something did."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from builders import a_link, a_subsystem, an_inventory, csv_of
from migrator.errors import EnvironmentFailed, InputError
from migrator.inventory.model import Inventory
from migrator.links import cache, load
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.links.table import LinkTable


@pytest.fixture
def estate(tmp_path: Path) -> Inventory:
    (tmp_path / "links.csv").write_text(csv_of(a_link("l-1"), a_link("l-2")), encoding="utf-8")
    return an_inventory(folder=tmp_path, links_file=Path("links.csv"))


def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Count how often a links file is truly read."""
    seen: list[Path] = []
    really = load._read

    def counting(path: Path, *rest: object) -> LinkTable:
        seen.append(path)
        return really(path, *rest)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(load, "_read", counting)
    return seen


def test_the_second_reading_reads_nothing_and_finds_the_same(
    estate: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = reads(monkeypatch)
    first = read_links(estate, tmp_path / "cache")
    second = read_links(estate, tmp_path / "cache")
    assert first == second
    assert first.pairs == second.pairs
    assert first.pairs is not None
    assert first.parquet is not None
    assert first.parquet.parent == tmp_path / "cache"
    assert len(seen) == 1


def test_pairs_that_are_too_many_are_not_kept(
    estate: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "PAIRS_KEPT_MAX", 0)
    for _ in range(2):
        table = read_links(estate, tmp_path / "cache")
        assert table.pairs is None
        assert [pair.links for pair in subsystem_pairs(table, estate)] == [2]


def test_a_component_that_changes_hands_is_read_again(
    estate: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_links(estate, tmp_path / "cache")
    parts = tuple(
        component for subsystem in estate.subsystems for component in subsystem.components
    )
    merged = an_inventory(
        folder=tmp_path,
        links_file=Path("links.csv"),
        subsystems=(a_subsystem("all", components=parts),),
    )
    seen = reads(monkeypatch)
    assert read_links(merged, tmp_path / "cache").pairs == ()
    assert len(seen) == 1


def test_a_changed_file_is_read_again(
    estate: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read_links(estate, tmp_path / "cache")
    path = tmp_path / "links.csv"
    facts = path.stat()
    # The same size and the same time: only the content tells.
    path.write_text(path.read_text(encoding="utf-8").replace("1200", "1300"), encoding="utf-8")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    seen = reads(monkeypatch)
    assert read_links(estate, tmp_path / "cache").digest != first.digest
    assert len(seen) == 1


def test_a_changed_estate_is_checked_again(estate: Inventory, tmp_path: Path) -> None:
    read_links(estate, tmp_path / "cache")
    without = an_inventory(
        folder=tmp_path, links_file=Path("links.csv"), subsystems=(a_subsystem("web"),)
    )
    with pytest.raises(InputError):
        read_links(without, tmp_path / "cache")


def test_faulty_links_are_never_kept(estate: Inventory, tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text(csv_of(a_link(port=0)), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(InputError):
            read_links(estate, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda parquet, _note: parquet.unlink(),
        lambda parquet, _note: parquet.write_bytes(parquet.read_bytes()[:-9]),
        lambda _parquet, note: note.write_text("{"),
        lambda _parquet, note: note.write_text("[]"),
        lambda _parquet, note: note.write_text("{}"),
        lambda _parquet, note: note.write_text(note.read_text().replace('"web"', "7, 8")),
        lambda _parquet, note: note.write_bytes(b"\xff"),
    ],
)
def test_a_damaged_entry_is_made_again(
    estate: Inventory, tmp_path: Path, damage: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read_links(estate, tmp_path / "cache")
    assert first.parquet is not None
    damage(first.parquet, first.parquet.with_suffix(".json"))  # type: ignore[operator]  # a lambda
    seen = reads(monkeypatch)
    assert read_links(estate, tmp_path / "cache") == first
    assert len(seen) == 1


def test_old_entries_are_forgotten_and_the_newest_kept(estate: Inventory, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    for calls in range(cache.ENTRIES_MAX + 2):
        text = csv_of(a_link(calls_per_day=calls))
        (tmp_path / "links.csv").write_text(text, encoding="utf-8")
        last = read_links(estate, folder)
        for path in folder.glob("*.json"):
            # Each entry is older than the next, whatever the disk's clock can tell apart.
            facts = path.stat()
            os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns - 10**9))
    names = sorted(path.suffix for path in folder.iterdir())
    assert names == sorted([".json", ".parquet"] * cache.ENTRIES_MAX)
    assert last.parquet is not None
    assert last.parquet.exists()


def test_a_cache_that_cannot_be_made_is_the_environments_fault(
    estate: Inventory, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("in the way", encoding="utf-8")
    with pytest.raises(EnvironmentFailed) as caught:
        read_links(estate, tmp_path / "cache")
    assert caught.value.reference == "links-store-failed"
