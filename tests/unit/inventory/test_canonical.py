"""The digest follows the facts and nothing but the facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from builders import a_subsystem, an_inventory, edited, write_inventory
from migrator.inventory.canonical import inventory_digest
from migrator.inventory.reader import read_inventory
from small_files import FILES


def digest(folder: Path, **changes: str | None) -> str:
    return read_inventory(write_inventory(folder, **changes)).digest


def test_digest_is_64_digits_and_the_same_in_memory_and_from_files(tmp_path: Path) -> None:
    found = digest(tmp_path)
    assert len(found) == 64
    assert found == an_inventory().digest


@pytest.mark.parametrize(
    ("stem", "old", "new"),
    [
        ("subsystems", "p80: 80m", "p80: 1h20m"),
        ("subsystems", "p80: 80m", "p80: 80"),
        ("subsystems", "cpu: 4\n", "cpu: 4.0 # cores\n"),
        (
            "subsystems",
            "    name: Payments\n    team: blue\n",
            "    team: blue\n    name: Payments\n",
        ),
        ("calendar", "start: 2023-10-14T01:00", "start: 2023-10-13T23:00Z"),
        ("calendar", "start: 2023-10-14T01:00", 'start: "2023-10-14 01:00+02:00"'),
        ("relations", "[night, web]", "[web, night]"),
        ("people", "[decision_maker, wave_lead]", "[wave_lead, decision_maker]"),
        ("people", "seats: 2}", "seats: {friday: 2, saturday: 2}}"),
    ],
)
def test_another_way_of_writing_the_same_is_no_change(
    tmp_path: Path, stem: str, old: str, new: str
) -> None:
    assert digest(tmp_path, **{stem: edited(stem, old, new)}) == an_inventory().digest


def test_which_file_a_subsystem_stands_in_is_no_change(tmp_path: Path) -> None:
    web = FILES["subsystems"].partition("  - id: web\n")[2].partition("  - id: night\n")[0]
    rest = FILES["subsystems"].replace(f"  - id: web\n{web}", "")
    (tmp_path / "subsystems").mkdir()
    (tmp_path / "subsystems" / "web.yaml").write_text(
        "id: web\n" + web.replace("    ", "", 1).replace("\n    ", "\n"), encoding="utf-8"
    )
    assert digest(tmp_path, subsystems=rest) == an_inventory().digest


@pytest.mark.parametrize(
    ("stem", "old", "new"),
    [
        ("inventory", "The agency", "An agency"),
        ("subsystems", "p80: 80m", "p80: 81m"),
        ("relations", "[ledger, payments]", "[payments, ledger]"),
        ("functions", "quorum: 2", "quorum: 1"),
        ("people", "seats: 2}", "seats: 3}"),
        ("calendar", "start: 2023-10-14T01:00", "start: 2023-10-14T01:01"),
        ("places", "cpu: 100", "cpu: 101"),
    ],
)
def test_another_fact_is_another_digest(tmp_path: Path, stem: str, old: str, new: str) -> None:
    assert digest(tmp_path, **{stem: edited(stem, old, new)}) != an_inventory().digest


def test_bytes_of_a_manifest_count(tmp_path: Path) -> None:
    folder = tmp_path / "manifests" / "web"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("kind: A\n", encoding="utf-8")
    first = digest(tmp_path)
    (folder / "a.yaml").write_text("kind: A # and a comment\n", encoding="utf-8")
    assert len({first, digest(tmp_path), an_inventory().digest}) == 3


def test_assumed_figure_differs_from_the_same_figure_given() -> None:
    given = a_subsystem()
    moved = {**given.durations, "move": replace(given.durations["move"], assumed=True)}
    assumed = replace(given, durations=moved)
    assert inventory_digest(an_inventory(subsystems=(given,))) != inventory_digest(
        an_inventory(subsystems=(assumed,))
    )


def test_where_the_folder_lies_is_no_fact(tmp_path: Path) -> None:
    assert an_inventory(folder=tmp_path).digest == an_inventory().digest
    assert an_inventory(links_file=Path("links.csv")).digest == an_inventory().digest


def test_one_moment_by_two_clocks_is_one_fact() -> None:
    calendar = an_inventory().calendar
    by_utc = replace(calendar, start=calendar.start.astimezone(UTC))
    assert an_inventory(calendar=by_utc).digest == an_inventory().digest
