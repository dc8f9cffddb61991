"""A store: runs in a database, practice and live runs always in different ones.

Opened by `wiring` and the CLI with `open_store`: `.migrator/practice.db` and `.migrator/live.db`
unless told otherwise, or two schemas of a PostgreSQL database. A run is created once, its itinerary
pinned by digest, and led by at most one process at a time.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Connection, func, select

from migrator.engine.events import RunStarted
from migrator.engine.ports import Line
from migrator.errors import InputError, MigratorError
from migrator.ids import is_id
from migrator.plan.model import Itinerary
from migrator.store import blobs, lease, notes, tables
from migrator.store.address import is_server, store_path
from migrator.store.chain import Written, outcome_of, to_line, to_written, verify
from migrator.store.database import Database, missing, once_more
from migrator.store.exports import Exported
from migrator.store.group import GroupCommit, insert_lines
from migrator.store.machine import Machine, ThisMachine
from migrator.store.pinned import digest_of, from_blob, to_blob
from migrator.store.postgresql import PostgresqlDatabase
from migrator.store.sign_in import SignIn
from migrator.store.sql_journal import SqlJournal, insert_facts, right_store
from migrator.store.sqlite import SqliteDatabase

DEFAULT_FOLDER: Final = Path(".migrator")
LATEST: Final = "latest"


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as a list shows it. `outcome` is empty until the run has ended."""

    name: str
    mode: str  # virtual, scaled or wall
    practice: bool
    target: str
    seed: int
    plan_name: str
    plan_digest: str
    itinerary_digest: str
    started: str  # wall time as the caller said it; may be empty
    lines: int
    head: str  # empty before the first line
    outcome: str


