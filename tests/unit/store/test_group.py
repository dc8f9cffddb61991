"""Who appends together shares a commit, and nobody takes another's facts along when he falls."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Connection

from migrator.engine import events as ev
from migrator.engine.ports import Entry, Line
from migrator.errors import JournalError, MigratorError, TransientError
from migrator.store import tables
from migrator.store.database import UNREACHABLE
from migrator.store.group import TRIES_MAX
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal
from migrator.store.sqlite import SqliteDatabase
from weekend import an_itinerary

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)
ITINERARY = an_itinerary(1, 1)


class Watched(SqliteDatabase):
    """A store that counts its commits, and loses its connection when it is told to."""

    def __init__(self, path: Path) -> None:
        self.commits = 0
        self.lose: list[str] = []  # for each commit to come: before it, after it, busy or empty
        super().__init__(path, practice=True)

    @contextmanager
    def writing(self, *, quiet: bool = False) -> Iterator[Connection]:
        when = self.lose.pop(0) if quiet and self.lose else ""
        with super().writing(quiet=quiet) as connection:
            yield connection
            if when == "before":
                raise lost()
            if when == "busy":
                raise TransientError("store-busy", "the first try is still on its way", hint="")
        self.commits += quiet
        if when == "after":
            raise lost()


def lost() -> TransientError:
    return TransientError(UNREACHABLE, "the connection was lost", hint="")


def pause(reason: str = "") -> list[Entry]:
    return [Entry(AT, "engine", ev.RunPaused(reason))]


def unwritable() -> list[Entry]:
    started = ev.RunStarted("r", "virtual", True, "", AT, None, float("nan"), 1, "", "", "", ())
    return [Entry(AT, "engine", started)]


@pytest.fixture
def database(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "practice.db")


@pytest.fixture
def store(tmp_path: Path, database: Watched) -> Iterator[Store]:
    with open_store(tmp_path, practice=True) as opened:
        opened._database.close()
        opened._database = opened._commits._database = database
        yield opened


def begin(store: Store, name: str = "weekend") -> SqlJournal:
    return store.create_run(name, ITINERARY, seed=1, mode="virtual", target="", plan_digest="")


def together(
    store: Store, asked: list[tuple[SqlJournal, list[Entry]]]
) -> list[Future[tuple[Line, ...]]]:
    """Let several ask while a commit is on its way, so that the next one takes them all."""
    with store._commits._committing:
        return [journal.append_soon(entries) for journal, entries in asked]


def count(store: Store, run: str) -> int:
    return store.journal(run, lead=False).verify().count


def test_who_waits_for_a_commit_shares_the_next_one(store: Store, database: Watched) -> None:
    first, second = begin(store, "first"), begin(store, "second")

    asked = together(store, [(first, pause()), (second, pause()), (first, pause())])

    assert [future.result()[0].seq for future in asked] == [1, 1, 2]
    assert database.commits == 1
    assert (count(store, "first"), count(store, "second")) == (2, 1)


def test_who_is_alone_is_committed_by_his_own_thread(store: Store, database: Watched) -> None:
    journal = begin(store)

    journal.append(pause())

    assert database.commits == 1
    assert store._commits._thread is None


def test_threads_that_append_at_once_lose_nothing(store: Store) -> None:
    journals = [begin(store, f"run-{n}") for n in range(4)]

    def work(journal: SqlJournal) -> None:
        for n in range(25):
            journal.append(pause(str(n)))

    threads = [Thread(target=work, args=(journal,)) for journal in journals * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [count(store, journal.run_name) for journal in journals] == [50] * 4


def test_a_run_that_was_taken_over_does_not_take_the_others_along(
    store: Store, database: Watched
) -> None:
    ours, taken = begin(store, "ours"), begin(store, "taken")
    with database.writing() as connection:
        leases = tables.leases
        connection.execute(leases.update().where(leases.c.run == "taken").values(epoch=2))

    asked = together(store, [(ours, pause()), (taken, pause()), (ours, pause())])

    assert [asked[0].result()[0].seq, asked[2].result()[0].seq] == [1, 2]
    with pytest.raises(JournalError) as caught:
        asked[1].result()
    assert caught.value.reference == "epoch-passed"
    assert (count(store, "ours"), count(store, "taken")) == (2, 0)


def test_facts_that_cannot_be_written_fail_alone(store: Store) -> None:
    journal = begin(store)

    asked = together(store, [(journal, pause()), (journal, unwritable()), (journal, pause())])

    assert [asked[0].result()[0].seq, asked[2].result()[0].seq] == [1, 2]
    with pytest.raises(ValueError, match="JSON"):
        asked[1].result()
    assert count(store, "weekend") == 2


def test_a_doubled_line_stops_its_own_run_only(store: Store, database: Watched) -> None:
    ours, doubled = begin(store, "ours"), begin(store, "doubled")
    (line,) = ours.append(pause())
    with database.writing() as connection:
        connection.exec_driver_sql(
            "insert into journal select 'doubled', seq, at, epoch, actor, kind, version, data, "
            "prev_hash, hash from journal"
        )

    asked = together(store, [(doubled, pause()), (ours, pause())])

    with pytest.raises(JournalError) as caught:
        asked[0].result()
    assert caught.value.reference == "journal-doubled"
    assert asked[1].result()[0].prev_hash == line.hash


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_commit_whose_connection_was_lost_is_made_exactly_once(
    store: Store, database: Watched, when: str
) -> None:
    journal = begin(store)
    database.lose = [when]

    lines = journal.append([*pause("a"), *pause("b")])

    assert [line.seq for line in lines] == [1, 2]
    assert tuple(journal.lines()) == lines
    assert journal.append(pause("c"))[0].seq == 3
    assert count(store, "weekend") == 3


@pytest.mark.parametrize(
    "what", [["before"] * (TRIES_MAX - 1) + ["after"], ["after", "busy"]], ids=" ".join
)
def test_after_a_commit_that_nobody_knows_the_end_of_nothing_is_written_any_more(
    store: Store, database: Watched, what: list[str]
) -> None:
    journal = begin(store)
    database.lose = what

    for _ in range(2):
        with pytest.raises(MigratorError) as caught:
            journal.append(pause("a"))
        assert caught.value.reference == UNREACHABLE

    again = store.journal("weekend", lead=False)  # a restart reads what was kept after all
    assert again.verify().count == 1
