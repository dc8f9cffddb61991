"""`migrator replan`: what would change is read first; what cannot be followed is named in full."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import practising
from migrator.cli import app, run_reading
from migrator.cli.plan_files import open_plan
from migrator.cli.runs import SeenRun, see_run
from migrator.engine import events as ev
from migrator.engine.commands import answer
from migrator.engine.fold import apply
from migrator.engine.ports import Entry, OperatorCommand
from migrator.plan.digest import plan_digest
from migrator.store.sql import open_store
from migrator.wiring import Setting, begin_practice
from planned import a_planned_estate, edit


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan, and a practice run of it that nobody leads."""
    path = a_planned_estate(tmp_path)
    begin(path)
    return path


def begin(path: Path, name: str = "small-p1", *, files: bool = True) -> None:
    """Begin a run of a plan."""
    read = run_reading.read_plan_here(path, None)
    assert isinstance(read, run_reading.Read)
    with open_store(practising.FOLDER, practice=True) as store:
        pinned = read.files if files else ()
        begin_practice(store, read.itinerary, name, Setting(1, 1.0), pinned).journal.release()


def edited(plan: Path, old: str, new: str, name: str = "new.yaml") -> Path:
    """The plan with one thing changed, beside it."""
    other = plan.with_name(name)
    other.write_text(plan.read_text("utf-8"), "utf-8")
    edit(other, old, new)
    return other


def give(new: Path, *words: str) -> int:
    """Give the verb."""
    told = ["replan", "small-p1", str(new), "--reason", "it is late", "--as", "anna"]
    return app.run([*told, *words])


def on_the_desk() -> tuple[OperatorCommand, ...]:
    """What waits for an answer."""
    with open_store(practising.FOLDER, practice=True) as store:
        return store.journal("small-p1", lead=False).take_commands()


def decided() -> None:
    """Somebody says go to the first wave."""
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("small-p1", lead=True)
        at = journal.itinerary().window.start
        facts = [
            ev.GateOpened("w01", 1, at + timedelta(hours=1)),
            ev.GateDecided("w01", 1, "anna", "all here"),
        ]
        journal.append([Entry(at, "anna", fact) for fact in facts])
        journal.release()


def answered(seen: SeenRun, command: OperatorCommand) -> tuple[ev.Event, ...]:
    """What a leader makes of a command."""
    now = seen.now()
    events = answer(seen.run, command, now, {})
    for event in events:
        apply(seen.run, now, event)
    return events


def test_what_changes_is_shown_and_two_people_let_the_run_follow_it(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = edited(plan, "name: Around Night run", "name: Sunday")
    plan.write_text("edited after the run began", "utf-8")

    assert give(new) == 0
    told = capsys.readouterr()
    assert "wave w02 is called 'Sunday'; it was 'Around Night run'" in told.err
    assert "lets everything that has not started follow another plan" in told.err
    assert "kept, not answered yet: replan" in told.out

    (first,) = on_the_desk()
    second = replace(first, id="again", actor="bo", details=_by(first, "another"))
    seen = see_run("small-p1")
    with seen.store:
        assert isinstance(answered(seen, first)[1], ev.SecondAsked)
        assert isinstance(answered(seen, second)[1], ev.Replanned)
        digest = plan_digest(open_plan(new).plan)
        assert seen.run.itinerary.plan_digest == digest
        assert seen.run.itinerary.waves[1].name == "Sunday"
        kept = seen.journal.facts(f"plan/{digest}")
        assert isinstance(kept, str)
        assert seen.store.pinned(kept) == new.read_bytes()


def _by(command: OperatorCommand, user: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, user if key == "os_user" else text) for key, text in command.details)