class Store:
    """An opened store. Close it, or use it in a `with`."""

    def __init__(self, database: Database, machine: Machine) -> None:
        """Use `open_store`."""
        self._database = database
        self._commits = GroupCommit(database)
        self._machine = machine
        self.practice = database.practice
        self.place = database.place
        self.folder = database.folder

    @property
    def path(self) -> Path:
        """The store's file; only a store of SQLite has one."""
        return self._file().path

    def copy_to(self, path: Path) -> None:
        """Copy the file as it is at this moment; `backup.py` makes a backup of it."""
        self._file().copy_to(path)

    def _file(self) -> SqliteDatabase:
        if not isinstance(self._database, SqliteDatabase):
            raise InputError(
                "store-no-file",
                f"{self.place} is no file",
                hint="name a folder or a .db file, or use the tools of PostgreSQL: pg_dump",
            )
        return self._database

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Commit what waits and let go; a lease that was not released runs out."""
        self._commits.close()
        self._database.close()

    def create_run(
        self,
        name: str,
        itinerary: Itinerary,
        *,
        seed: int,
        mode: str,
        target: str,
        plan_digest: str,
        started: str = "",
    ) -> SqlJournal:
        """Begin a run, pin its itinerary, and lead it. `started` is wall time as text."""
        locked = self._database.lock(name)
        with self._unlocked_on_failure(name), self._database.writing() as connection:
            self._insert_run(
                connection,
                name,
                itinerary,
                {
                    "mode": mode,
                    "target": target,
                    "seed": seed,
                    "plan_digest": plan_digest,
                    "started": started,
                },
            )
            terms = self._database.terms(connection, self._machine, locked=locked)
            epoch = lease.take(connection, name, terms)
        return self._journal(name, epoch)

    def keep(
        self,
        run_name: str,
        itinerary: Itinerary | bytes,
        lines: Sequence[Line | Written],
        facts: Mapping[str, object],
        started: str = "",
    ) -> None:
        """Keep a run that has been played elsewhere: proven, whole or not at all.

        An itinerary that was pinned elsewhere is given as its bytes and stays as it is.
        """
        verify(run_name, lines)
        written = [line if isinstance(line, Written) else to_written(line) for line in lines]
        with self._database.writing() as connection:
            self._insert_run(
                connection, run_name, itinerary, {**self._begun(written), "started": started}
            )
            if written:
                insert_lines(connection, [(run_name, written)])
            for key, data in facts.items():
                insert_facts(connection, run_name, key, data)

    @once_more
    def runs(self) -> tuple[RunRow, ...]:
        """Every run, the newest first."""
        runs, journal = tables.runs, tables.journal
        last = (
            select(func.max(journal.c.seq))
            .where(journal.c.run == runs.c.name)
            .correlate(runs)
            .scalar_subquery()
        )
        with self._database.reading() as connection:
            rows = connection.execute(
                select(runs, journal.c.seq, journal.c.kind, journal.c.data, journal.c.hash)
                .outerjoin(journal, (journal.c.run == runs.c.name) & (journal.c.seq == last))
                .order_by(runs.c.number.desc())
            ).all()
        return tuple(
            RunRow(
                name=row.name,
                mode=row.mode,
                practice=self.practice,
                target=row.target,
                seed=row.seed,
                plan_name=row.plan_name,
                plan_digest=row.plan_digest,
                itinerary_digest=row.itinerary_digest,
                started=row.started,
                lines=row.seq or 0,
                head=row.hash or "",
                outcome=outcome_of(row.kind, row.data),
            )
            for row in rows
        )

    def play_again(self, run_name: str, started: str) -> None:
        """Make a kept run the newest one: the very same weekend was played again just now."""
        table = tables.runs
        newest = select(func.max(table.c.number) + 1).scalar_subquery()
        with self._database.writing() as connection:
            connection.execute(
                table.update()
                .where(table.c.name == run_name)
                .values(number=newest, started=started)
            )

    @once_more
    def resolve(self, run: str) -> str:
        """The name of the run that is meant: a name, its unique beginning, or `latest`."""
        table = tables.runs
        with self._database.reading() as connection:
            rows = connection.execute(select(table.c.name).order_by(table.c.number.desc()))
            names: list[str] = list(rows.scalars())
        if run == LATEST and names:
            return names[0]
        if run in names:
            return run
        beginning = [name for name in names if run and name.startswith(run)]
        if len(beginning) == 1:
            return beginning[0]
        raise unknown_run(run, self.place, names, beginning)

    def journal(self, run: str, *, lead: bool) -> SqlJournal:
        """Open a run's journal: to lead it, or to read and to put commands on its desk.

        Leading takes the lease and the next epoch, then proves every line before it returns.
        """
        name = self.resolve(run)
        if not lead:
            return self._journal(name)
        locked = self._database.lock(name)
        with self._unlocked_on_failure(name), self._database.writing() as connection:
            terms = self._database.terms(connection, self._machine, locked=locked)
            epoch = lease.take(connection, name, terms)
        journal = self._journal(name, epoch)
        try:
            journal.verify()
        except MigratorError:
            journal.release()
            raise
        return journal

    def exported(self, run_name: str) -> Exported:
        """The whole run, as `exports.py` writes it to a file."""
        journal = self.journal(run_name, lead=False)
        table = tables.runs
        with self._database.reading() as connection:
            started = connection.execute(
                select(table.c.started).where(table.c.name == run_name)
            ).scalar_one()
        return Exported(
            run=run_name,
            practice=self.practice,
            pinned=journal.pinned(),
            lines=journal.written(),
            facts=journal.all_facts(),
            started=started,
        )

    def put_codes(self, run_name: str, digests: Mapping[str, str]) -> None:
        """Keep the digests of new single-use codes by person; older ones are void."""
        table = tables.codes
        with self._database.writing() as connection:
            connection.execute(
                table.delete().where(table.c.run == run_name, table.c.person.in_([*digests]))
            )
            rows = [{"run": run_name, "person": p, "digest": d} for p, d in digests.items()]
            if rows:
                connection.execute(table.insert(), rows)

    @property
    def database(self) -> Database:
        """What keeps it: for parts of a store that stand in a file of their own, as `pictures`."""
        return self._database

    def sign_in(self, run_name: str) -> SignIn:
        """The invitations and sessions of a run's pages."""
        return SignIn(self._database, run_name)

    # --- what a run was begun from ----------------------------------------------------------------

    def pin(self, kind: str, content: bytes) -> str:
        """Keep a plan or a fault file by value; the answer is its SHA-256, which names it."""
        return blobs.keep(self._database, kind, content)

    def pinned(self, digest: str) -> bytes | None:
        """What was pinned under a digest; None where nothing was, or it was erased."""
        return blobs.read(self._database, digest)

    def erase_evidence(self, digest: str) -> bool:
        """Erase evidence for good and leave its tombstone; False where there is none."""
        return blobs.erase(self._database, digest)

    # --- notes: kept apart, so that they can be erased -------------------------------------------

    def keep_note(self, text: str) -> str:
        """Keep a handler's note outside the journal; the answer is the digest that names it."""
        return notes.keep(self._database, text)

    def note(self, digest: str) -> str | None:
        """A note's text; None where it was erased or never here."""
        return notes.read(self._database, digest)

    def erase_note(self, digest: str) -> bool:
        """Erase a note for good and leave its tombstone; False where there is no such note."""
        return notes.erase(self._database, digest)

    # --- inside ----------------------------------------------------------------------------------

    def _journal(self, name: str, epoch: int | None = None) -> SqlJournal:
        return SqlJournal(self._database, self._commits, name, self._machine, epoch)

    @contextmanager
    def _unlocked_on_failure(self, name: str) -> Iterator[None]:
        try:
            yield
        except MigratorError:
            self._database.unlock(name)
            raise

    def _insert_run(
        self,
        connection: Connection,
        name: str,
        itinerary: Itinerary | bytes,
        values: Mapping[str, object],
    ) -> None:
        runs = tables.runs
        if not is_id(name) or name == LATEST:
            raise InputError(
                "run-name",
                f"{name!r} cannot name a run",
                hint="lower-case letters, digits, dots and dashes, beginning with a letter or "
                "digit; not `latest`, which means the newest run",
            )
        if connection.execute(select(runs.c.number).where(runs.c.name == name)).first():
            raise InputError(
                "run-exists",
                f"{self.place} has a run {name} already",
                hint="give the new run another name; a journal is never written over",
            )
        if isinstance(itinerary, bytes):
            blob, plan_name = itinerary, from_blob(itinerary, digest_of(itinerary)).plan_name
        else:
            blob, plan_name = to_blob(itinerary), itinerary.plan_name
        digest = digest_of(blob)
        blobs.insert(connection, digest, "itinerary", blob)
        connection.execute(
            runs.insert().values(name=name, plan_name=plan_name, itinerary_digest=digest, **values)
        )

    def _begun(self, written: Sequence[Written]) -> dict[str, object]:
        """What a kept journal's first line says of its run."""
        event = to_line(written[0]).event if written else None
        if not isinstance(event, RunStarted):
            return {"mode": "virtual", "target": "", "seed": 0, "plan_digest": ""}
        right_store(self._database, event.name, practice=event.practice)
        return {
            "mode": event.mode,
            "target": event.target,
            "seed": event.seed,
            "plan_digest": event.plan_digest,
        }


