"""The connection to DuckDB keeps its limits and its quoting."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from migrator.ids import ComponentId, SubsystemId
from migrator.links import database


def test_a_connection_keeps_to_its_threads_and_memory(tmp_path: Path) -> None:
    with database.connect(tmp_path) as connection:
        rows = connection.execute(
            "SELECT name, value FROM duckdb_settings() WHERE name IN"
            " ('threads', 'memory_limit', 'temp_directory', 'autoinstall_known_extensions')"
        ).fetchall()
    settings = dict(rows)
    assert settings["threads"] == "2"
    assert settings["memory_limit"] == "190.7 MiB"
    assert settings["temp_directory"] == str(tmp_path)
    assert settings["autoinstall_known_extensions"] == "false"


def test_a_connection_is_closed_when_its_question_is_answered() -> None:
    with database.connect() as connection:
        connection.execute("SELECT 1")
    with pytest.raises(duckdb.ConnectionException):
        connection.execute("SELECT 1")


def test_quotation_marks_do_not_end_a_text() -> None:
    value = "it's '; DROP TABLE x; --"
    with database.connect() as connection:
        assert connection.execute(f"SELECT {database.text(value)}").fetchone() == (value,)


def test_wildcard_signs_in_a_path_mean_themselves() -> None:
    assert database.file_name(Path("/a*b/[c]/d?.csv")) == "'/a[*]b/[[]c]/d[?].csv'"


def test_components_carry_the_place_of_their_subsystem_in_order() -> None:
    owners = {
        ComponentId("z.app"): SubsystemId("z"),
        ComponentId("a.app"): SubsystemId("a"),
        ComponentId("a.db"): SubsystemId("a"),
    }
    assert database.subsystems_in_order(owners) == ("a", "z")
    with database.connect() as connection:
        database.fill_components(connection, owners)
        rows = connection.execute("SELECT * FROM components ORDER BY 1").fetchall()
    assert rows == [("a.app", 0), ("a.db", 0), ("z.app", 1)]
