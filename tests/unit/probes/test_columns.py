"""The tables that links are joined with; what comes of them is tested in `test_planning.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.links import database
from migrator.probes import columns
from sweeping import a_row, links_file


def test_a_table_is_filled_with_what_is_missing_too() -> None:
    with database.connect() as connection:
        table: columns.Table = {"a": ("VARCHAR", ["x'y", None]), "b": ("UBIGINT", [2**64 - 1, 0])}
        columns.fill(connection, "some_rows", table)
        columns.fill(connection, "no_rows", {"a": ("VARCHAR", [])})
        full = connection.execute("SELECT * FROM some_rows ORDER BY b").fetchall()
        empty = connection.execute("SELECT count(*) FROM no_rows").fetchall()
    assert (full, empty) == ([(None, 0), ("x'y", 2**64 - 1)], [(0,)])


def test_links_that_are_gone_are_named(tmp_path: Path) -> None:
    links = links_file(tmp_path / "links.parquet", [a_row("l-1", "web.app", "payments.app")])
    assert columns.missing_links(links, ["l-1", "l-3", "l-2"]) == ["l-2", "l-3"]
    assert columns.missing_links(None, ["l-1"]) == ["l-1"]


def test_what_goes_wrong_with_a_file_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(columns.failures()):
        columns.missing_links(tmp_path / "gone.parquet", ["l-1"])
