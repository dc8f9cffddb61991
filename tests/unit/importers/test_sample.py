"""The sample as files: the same bytes every time, and no folder of somebody else is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from pyarrow import csv, parquet

from migrator.errors import InputError
from migrator.importers.sample import (
    DEFAULT_SIZE,
    LINKS_CSV,
    LINKS_PARQUET,
    MARKER,
    read_marker,
    sample_texts,
    write_sample,
    write_sample_links,
)
from migrator.importers.sample_estate.estate import Size, draw_estate
from migrator.inventory.model import LINK_COLUMNS
from migrator.inventory.reader import read_inventory

SMALL: Final = Size(subsystems=12, links=900, seed=3)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("in_columns", [False, True])
def test_same_arguments_give_the_same_bytes(tmp_path: Path, in_columns: bool) -> None:
    write_sample(tmp_path / "one", SMALL, parquet=in_columns)
    write_sample(tmp_path / "two", SMALL, parquet=in_columns)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_gives_other_figures(tmp_path: Path) -> None:
    write_sample(tmp_path / "one", SMALL)
    write_sample(tmp_path / "two", Size(SMALL.subsystems, SMALL.links, seed=4))
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    alike = {
        name for name in one if one[name].split(b"\n\n", 1)[1:] == two[name].split(b"\n\n", 1)[1:]
    }
    # Whose estate it is, what is assumed and when the weekend is do not depend on chance.
    assert "subsystems.yaml" not in alike
    assert "people.yaml" not in alike
    assert one[LINKS_CSV] != two[LINKS_CSV]


def test_committed_estate_is_what_the_generator_writes(root: Path) -> None:
    folder = root / "inventories" / "forsakring"
    generated = sample_texts(draw_estate(DEFAULT_SIZE))
    kept = {
        path.name: path.read_text(encoding="utf-8")
        for path in folder.iterdir()
        if not path.name.startswith("links.")
    }
    assert kept == generated


def test_links_alone_are_those_of_the_whole_sample(tmp_path: Path) -> None:
    write_sample(tmp_path, SMALL)
    whole = contents(tmp_path)
    (tmp_path / LINKS_CSV).unlink()
    write_sample_links(tmp_path, seed=SMALL.seed)
    assert contents(tmp_path) == whole


def test_rows_do_not_depend_on_the_file_format(tmp_path: Path) -> None:
    write_sample(tmp_path / "rows", SMALL)
    write_sample(tmp_path / "columns", SMALL, parquet=True)
    columns = parquet.read_table(tmp_path / "columns" / LINKS_PARQUET)
    options = csv.ConvertOptions(column_types=columns.schema, strings_can_be_null=False)
    rows = csv.read_csv(tmp_path / "rows" / LINKS_CSV, convert_options=options)
    assert rows.equals(columns)


def test_links_have_exactly_the_inventorys_columns_without_quotes(tmp_path: Path) -> None:
    write_sample(tmp_path, SMALL)
    header = (tmp_path / LINKS_CSV).read_text(encoding="utf-8").split("\n", 1)[0]
    assert header == ",".join(LINK_COLUMNS)


def test_other_number_of_links_fits_the_same_components(tmp_path: Path) -> None:
    write_sample(tmp_path, SMALL)
    before = contents(tmp_path)
    written = write_sample_links(tmp_path, links=2_000)
    assert written.size.links == 2_000
    after = contents(tmp_path)
    assert after[LINKS_CSV].count(b"\n") == 2_001
    assert {n: b for n, b in after.items() if n != LINKS_CSV} == {
        n: b for n, b in before.items() if n != LINKS_CSV
    }


def test_new_links_take_the_place_of_the_other_format(tmp_path: Path) -> None:
    write_sample(tmp_path, SMALL)
    write_sample_links(tmp_path, parquet=True)
    assert not (tmp_path / LINKS_CSV).exists()
    write_sample(tmp_path, SMALL)
    assert not (tmp_path / LINKS_PARQUET).exists()


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    def full(_links: int) -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        write_sample(tmp_path, SMALL, advance=full)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("links")] == []
    assert list(tmp_path.glob("*.part")) == []


def test_progress_adds_up_to_all_links(tmp_path: Path) -> None:
    told: list[int] = []
    write_sample(tmp_path, SMALL, advance=told.append)
    assert sum(told) == SMALL.links


def test_what_is_told_is_what_is_in_the_files(tmp_path: Path) -> None:
    written = write_sample(tmp_path, SMALL)
    inventory = read_inventory(tmp_path)
    assert written.components == sum(len(s.components) for s in inventory.subsystems)
    assert written.functions == len(inventory.functions)
    assert written.people == len(inventory.people.people)
    assert written.size.subsystems == len(inventory.moving)
    assert written.staying + written.partners == len(inventory.subsystems) - len(inventory.moving)
    assert {path.name for path in tmp_path.iterdir()} == set(written.files)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (Size(0, 10, 1), "--subsystems 0"),
        (Size(1, 10, 1), "--subsystems 1"),
        (Size(1_001, 340_000, 1), "--subsystems 1001"),
        (Size(77, 76, 1), "--links 76"),
        (Size(77, 10_000_001, 1), "--links 10000001"),
        (Size(77, 340_000, -1), "--seed -1"),
        (Size(77, 340_000, 2**32), "--seed 4294967296"),
    ],
)
def test_nonsense_is_refused_and_nothing_is_written(tmp_path: Path, size: Size, said: str) -> None:
    with pytest.raises(InputError) as caught:
        write_sample(tmp_path / "new", size)
    assert caught.value.reference == "sample-arguments"
    assert said in caught.value.message
    assert not (tmp_path / "new").exists()


def test_all_nonsense_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_sample(tmp_path, Size(0, -5, -1))
    assert all(word in caught.value.message for word in ("--subsystems", "--links", "--seed"))


def test_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "subsystems.yaml").write_text("subsystems: []\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_sample(tmp_path, SMALL)
    assert caught.value.reference == "sample-folder"
    assert "--force" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["subsystems.yaml"]


def test_force_writes_among_other_files_and_deletes_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("ours\n", encoding="utf-8")
    write_sample(tmp_path, SMALL, force=True)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "ours\n"
    assert read_inventory(tmp_path).subsystems


def test_sample_may_be_written_over_by_another_size(tmp_path: Path) -> None:
    write_sample(tmp_path, SMALL)
    write_sample(tmp_path, Size(5, 50, 1))
    assert len(read_inventory(tmp_path).moving) == 5


def test_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="is a file"):
        write_sample(tmp_path / "taken", SMALL)


def test_links_alone_need_a_sample(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_sample_links(tmp_path)
    assert caught.value.reference == "sample-folder"
    assert "migrator sample" in caught.value.hint


def test_another_seed_does_not_fit_the_samples_components(tmp_path: Path) -> None:
    write_sample(tmp_path, SMALL)
    with pytest.raises(InputError, match="made with the seed 3, not 4"):
        write_sample_links(tmp_path, seed=4)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": 2}', '{"format": 1, "subsystems": "12"}', "\udcff"],
)
def test_marker_that_was_edited_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / MARKER).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError) as caught:
        read_marker(tmp_path)
    assert caught.value.reference == "sample-folder"
    assert MARKER in caught.value.message


def test_marker_with_numbers_out_of_range_is_refused(tmp_path: Path) -> None:
    marker = {"format": 1, "subsystems": 0, "links": 5, "seed": 1}
    (tmp_path / MARKER).write_text(json.dumps(marker), encoding="utf-8")
    with pytest.raises(InputError, match="--subsystems 0"):
        read_marker(tmp_path)


def test_files_that_somebody_edited_are_named(tmp_path: Path) -> None:
    write_sample(tmp_path, SMALL)
    path = tmp_path / "people.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "# ours\n", encoding="utf-8")
    (tmp_path / "relations.yaml").unlink()
    assert write_sample_links(tmp_path).edited == ("people.yaml", "relations.yaml")
    assert path.read_text(encoding="utf-8").endswith("# ours\n")
