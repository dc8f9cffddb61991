"""Whether links.parquet is Parquet with our columns, before any value is read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrator.inventory.model import LINK_COLUMNS
from migrator.links import database
from migrator.links.parquet_file import column_faults, form_fault

TYPES: dict[str, pa.DataType] = dict.fromkeys(LINK_COLUMNS, pa.string()) | {
    "port": pa.int64(),
    "calls_per_day": pa.int64(),
    "criticality": pa.int8(),
}


def faults(folder: Path, types: dict[str, pa.DataType]) -> list[str]:
    path = folder / "links.parquet"
    schema = pa.schema([pa.field(name, kind) for name, kind in types.items()])
    pq.write_table(schema.empty_table(), path)
    with database.connect() as connection:
        found = column_faults(connection, path, "links.parquet")
    assert {fault.line for fault in found} <= {None}
    return [fault.message for fault in found]


def test_our_columns_with_their_types_are_right(tmp_path: Path) -> None:
    assert faults(tmp_path, TYPES) == []


@pytest.mark.parametrize("kind", [pa.int16(), pa.uint64(), pa.int32()])
def test_whole_numbers_of_any_size_are_right(tmp_path: Path, kind: pa.DataType) -> None:
    assert faults(tmp_path, TYPES | {"port": kind}) == []


def test_names_kept_in_a_dictionary_are_text(tmp_path: Path) -> None:
    coded = pa.dictionary(pa.int32(), pa.string())
    assert faults(tmp_path, TYPES | {"protocol": coded, "source": pa.large_string()}) == []


def test_a_column_that_is_all_empty_may_have_no_type_where_it_may_be_empty(tmp_path: Path) -> None:
    assert faults(tmp_path, TYPES | {"port": pa.null(), "evidence": pa.null()}) == []
    (message,) = faults(tmp_path, TYPES | {"source": pa.null()})
    assert "where text is expected" in message


@pytest.mark.parametrize(
    ("column", "kind", "shown"),
    [
        ("port", pa.float64(), "DOUBLE where whole numbers are expected"),
        ("port", pa.string(), "VARCHAR where whole numbers are expected"),
        ("criticality", pa.bool_(), "BOOLEAN where whole numbers are expected"),
        ("id", pa.int64(), "BIGINT where text is expected"),
        ("evidence", pa.binary(), "BLOB where text is expected"),
        ("protocol", pa.list_(pa.string()), "VARCHAR[] where text is expected"),
    ],
)
def test_another_type_is_named(tmp_path: Path, column: str, kind: pa.DataType, shown: str) -> None:
    assert faults(tmp_path, TYPES | {column: kind}) == [f"column '{column}' has the type {shown}"]


def test_missing_and_misspelt_columns_are_named(tmp_path: Path) -> None:
    types = {name.replace("target", "traget"): kind for name, kind in TYPES.items()}
    del types["evidence"]
    assert faults(tmp_path, types) == [
        "column 'traget' should be named 'target'",
        "column 'evidence' is missing",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"id,source\n", "the file is not Parquet; if it is CSV, name it links.csv"),
        (b"PAR1 and then nothing", "the file is cut off; its end is missing"),
        (b"PAR1", "the file is cut off; its end is missing"),
    ],
)
def test_bytes_that_are_no_parquet_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "links.parquet"
    path.write_bytes(content)
    fault = form_fault(path)
    assert fault is not None
    assert fault.message == message


def test_a_whole_parquet_file_has_the_right_form(tmp_path: Path) -> None:
    faults(tmp_path, TYPES)
    assert form_fault(tmp_path / "links.parquet") is None
