"""A practice run whose plan was made anew while nobody led it goes on by the new one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.ports import Entry
from migrator.engine.replanning import plan_anew
from migrator.platform.simulated.keeping import WORLDS
from migrator.reports.teller import tell
from migrator.store.exports import read, write
from migrator.store.sql import open_store
from migrator.wiring import Setting, begin_practice, continue_practice, open_run, practise

POLICY = {"ahead_of_gate": (), "soak_minutes": 1.0}
OLD = an_itinerary(waves=("ab", "c", "d"), policy=POLICY)
NEW = replace(an_itinerary(waves=("ab", "de"), policy=POLICY, names=OLD.names), plan_digest="9f")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with a run that was planned anew, and whose gates had opened before."""
    with open_store(tmp_path, practice=True) as store:
        led = begin_practice(store, OLD, "small", Setting(1, 20_000.0))
        at, run = OLD.window.start, led.run
        made, wrong = plan_anew(run, NEW)
        assert wrong == ()
        facts = (
            ev.GateOpened("w1", 1, OLD.window.end),
            ev.WaveHeld("w3", 1, "operator", "w3", (), "not yet", None),
            ev.HoldReleased("w3", "", "anna", "now"),
            ev.SecondAsked("replan", "", made.digest, "anna", "u1", "late"),
            ev.Replanned("bo", "anna", "late", made.plan_digest, **made.texts()),
        )
        led.journal.append([Entry(at, "anna", fact) for fact in facts])
        for fact in facts:
            apply(run, at, fact)
        led.journal.release()
    return tmp_path


def test_it_goes_on_by_the_new_plan_with_a_world_that_knows_it(folder: Path) -> None:
    with open_store(folder, practice=True) as store:
        led = continue_practice(store, "small")
        assert set(led.world.places) == {"a", "b", "c", "d", "e"}
        done = practise(led)

    assert done.run.state.value == "ended"
    assert done.run.itinerary == NEW
    assert {*done.run.waves} == {"w1", "w2"}
    assert done.run.authority["a"].value == "new"
    assert done.ledger is not None
    assert done.ledger.violations == []
    assert '"e"' in (folder / WORLDS / "small.json").read_text("utf-8")


def test_the_report_tells_the_plan_that_was_followed_and_who_changed_it(folder: Path) -> None:
    itinerary, lines, _ = open_run("small", folder)
    assert itinerary.plan_digest == OLD.plan_digest

    book = tell(itinerary, lines)

    assert book.itinerary == NEW
    assert [wave.leg.id for wave in book.waves] == ["w1", "w2"]
    told = [(decision.what, decision.by, decision.second) for decision in book.decisions]
    assert told[-2:] == [("replan-asked", "anna", ""), ("replan", "bo", "anna")]
    assert book.exceptions == ()


def test_an_export_tells_the_new_plan_by_itself(folder: Path, tmp_path: Path) -> None:
    with open_store(folder, practice=True) as store:
        write(store.exported("small"), tmp_path / "small.jsonl")
    again = read(tmp_path / "small.jsonl")
    with open_store(tmp_path / "other", practice=True) as store:
        store.keep("small", again.pinned, again.lines, again.facts)

    itinerary, lines, _ = open_run("small", tmp_path / "other")

    assert tell(itinerary, lines).itinerary == NEW
