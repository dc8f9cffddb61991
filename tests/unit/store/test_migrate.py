"""An older store is carried over whole or not at all; a kept store of the old version shows it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import inspect

from migrator.engine import events as ev
from migrator.errors import EnvironmentFailed, MigratorError
from migrator.store import migrate, tables
from migrator.store.database import Database
from migrator.store.machine import ThisMachine
from migrator.store.migrate import STEPS, carry_over, walk
from migrator.store.postgresql import PostgresqlDatabase
from migrator.store.sql import open_store
from migrator.store.sqlite import SqliteDatabase
from postgresql_server import server

OLDEST: Final = Path(__file__).parent / "store-version-1.sql"
HEAD: Final = "88f3311fde521f8ac422f8daf0e20ae116886f814351368263d3adc2dfc582e3"
NOTE: Final = "c3ec98d9191584a1efdfdd993b19e844721c469ecb204c88ebd500b48c7f8485"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store as version 0.1.0 left it."""
    path = tmp_path / "practice.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(OLDEST.read_text(encoding="utf-8"))
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    opened: Database
    if request.param == "sqlite":
        opened = SqliteDatabase(tmp_path / "practice.db", practice=True)
    else:
        opened = PostgresqlDatabase(
            server().database(), practice=True, create=True, folder=tmp_path
        )
    yield opened
    opened.close()


def version(path: Path) -> object:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("select schema_version from meta").fetchone()[0]


def described(database: Database) -> dict[str, object]:
    """The tables as the database knows them, whatever words made them."""
    schema = database.schema or None
    with database.reading() as connection:
        found = inspect(connection)
        return {
            name: (
                [
                    (column["name"], str(column["type"]), column["nullable"])
                    for column in found.get_columns(name, schema=schema)
                ],
                found.get_pk_constraint(name, schema=schema)["constrained_columns"],
                sorted(each["column_names"] for each in found.get_unique_constraints(name, schema)),
                sorted(
                    (str(each["name"]), each["column_names"])
                    for each in found.get_indexes(name, schema=schema)
                    if not each["unique"]
                ),
            )
            for name in found.get_table_names(schema=schema)
        }


def test_a_store_of_the_first_version_is_carried_over_with_all_that_is_in_it(old: Path) -> None:
    with open_store(old, practice=True) as store:
        journal = store.journal("weekend", lead=True)

        assert journal.verify().head == HEAD
        assert [line.event for line in journal.lines(2)] == [ev.RunPaused("lunch")]
        assert [command.id for command in journal.take_commands()] == ["c2"]
        assert journal.answer_of("c1") is not None
        assert journal.itinerary().plan_name == "autumn-weekend"
        assert journal.facts("clock") == {"run_time": "2023-10-14T01:00:00+00:00"}
        assert journal.codes == {"bertil": "digest"}
        assert store.note(NOTE) == "a note"
        assert journal.epoch == 2

    assert version(old) == tables.SCHEMA_VERSION


def test_carried_over_tables_are_the_same_as_new_ones(database: Database) -> None:
    new = described(database)
    with database.writing() as connection:
        tables.metadata.drop_all(connection)
        walk(connection, database.schema, STEPS, 0)

    assert described(database) == new


def test_a_step_that_fails_leaves_nothing_behind(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = tmp_path / "steps"
    (steps / "versions").mkdir(parents=True)
    for path in (STEPS / "versions").glob("version_*.py"):
        (steps / "versions" / path.name).write_text(path.read_text(encoding="utf-8"))
    (steps / "versions" / "version_9999.py").write_text(
        f"from alembic import op\nrevision, down_revision = '9999', '{tables.SCHEMA_VERSION:04d}'\n"
        "def upgrade():\n    op.drop_table('notes')\n    op.execute('select from nothing')\n"
    )
    monkeypatch.setattr(migrate, "STEPS", steps)
    with closing(sqlite3.connect(old)) as raw:
        before = list(raw.iterdump())

    with pytest.raises(MigratorError) as caught:
        open_store(old, practice=True)

    assert caught.value.reference == "store-failed"
    with closing(sqlite3.connect(old)) as raw:
        assert list(raw.iterdump()) == before


def test_a_store_in_which_a_run_is_led_is_left_alone(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as today:
        today.setattr(tables, "SCHEMA_VERSION", 1)  # the older program
        leading = open_store(old, practice=True)
        journal = leading.journal("weekend", lead=True)

    with pytest.raises(EnvironmentFailed) as caught:
        open_store(old, practice=True)

    assert caught.value.reference == "store-in-use"
    assert "weekend is being run by process" in caught.value.message
    assert version(old) == 1
    journal.release()
    leading.close()
    open_store(old, practice=True).close()
    assert version(old) == tables.SCHEMA_VERSION


def test_two_programs_may_find_the_same_old_store(old: Path) -> None:
    with open_store(old, practice=True) as store:
        database = store._database
        with database.writing() as connection:  # the second one, whose turn comes now
            carry_over(connection, database.terms(connection, ThisMachine()), "", "")

    assert version(old) == tables.SCHEMA_VERSION
