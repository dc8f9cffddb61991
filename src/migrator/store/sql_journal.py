"""The journal of one run in a database: append, read, steer.

Made by `sql.py`. The process that leads a run appends, each commit conditional on its epoch in the
same transaction; everybody else reads, and puts commands on the desk. A line is never changed or
removed here, and what was not committed is not in the chain either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Final, cast

from sqlalchemy import Connection, select

from migrator.engine.events import Event, RunStarted
from migrator.engine.ports import Entry, Line, OperatorCommand
from migrator.errors import InputError
from migrator.plan.model import Itinerary
from migrator.store import heads, lease, tables
from migrator.store.chain import NO_HASH, Chain, Head, Verified, Written, encode_json
from migrator.store.chain import to_line as read_line
from migrator.store.chain import verify as prove
from migrator.store.database import Database, once_more
from migrator.store.desk import doubled, readable
from migrator.store.group import End, GroupCommit
from migrator.store.machine import Machine
from migrator.store.pinned import from_blob

COLUMNS: Final = tuple(tables.journal.c[name] for name in Written._fields)


class SqlJournal:
    """`engine.ports.Journal` on a database. `epoch` is None for whoever only reads and asks."""

    def __init__(
        self,
        database: Database,
        commits: GroupCommit,
        run_name: str,
        machine: Machine,
        epoch: int | None = None,
    ) -> None:
        """Look at a run's journal; `sql.Store.journal` proves the chain for whoever leads."""
        self.run_name = run_name
        self._database = database
        self._commits = commits
        self._machine = machine
        self._itinerary: Itinerary | None = None
        self._end: End | None = None
        self._proven: Sequence[Written] = ()  # read for a proof, and not yet for anything else
        if epoch is not None:
            last = self._last()
            self._end = End(run_name, epoch, Chain(run_name, last.seq, last.hash))

    @property
    def epoch(self) -> int | None:
        """The epoch in which this process leads the run; None where it does not."""
        return None if self._end is None else self._end.epoch

    @property
    def head(self) -> str:
        """The hash of the last line; 64 zeros before the first."""
        return self._last().hash if self._end is None else self._end.chain.head

    @property
    @once_more
    def codes(self) -> Mapping[str, str]:
        """Digests of the single-use codes by person, as they are now."""
        table = tables.codes
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table.c.person, table.c.digest).where(table.c.run == self.run_name)
            )
            return {row.person: row.digest for row in rows}

    def append(self, entries: Sequence[Entry]) -> tuple[Line, ...]:
        """Add facts durably, all or none. Raises JournalError when the epoch has passed."""
        end = self._checked(entries)
        self._proven = ()
        return self._commits.append(end, entries) if entries else ()

    def append_soon(self, entries: Sequence[Entry]) -> Future[tuple[Line, ...]]:
        """Add facts without waiting; the answer comes when they are durable, in their order."""
        end = self._checked(entries)
        assert entries, "nothing needs no thread"
        self._proven = ()
        return self._commits.append_soon(end, entries)

    def lines(self, after: int = 0) -> Sequence[Line]:
        """The lines after `after`, in order.

        For whoever leads and has just proven them these are the very lines of the proof.
        """
        proven, self._proven = self._proven, ()
        return tuple(map(read_line, proven if proven and not after else self.written(after)))

    @once_more
    def written(self, after: int = 0, count: int | None = None) -> Sequence[Written]:
        """The same lines as they are stored: for proofs and exports. `count`: so many at most."""
        table = tables.journal
        with self._database.reading() as connection:
            rows = connection.execute(
                select(*COLUMNS)
                .where(table.c.run == self.run_name, table.c.seq > after)
                .order_by(table.c.seq)
                .limit(count)
            ).all()  # at once: one by one they cost twice as much
        return tuple(map(Written._make, rows))

    @once_more
    def earlier(self, before: int, count: int) -> Sequence[Line]:
        """At most `count` lines before the line `before`, the newest first: for who leafs back."""
        table = tables.journal
        with self._database.reading() as connection:
            rows = connection.execute(
                select(*COLUMNS)
                .where(table.c.run == self.run_name, table.c.seq < before)
                .order_by(table.c.seq.desc())
                .limit(count)
            ).all()
        return tuple(read_line(Written._make(row)) for row in rows)

    @once_more
    def first_hash(self) -> str:
        """The hash of the first line: it tells runs of the same name in other stores apart."""
        table = tables.journal
        with self._database.reading() as connection:
            found = connection.execute(
                select(table.c.hash).where(table.c.run == self.run_name, table.c.seq == 1)
            ).scalar_one()
        return str(found)

    def verify(self, known: Iterable[Head] = ()) -> Verified:
        """Prove every line, against the heads kept outside the store and those given."""
        kept = heads.known_heads(*self._kept())
        written = self.written()
        verified = prove(self.run_name, written, (*kept, *known))
        # Nobody else can append while we lead, so the fold need not read a long journal again.
        self._proven = written if self._end is not None else ()
        return verified

    def keep_head(self) -> None:
        """Write the last line's hash down outside the store: at gates and at the end."""
        last = self._last()
        heads.keep_head(*self._kept(), Head(last.seq, last.hash))

    def itinerary(self) -> Itinerary:
        """The pinned itinerary of the run."""
        if self._itinerary is None:
            self._itinerary = from_blob(*self._pinned())
        return self._itinerary

    def pinned(self) -> bytes:
        """The same as the bytes that were pinned."""
        return self._pinned()[0]

    # --- the desk -------------------------------------------------------------------------------

    @once_more
    def take_commands(self) -> tuple[OperatorCommand, ...]:
        """The commands that wait for an answer, oldest first."""
        table = tables.commands
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table)
                .where(table.c.run == self.run_name, table.c.answer.is_(None))
                .order_by(table.c.number)
            )
            return tuple(_command(row._asdict()) for row in rows)

    @once_more
    def submit(self, command: OperatorCommand, submitted: str = "") -> None:
        """Put a command on the desk. The same one may come twice; it is answered once.

        `submitted` is the wall time at which it was given, as the caller's clock says it.
        """
        readable(command)
        table = tables.commands
        with self._database.writing() as connection:
            known = connection.execute(
                select(table).where(table.c.run == self.run_name, table.c.id == command.id)
            ).one_or_none()
            if known is not None:
                if _command(known._asdict()) != command:
                    raise doubled(command)
                return
            connection.execute(
                table.insert().values(
                    run=self.run_name,
                    id=command.id,
                    verb=command.verb,
                    actor=command.actor,
                    asserted=int(command.asserted),
                    target=command.target,
                    reason=command.reason,
                    saw=command.saw,
                    details=encode_json(command.details),
                    submitted=submitted,
                )
            )
        if self._end is None:  # whoever leads the run and submits wakes itself
            self._database.ring(self.run_name)

    @once_more
    def command(self, command_id: str) -> OperatorCommand | None:
        """A command that was put on the desk, answered or not; None where there is none."""
        table = tables.commands
        with self._database.reading() as connection:
            row = connection.execute(
                select(table).where(table.c.run == self.run_name, table.c.id == command_id)
            ).one_or_none()
        return None if row is None else _command(row._asdict())

    @once_more
    def answer_of(self, command_id: str) -> tuple[Event, ...] | None:
        """What became of a command; None while it waits, or where it is unknown."""
        table, lines = tables.commands, tables.journal
        with self._database.reading() as connection:
            answer = connection.execute(
                select(table.c.answer).where(table.c.run == self.run_name, table.c.id == command_id)
            ).scalar_one_or_none()
            if answer is None:
                return None
            first, last = json.loads(answer)
            rows = connection.execute(
                select(*COLUMNS)
                .where(lines.c.run == self.run_name, lines.c.seq.between(first, last))
                .order_by(lines.c.seq)
            )
            return tuple(read_line(Written._make(row)).event for row in rows)

    def data_version(self) -> int:
        """A number that changes when anybody has committed anything to the store."""
        return self._database.data_version()

    def bell(self) -> int | None:
        """What can be read from when a command may have come; None: `data_version` is to be asked.

        For whoever leads the run.
        """
        return self._database.bell(self.run_name)

    # --- facts beside the journal ---------------------------------------------------------------

    @once_more
    def facts(self, key: str) -> object:
        """What was kept under a key; None where nothing was."""
        table = tables.facts
        with self._database.reading() as connection:
            data = connection.execute(
                select(table.c.data).where(table.c.run == self.run_name, table.c.key == key)
            ).scalar_one_or_none()
        return None if data is None else json.loads(data)

    @once_more
    def facts_under(self, prefix: str) -> dict[str, object]:
        """What was kept under the keys that begin so."""
        table = tables.facts
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table.c.key, table.c.data).where(
                    table.c.run == self.run_name, table.c.key.startswith(prefix, autoescape=True)
                )
            )
            return {row.key: json.loads(row.data) for row in rows}

    @once_more
    def all_facts(self) -> dict[str, object]:
        """Everything that was kept beside the journal, by key."""
        table = tables.facts
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table.c.key, table.c.data).where(table.c.run == self.run_name)
            )
            return {row.key: json.loads(row.data) for row in rows}

    @once_more
    def put_facts(self, key: str, data: object) -> None:
        """Keep plain JSON data under a key, instead of what was there."""
        with self._database.writing() as connection:
            insert_facts(connection, self.run_name, key, data)

    # --- the lease ------------------------------------------------------------------------------

    @once_more
    def renew_lease(self) -> None:
        """Go on leading. Raises JournalError when another process has taken over."""
        assert self.epoch is not None, "only the process that leads a run holds its lease"
        with self._database.writing(quiet=True) as connection:
            terms = self._database.terms(connection, self._machine)
            lease.renew(connection, self.run_name, self.epoch, terms.now)
        self._database.look_after()

    @once_more
    def release(self) -> None:
        """Stop leading, so that the next process need not wait."""
        if self.epoch is None:
            return
        self._database.take_down_bell(self.run_name)
        with self._database.writing() as connection:
            lease.release(connection, self.run_name, self.epoch)
        self._database.unlock(self.run_name)
        self._end = None

    @once_more
    def leader(self) -> str | None:
        """Who leads the run at this moment, in words; None where nobody does."""
        with self._database.reading() as connection:
            terms = self._database.terms(connection, self._machine)
            found = lease.holder(connection, self.run_name, terms)
        return None if found is None else str(found)

    # --- inside ---------------------------------------------------------------------------------

    @once_more
    def _last(self) -> Head:
        table = tables.journal
        with self._database.reading() as connection:
            row = connection.execute(
                select(table.c.seq, table.c.hash)
                .where(table.c.run == self.run_name)
                .order_by(table.c.seq.desc())
                .limit(1)
            ).one_or_none()
        return Head(0, NO_HASH) if row is None else Head(row.seq, row.hash)

    @once_more
    def _pinned(self) -> tuple[bytes, str]:
        runs, blobs = tables.runs, tables.blobs
        with self._database.reading() as connection:
            digest, blob = connection.execute(
                select(blobs.c.digest, blobs.c.bytes)
                .join(runs, runs.c.itinerary_digest == blobs.c.digest)
                .where(runs.c.name == self.run_name)
            ).one()
        return bytes(blob), digest

    def _kept(self) -> tuple[heads.Beside, str]:
        database = self._database
        return heads.Beside(database.folder, database.practice, database.label), self.run_name

    def _checked(self, entries: Sequence[Entry]) -> End:
        assert self._end is not None, "only the process that leads a run appends"
        for entry in entries:
            if isinstance(entry.event, RunStarted):
                right_store(self._database, self.run_name, practice=entry.event.practice)
        return self._end


def insert_facts(connection: Connection, run: str, key: str, data: object) -> None:
    """Put facts in place of those that were there."""
    table = tables.facts
    connection.execute(table.delete().where(table.c.run == run, table.c.key == key))
    connection.execute(table.insert().values(run=run, key=key, data=encode_json(data)))


def right_store(database: Database, run: str, *, practice: bool) -> None:
    """Refuse a live run in a store of practice runs, and the reverse."""
    if practice != database.practice:
        here, there = ("practice", "live") if database.practice else ("live", "practice")
        raise InputError(
            "store-mode",
            f"{run} is a {there} run; {database.place} holds {here} runs, and they never mix",
            hint=f"name the store of {there} runs, or another --store",
        )


def _command(row: Mapping[str, object]) -> OperatorCommand:
    pairs = json.loads(cast("str", row["details"]))
    return OperatorCommand(
        id=cast("str", row["id"]),
        verb=cast("str", row["verb"]),
        actor=cast("str", row["actor"]),
        asserted=bool(row["asserted"]),
        target=cast("str", row["target"]),
        reason=cast("str", row["reason"]),
        saw=cast("int", row["saw"]),
        details=tuple((key, text) for key, text in pairs),
    )
