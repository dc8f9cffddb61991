"""`migrator unwind --preview` as people and programs read it."""

from __future__ import annotations

import json

import pytest

import practising
from migrator.cli import app, unwind
from migrator.engine import events as ev
from migrator.plan.bridges import Bridge, Crossing
from migrator.platform.simulated.faults import PlannedFault
from migrator.reports.unwinding import preview
from migrator.store.sql import open_store

FAILS = PlannedFault("step_fails", "web", "start", times=9)


def test_a_preview_says_the_whole_of_it_and_submits_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = practising.seen_after(lambda line: isinstance(line.event, ev.WaveHeld), faults=(FAILS,))
    unwind.show(seen, preview(seen.run, seen.now(), "w1"))
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == (
        "ÖVNING/PRACTICE small-p1: unwind w1: a preview, nothing is submitted"
    )
    assert "1 subsystem goes back, in this order" in told.out
    assert "it takes at least " in told.out
    assert "a lower bound, with teams unlimited" in told.out
    assert "before the window's end; the window ends at Sun 18:00" in told.out
    assert "after it w1 can be tried again: attempt 2 of 3" in told.out
    assert 'migrator unwind small-p1 w1 --as NAME --reason "..."' in told.err


def test_the_keys_are_those_that_the_help_names(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    with open_store(practising.FOLDER, practice=True) as store:
        before = store.journal("latest", lead=False).head
    assert app.run(["unwind", "latest", "everything", "--preview", "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["refused"] == "nothing of it was begun, or all of it is back already"
    assert app.run(["unwind", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert [key for key in facts if key not in told] == []
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("latest", lead=False)
        assert (journal.head, journal.take_commands()) == (before, ())


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    assert app.run(["unwind", "latest", "webb", "--preview"]) == 2
    assert "nothing is called 'webb'; web?" in capsys.readouterr().err


def test_what_comes_too_late_for_the_window_is_said_loudly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from dataclasses import replace

    seen = practising.seen_after(lambda line: isinstance(line.event, ev.WaveHeld), faults=(FAILS,))
    found = preview(seen.run, seen.now(), "w1")
    late = replace(found, window_end=found.ends_at, partial=(), earlier={"w0": ("old",)})
    unwind.show(seen, late)
    out = capsys.readouterr().out
    assert "AFTER the window's end" in out
    assert "w0 is accepted already and loses old" in out


def test_over_capacity_goes_along_with_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    words = ["unwind", "latest", "web", "--as", "anna", "--reason", "few calls by night"]
    assert app.run([*words, "--over-capacity"]) == 0
    assert app.run(words) == 0
    capsys.readouterr()
    with open_store(practising.FOLDER, practice=True) as store:
        commands = store.journal("latest", lead=False).take_commands()
    assert [command.detail("over_capacity") for command in commands] == ["yes", ""]


def test_bridges_that_would_be_overloaded_are_said_loudly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from dataclasses import replace

    seen = practising.seen_after(lambda line: isinstance(line.event, ev.WaveHeld), faults=(FAILS,))
    found = replace(
        preview(seen.run, seen.now(), "w1"),
        cut=(Bridge("web", "db", 3, 60.0),),
        after=Crossing(1, 3, 60.0),
        bridge_calls_per_hour=50.0,
    )
    unwind.show(seen, found)
    out = capsys.readouterr().out
    assert "a bridge again: web to db (3 links, 60 calls/h)" in out
    assert "60 calls per hour after it, and bridges carry 50: TOO MANY" in out
