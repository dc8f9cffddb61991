"""A stream that stopped is told from one that is slow, by looks and their times alone."""

from __future__ import annotations

from dataclasses import replace

from migrator.platform.postgresql.following import SILENT_SECONDS_MAX, Look, Watch, last_error

LOOK = Look(
    enabled=True,
    tables=3,
    ready=1,
    rows=10,
    apply_errors=5,
    sync_errors=2,
    active=True,
    lost=False,
    position="0/10",
    reached=False,
    behind=100,
)

LOG = """\
2026-11-22 20:00:00 UTC [7] LOG:  logical replication apply worker has started
2026-11-22 20:00:01 UTC [7] ERROR:  duplicate key value violates unique constraint "t_pkey"
2026-11-22 20:00:01 UTC [7] DETAIL:  Key (id)=(4) already exists.
2026-11-22 20:00:01 UTC [7] CONTEXT:  processing remote data for replication origin "pg_1" \
during message type "INSERT" for replication target relation "public.t" in transaction 7
2026-11-22 20:00:02 UTC [8] LOG:  background worker "logical replication worker" exited
2026-11-22 20:00:03 UTC [9] ERROR:  relation "nothing" does not exist at character 15
2026-11-22 20:00:03 UTC [9] STATEMENT:  select * from nothing
"""


def test_errors_of_before_the_wait_are_no_trouble_and_new_ones_are() -> None:
    watch = Watch("w")
    assert watch.trouble(LOOK, 0) == ""
    assert watch.trouble(replace(LOOK, apply_errors=6), 1) == ""
    assert watch.trouble(replace(LOOK, apply_errors=7), 2) == "database-stream-stopped"


def test_a_stream_that_moves_between_its_errors_is_only_shaken() -> None:
    watch = Watch("w")
    for number in range(10):
        look = replace(LOOK, apply_errors=5 + number, position=f"0/{number}")
        assert watch.trouble(look, number) == ""


def test_a_copy_that_fails_again_and_again_stops_the_wait_though_the_stream_moves() -> None:
    watch = Watch("w")
    watch.trouble(LOOK, 0)
    look = replace(LOOK, sync_errors=4, position="0/99")
    assert watch.trouble(replace(look, active=False), 1) == ""
    assert watch.trouble(look, 1) == "database-stream-stopped"


def test_a_stream_that_is_disabled_or_whose_slot_is_lost_is_gone() -> None:
    assert Watch("w").trouble(replace(LOOK, enabled=False), 0) == "database-stream-lost"
    assert Watch("w").trouble(replace(LOOK, lost=True), 0) == "database-stream-lost"


def test_a_peer_that_never_comes_is_told_and_one_that_comes_back_is_not() -> None:
    watch, silent = Watch("w"), replace(LOOK, active=False)
    assert watch.trouble(silent, 0) == ""
    assert watch.trouble(silent, SILENT_SECONDS_MAX) == ""
    assert watch.trouble(LOOK, SILENT_SECONDS_MAX + 1) == ""
    assert watch.trouble(silent, SILENT_SECONDS_MAX + 2) == ""
    late = 2 * SILENT_SECONDS_MAX + 3
    assert watch.trouble(silent, late) == "database-peer-unreachable"


def test_the_reason_is_the_workers_last_error_and_nobody_elses() -> None:
    assert last_error(LOG) == (
        'public.t: duplicate key value violates unique constraint "t_pkey": '
        "Key (id)=(4) already exists."
    )
    assert last_error(LOG.replace("replication", "other")) == ""
    assert last_error("") == ""