def open_store(
    folder_or_url: str | Path = DEFAULT_FOLDER,
    *,
    practice: bool,
    create: bool = True,
    machine: Machine | None = None,
) -> Store:
    """Open the store of practice or of live runs in a folder, in a `.db` file, or by URL."""
    where = str(folder_or_url)
    database: Database
    if is_server(where):
        database = PostgresqlDatabase(
            where, practice=practice, create=create, folder=DEFAULT_FOLDER
        )
        return Store(database, machine or ThisMachine())
    path = store_path(folder_or_url, practice=practice)
    if not path.exists():
        if not create:
            raise missing(str(path), practice=practice)
        path.parent.mkdir(parents=True, exist_ok=True)
    return Store(SqliteDatabase(path, practice=practice), machine or ThisMachine())


def unknown_run(
    run: str, place: str, names: Sequence[str], beginning: Sequence[str] = ()
) -> InputError:
    """Say which runs there are, the nearest first."""
    near = [*beginning[:5]] or difflib.get_close_matches(run, names, n=3) or [*names[:3]]
    what = f"{run!r} is the beginning of several runs" if beginning else f"there is no run {run!r}"
    return InputError(
        "unknown-run",
        f"{what} in {place}",
        hint=f"did you mean {' or '.join(near)}?" if near else "no run is kept here yet",
    )
