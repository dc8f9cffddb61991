"""What only a server has: schemas, its own clock, session locks, notifications, restarts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import make_url, select, text

from migrator.engine import events as ev
from migrator.engine.ports import Entry, OperatorCommand
from migrator.errors import EnvironmentFailed, InputError, JournalError, MigratorError
from migrator.store import postgresql, tables
from migrator.store.find import find_run
from migrator.store.group import _fenced, _Request
from migrator.store.machine import Holder, ThisMachine
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal
from postgresql_server import Server, programs, server, until_no_session_holds_a_lock
from weekend import an_itinerary

pytestmark = pytest.mark.postgresql

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)
ITINERARY = an_itinerary(1, 1)
ENTRY = Entry(AT, "engine", ev.RunPaused(""))
COMMAND = OperatorCommand("c1", "pause", "anna", True, "run", "lunch", 0)


@dataclass
class OtherHost:
    """A machine whose processes nobody here can see."""

    me: Holder = field(
        default_factory=lambda: replace(ThisMachine().myself(), host="far", boot="another")
    )

    def seconds(self) -> float:
        raise AssertionError("leases are measured by the server's clock")

    def myself(self) -> Holder:
        return self.me

    def is_gone(self, holder: Holder) -> bool:
        raise AssertionError("nobody can know that from here")


@pytest.fixture
def url() -> str:
    return server().database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url, practice=True, machine=OtherHost()) as opened:
        yield opened


@pytest.fixture
def standby(url: str) -> Iterator[Store]:
    """The same store, opened on this host while the leader is on another one."""
    with open_store(url, practice=True) as opened:
        yield opened


@pytest.fixture
def restarted() -> Iterator[Server]:
    """A server that a test may stop and start."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server is installed here")
    made = Server(found)
    yield made
    made.remove()


def begin(store: Store, name: str = "weekend") -> SqlJournal:
    return store.create_run(name, ITINERARY, seed=1, mode="virtual", target="", plan_digest="")


def failed(reference: str) -> pytest.RaisesExc[MigratorError]:
    return pytest.RaisesExc(MigratorError, check=lambda error: error.reference == reference)


def name_of(url: str) -> str:
    """The name of the database in an address."""
    return url.split("@/")[1].partition("?")[0]


def age(store: Store, seconds: float) -> None:
    """Let the lease have been renewed so many seconds earlier."""
    with store._database.writing(quiet=True) as connection:
        leases = tables.leases
        connection.execute(leases.update().values(until=leases.c.until - seconds))


def test_practice_and_live_runs_lie_in_schemas_of_their_own(url: str) -> None:
    for practice in (True, False):
        with open_store(url, practice=practice) as store:
            begin(store, "practice" if practice else "live")
            assert store.folder == Path(".migrator")

    for run in ("practice", "live"):
        found, name = find_run(run, url)
        with found:
            assert (name, found.practice) == (run, run == "practice")
    with pytest.raises(InputError, match="no run 'neither'"):
        find_run("neither", url)


def test_a_store_that_is_only_looked_at_is_not_made(url: str) -> None:
    with failed("store-missing"):
        find_run("latest", url)

    assert (
        server().sql(name_of(url), "select 1 from pg_namespace where nspname like 'migrator%'")
        == []
    )


def test_a_store_on_a_server_is_no_file(store: Store) -> None:
    with failed("store-no-file"):
        store.path  # noqa: B018 - asking is enough


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("postgresql://anna:secret@db.example:5433/runs", "db.example:5433/runs"),
        ("postgresql://anna@/runs?host=/run/postgresql", "/run/postgresql:/runs"),
        ("postgresql://?host=one&host=two&port=5433&dbname=runs", "one,two:5433/runs"),
    ],
)
def test_heads_are_kept_apart_for_every_server(address: str, label: str) -> None:
    assert postgresql._server(make_url(address)) == label


