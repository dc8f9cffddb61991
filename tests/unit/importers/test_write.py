"""The folder that an import writes: accepted by the check, the same twice, never destructive."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from migrator.errors import EnvironmentFailed, InputError
from migrator.importers.compose import read_compose
from migrator.importers.draft import Draft
from migrator.importers.kubernetes import read_kubernetes
from migrator.importers.write import write_draft
from migrator.inventory.model import LINK_COLUMNS, Kind
from migrator.inventory.reader import read_inventory

IMPORTS = Path(__file__).parent.parent.parent / "fixtures" / "imports"


@pytest.fixture(scope="module")
def bakery() -> Draft:
    return read_kubernetes([IMPORTS / "bakery"])


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_check_accepts_what_an_import_writes(bakery: Draft, tmp_path: Path) -> None:
    write_draft(bakery, tmp_path / "out", "the bakers", force=False)
    inventory = read_inventory(tmp_path / "out")
    assert (inventory.name, inventory.owner) == ("bakery", "the bakers")
    assert {each.id for each in inventory.subsystems} == {each.id for each in bakery.subsystems}
    assert inventory.links_file is not None
    assert "manifests/web/deployment-web.yaml" in inventory.manifests
    web = next(each for each in inventory.subsystems if each.id == "web")
    assert (web.kind, web.cpu, web.memory_gib) == (Kind.STATELESS, 0.5, 0.25)
    assert "cpu" not in web.assumed
    assert "durations.move" in web.assumed


def test_every_link_of_the_file_is_one_that_was_proved(bakery: Draft, tmp_path: Path) -> None:
    write_draft(bakery, tmp_path / "out", force=False)
    with (tmp_path / "out" / "links.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == LINK_COLUMNS
    assert [row["id"] for row in rows] == [link.id for link in bakery.links]
    assert all(row["evidence"] for row in rows)


def test_a_manifest_is_copied_as_it_was_written(bakery: Draft, tmp_path: Path) -> None:
    write_draft(bakery, tmp_path / "out", force=False)
    source = (IMPORTS / "bakery" / "shop.yaml").read_text(encoding="utf-8")
    copies = (tmp_path / "out" / "manifests").rglob("*.yaml")
    texts = {path.name: path.read_text(encoding="utf-8") for path in copies}
    assert texts["deployment-web.yaml"].strip() in source
    assert texts["configmap-orders-files.yaml"].strip() in source


def test_the_same_input_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        draft = read_kubernetes([IMPORTS / "bakery"], [IMPORTS / "bakery-compose" / "compose.yaml"])
        write_draft(draft, tmp_path / name, force=False)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_an_import_may_be_repeated_and_takes_away_what_is_gone(
    bakery: Draft, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    write_draft(bakery, folder, force=False)
    (folder / "people.yaml").write_text("people: []\n", encoding="utf-8")
    write_draft(read_compose([IMPORTS / "bakery-compose"]), folder, force=False)
    left = content(folder)
    assert not any(name.startswith("manifests/") for name in left)
    assert left["people.yaml"] == b"people: []\n"
    assert not (folder / "manifests").exists()


def test_a_folder_of_somebody_else_is_refused(bakery: Draft, tmp_path: Path) -> None:
    (tmp_path / "subsystems.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_draft(bakery, tmp_path, force=False)
    assert caught.value.reference == "import-folder-not-ours"
    assert content(tmp_path) == {"subsystems.yaml": b"mine"}
    write_draft(bakery, tmp_path, force=True)
    assert read_inventory(tmp_path).name == "bakery"


def test_changes_by_hand_are_not_lost(bakery: Draft, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_draft(bakery, folder, force=False)
    path = folder / "subsystems.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_draft(bakery, folder, force=False)
    assert [fault.file for fault in caught.value.faults] == ["subsystems.yaml"]
    assert path.read_text(encoding="utf-8").endswith("# mine\n")
    write_draft(bakery, folder, force=True)
    assert not path.read_text(encoding="utf-8").endswith("# mine\n")


def test_a_file_in_place_of_the_folder_is_refused(bakery: Draft, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("x", encoding="utf-8")
    with pytest.raises(InputError):
        write_draft(bakery, path, force=False)


def test_a_folder_that_cannot_be_written_is_the_environments_fault(
    bakery: Draft, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(EnvironmentFailed) as caught:
        write_draft(bakery, tmp_path / "file" / "out", force=False)
    assert caught.value.reference == "import-not-written"


def test_a_forged_list_of_files_removes_nothing_outside(bakery: Draft, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("x", encoding="utf-8")
    folder = tmp_path / "out"
    folder.mkdir()
    forged = {"written_by": "migrator import x", "written": {"../outside.txt": "0", "/etc/x": "0"}}
    (folder / "coverage.json").write_text(json.dumps(forged), encoding="utf-8")
    write_draft(bakery, folder, force=True)
    assert outside.exists()


def test_names_that_yaml_would_misread_are_quoted(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        'apiVersion: v1\nkind: Pod\nmetadata: {name: "no"}\nspec: {containers: [{name: "1e3"}]}\n',
        encoding="utf-8",
    )
    write_draft(read_kubernetes([path], name="22:00"), tmp_path / "out", force=False)
    inventory = read_inventory(tmp_path / "out")
    assert (inventory.name, inventory.subsystems[0].id) == ("22:00", "no")
