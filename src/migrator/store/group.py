"""Appends that wait for each other share a commit: one sync of the disk for all of them.

`SqlJournal` appends through here, so this is where the fence is: the epochs of all runs in a commit
are asked for, and their rows locked, in the same transaction. Who comes while a commit is on its
way waits, and the next commit takes everybody who waits. Without company an append is committed by
the thread that asked for it: a hop to another thread would cost half as much again.
Whoever is refused, and whatever cannot be written, never takes the others' facts with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from migrator.engine.ports import Entry, Line
from migrator.errors import EnvironmentFailed, JournalError, MigratorError
from migrator.store import lease, tables
from migrator.store.chain import Chain, Written, encode_json
from migrator.store.database import UNREACHABLE, Database
from migrator.store.desk import answers

REQUESTS_MAX: Final = 256
"""In one commit; a transaction should stay as short as one sync of the disk."""

TRIES_MAX: Final = 3
"""For a commit whose connection was lost. Each one waits for the server to come back."""


UNSURE: Final = frozenset({UNREACHABLE, "store-failed", "disk-full"})
"""Failures after which a commit may have been kept: only reading the journal anew can say. A disk
that is full, too: it may have been the sync that failed, with the commit in the log before it."""


@dataclass(slots=True)
class End:
    """The growing end of one run's journal, and the right to write there."""

    run: str
    epoch: int
    chain: Chain
    broken: MigratorError | None = None  # after it nobody knows what was written: a restart does


@dataclass(slots=True)
class _Request:
    end: End
    entries: Sequence[Entry]
    answer: Future[tuple[Line, ...]] = field(default_factory=Future)
    written: Sequence[Written] = ()
    lines: tuple[Line, ...] = ()

    def fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class GroupCommit:
    """The one way into the journals of a store, for one process."""

    def __init__(self, database: Database) -> None:
        """Append to this database."""
        self._database = database
        self._waiting: deque[_Request] = deque()
        self._committing = Lock()
        self._thread: ThreadPoolExecutor | None = None

    def append(self, end: End, entries: Sequence[Entry]) -> tuple[Line, ...]:
        """Append and wait until it is durable, alone or with others."""
        request = _Request(end, entries)
        self._waiting.append(request)
        return self._answered(request)

    def append_soon(self, end: End, entries: Sequence[Entry]) -> Future[tuple[Line, ...]]:
        """Append without waiting; what is asked for in this way is committed in its order."""
        request = _Request(end, entries)
        self._waiting.append(request)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal-writer")
        return self._thread.submit(self._answered, request)

    def close(self) -> None:
        """Commit what was asked for, and end the thread."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _answered(self, request: _Request) -> tuple[Line, ...]:
        with self._committing:
            while not request.answer.done():
                batch: list[_Request] = []
                while self._waiting and len(batch) < REQUESTS_MAX:
                    batch.append(self._waiting.popleft())
                self._commit(batch)
        return request.answer.result()

    def _commit(self, batch: Sequence[_Request]) -> None:
        """Answer every request of a batch, by its lines or by its error."""
        began = {
            id(each.end): (each.end, each.end.chain.count, each.end.chain.head) for each in batch
        }
        try:
            ready = [each for each in batch if self._prepare(each)]
            refused = self._write(ready) if ready else set()
        except IntegrityError as error:
            _rewind(began.values())
            if len(batch) > 1:
                for each in batch:  # one of them is to blame; alone, it answers for itself
                    if not each.answer.done():
                        self._commit([each])
                return
            batch[0].fail(_doubled(batch[0], error))
            return
        except BaseException as error:
            _rewind(began.values())
            for each in batch:
                if isinstance(error, EnvironmentFailed) and error.reference in UNSURE:
                    each.end.broken = error
                each.fail(error)
            if isinstance(error, MigratorError):
                return
            raise
        for end, count, head in began.values():
            if end.run in refused:
                end.chain.count, end.chain.head = count, head
        for each in ready:
            if each.end.run in refused:
                each.fail(lease.passed(each.end.run, each.end.epoch))
            else:
                each.answer.set_result(each.lines)

    @staticmethod
    def _prepare(request: _Request) -> bool:
        """Chain the facts to what is before them; what cannot be written fails by itself."""
        end = request.end
        if end.broken is not None:
            request.fail(end.broken)
            return False
        try:
            request.written, request.lines = end.chain.write(request.entries, end.epoch)
        except (TypeError, ValueError) as error:
            request.fail(error)
            return False
        end.chain.advance(request.lines[-1])
        return True

    def _write(self, ready: Sequence[_Request]) -> set[str]:
        """Write what was prepared, and say which runs were refused for their epoch."""
        lost: EnvironmentFailed | None = None
        for attempt in range(TRIES_MAX):
            try:
                with self._database.writing(quiet=True) as connection:
                    refused = _fenced(connection, ready)
                    allowed = [each for each in ready if each.end.run not in refused]
                    if allowed and not (attempt and _is_written(connection, allowed)):
                        insert_lines(connection, ((e.end.run, e.written) for e in allowed))
                        for each in allowed:
                            _answer(connection, each.end.run, each.lines)
                return refused
            except EnvironmentFailed as error:
                # The connection may have been lost before the commit or after it.
                if error.reference == UNREACHABLE and attempt < TRIES_MAX - 1:
                    lost = error
                    continue
                if lost is None:
                    raise
                raise lost from error  # whatever failed since: the first try may have been kept
        raise AssertionError("the last try returns or raises")


def insert_lines(connection: Connection, runs: Iterable[tuple[str, Sequence[Written]]]) -> None:
    """Add lines of runs as they are, their hashes unchanged."""
    connection.execute(
        tables.journal.insert(),
        [{"run": run, **line._asdict()} for run, written in runs for line in written],
    )


def _fenced(connection: Connection, ready: Sequence[_Request]) -> set[str]:
    """The runs that somebody else leads by now. Until the commit nobody can take the others."""
    leases = tables.leases
    wanted = {each.end.run: each.end.epoch for each in ready}
    rows = connection.execute(
        select(leases.c.run, leases.c.epoch)
        .where(leases.c.run.in_(wanted))
        .order_by(leases.c.run)  # two processes that lock several rows lock them in one order
        .with_for_update(key_share=True)
    )
    found = {row.run: row.epoch for row in rows}
    return {run for run, epoch in wanted.items() if found.get(run) != epoch}


def _is_written(connection: Connection, allowed: Sequence[_Request]) -> bool:
    """Tell whether an earlier try was committed after all: whole, as commits are."""
    journal, last = tables.journal, allowed[-1].written[-1]
    found = connection.execute(
        select(journal.c.hash).where(
            journal.c.run == allowed[-1].end.run, journal.c.seq == last.seq
        )
    ).scalar_one_or_none()
    return found == last.hash


def _answer(connection: Connection, run: str, lines: Iterable[Line]) -> None:
    table = tables.commands
    for command, answer in answers(lines).items():
        connection.execute(
            table.update()
            .where(table.c.run == run, table.c.id == command, table.c.answer.is_(None))
            .values(answer=encode_json([answer[0].seq, answer[-1].seq]))
        )


def _rewind(began: Iterable[tuple[End, int, str]]) -> None:
    for end, count, head in began:
        end.chain.count, end.chain.head = count, head


def _doubled(request: _Request, cause: BaseException) -> JournalError:
    error = JournalError(
        "journal-doubled",
        f"line {request.end.chain.count + 1} of the journal of {request.end.run} is there already",
        hint="stop every process that leads this run, then start one again",
    )
    error.__cause__ = cause
    return error
