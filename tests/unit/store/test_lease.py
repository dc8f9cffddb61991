"""One process leads a run: by lease, by epoch, and never two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.errors import EnvironmentFailed, JournalError
from migrator.store.lease import LEASE_SECONDS
from migrator.store.machine import Holder
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal
from weekend import an_itinerary

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)
ITINERARY = an_itinerary()
ENTRY = Entry(AT, "engine", ev.RunPaused(""))


@dataclass
class Pretended:
    """A machine whose clock and processes the test decides about."""

    now: float = 1000.0
    me: Holder = field(default_factory=lambda: Holder("host", "boot", "space", 1, "10", "anna"))
    gone: set[int] = field(default_factory=set)

    def seconds(self) -> float:
        return self.now

    def myself(self) -> Holder:
        return self.me

    def is_gone(self, holder: Holder) -> bool:
        return holder.pid in self.gone

    def be(self, pid: int) -> None:
        self.me = replace(self.me, pid=pid)


@pytest.fixture
def machine() -> Pretended:
    return Pretended()


@pytest.fixture
def store(tmp_path: Path, machine: Pretended) -> Iterator[Store]:
    with open_store(tmp_path, practice=True, machine=machine) as opened:
        yield opened


def begin(store: Store) -> SqlJournal:
    return store.create_run("weekend", ITINERARY, seed=1, mode="virtual", target="", plan_digest="")


def locked() -> pytest.RaisesExc[EnvironmentFailed]:
    return pytest.RaisesExc(
        EnvironmentFailed, check=lambda error: error.reference == "journal-locked"
    )


def passed() -> pytest.RaisesExc[JournalError]:
    return pytest.RaisesExc(JournalError, check=lambda error: error.reference == "epoch-passed")


def test_a_second_leader_is_refused_and_told_who_leads(store: Store, machine: Pretended) -> None:
    first = begin(store)
    machine.be(2)
    machine.now += 4

    with locked() as caught:
        store.journal("weekend", lead=True)

    assert "process 1 of anna on host" in caught.value.message
    assert f"{LEASE_SECONDS - 4:.1f} s" in caught.value.message
    assert first.append([ENTRY])


def test_a_lease_that_ran_out_is_taken_and_the_old_leader_is_fenced(
    store: Store, machine: Pretended
) -> None:
    first = begin(store)
    first.append([ENTRY])
    machine.be(2)
    machine.now += LEASE_SECONDS

    second = store.journal("weekend", lead=True)

    assert (first.epoch, second.epoch) == (1, 2)
    (line,) = second.append([ENTRY])
    assert (line.seq, line.epoch) == (2, 2)
    with passed():
        first.append([ENTRY])
    with passed():
        first.renew_lease()
    first.release()  # gives back nothing that is another's
    machine.be(3)
    with locked():
        store.journal("weekend", lead=True)
    assert second.append([ENTRY])[0].seq == 3
    assert second.verify().count == 3


def test_a_lease_that_is_renewed_is_kept(store: Store, machine: Pretended) -> None:
    first = begin(store)
    for _ in range(3):
        machine.now += LEASE_SECONDS - 1
        first.renew_lease()
    machine.be(2)

    with locked():
        store.journal("weekend", lead=True)


def test_the_lease_of_a_process_that_is_gone_is_free_at_once(
    store: Store, machine: Pretended
) -> None:
    begin(store)
    machine.be(2)
    machine.gone.add(1)

    assert store.journal("weekend", lead=True).epoch == 2


def test_a_lease_that_was_given_back_is_free_at_once(store: Store, machine: Pretended) -> None:
    begin(store).release()
    machine.be(2)

    second = store.journal("weekend", lead=True)

    assert second.epoch == 2  # an epoch never comes again
    assert second.append([ENTRY])[0].epoch == 2


def test_nobody_appends_after_giving_the_lease_back(store: Store) -> None:
    journal = begin(store)
    journal.release()
    journal.release()

    with pytest.raises(AssertionError):
        journal.append([ENTRY])


def test_a_reader_does_not_append(store: Store) -> None:
    begin(store)

    with pytest.raises(AssertionError):
        store.journal("weekend", lead=False).append([ENTRY])


def test_a_reader_sees_lines_and_head_as_they_grow(store: Store) -> None:
    leader = begin(store)
    reader = store.journal("weekend", lead=False)

    (line,) = leader.append([ENTRY])

    assert tuple(reader.lines()) == (line,)
    assert reader.head == leader.head == line.hash


def test_leases_of_different_runs_are_apart(store: Store) -> None:
    first = begin(store)
    other = store.create_run("other", ITINERARY, seed=1, mode="virtual", target="", plan_digest="")

    first.release()

    assert other.append([ENTRY])
    other.renew_lease()


def test_a_run_that_was_kept_is_led_in_a_later_epoch_than_its_lines(store: Store) -> None:
    journal = begin(store)
    journal.append([ENTRY])
    exported = store.exported("weekend")
    with open_store(store.path.parent / "there", practice=True) as there:
        there.keep(exported.run, exported.itinerary, exported.lines, {})

        assert there.journal("weekend", lead=True).epoch == 2


def test_nobody_leads_a_journal_that_is_not_proven(store: Store, machine: Pretended) -> None:
    journal = begin(store)
    journal.append([ENTRY, ENTRY])
    journal.release()
    with store._database.writing() as connection:
        connection.exec_driver_sql("update journal set actor = 'bertil' where seq = 1")
    machine.be(2)

    with pytest.raises(JournalError) as caught:
        store.journal("weekend", lead=True)

    assert caught.value.reference == "journal-edited"
    assert caught.value.faults[0].line == 1
    machine.be(3)  # the lease was given back: the next one hears of the same fault, not of a lock
    with pytest.raises(JournalError):
        store.journal("weekend", lead=True)


def test_nobody_leads_a_journal_whose_end_was_cut(store: Store) -> None:
    journal = begin(store)
    journal.append([ENTRY, ENTRY])
    journal.keep_head()
    journal.release()
    with store._database.writing() as connection:
        connection.exec_driver_sql("delete from journal where seq = 2")

    with pytest.raises(JournalError) as caught:
        store.journal("weekend", lead=True)

    assert caught.value.reference == "journal-cut"
    assert caught.value.exit_code == 1


def test_a_line_that_somebody_else_wrote_under_our_epoch_stops_us(store: Store) -> None:
    journal = begin(store)
    journal.append([ENTRY])
    with store._database.writing() as connection:
        connection.exec_driver_sql(
            "insert into journal select run, 2, at, epoch, actor, kind, version, data, "
            "prev_hash, hash from journal"
        )

    with pytest.raises(JournalError) as caught:
        journal.append([ENTRY])

    assert caught.value.reference == "journal-doubled"
