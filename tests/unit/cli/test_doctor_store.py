"""What the doctor looks at around a store and a plan."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import practising
from builders import an_inventory
from migrator.cli import doctor_store
from migrator.cli.doctor_store import clock_changes, leaders, place_of, stores, window
from migrator.plan.model import Window
from migrator.store.look import Look, SeenLease

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2023, 10, 1, tzinfo=UTC)
LOOK = Look("runs.db", "live", 2, 2, "SQLite 3.53.4", "wal", 1, (), ())
LEASE = SeenLease("night-1", "wall", 3, "process 10 of anna on vm", 10, False, 8.0, False)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def a_window(start: str, end: str) -> Window:
    return Window(local(start), local(end), STOCKHOLM.key)


# --- stores -------------------------------------------------------------------------------------


def test_store_that_is_not_there_yet_is_no_fault() -> None:
    findings, found = stores(".migrator")
    assert [(f.verdict, f.found) for f in findings] == [
        ("ok", "none at .migrator yet: the first run makes one")
    ]
    assert found == []


def test_file_that_is_named_is_looked_at_once() -> None:
    practising.begun()
    findings, found = stores(".migrator/practice.db")
    assert len(findings) == len(found) == 1


@pytest.mark.parametrize(
    ("look", "verdict", "words"),
    [
        (LOOK, "ok", ""),
        (replace(LOOK, version=3), "failed", "newer"),
        (replace(LOOK, version=1), "warning", "copy it before"),
        (replace(LOOK, log="delete"), "warning", "written ahead"),
        (replace(LOOK, log="", loses=("fsync=off",)), "failed", "switch them on"),
        (replace(LOOK, log=""), "ok", ""),
    ],
)
def test_store_says_what_keeps_it_from_being_used(look: Look, verdict: str, words: str) -> None:
    finding = doctor_store._store(look)
    assert finding.verdict == verdict
    assert words in finding.mend


def test_folder_that_cannot_be_written_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor_store.writable(".migrator") is None
    monkeypatch.setattr("migrator.cli.doctor_store.os.access", lambda _place, _mode: False)
    finding = doctor_store.writable(".migrator")
    assert finding is not None
    assert finding.verdict == "failed"
    assert doctor_store.writable("postgresql://db/runs") is None


def test_nearest_folder_that_is_there_stands_for_one_that_is_not(tmp_path: Path) -> None:
    assert doctor_store.existing(tmp_path / "a" / "b") == tmp_path


# --- leaders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lease", "verdict", "words"),
    [
        (LEASE, "ok", "night-1 (epoch 3) is led by process 10 of anna on vm"),
        (replace(LEASE, gone=True), "warning", "which is gone"),
        (replace(LEASE, seconds_left=-42.0), "warning", "ran out 42 s ago"),
    ],
)
def test_lease_says_who_leads_or_that_nobody_does(
    lease: SeenLease, verdict: str, words: str, tmp_path: Path
) -> None:
    (finding,) = leaders([replace(LOOK, leases=(lease,))], tmp_path)
    assert finding.verdict == verdict
    assert words in finding.found


def test_lease_that_a_finished_run_left_behind_is_not_told() -> None:
    (finding,) = leaders([replace(LOOK, leases=(replace(LEASE, gone=True, ended=True),))])
    assert finding.found == "no run is led at this moment"


@pytest.mark.parametrize(
    ("lease", "verdict"),
    [
        (LEASE, "warning"),
        (replace(LEASE, mode="scaled"), "ok"),  # practice may end with its terminal
        (replace(LEASE, pid=None), "ok"),  # on another machine; nobody here can know
    ],
)
def test_real_time_run_that_hangs_on_a_login_shell_is_a_warning(
    lease: SeenLease, verdict: str, tmp_path: Path
) -> None:
    (tmp_path / "10").mkdir()
    (tmp_path / "10" / "stat").write_text("10 (migrator) S 11 10 10 34816 0", encoding="utf-8")
    (tmp_path / "11").mkdir()
    (tmp_path / "11" / "stat").write_text("11 (sshd) S 1 11 11 0 0", encoding="utf-8")
    (finding,) = leaders([replace(LOOK, leases=(lease,))], tmp_path)
    assert finding.verdict == verdict
    assert ("remote login" in finding.found) == (verdict == "warning")


# --- the window ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (
            "2023-10-27T18:00",
            "2023-10-30T06:00",
            "at Sun 03:00 (UTC+02) they go to 02:00 (UTC+01)",
        ),
        (
            "2024-03-29T18:00",
            "2024-04-01T06:00",
            "at Sun 02:00 (UTC+01) they go to 03:00 (UTC+02)",
        ),
    ],
)
def test_clocks_that_change_inside_the_window_are_a_warning(
    start: str, end: str, words: str
) -> None:
    finding = window(a_window(start, end), NOW)
    assert finding.verdict == "warning"
    assert words in finding.found


def test_window_before_and_after_the_change_is_well() -> None:
    assert window(a_window("2023-10-20T18:00", "2023-10-23T06:00"), NOW).verdict == "ok"


def test_window_that_is_over_is_a_warning() -> None:
    planned = a_window("2023-10-20T18:00", "2023-10-23T06:00")
    assert "it is over" in window(planned, NOW + timedelta(days=365)).found


def test_change_is_found_to_the_second_wherever_the_window_begins() -> None:
    start = datetime(2023, 10, 29, 0, 17, 23, tzinfo=UTC)
    ((before, after),) = clock_changes(start, start + timedelta(hours=9), STOCKHOLM)
    assert after.astimezone(UTC) == before.astimezone(UTC) == datetime(2023, 10, 29, 1, tzinfo=UTC)
    assert (f"{before:%H:%M}", f"{after:%H:%M}") == ("03:00", "02:00")


# --- the store's place --------------------------------------------------------------------------


def a_place(where: str, *tags: str, moving: tuple[str, ...] = ("ledger",)) -> str:
    """The verdict on a store, where the ledger has these tags."""
    estate = an_inventory()
    tagged = tuple(
        replace(each, tags=tags) if each.id == "ledger" else each for each in estate.subsystems
    )
    return place_of(where, replace(estate, subsystems=tagged), moving).verdict


def test_store_on_what_moves_fails() -> None:
    where = "postgresql://u@db7.example:5432/runs"
    assert a_place(where, "finance", "host:DB7.example") == "failed"
    assert a_place(where, "host:db7") == "failed"
    assert a_place("postgresql://u@/runs?host=db6,db7:5433", "host:db7") == "failed"
    assert a_place(where, "host:db8") == "ok"


def test_store_on_what_stays_is_well() -> None:
    assert a_place("postgresql://u@db7/runs", "host:db7", moving=("web",)) == "ok"


def test_file_stands_on_this_machine() -> None:
    assert a_place(".migrator", f"host:{socket.gethostname()}") == "failed"
    socket_folder = "postgresql://u@/runs?host=/run/postgresql"
    assert a_place(socket_folder, f"host:{socket.gethostname()}") == "failed"


def test_same_name_is_a_warning_and_no_verdict() -> None:
    assert a_place("postgresql://u@ledger/runs") == "warning"
    assert a_place("postgresql://u@web/runs") == "ok"


def test_what_cannot_be_known_is_said_so() -> None:
    finding = place_of("postgresql://u@db7/runs", an_inventory(), ["ledger"])
    assert "cannot be known" in finding.found
    assert "host:db7" in finding.found