def test_a_second_plan_is_held_against_the_one_that_is_followed(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = edited(plan, "name: Around Night run", "name: Sunday")
    give(new)
    (first,) = on_the_desk()
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("small-p1", lead=True)
        run = see_run("small-p1").run
        second = replace(first, id="again", actor="bo", details=_by(first, "another"))
        for command in (first, second):
            at = journal.itinerary().window.start
            events = answer(run, command, at, {})
            journal.append([Entry(at, command.actor, event) for event in events])
            for event in events:
                apply(run, at, event)
        journal.release()
    capsys.readouterr()

    assert give(edited(new, "name: Sunday", "name: Monday", "third.yaml")) == 0

    assert "wave w02 is called 'Monday'; it was 'Sunday'" in capsys.readouterr().err
    assert app.run(["status", "small-p1", "--format", "json"]) == 0
    assert "Sunday" in capsys.readouterr().out
    assert app.run(["since", "small-p1", "1h"]) == 0
    assert "REPLANNED by Bo B and Anna A (it is late): 2 waves to come" in capsys.readouterr().out
    assert app.run(["report", "small-p1", "-o", str(plan.with_name("report.html"))]) == 0
    page = plan.with_name("report.html").read_text("utf-8")
    assert "Sunday" in page


def test_every_difference_that_stands_in_the_way_is_named(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decided()
    new = edited(plan, "name: Around Payments", "name: First")
    edit(new, "soak: 30m", "soak: 40m")

    assert give(new, "--format", "json") == 2

    error = json.loads(capsys.readouterr().out)["error"]
    assert error["reference"] == "replan-refused"
    said = [fault["message"] for fault in error["faults"]]
    assert "the policy would change; it stays as it is until the run has ended" in said
    assert "w01 is moving and would be another one" in said
    assert on_the_desk() == ()


def test_one_difference_is_one(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decided()
    assert give(edited(plan, "name: Around Payments", "name: First")) == 2
    err = capsys.readouterr().err
    assert "1 difference stands in the way" in err
    assert "see: runbooks/replan-refused.md" in err


def test_the_same_plan_is_told_to_be_the_same(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert give(plan) == 0
    assert "the two plans mean the same" in capsys.readouterr().err


def test_a_run_whose_plan_was_not_pinned_shows_no_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_planned_estate(tmp_path)
    begin(path, files=False)
    assert give(edited(path, "name: Around Night run", "name: Sunday")) == 0
    assert "is not in the store; no difference can be shown" in capsys.readouterr().err


def test_an_unsound_plan_is_not_followed(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert give(edited(plan, "subsystem: web", "subsystem: wbe")) == 2
    assert "must not be run as it is" in capsys.readouterr().err
    assert on_the_desk() == ()


def test_nothing_is_kept_for_a_run_that_is_over(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = edited(plan, "name: Around Night run", "name: Sunday")
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("small-p1", lead=True)
        at = journal.itinerary().window.start
        journal.append([Entry(at, "anna", ev.RunAborted("")), Entry(at, "x", ev.RunEnded("stuck"))])
        journal.release()
    assert give(new) == 2
    assert "see: runbooks/run-over.md" in capsys.readouterr().err
    with open_store(practising.FOLDER, practice=True) as store:
        assert store.pinned(hashlib.sha256(new.read_bytes()).hexdigest()) is None


def test_decide_shows_who_waits_for_a_second_person(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("small-p1", lead=True)
        at = journal.itinerary().window.start
        asked = ev.SecondAsked("replan", "", "d", "anna", "u1", "it is late")
        journal.append([Entry(at, "anna", asked)])
        journal.release()
    for words in (["decide"], ["status"], ["since"]):
        more = ["1h"] if words == ["since"] else []
        assert app.run([*words, "small-p1", *more]) == 0
        assert "to replan" in capsys.readouterr().out, words
    assert plan.exists()


def test_a_live_run_follows_only_a_plan_that_somebody_has_approved(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    practising.begun_live("night-1")
    words = ["replan", "night-1", str(plan), "--reason", "it is late", "--as", "anna", "--yes"]

    assert app.run(words) == 2
    assert f"no approval of {plan} counts" in capsys.readouterr().err