def test_a_password_is_never_shown(url: str) -> None:
    secret = url.replace("migrator@", "migrator:hush-hush@")
    with open_store(secret, practice=True) as store:
        assert "hush-hush" not in store.place
    with pytest.raises(MigratorError) as caught:
        open_store(secret.replace("/test", "/nothing"), practice=True)

    assert caught.value.reference == "store-unreachable"
    assert "hush-hush" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("wrong", ["postgresql://host:port/x", "postgresql+psycopg://"])
def test_an_address_that_cannot_be_used_is_named(wrong: str) -> None:
    with pytest.raises(MigratorError) as caught:
        open_store(wrong, practice=True)

    assert caught.value.reference in {"store-address", "store-unreachable"}


def test_a_commit_is_durable_even_where_the_server_was_told_otherwise(store: Store) -> None:
    with store._database.reading() as connection:
        assert connection.execute(text("show synchronous_commit")).scalar_one() == "on"


def test_the_old_leader_is_fenced_by_the_servers_clock(store: Store, standby: Store) -> None:
    first = begin(store)
    first.append([ENTRY])
    with failed("journal-locked") as locked:
        standby.journal("weekend", lead=True)
    assert "on far" in locked.value.message

    age(store, 10)
    second = standby.journal("weekend", lead=True)

    assert (second.epoch, second.append([ENTRY])[0].seq) == (2, 2)
    with failed("epoch-passed"):
        first.append([ENTRY])
    with failed("epoch-passed"):
        first.renew_lease()
    assert second.verify().count == 2


