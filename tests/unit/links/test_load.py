"""Reading links: what is right is read alike from every form, what is wrong is named."""

from __future__ import annotations

import gc
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from builders import a_component, a_link, a_subsystem, an_inventory, csv_of
from migrator.errors import EnvironmentFailed, Fault, InputError
from migrator.ids import ComponentId
from migrator.inventory.model import Inventory, Kind
from migrator.links import checks, csv_rows, database
from migrator.links.load import read_links
from migrator.links.table import LinkTable

TWO = csv_of(a_link("l-1"), a_link("l-2", port=None, protocol="jdbc"))


def an_estate(folder: Path, name: str = "links.csv") -> Inventory:
    return an_inventory(folder=folder, links_file=Path(name))


def read(folder: Path, content: str | bytes, name: str = "links.csv") -> LinkTable:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_links(an_estate(folder, name), None)


def refused(folder: Path, content: str | bytes, name: str = "links.csv") -> InputError:
    with pytest.raises(InputError) as caught:
        read(folder, content, name)
    return caught.value


def as_parquet(folder: Path, table: pa.Table) -> bytes:
    pq.write_table(table, folder / "made.parquet")
    return (folder / "made.parquet").read_bytes()


def parquet_of(folder: Path, text: str) -> pa.Table:
    (folder / "made.csv").write_text(text, encoding="utf-8")
    return pc.read_csv(folder / "made.csv")


def test_an_estate_without_links_has_an_empty_table() -> None:
    table = read_links(an_inventory(), None)
    assert (table.count, table.parquet, table.by_protocol) == (0, None, {})


def test_links_are_counted_by_protocol(tmp_path: Path) -> None:
    table = read(tmp_path, TWO)
    assert table.count == 2
    assert table.by_protocol == {"https": 1, "jdbc": 1}


def test_csv_and_parquet_of_the_same_rows_have_one_digest(tmp_path: Path) -> None:
    by_csv = read(tmp_path, TWO)
    by_parquet = read(tmp_path, as_parquet(tmp_path, parquet_of(tmp_path, TWO)), "links.parquet")
    assert by_csv.digest == by_parquet.digest
    assert by_csv == replace(by_parquet, parquet=by_csv.parquet)


def test_a_table_without_a_header_row_only_is_an_estate_of_no_links(tmp_path: Path) -> None:
    empty = read(tmp_path, csv_of())
    assert empty.count == 0
    assert empty.digest == read_links(an_inventory(), None).digest


@pytest.fixture(scope="module")
def digest_of_two(tmp_path_factory: pytest.TempPathFactory) -> str:
    return read(tmp_path_factory.mktemp("two"), TWO).digest


HEADER, FIRST, SECOND = TWO.splitlines()


@pytest.mark.parametrize(
    "same",
    [
        TWO.rstrip("\n"),
        "\ufeff" + TWO,
        TWO.replace("\n", "\r\n"),
        TWO.replace("\n", "\r"),
        f"{HEADER}\r\n{FIRST}\n{SECOND}\r\n",
        f"{HEADER}\n{FIRST}\r\n{SECOND}\n",
        f"{HEADER}\n\n{FIRST}\n\n{SECOND}\n\n",
        f"{HEADER}\n{SECOND}\n{FIRST}\n",
        "\n".join(",".join(f'"{cell}"' for cell in row.split(",")) for row in TWO.splitlines()),
        "\n".join(",".join(row.split(",")[::-1]) for row in TWO.splitlines()),
    ],
    ids=[
        "no last line end",
        "byte order mark",
        "windows",
        "macintosh",
        "mixed",
        "mixed the other way",
        "empty lines",
        "other order of rows",
        "all quoted",
        "other order of columns",
    ],
)
def test_the_same_rows_written_otherwise_are_the_same_links(
    tmp_path: Path, same: str, digest_of_two: str
) -> None:
    table = read(tmp_path, same)
    assert (table.count, table.digest) == (2, digest_of_two)


def test_quoted_line_breaks_and_commas_are_part_of_a_text(tmp_path: Path) -> None:
    text = csv_of(a_link("l-1", evidence='"a, ""b""\nc"'))
    assert read(tmp_path, text).count == 1


@pytest.mark.parametrize(
    ("content", "reference", "message"),
    [
        ("", "links-unreadable", "the file is empty"),
        ("\n\n", "links-unreadable", "the first row is empty"),
        (TWO.replace(",", ";"), "links-columns", "the columns are separated by ';'"),
        (TWO.replace("evidence", "notes"), "links-columns", "column 'notes' is not known"),
        (TWO.replace("firewall", "Bränd").encode("cp1252"), "links-unreadable", "Windows-1252"),
        (TWO.encode("utf-16"), "links-unreadable", "the file is UTF-16"),
        (f"ö{TWO}".encode("cp1252"), "links-unreadable", "Windows-1252"),
        (TWO.replace("\n", "\r").replace("fire", "ö").encode("cp1252"), "links-unreadable", "1252"),
        (f"{TWO}x,y\n", "links-rows", "2 fields where 10 are expected"),
        (f"{TWO}   \n", "links-rows", "1 fields where 10 are expected"),
        (TWO.replace("firewall log\n", '"open\n', 1), "links-rows", "is never closed"),
    ],
)
def test_what_is_no_table_of_links_is_named(
    tmp_path: Path, content: str | bytes, reference: str, message: str
) -> None:
    error = refused(tmp_path, content)
    assert error.reference == reference
    assert message in error.faults[0].message


def test_faults_of_rows_and_of_values_are_reported_at_once(tmp_path: Path) -> None:
    error = refused(tmp_path, f"{TWO}broken\n{csv_of(a_link('l-3', port=0)).splitlines()[1]}\n")
    assert [(fault.line, fault.path) for fault in error.faults] == [(4, ""), (5, "port")]
    assert error.message == "links.csv has 2 faults (broken rows: 1, wrong ports: 1)"


