"""Carries an older store over to the tables of this program, in one transaction or not at all.

`database.py` calls it when a store's version is older than the program's, and only then, because
Alembic is slow to load. The version that counts is the number in `meta`, which every program reads
before it touches anything; Alembic orders the steps and makes them possible on every database. A
store that somebody leads at this moment is left alone: its leader knows the old tables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select

from migrator.errors import EnvironmentFailed
from migrator.store import lease, tables

STEPS: Final = Path(__file__).parent / "migrations"


def carry_over(connection: Connection, terms: lease.Terms, place: str, schema: str) -> None:
    """Bring the tables to this program's version, inside a transaction that waits for nobody."""
    meta = tables.meta
    # Another process may have been here while we waited for our turn.
    version: int = connection.execute(select(meta.c.schema_version)).scalar_one()
    if version >= tables.SCHEMA_VERSION:
        return
    led = lease.leaders(connection, terms)
    if led:
        run, leader = next(iter(led.items()))
        raise EnvironmentFailed(
            "store-in-use",
            f"{place} has tables of version {version} and must be carried over to "
            f"version {tables.SCHEMA_VERSION}, but {run} is being run by {leader}",
            hint="let that process end, or use the older program until it has",
        )
    walk(connection, schema, STEPS, version)
    connection.execute(meta.update().values(schema_version=tables.SCHEMA_VERSION))


def walk(connection: Connection, schema: str, steps: Path, version: int) -> None:
    """Take every step after a version, in their order; 0 is before the first."""
    if schema:
        # For this transaction only: what a step names without a schema lies in ours.
        connection.exec_driver_sql(f"set local search_path to {schema}")
    since = f"{version:04d}" if version else "base"
    revisions = list(ScriptDirectory(str(steps)).iterate_revisions("head", since))
    with Operations.context(MigrationContext.configure(connection)):
        for revision in reversed(revisions):
            revision.module.upgrade()
