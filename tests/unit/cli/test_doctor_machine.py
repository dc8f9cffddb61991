"""What the doctor looks at on the machine: each fault is made, found and told apart."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn
from zoneinfo import ZoneInfoNotFoundError

import pytest

from migrator.cli import doctor_machine as machine
from migrator.cli.doctor_machine import Clocks
from migrator.store import mounts, sqlite


def test_old_sqlite_is_a_warning_that_names_the_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    old = SimpleNamespace(sqlite_version="3.51.2", __name__="sqlite3")
    monkeypatch.setattr(sqlite, "driver", lambda: old)
    finding = machine.sqlite()
    assert (finding.verdict, finding.found) == ("warning", "3.51.2 through sqlite3")
    assert "WAL-reset" in finding.mend


def test_mended_sqlite_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    new = SimpleNamespace(sqlite_version="3.51.3", __name__="pysqlite3.dbapi2")
    monkeypatch.setattr(sqlite, "driver", lambda: new)
    assert machine.sqlite() == machine.Finding("SQLite", "3.51.3 through pysqlite3")


def test_machine_without_time_zones_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> NoReturn:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr("zoneinfo.ZoneInfo", unknown)
    finding = machine.zones()
    assert (finding.verdict, finding.mend) == ("failed", "install the package tzdata")


def test_catalogue_that_is_not_compiled_fails(tmp_path: Path) -> None:
    written = tmp_path / "sv" / "LC_MESSAGES" / "migrator.po"
    written.parent.mkdir(parents=True)
    written.write_text("", encoding="utf-8")
    finding = machine.catalogues(tmp_path)
    assert (finding.verdict, finding.found) == ("failed", "not compiled: sv")
    written.with_suffix(".mo").write_bytes(b"")
    assert machine.catalogues(tmp_path) == machine.Finding("message catalogues", "sv")


# --- packages -----------------------------------------------------------------------------------


def a_lock(folder: Path, text: str) -> Path:
    lock = folder / "lock.txt"
    lock.write_text(text, encoding="utf-8")
    return lock


def test_the_locked_packages_are_the_installed_ones() -> None:
    assert machine.LOCK.is_file()
    assert machine.packages().verdict == "ok"


def test_installed_program_knows_its_libraries_without_a_lock_file(tmp_path: Path) -> None:
    finding = machine.packages(tmp_path / "nowhere.txt")
    assert finding.verdict == "ok"
    assert int(finding.found.split()[0]) > 8


def test_package_of_another_version_is_named(tmp_path: Path) -> None:
    finding = machine.packages(a_lock(tmp_path, "pytest==0.1 \\\n    --hash=sha256:00\n"))
    assert finding.verdict == "warning"
    assert "instead of 0.1" in finding.found


def test_package_that_is_missing_fails_unless_it_is_for_another_machine(tmp_path: Path) -> None:
    lock = a_lock(tmp_path, "no-such-a==1\nno-such-b==1 ; sys_platform == 'win32'\n")
    finding = machine.packages(lock)
    assert (finding.verdict, finding.found) == ("failed", "missing: no-such-a")


def test_one_of_several_locked_versions_is_enough(tmp_path: Path) -> None:
    here = metadata.version("pytest")
    lock = a_lock(
        tmp_path,
        f"pytest==0.1 ; python_version < '3'\npytest=={here} ; python_version >= '3'\n",
    )
    assert machine.packages(lock).verdict == "ok"


def test_long_list_of_packages_is_cut_and_says_so(tmp_path: Path) -> None:
    lock = a_lock(tmp_path, "".join(f"no-such-{letter}==1\n" for letter in "abcdefg"))
    assert machine.packages(lock).found.endswith("no-such-e and 2 more")


# --- the disk -----------------------------------------------------------------------------------


def test_full_disk_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        "migrator.cli.doctor_machine.shutil.disk_usage", lambda _folder: SimpleNamespace(free=1024)
    )
    assert machine.disk(tmp_path).verdict == "warning"


@pytest.mark.parametrize(
    ("kind", "verdict"), [("ext4", "ok"), ("nfs4", "failed"), ("tmpfs", "warning")]
)
def test_file_system_says_whether_a_journal_may_lie_there(
    kind: str, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"/dev/x / {kind} rw 0 0\n", encoding="utf-8")
    monkeypatch.setattr(mounts, "MOUNTS", table)
    finding = machine.file_system(tmp_path)
    assert finding.verdict == verdict
    assert f"{kind} at /" in finding.found


@pytest.mark.parametrize("text", [None, ""])
def test_file_system_that_cannot_be_known_is_said_so(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mounts"
    if text is not None:
        table.write_text(text, encoding="utf-8")
    monkeypatch.setattr(mounts, "MOUNTS", table)
    assert "cannot be known" in machine.file_system(tmp_path).found


def slow_clock(monkeypatch: pytest.MonkeyPatch, *syncs: float) -> None:
    """A clock by which the syncs take these times."""
    readings = iter([reading for each in syncs for reading in (0.0, each)])
    monkeypatch.setattr(machine, "seconds", lambda: next(readings))


def test_sync_of_a_good_disk_is_told_by_its_median(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow_clock(monkeypatch, 0.001, 0.9, 0.001, 0.002, 0.9, 0.002, 0.003)
    finding = machine.syncs(tmp_path)
    assert finding.verdict == "ok"
    assert finding.found == "2.00 ms, median of 7 (the slowest 900.00 ms)"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("took", "verdict"), [(0.020, "ok"), (0.021, "warning")])
def test_slow_disk_is_a_warning(
    took: float, verdict: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow_clock(monkeypatch, *[took] * 7)
    assert machine.syncs(tmp_path).verdict == verdict


def test_every_sync_is_a_real_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    synced: list[int] = []
    monkeypatch.setattr("migrator.cli.doctor_machine.os.fdatasync", synced.append)
    machine.syncs(tmp_path)
    assert len(synced) == machine.SYNCS


def test_disk_that_refuses_to_sync_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_file: int) -> NoReturn:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("migrator.cli.doctor_machine.os.fdatasync", refuse)
    finding = machine.syncs(tmp_path)
    assert finding.verdict == "failed"
    assert "Input/output error" in finding.found


# --- the clock ----------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [3600.0, -0.1])
def test_clock_that_is_being_set_is_a_warning(jump: float) -> None:
    finding = machine.clock(Clocks(1000.0, 5.0), Clocks(1001.0 + jump, 6.0), kept=True)
    assert finding.verdict == "warning"
    assert f"{jump:+.2f} s" in finding.found


@pytest.mark.parametrize(
    ("kept", "verdict", "words"),
    [(True, "ok", "kept right"), (False, "warning", "no time service"), (None, "ok", "be known")],
)
def test_steady_clock_says_whether_somebody_keeps_it(
    kept: bool | None, verdict: str, words: str
) -> None:
    finding = machine.clock(Clocks(1000.0, 5.0), Clocks(1001.001, 6.0), kept)
    assert finding.verdict == verdict
    assert words in finding.found


@pytest.mark.parametrize(("state", "kept"), [(0, True), (5, False), (-1, None)])
def test_kernel_is_asked_whether_the_clock_is_kept(
    state: int, kept: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = SimpleNamespace(adjtimex=lambda _buffer: state)
    monkeypatch.setattr("migrator.cli.doctor_machine.ctypes.CDLL", lambda _name: library)
    assert machine.clock_is_kept() is kept


def test_system_that_has_no_such_question_is_not_guessed_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("migrator.cli.doctor_machine.ctypes.CDLL", lambda _name: SimpleNamespace())
    assert machine.clock_is_kept() is None


# --- terminal and login shell -------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "verdict"), [(60, "warning"), (80, "ok")])
def test_narrow_terminal_is_a_warning(
    columns: int, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setenv("COLUMNS", str(columns))
    assert machine.terminal().verdict == verdict


def processes(folder: Path, *rows: tuple[int, str, int, int]) -> Path:
    """A /proc with these processes: number, name, parent, terminal."""
    for pid, name, parent, terminal in rows:
        (folder / str(pid)).mkdir(parents=True)
        stat = f"{pid} ({name}) S {parent} {pid} {pid} {terminal} 0 0\n"
        (folder / str(pid) / "stat").write_text(stat, encoding="utf-8")
    return folder


TTY = 34816


@pytest.mark.parametrize(
    ("chain", "hangs"),
    [
        ([("migrator", TTY), ("bash", TTY), ("sshd", 0)], "a remote login (ssh)"),
        ([("migrator", TTY), ("bash", TTY), ("sshd-session", 0)], "a remote login (ssh)"),
        # Without a terminal, and still the end of that connection ends it.
        ([("migrator", 0), ("sshd", 0)], "a remote login (ssh)"),
        ([("migrator", TTY), ("bash", TTY), ("login", TTY)], "a terminal"),
        ([("migrator", TTY), ("bash", TTY), ("tmux: server", 0)], ""),
        ([("migrator", TTY), ("bash", TTY), ("screen", 0)], ""),
        ([("migrator", 0)], ""),  # setsid, nohup or a unit of a service manager
        ([("mig) S 9 9 9 9 (rator", TTY), ("bash", TTY)], "a terminal"),
    ],
)
def test_what_a_process_hangs_on_is_read_from_its_parents(
    chain: list[tuple[str, int]], hangs: str, tmp_path: Path
) -> None:
    rows = [
        (pid, name, pid + 1 if pid < 9 + len(chain) else 1, terminal)
        for pid, (name, terminal) in enumerate(chain, 10)
    ]
    assert machine.hangs_on(10, processes(tmp_path, *rows)) == hangs


def test_chain_that_bites_its_tail_ends(tmp_path: Path) -> None:
    assert machine.hangs_on(10, processes(tmp_path, (10, "a", 11, 0), (11, "b", 10, 0))) == ""


def test_process_that_is_gone_hangs_on_nothing(tmp_path: Path) -> None:
    assert machine.hangs_on(10, tmp_path) == ""


def test_login_shell_is_a_warning_that_names_what_outlives_it(tmp_path: Path) -> None:
    proc = processes(tmp_path, (os.getpid(), "python", 2, TTY), (2, "sshd", 1, 0))
    finding = machine.login_shell(proc)
    assert (finding.verdict, "remote login" in finding.found) == ("warning", True)
    assert "`migrator service PLAN` prints" in finding.mend
    assert machine.login_shell(tmp_path / "empty").verdict == "ok"
