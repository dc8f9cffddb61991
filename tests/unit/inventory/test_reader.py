"""A folder becomes an inventory, or all its faults at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import an_inventory, edited, faults_of, write_inventory
from migrator.errors import InputError
from migrator.ids import SubsystemId
from migrator.inventory import reader
from migrator.inventory.reader import examine, read_inventory
from small_files import FILES


def test_small_estate_is_read_as_it_is_meant(tmp_path: Path) -> None:
    assert read_inventory(write_inventory(tmp_path)) == an_inventory(folder=tmp_path)


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    write_inventory(
        tmp_path,
        people="people: [\n",
        functions=edited("functions", "quorum: 2", "quorum: many"),
        subsystems=edited("subsystems", "kind: batch", "kind: bach"),
        relations=edited("relations", "[ledger, payments]", "[ledgr, payments]"),
    )
    with pytest.raises(InputError) as caught:
        read_inventory(tmp_path)
    assert [fault.file for fault in caught.value.faults] == [
        "functions.yaml",
        "people.yaml",
        "relations.yaml",
        "subsystems.yaml",
    ]
    assert caught.value.message == f"the inventory in {tmp_path} has 4 faults"
    assert caught.value.reference == "invalid-inventory"
    assert "migrator check" in caught.value.hint


def test_folder_of_broken_text_only_leads_to_the_page_about_yaml(tmp_path: Path) -> None:
    write_inventory(tmp_path, people="people: [\n", places="a: 1\na: 2\n")
    with pytest.raises(InputError) as caught:
        read_inventory(tmp_path)
    assert caught.value.reference == "broken-yaml"


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        ("nothing", "does not exist", "name the folder of an inventory"),
        ("file", "is not a folder", "name the folder"),
        ("folder", "has no inventory.yaml", "migrator sample"),
    ],
)
def test_what_is_no_inventory_is_refused_with_a_way_on(
    tmp_path: Path, make: str, message: str, hint: str
) -> None:
    place = tmp_path / "ours"
    if make == "file":
        place.write_text("x", encoding="utf-8")
    elif make == "folder":
        place.mkdir()
    with pytest.raises(InputError) as caught:
        read_inventory(place)
    assert caught.value.reference == "missing-inventory"
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_folder_above_the_inventory_names_the_one_below(tmp_path: Path) -> None:
    write_inventory(tmp_path / "ours")
    with pytest.raises(InputError) as caught:
        read_inventory(tmp_path)
    assert caught.value.hint == f"did you mean {tmp_path / 'ours'}?"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "places.yaml:1: the file is empty; write its keys, or remove it"),
        ("# later\n", "places.yaml:1: the file is empty; write its keys, or remove it"),
        ("- a\n", "places.yaml:1: wants keys and values, found a list"),
        ("[" * 1000, "places.yaml:1: nested deeper than 64 levels"),
        ("places: *x\n", "places.yaml:1: places: the alias *x is not allowed; write the value out"),
        (
            "places: []\nplaces: []\n",
            "places.yaml:2: places: the key 'places' stands twice, on line 1 and on line 2",
        ),
        (
            "places:\n\t- id: a\n",
            "places.yaml:2: a tab stands where spaces belong; YAML indents with spaces only",
        ),
    ],
)
def test_text_that_is_no_list_of_facts_is_named(tmp_path: Path, text: str, fault: str) -> None:
    assert faults_of(tmp_path, places=text) == [fault]


def test_file_in_another_encoding_is_named_by_its_first_wrong_byte(tmp_path: Path) -> None:
    write_inventory(tmp_path)
    (tmp_path / "places.yaml").write_bytes("places: []\n# Göteborg\n".encode("latin-1"))
    [fault] = examine(tmp_path).faults
    assert str(fault) == (
        "places.yaml:2: byte 14 (0xf6) is not UTF-8; save the file with the encoding UTF-8"
    )


def test_file_that_is_a_folder_is_a_fault(tmp_path: Path) -> None:
    write_inventory(tmp_path, places=None)
    (tmp_path / "places.yaml").mkdir()
    [fault] = examine(tmp_path).faults
    assert str(fault).startswith("places.yaml: cannot be read")


def test_file_larger_than_any_inventory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "FILE_BYTES_MAX", 1000)
    [fault] = [f for f in faults_of(tmp_path) if f.startswith("subsystems.yaml")]
    assert fault.endswith("bytes; at most 1000 are read")


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("subsystem.yaml", "subsystems.yaml"),
        ("People.yaml", "people.yaml"),
        ("calendar.yml", "calendar.yaml"),
        ("link.csv", "links.csv or links.parquet"),
    ],
)
def test_file_that_is_nearly_ours_is_not_ignored(tmp_path: Path, name: str, right: str) -> None:
    write_inventory(tmp_path)
    (tmp_path / name).write_text("x: 1\n", encoding="utf-8")
    assert [str(fault) for fault in examine(tmp_path).faults] == [
        f"{name}: is not read: did you mean {right}? Rename or remove it"
    ]


def test_folder_that_is_nearly_ours_is_not_ignored(tmp_path: Path) -> None:
    write_inventory(tmp_path)
    (tmp_path / "manifest").mkdir()
    [fault] = examine(tmp_path).faults
    assert str(fault) == "manifest: is not read: did you mean manifests? Rename or remove it"


@pytest.mark.parametrize("name", ["README.md", "people-old.yaml", "notes.yaml", "people.yaml.bak"])
def test_other_files_are_left_alone(tmp_path: Path, name: str) -> None:
    write_inventory(tmp_path)
    (tmp_path / name).write_text("x: [\n", encoding="utf-8")
    assert examine(tmp_path).faults == ()


def test_links_are_named_and_two_files_of_them_refused(tmp_path: Path) -> None:
    write_inventory(tmp_path, links="id\n")
    assert read_inventory(tmp_path).links_file == Path("links.csv")
    (tmp_path / "links.parquet").write_bytes(b"")
    assert [str(fault) for fault in examine(tmp_path).faults] == [
        "links.csv: links.csv and links.parquet are both here; keep the one that is true"
    ]


def test_subsystems_may_stand_in_files_of_their_own(tmp_path: Path) -> None:
    single = "id: extra\nname: Extra\nkind: stateless\nteam: blue\n"
    listing = "subsystems:\n  - {id: more, name: More, kind: batch, team: blue}\n"
    write_inventory(tmp_path)
    (tmp_path / "subsystems").mkdir()
    (tmp_path / "subsystems" / "extra.yaml").write_text(single, encoding="utf-8")
    (tmp_path / "subsystems" / "more.yaml").write_text(listing, encoding="utf-8")
    assert {"extra", "more", "web"} <= set(read_inventory(tmp_path).by_id)


def test_faults_in_a_file_of_one_subsystem_are_placed_in_it(tmp_path: Path) -> None:
    write_inventory(tmp_path)
    (tmp_path / "subsystems").mkdir()
    (tmp_path / "subsystems" / "a.yml").write_text("", encoding="utf-8")
    (tmp_path / "subsystems" / "b.yaml").write_text(
        "id: extra\nname: Extra\nteam: red\nkind: sateless\n", encoding="utf-8"
    )
    assert [str(fault) for fault in examine(tmp_path).faults] == [
        "subsystems/a.yml: rename it to a.yaml",
        (
            "subsystems/b.yaml:4: kind: wants one of stateless, stateful, batch, external, stays; "
            "found the text 'sateless'; did you mean 'stateless'?"
        ),
    ]


def test_manifests_are_listed_and_judged_as_yaml(tmp_path: Path) -> None:
    write_inventory(tmp_path)
    folder = tmp_path / "manifests" / "web"
    folder.mkdir(parents=True)
    (folder / "b.yaml").write_text("kind: A\n---\nkind: B\n", encoding="utf-8")
    (folder / "a.yaml").write_text("kind: C\n", encoding="utf-8")
    (folder / "notes.txt").write_text("[", encoding="utf-8")
    (folder / "c.json").write_text('{\t"kind": "D"}', encoding="utf-8")
    assert read_inventory(tmp_path).manifests == (
        "manifests/web/a.yaml",
        "manifests/web/b.yaml",
        "manifests/web/c.json",
    )
    (folder / "a.yaml").write_text("kind: [C\n", encoding="utf-8")
    (folder / "b.yaml").write_text("kind: A\n---\n- B\n", encoding="utf-8")
    assert [(f.file, f.line) for f in examine(tmp_path).faults] == [
        ("manifests/web/a.yaml", 2),
        ("manifests/web/b.yaml", 3),
    ]


def test_manifests_of_no_subsystem_are_a_fault(tmp_path: Path) -> None:
    write_inventory(tmp_path)
    (tmp_path / "manifests" / "webb").mkdir(parents=True)
    (tmp_path / "manifests" / "webb" / "a.yaml").write_text("kind: A\n", encoding="utf-8")
    assert [str(fault) for fault in examine(tmp_path).faults] == [
        "manifests/webb/a.yaml: the folder's name is no subsystem: 'webb'"
    ]


def test_what_could_be_counted_is_counted_in_spite_of_faults(tmp_path: Path) -> None:
    write_inventory(tmp_path, functions=edited("functions", "quorum: 2", "quorum: 0"))
    examination = examine(tmp_path)
    assert examination.inventory is None
    counts = (examination.subsystems, examination.components, examination.functions)
    assert (*counts, examination.people, examination.teams) == (6, 7, 1, 5, 2)


def test_only_inventory_and_subsystems_are_needed(tmp_path: Path) -> None:
    write_inventory(
        tmp_path,
        **dict.fromkeys(("relations", "functions", "people", "calendar", "places"), None),
    )
    inventory = read_inventory(tmp_path)
    assert len(inventory.subsystems) == 6
    assert inventory.by_id[SubsystemId("web")].name == "Web front"
    assert FILES["inventory"].startswith("schema_version: 1")