def test_an_unknown_component_is_named_with_its_row_and_the_nearest(tmp_path: Path) -> None:
    error = refused(tmp_path, csv_of(a_link("l-1"), a_link("l-2", target="paymets.app")))
    assert error.faults == (
        Fault(
            "links.csv",
            3,
            "target",
            "target component 'paymets.app' does not exist; the nearest is 'payments.app'",
        ),
    )


def test_all_unknown_components_are_counted_and_the_first_twenty_kept(tmp_path: Path) -> None:
    links = [a_link(f"l-{n:04d}", source="nobody") for n in range(500)]
    error = refused(tmp_path, csv_of(*links))
    assert error.count == 500
    assert [fault.line for fault in error.faults] == list(range(2, 22))
    assert error.message == "links.csv has 500 faults (unknown source components: 500)"


def test_rows_after_quoted_line_breaks_are_named_by_their_line(tmp_path: Path) -> None:
    text = csv_of(a_link("l-1", evidence='"a\nb"'), a_link("l-2", source="nobody"))
    assert refused(tmp_path, text).faults[0].line == 4


def test_row_numbers_are_right_in_a_file_of_many_blocks(tmp_path: Path) -> None:
    good = csv_of(a_link("l-1"))
    header, row = good.splitlines()
    rows = [row.replace("l-1", f"l-{n}") for n in range(60_000)]
    rows[54_321] = rows[54_321].replace("web.app", "web.ap")
    error = refused(tmp_path, "\n".join([header, *rows]))
    assert [fault.line for fault in error.faults] == [54_323]


def test_a_faulty_row_of_parquet_is_named_by_its_number(tmp_path: Path) -> None:
    table = parquet_of(tmp_path, csv_of(a_link("l-1"), a_link("l-2", source="nobody")))
    error = refused(tmp_path, as_parquet(tmp_path, table), "links.parquet")
    (fault,) = error.faults
    assert (fault.file, fault.line, fault.path) == ("links.parquet", 2, "source")


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, TWO, "links.parquet")
    assert error.reference == "links-unreadable"
    assert "if it is CSV, name it links.csv" in error.faults[0].message


def test_parquet_columns_of_another_type_are_named(tmp_path: Path) -> None:
    table = parquet_of(tmp_path, TWO)
    ports = pa.array([443.0, None])
    wrong = table.set_column(table.schema.get_field_index("port"), "port", ports)
    error = refused(tmp_path, as_parquet(tmp_path, wrong), "links.parquet")
    assert error.reference == "links-columns"
    assert [fault.message for fault in error.faults] == [
        "column 'port' has the type DOUBLE where whole numbers are expected"
    ]


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    content = bytearray(as_parquet(tmp_path, parquet_of(tmp_path, TWO)))
    content[4:400] = bytes(396)
    error = refused(tmp_path, bytes(content), "links.parquet")
    assert error.reference == "links-unreadable"
    assert "damaged" in error.faults[0].message


def test_a_file_that_is_gone_is_the_environments_fault(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        read_links(an_estate(tmp_path), None)
    assert caught.value.reference == "links-store-failed"


def test_a_full_disk_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _rows: int) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(csv_rows, "line_is_row", full)
    (tmp_path / "links.csv").write_text(TWO, encoding="utf-8")
    with pytest.raises(EnvironmentFailed) as caught:
        read_links(an_estate(tmp_path), None)
    assert caught.value.reference == "disk-full"


@pytest.mark.parametrize("name", ["links.csv", "links.parquet"])
def test_too_little_memory_is_the_environments_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content = TWO if name == "links.csv" else as_parquet(tmp_path, parquet_of(tmp_path, TWO))
    monkeypatch.setattr(database, "MEMORY_LIMIT_MB", 1)
    with pytest.raises(EnvironmentFailed) as caught:
        read(tmp_path, content, name)
    assert caught.value.reference == "links-store-failed"
    assert "Out of Memory" in caught.value.message


@pytest.mark.parametrize("name", ["links.csv", "links.parquet"])
def test_a_false_alarm_of_the_quick_verdict_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content = TWO if name == "links.csv" else as_parquet(tmp_path, parquet_of(tmp_path, TWO))
    monkeypatch.setattr(checks, "looks_right", lambda *_: False)
    assert read(tmp_path, content, name).count == 2


def test_a_folder_with_signs_that_mean_something_is_just_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "it's [a] *folder*?"
    folder.mkdir()
    assert read(folder, TWO).count == 2
    assert read_links(an_estate(folder), folder / "cache [1]").count == 2


def test_the_temporary_copy_lives_as_long_as_the_table(tmp_path: Path) -> None:
    table = read(tmp_path, TWO)
    place = table.parquet
    assert place is not None
    assert place.exists()
    del table
    gc.collect()
    assert not place.exists()


def test_nothing_beside_the_links_file_is_written(tmp_path: Path) -> None:
    read(tmp_path, TWO)
    assert [path.name for path in tmp_path.iterdir()] == ["links.csv"]


def test_asking_for_links_does_not_load_duckdb_until_they_are_read() -> None:
    code = (
        "import sys; import migrator.links.load, migrator.links.pairs, migrator.links.drill;"
        " sys.exit('duckdb' in sys.modules or 'pyarrow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_component_belongs_to_its_subsystem() -> None:
    estate = an_inventory(
        subsystems=(
            a_subsystem("one", Kind.STATELESS, components=(a_component("x"), a_component("y"))),
        )
    )
    assert database.component_owners(estate) == {
        ComponentId("x"): "one",
        ComponentId("y"): "one",
    }
