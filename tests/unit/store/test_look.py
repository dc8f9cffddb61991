"""The doctor's look at a store reads everything and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.errors import EnvironmentFailed, InputError, MigratorError
from migrator.store.look import look, server_hosts
from migrator.store.machine import Holder
from migrator.store.sql import open_store
from migrator.store.sql_journal import SqlJournal
from migrator.store.tables import SCHEMA_VERSION
from postgresql_server import server
from weekend import an_itinerary

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


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


@pytest.fixture(params=["sqlite", POSTGRESQL])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "store") if request.param == "sqlite" else server().database()


def led(where: str, machine: Pretended, *events: ev.Event) -> None:
    """A run that the machine's process leads, and never gives back."""
    with open_store(where, practice=True, machine=machine) as store:
        journal: SqlJournal = store.create_run(
            "night-1", an_itinerary(), seed=1, mode="scaled", target="", plan_digest=""
        )
        journal.append([Entry(AT, "engine", event) for event in (ev.RunPaused(""), *events)])


def test_store_is_told_with_its_kind_its_version_and_its_runs(where: str) -> None:
    led(where, Pretended())
    seen = look(where, practice=True)
    assert seen is not None
    assert (seen.kind, seen.version, seen.runs) == ("practice", SCHEMA_VERSION, 1)
    assert seen.version_known == SCHEMA_VERSION
    on_server = "://" in where
    assert seen.engine.startswith("PostgreSQL 1" if on_server else "SQLite 3.")
    assert seen.log == ("" if on_server else "wal")


def test_store_that_is_not_there_is_none_and_none_is_made(where: str, tmp_path: Path) -> None:
    led(where, Pretended())
    assert look(where, practice=False) is None
    assert look(str(tmp_path / "nowhere"), practice=True) is None
    assert not (tmp_path / "nowhere").exists()


def test_leader_is_told_with_epoch_and_lease(where: str) -> None:
    machine = Pretended()
    led(where, machine)
    seen = look(where, practice=True, machine=machine)
    assert seen is not None
    (lease,) = seen.leases
    assert (lease.run, lease.mode, lease.epoch, lease.pid) == ("night-1", "scaled", 1, 1)
    assert lease.holder == "process 1 of anna on host"
    assert (lease.gone, lease.ended) == (False, False)
    assert 5 < lease.seconds_left <= 10


def test_lease_runs_out_by_the_boot_clock(tmp_path: Path) -> None:
    machine = Pretended()
    led(str(tmp_path), machine)
    machine.now += 52
    seen = look(str(tmp_path), practice=True, machine=machine)
    assert seen is not None
    assert seen.leases[0].seconds_left == -42


def test_leader_that_is_gone_and_run_that_is_over_are_told_so(where: str) -> None:
    machine = Pretended(gone={1})
    led(where, machine, ev.RunEnded("completed"))
    seen = look(where, practice=True, machine=machine)
    assert seen is not None
    assert [(lease.gone, lease.ended) for lease in seen.leases] == [(True, True)]


@pytest.mark.parametrize(
    ("changes", "pid"), [({"boot": "other"}, None), ({"space": "other"}, None), ({}, 1)]
)
def test_process_number_means_something_here_only(
    changes: dict[str, str], pid: int | None, tmp_path: Path
) -> None:
    machine = Pretended()
    led(str(tmp_path), machine)
    machine.me = replace(machine.me, **changes)  # type: ignore[arg-type]  # a test's own data
    seen = look(str(tmp_path), practice=True, machine=machine)
    assert seen is not None
    assert seen.leases[0].pid == pid


@pytest.mark.postgresql
def test_process_of_another_host_is_never_said_to_be_gone() -> None:
    where, machine = server().database(), Pretended()
    led(where, machine)
    other = Pretended(me=replace(machine.me, boot="other"), gone={1})
    seen = look(where, practice=True, machine=other)
    assert seen is not None
    assert seen.leases[0].gone is False


@pytest.mark.postgresql
def test_server_that_does_not_sync_is_told_by_its_settings() -> None:
    where = server().database()  # the tests' own server is told not to
    led(where, Pretended())
    seen = look(where, practice=True)
    assert seen is not None
    assert seen.loses == ("fsync=off", "full_page_writes=off")


def test_store_of_another_version_is_neither_read_further_nor_carried_over(tmp_path: Path) -> None:
    led(str(tmp_path), Pretended())
    file = tmp_path / "practice.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("update meta set schema_version = 1")
        connection.exec_driver_sql("drop table leases")
    engine.dispose()
    before = file.read_bytes()
    seen = look(str(tmp_path), practice=True)
    assert seen is not None
    assert (seen.version, seen.leases) == (1, ())
    assert file.read_bytes() == before


def test_looking_writes_nothing(tmp_path: Path) -> None:
    led(str(tmp_path), Pretended())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    look(str(tmp_path), practice=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_folder_with_a_strange_name_is_a_folder(tmp_path: Path) -> None:
    strange = tmp_path / "a?mode=ro#b %41"
    led(str(strange), Pretended())
    assert look(str(strange), practice=True) is not None


@pytest.mark.parametrize(
    ("content", "reference"), [(b"poetry" * 99, "store-failed"), (b"", "store-damaged")]
)
def test_what_is_no_store_is_refused(content: bytes, reference: str, tmp_path: Path) -> None:
    (tmp_path / "practice.db").write_bytes(content)
    with pytest.raises(EnvironmentFailed) as caught:
        look(str(tmp_path), practice=True)
    assert caught.value.reference == reference


def test_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(MigratorError) as caught:
        look("postgresql://anna:hunter2@127.0.0.1:1/runs", practice=True)
    assert caught.value.reference == "store-unreachable"
    assert "hunter2" not in caught.value.message


def test_address_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        look("postgresql://anna@db:port/runs", practice=True)
    assert caught.value.reference == "store-address"


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("postgresql://u@db7.example:5432/runs", ("db7.example",)),
        ("postgresql://u@/runs?host=/run/postgresql", ()),
        ("postgresql://u@/runs?host=db6,db7:5433", ("db6", "db7")),
        ("postgresql://u@/runs", ()),
    ],
)
def test_hosts_of_an_address_are_read(address: str, hosts: tuple[str, ...]) -> None:
    assert server_hosts(address) == hosts
