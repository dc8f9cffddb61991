"""What of the lab needs no cluster: the list of what it has made, and why it is not here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.lab import ledger, life, machine, places, programs
from cluster.lab.ledger import Ledger, Process


@pytest.fixture(autouse=True)
def _ledgers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATOR_LAB_LEDGERS", str(tmp_path / "ledgers"))


def a_ledger() -> Ledger:
    folder = Path("/tmp/none")  # noqa: S108 - never made
    return Ledger("one", "word", folder, (folder / "lab", folder / "old"), "word")


def test_a_list_is_read_as_it_was_written() -> None:
    written = a_ledger()
    written.maker = Process.this()
    written.processes["etcd"] = Process(7, 8)
    written.write()

    assert ledger.read("one") == written
    assert ledger.names() == ["one"]
    written.forget()
    assert ledger.read("one") is None


def test_half_a_list_of_a_killed_maker_is_found_and_taken_away() -> None:
    places.ledgers().mkdir()
    (places.ledgers() / "one.making").write_text("{")
    assert ledger.names() == ["one"]

    assert life.sweep() == []

    assert not places.ledgers().exists()


def test_a_lock_leaves_nothing_behind() -> None:
    with ledger.locked("one"):
        assert places.ledgers().exists()
    assert not places.ledgers().exists()


def test_a_lock_lets_nobody_else_in() -> None:
    asks = "from cluster.lab import ledger\nwith ledger.locked('one'): print('in')"
    env = {**os.environ, "PYTHONPATH": str(places.TESTS)}
    with ledger.locked("one"):
        other = subprocess.Popen([sys.executable, "-c", asks], env=env, stdout=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            other.communicate(timeout=0.2)
    assert other.communicate(timeout=20)[0] == b"in\n"


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    this = Process.this()
    assert this.lives
    assert not Process(this.pid, this.started + 1).lives


def test_a_process_that_has_ended_does_not_live() -> None:
    child = subprocess.Popen(["true"])  # noqa: S607 - every machine has it
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert ledger.started(child.pid) is None, "its remains are still there"
    child.wait()


def test_what_the_lab_lacks_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "only root" in (machine.missing_to_start() or "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.missing_to_build() == "Go is not on this machine"


@pytest.mark.parametrize("module", list(programs.BUILDERS), ids=lambda module: module.name)
def test_what_is_built_lies_under_the_version_that_go_mod_names(module: programs.Module) -> None:
    assert module.version in (module.source / "go.mod").read_text(encoding="utf-8")
    assert module.folder.name.startswith(f"{module.name}-{module.version}-")
