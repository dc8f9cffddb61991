"""A store: runs in a database, practice and live runs always in different ones.

Opened by `wiring.py` and the CLI with `open_store`; `.migrator/practice.db` and `.migrator/live.db`
unless told otherwise. A run is created once, its itinerary pinned by digest, and led by at most one
process at a time. SQLite now; another database is another `Database` behind the same tables.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
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
from migrator.store import lease, tables
from migrator.store.chain import Written, to_line, to_written, verify
from migrator.store.database import Database
from migrator.store.exports import Exported
from migrator.store.machine import Machine, ThisMachine
from migrator.store.pinned import digest_of, to_blob
from migrator.store.sql_journal import SqlJournal, insert_facts, insert_lines, right_store

DEFAULT_FOLDER: Final = Path(".migrator")
LATEST: Final = "latest"
FILES: Final = {True: "practice.db", False: "live.db"}  # by: is it practice?


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
        self._machine = machine
        self.practice = database.practice
        self.path = database.path

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
        """Let go of the file; a lease that was not released runs out."""
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
        with self._database.writing() as connection:
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
            epoch = lease.take(connection, name, self._machine)
        return SqlJournal(self._database, name, self._machine, epoch)

    def keep(
        self,
        run_name: str,
        itinerary: Itinerary,
        lines: Sequence[Line | Written],
        facts: Mapping[str, object],
        started: str = "",
    ) -> None:
        """Keep a run that has been played elsewhere: proven, whole or not at all."""
        verify(run_name, lines)
        written = [line if isinstance(line, Written) else to_written(line) for line in lines]
        with self._database.writing() as connection:
            self._insert_run(
                connection, run_name, itinerary, {**self._begun(written), "started": started}
            )
            if written:
                insert_lines(connection, run_name, written)
            for key, data in facts.items():
                insert_facts(connection, run_name, key, data)

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
                outcome=json.loads(row.data)["outcome"] if row.kind == "RunEnded" else "",
            )
            for row in rows
        )

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
        raise unknown_run(run, self.path, names, beginning)

    def journal(self, run: str, *, lead: bool) -> SqlJournal:
        """Open a run's journal: to lead it, or to read and to put commands on its desk.

        Leading takes the lease and the next epoch, then proves every line before it returns.
        """
        name = self.resolve(run)
        if not lead:
            return SqlJournal(self._database, name, self._machine)
        with self._database.writing() as connection:
            epoch = lease.take(connection, name, self._machine)
        journal = SqlJournal(self._database, name, self._machine, epoch)
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
            itinerary=journal.itinerary(),
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

    # --- what a run was begun from ----------------------------------------------------------------

    def pin(self, kind: str, content: bytes) -> str:
        """Keep a plan or a fault file by value; the answer is its SHA-256, which names it."""
        digest = digest_of(content)
        with self._database.writing() as connection:
            _insert_blob(connection, digest, kind, content)
        return digest

    def pinned(self, digest: str) -> bytes | None:
        """What was pinned under a digest; None where nothing was."""
        blobs = tables.blobs
        with self._database.reading() as connection:
            content = connection.execute(
                select(blobs.c.bytes).where(blobs.c.digest == digest)
            ).scalar_one_or_none()
        return None if content is None else bytes(content)

    # --- notes: kept apart, so that they can be erased -------------------------------------------

    def keep_note(self, text: str) -> str:
        """Keep a handler's note outside the journal; the answer is the digest that names it.

        The digest is salted: a short note could otherwise be guessed from it after its erasure.
        """
        salt = secrets.token_bytes(16)
        digest = hashlib.sha256(salt + text.encode()).hexdigest()
        with self._database.writing() as connection:
            connection.execute(tables.notes.insert().values(digest=digest, salt=salt, text=text))
        return digest

    def note(self, digest: str) -> str | None:
        """A note's text; None where it was erased or never here."""
        table = tables.notes
        with self._database.reading() as connection:
            return connection.execute(
                select(table.c.text).where(table.c.digest == digest)
            ).scalar_one_or_none()

    def erase_note(self, digest: str) -> bool:
        """Erase a note for good and leave its tombstone; False where there is no such note."""
        table = tables.notes
        with self._database.writing() as connection:
            # Freed pages are overwritten, and the log that still holds the text is emptied.
            connection.exec_driver_sql("pragma secure_delete=on")
            changed = connection.execute(
                table.update().where(table.c.digest == digest).values(text=None, salt=None)
            )
        self._database.checkpoint()
        return changed.rowcount == 1

    # --- inside ----------------------------------------------------------------------------------

    def _insert_run(
        self,
        connection: Connection,
        name: str,
        itinerary: Itinerary,
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
                f"{self.path} has a run {name} already",
                hint="give the new run another name; a journal is never written over",
            )
        blob = to_blob(itinerary)
        digest = digest_of(blob)
        _insert_blob(connection, digest, "itinerary", blob)
        connection.execute(
            runs.insert().values(
                name=name, plan_name=itinerary.plan_name, itinerary_digest=digest, **values
            )
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


def _insert_blob(connection: Connection, digest: str, kind: str, content: bytes) -> None:
    blobs = tables.blobs
    if not connection.execute(select(blobs.c.kind).where(blobs.c.digest == digest)).first():
        connection.execute(blobs.insert().values(digest=digest, kind=kind, bytes=content))


def open_store(
    folder_or_url: str | Path = DEFAULT_FOLDER,
    *,
    practice: bool,
    create: bool = True,
    machine: Machine | None = None,
) -> Store:
    """Open the store of practice or of live runs in a folder, in a `.db` file, or by URL."""
    path = store_path(folder_or_url, practice=practice)
    if not path.exists():
        if not create:
            raise InputError(
                "store-missing",
                f"there is no store at {path}: no {'practice' if practice else 'live'} run "
                "was begun or kept there",
                hint="go to the folder in which the run was begun, or name it with --store",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
    return Store(Database(path, practice=practice), machine or ThisMachine())


def unknown_run(
    run: str, path: Path, names: Sequence[str], beginning: Sequence[str] = ()
) -> InputError:
    """Say which runs there are, the nearest first."""
    near = [*beginning[:5]] or difflib.get_close_matches(run, names, n=3) or [*names[:3]]
    what = f"{run!r} is the beginning of several runs" if beginning else f"there is no run {run!r}"
    return InputError(
        "unknown-run",
        f"{what} in {path}",
        hint=f"did you mean {' or '.join(near)}?" if near else "no run is kept here yet",
    )


def store_path(folder_or_url: str | Path, *, practice: bool) -> Path:
    """The file of a store: in a folder, named itself, or by URL."""
    text = str(folder_or_url)
    if "://" in text:
        scheme, _, rest = text.partition("://")
        # sqlite:///relative and sqlite:////absolute, as SQLAlchemy and its users write it.
        if scheme != "sqlite" or not rest.startswith("/"):
            raise InputError(
                "store-address",
                f"this version keeps runs in SQLite only, not at {scheme}://",
                hint="give a folder, a .db file or sqlite:///FILE",
            )
        return Path(rest[1:])
    path = Path(folder_or_url)
    return path if path.suffix == ".db" else path / FILES[practice]
