"""`migrator replan RUN` without a plan: one is made from where the run stands, nothing is done."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

import practising
from migrator.cli import app, run_reading
from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.plan.text import read_plan
from migrator.store.sql import open_store
from migrator.wiring import Setting, begin_practice
from planned import a_planned_estate, edit


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan with two waves at least, and a practice run of it that nobody leads."""
    path = a_planned_estate(tmp_path)
    read = run_reading.read_plan_here(path, None)
    assert isinstance(read, run_reading.Read)
    with open_store(practising.FOLDER, practice=True) as store:
        begin_practice(
            store, read.itinerary, "small-p1", Setting(1, 1.0), read.files
        ).journal.release()
    return path


def decided(late: timedelta = timedelta()) -> None:
    """Somebody says go to the first wave, perhaps late."""
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("small-p1", lead=True)
        at = journal.itinerary().window.start + late
        facts = [
            ev.GateOpened("w01", 1, at + timedelta(hours=1)),
            ev.GateDecided("w01", 1, "anna", "all here"),
        ]
        journal.append([Entry(at, "anna", fact) for fact in facts])
        journal.release()


def lines() -> int:
    with open_store(practising.FOLDER, practice=True) as store:
        return len(store.journal("small-p1", lead=False).lines(0))


def made(plan: Path, *words: str) -> int:
    estate = str(plan.parent / "estate")
    return app.run(["replan", "small-p1", "--inventory", estate, *words])


def test_a_plan_is_made_and_nothing_of_the_run_is_touched(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decided()
    before, out = lines(), plan.with_name("sunday.yaml")
    assert made(plan, "-o", str(out)) == 0
    said = capsys.readouterr()
    assert "next: migrator replan small-p1" in said.err
    assert "could not follow" not in said.err
    assert read_plan(out).waves[0] == read_plan(plan).waves[0]
    assert lines() == before
    follow = ["replan", "small-p1", str(out), "--reason", "it is late", "--as", "anna"]
    code = app.run(follow)
    # Nothing may be different yet; then the run follows this plan already, and says so.
    assert code in {0, 2}


def test_what_is_late_puts_the_rest_off_and_what_was_decided_stays(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decided(timedelta(hours=6))
    out = plan.with_name("sunday.yaml")
    assert made(plan, "-o", str(out)) == 0
    was, now = read_plan(plan), read_plan(out)
    assert now.waves[0] == was.waves[0]
    assert now.waves[1].gate.at > was.waves[1].gate.at
    assert "could not follow" not in capsys.readouterr().err
    code = app.run(["replan", "small-p1", str(out), "--reason", "late", "--as", "anna"])
    assert code == 0


def test_without_a_file_the_plan_is_only_shown(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decided(timedelta(hours=6))
    assert made(plan, "--format", "json") == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert found["plan"] is None
    assert {change["kind"] for change in found["changes"]} >= {"gate-time"}
    assert "nothing is written" in said.err


def test_what_has_started_is_not_moved_whoever_asks(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decided()
    name = read_plan(plan).waves[0].moves[0].subsystem
    other = read_plan(plan).waves[1].id
    assert made(plan, "--pin", f"{name}={other}") == 2
    said = capsys.readouterr().err
    assert "runbooks/started-stays.md" in said
    assert "somebody has decided on it" in said


def test_another_inventory_is_refused_before_anything_is_planned(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(plan.parent / "estate" / "subsystems.yaml", "cpu: 4", "cpu: 5")
    assert made(plan) == 2
    assert "runbooks/plan-for-another-inventory.md" in capsys.readouterr().err


def test_making_and_following_are_two_commands(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        ["--reason", "it is late"],
        [str(plan), "--pin", "web=w02", "--reason", "it is late"],
        [str(plan), "-o", "x.yaml", "--reason", "it is late"],
        [str(plan)],
    ):
        assert app.run(["replan", "small-p1", *words]) == 2
        assert "see: runbooks/usage.md" in capsys.readouterr().err


def test_a_supposition_during_a_run_is_shown_and_never_followed(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decided()
    assert made(plan, "--what-if", "+1 handler benefits") == 0
    said = capsys.readouterr().err
    assert "not in the files yet" in said
    assert "next: migrator replan" not in said
