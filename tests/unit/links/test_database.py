"""The connection to DuckDB keeps its limits and its quoting."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest

from migrator.ids import ComponentId, SubsystemId
from migrator.links import database


def test_a_connection_keeps_to_its_threads_and_memory(tmp_path: Path) -> None:
    with database.connect(tmp_path) as connection:
        rows = connection.execute(
            "SELECT name, value FROM duckdb_settings() WHERE name IN"
            " ('threads', 'memory_limit', 'temp_directory', 'autoinstall_known_extensions',"
            " 'disabled_optimizers')"
        ).fetchall()
    settings = dict(rows)
    assert settings["threads"] == "2"
    assert settings["memory_limit"] == "190.7 MiB"
    assert settings["temp_directory"] == str(tmp_path)
    assert settings["autoinstall_known_extensions"] == "false"
    # A foreign Parquet file's statistics are not to be believed.
    assert settings["disabled_optimizers"] == "statistics_propagation"


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


def test_a_question_is_answered_while_others_are_asked() -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE numbers AS SELECT range AS n FROM range(1000)")
        with database.meanwhile(connection, lambda own: ask(own, "sum(n)")) as answer:
            assert ask(connection, "max(n)") == 999
        assert answer() == 499_500


def test_what_goes_wrong_meanwhile_is_raised_at_the_end() -> None:
    reached = []
    with (
        database.connect() as connection,
        pytest.raises(duckdb.CatalogException),
        database.meanwhile(connection, lambda own: ask(own, "1")),
    ):
        reached.append("the block's end")
    assert reached


def test_what_goes_wrong_in_the_block_wins() -> None:
    with (
        database.connect() as connection,
        pytest.raises(KeyError),
        database.meanwhile(connection, lambda own: ask(own, "1")),
    ):
        raise KeyError
    assert "links-meanwhile" not in {thread.name for thread in threading.enumerate()}


def ask(connection: duckdb.DuckDBPyConnection, what: str) -> object:
    row = connection.execute(f"SELECT {what} FROM numbers").fetchone()  # noqa: S608
    assert row is not None
    return row[0]
