"""What keeps a database from moving, or from coming back, judged on what both ends say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.platform.postgresql.catalog import Estate, Role, Sequence, Server, Table
from migrator.platform.postgresql.ends import DatabaseEnd, DatabaseMove
from migrator.platform.postgresql.readiness import judge

END = DatabaseEnd("h", 5432, "d", "migrator")
MOVE = DatabaseMove("d", END, END, ("app",))
SERVER = Server("15.1", 15, "logical", "UTF8", True, 9, 9, 9, 0, 0, ("plpgsql",))
TABLE = Table(("public", "t"), key=("id",), columns=("id integer",), column_names=("id",))
ESTATE = Estate(SERVER, (TABLE,), (Sequence(("public", "s")),), (Role("app", True),))
WORKERS = "workers (max_logical_replication_workers, max_worker_processes)"


def with_server(**words: object) -> Estate:
    return replace(ESTATE, server=replace(SERVER, **words))  # type: ignore[arg-type]


def with_table(**words: object) -> Estate:
    return replace(ESTATE, tables=(replace(TABLE, **words),))  # type: ignore[arg-type]


def test_two_ends_that_are_alike_are_ready() -> None:
    assert judge(MOVE, ESTATE, ESTATE).faults == ()


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        (with_server(major=13, version="13.9"), ESTATE, "source: version 13.9 is older than 14"),
        (
            with_server(major=16, version="16.2"),
            ESTATE,
            "target: version 15.1 is older than the source's 16.2",
        ),
        (
            with_server(encoding="LATIN1"),
            ESTATE,
            "target: encoding UTF8 is not the source's LATIN1: rows could not be compared",
        ),
        (
            ESTATE,
            with_server(wal_level="replica"),
            "target: wal_level is replica, not logical (needs a restart)",
        ),
        (ESTATE, with_server(standby=True), "target: it is a standby; name its primary"),
        (
            with_server(slots_free=2),
            ESTATE,
            "source: 2 replication slots (max_replication_slots) are free, 3 are needed",
        ),
        (
            ESTATE,
            with_server(senders_free=0),
            "target: 0 WAL senders (max_wal_senders) are free, 3 are needed",
        ),
        (
            with_server(workers_free=1),
            ESTATE,
            f"source: 1 {WORKERS} are free, 3 are needed",
        ),
        (
            with_server(prepared=2),
            ESTATE,
            "source: 2 prepared transactions wait for their end",
        ),
        (
            with_server(extensions=("plpgsql", "postgis")),
            ESTATE,
            "target: these extensions are missing: postgis",
        ),
        (
            ESTATE,
            with_table(key=("other",)),
            "public.t: the primary key is (id) on the source and (other) on the target",
        ),
        (
            with_table(unlogged=True),
            ESTATE,
            "source: there is no table public.t, which the target has",
        ),
        (replace(ESTATE, roles=()), ESTATE, "source: there is no role app"),
    ],
)
def test_each_thing_that_is_wrong_is_said(source: Estate, target: Estate, said: str) -> None:
    faults = judge(MOVE, source, target).faults
    if source.tables[0].unlogged:
        # Its rows stay; the target's table of that name is simply another one.
        assert faults == ()
        return
    assert faults == (said,)


def test_a_move_without_writers_could_fence_nobody() -> None:
    faults = judge(replace(MOVE, writers=()), ESTATE, ESTATE).faults
    assert "source: no writers are declared: nothing could be fenced" in faults


def test_what_stays_behind_and_what_fires_is_to_be_known() -> None:
    source = replace(
        ESTATE,
        tables=(TABLE, replace(TABLE, name=("public", "u"), unlogged=True)),
        others=("foreign table public.f",),
        roles=(Role("app", True, superuser=True),),
    )
    notes = judge(MOVE, source, with_table(triggers=("audit",))).notes
    assert notes == (
        "not carried: rows of public.u (unlogged)",
        "not carried: foreign table public.f",
        "source: the writer app is a superuser and can undo its own fence",
        "target: audit of public.t fire for replicated rows, too (ENABLE ALWAYS or REPLICA)",
    )


def test_only_sequences_of_named_tables_are_asked_for() -> None:
    move = replace(MOVE, tables=("public.t",))
    assert judge(move, ESTATE, replace(ESTATE, sequences=())).faults == ()
    owned = replace(ESTATE, sequences=(Sequence(("public", "s"), ("public", "t")),))
    assert judge(move, owned, replace(ESTATE, sequences=())).faults == (
        "target: there is no sequence public.s",
    )