def test_a_take_over_waits_for_an_append_that_is_on_its_way(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begin(store)
    age(store, 10)
    monkeypatch.setattr(postgresql, "WAIT_MS_MAX", 50)
    with open_store(url, practice=True) as standby:
        with store._database.writing(quiet=True) as connection:
            assert journal._end is not None
            assert _fenced(connection, [_Request(journal._end, [ENTRY])]) == set()
            # The fence has been passed: until the commit nobody may raise the epoch.
            with failed("store-busy"):
                standby.journal("weekend", lead=True)

        assert standby.journal("weekend", lead=True).epoch == 2


def test_a_leader_whose_session_has_ended_is_replaced_before_its_lease_runs_out(
    url: str, standby: Store
) -> None:
    leading = open_store(url, practice=True, machine=OtherHost())
    begin(leading)
    age(standby, 5)
    with failed("journal-locked"):
        standby.journal("weekend", lead=True)  # its session is there, and it may be slow

    leading.close()  # as the server sees a process that was killed

    assert standby.journal("weekend", lead=True).epoch == 2


def test_a_session_that_broke_alone_does_not_replace_a_leader_that_renews(
    url: str, standby: Store
) -> None:
    with open_store(url, practice=True, machine=OtherHost()) as leading:
        journal = begin(leading)
        assert isinstance(leading._database, postgresql.PostgresqlDatabase)
        leading._database._lose_locks()
        until_no_session_holds_a_lock(standby)

        with failed("journal-locked"):
            standby.journal("weekend", lead=True)
        assert journal.append([ENTRY])


def test_the_lock_of_a_run_is_let_go_with_it(store: Store, standby: Store) -> None:
    begin(store).release()

    second = standby.journal("weekend", lead=True)

    assert second.epoch == 2
    with standby._database.reading() as connection:
        assert '"session": true' in connection.execute(select(tables.leases.c.holder)).scalar_one()


def test_whoever_waits_is_woken_by_a_command_and_not_by_looking(
    store: Store, standby: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begin(store)
    journal.data_version()
    monkeypatch.setattr(postgresql, "LOOK_SECONDS", 1e9)
    before = journal.data_version()
    assert journal.data_version() == before

    standby.journal("weekend", lead=False).submit(COMMAND)

    assert any(journal.data_version() != before for _ in range(200_000))  # a few seconds at most
    assert journal.take_commands() == (COMMAND,)


def test_who_heard_nothing_looks_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begin(store)
    monkeypatch.setattr(postgresql, "LOOK_SECONDS", 0.0)

    assert journal.data_version() != journal.data_version()


def test_a_writer_that_freezes_does_not_hold_the_others_up_for_ever(
    url: str, standby: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "WAIT_MS_MAX", 100)
    with open_store(url, practice=True) as frozen:
        monkeypatch.undo()
        begin(standby)
        with failed("store-unreachable"), frozen._database.writing() as connection:
            connection.execute(text("select 1"))
            standby.journal("weekend", lead=False).submit(COMMAND)  # waits, and gets its turn
            connection.execute(text("select 1"))  # awake again, and its session is gone


def test_the_same_command_from_two_places_at_once_is_one_command(
    store: Store, standby: Store
) -> None:
    begin(store)
    desks = [each.journal("weekend", lead=False) for each in (store, standby) for _ in range(4)]
    threads = [Thread(target=desk.submit, args=(COMMAND,)) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert desks[0].take_commands() == (COMMAND,)


def test_an_erased_note_is_gone_from_the_table(store: Store) -> None:
    digest = store.keep_note("a-rare-word")

    assert store.erase_note(digest)

    assert store.note(digest) is None
    assert not store.erase_note("0" * 64)


def test_a_user_who_may_not_write_is_told_so(url: str) -> None:
    open_store(url, practice=True).close()
    database = name_of(url)
    server().sql(database, "create role reader login")
    server().sql(database, "grant usage on schema migrator_practice to reader")
    server().sql(database, "grant select on all tables in schema migrator_practice to reader")

    reader = url.replace("migrator@", "reader@")
    with open_store(reader, practice=True) as store, failed("store-not-writable") as caught:
        begin(store)

    assert isinstance(caught.value, EnvironmentFailed)


def test_a_run_goes_on_when_its_server_was_restarted(restarted: Server) -> None:
    with open_store(restarted.database(), practice=True) as store:
        journal = begin(store)
        journal.append([ENTRY])
        journal.data_version()

        restarted.stop("immediate")
        starting = Thread(target=restarted.start)
        starting.start()
        line = journal.append([ENTRY])[0]
        starting.join()

        assert line.seq == 2
        journal.data_version()
        journal.renew_lease()
        assert journal.take_commands() == ()
        assert journal.verify().count == 2


def test_a_server_that_stays_away_is_named_and_nothing_is_doubled(
    restarted: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "OUTAGE_SECONDS_MAX", 0.0)
    url = restarted.database()
    with open_store(url, practice=True) as store:
        journal = begin(store)
        journal.append([ENTRY])
        restarted.stop()

        with failed("store-unreachable"):
            journal.append([ENTRY])
        journal.data_version()  # says nothing: who looks at the desk hears of it
        with failed("store-unreachable"):
            journal.take_commands()

    restarted.start()
    with open_store(url, practice=True) as store:
        assert store.journal("weekend", lead=False).verify().count == 1


def test_who_has_waited_for_a_server_in_vain_does_not_wait_again(
    restarted: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with open_store(restarted.database(), practice=True) as store:
        journal = begin(store)
        restarted.stop()

        with failed("store-unreachable"):
            journal.append([ENTRY])
        assert sum(waited) < postgresql.OUTAGE_SECONDS_MAX + 1
        in_vain = len(waited)
        with failed("store-unreachable"):
            journal.release()
        assert len(waited) == in_vain

        restarted.start()
        assert journal.verify().count == 0
        restarted.stop()
        with failed("store-unreachable"):
            journal.release()
        assert len(waited) == 2 * in_vain  # it had been back


def test_a_line_that_was_edited_on_the_server_is_named(store: Store, url: str) -> None:
    journal = begin(store)
    journal.append([ENTRY, ENTRY])
    journal.keep_head()
    server().sql(
        name_of(url),
        "update migrator_practice.journal set actor = 'somebody' where seq = 2",
    )

    with pytest.raises(JournalError, match="line 2") as caught:
        journal.verify()

    assert caught.value.reference == "journal-edited"
