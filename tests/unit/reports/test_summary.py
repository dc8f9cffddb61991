"""The facts for programs and the lines for the terminal."""

from __future__ import annotations

import json

import pytest

from migrator.reports.story import Ledger
from migrator.reports.summary import run_facts, summary_text
from migrator.reports.teller import tell
from migrator.reports.texts import texts
from weekend import a_quiet_weekend, a_troubled_weekend, a_weekend

PROMISED = {
    "run", "outcome", "waves", "moved", "returned", "both_live_seconds", "rows_lost",
    "effects_doubled", "violations", "events", "journal_hash",
}  # fmt: skip


def test_the_promised_keys_are_there() -> None:
    weekend = a_troubled_weekend()
    ledger = Ledger(0.0, 0, 0, ())
    facts = run_facts(tell(weekend.itinerary, weekend.lines("returned"), ledger), "r")
    assert set(facts) >= PROMISED
    waves = facts["waves"]
    assert isinstance(waves, list)
    assert set(waves[1]) >= {"id", "outcome", "attempts", "started", "ended"}
    assert waves[1]["outcome"] == "returned"
    assert facts["moved"] == 12
    assert facts["violations"] == []
    assert json.loads(json.dumps(facts)) == facts


def test_without_a_simulated_world_its_figures_are_null_and_not_zero() -> None:
    weekend = a_quiet_weekend(1, 1)
    facts = run_facts(tell(weekend.itinerary, weekend.lines()), "r")
    assert facts["both_live_seconds"] is None
    assert facts["rows_lost"] is None


def test_a_run_under_way_has_no_end() -> None:
    weekend = a_weekend(1, 1)
    facts = run_facts(tell(weekend.itinerary, weekend.lines(None)), "r")
    assert facts["ended"] is None
    assert facts["outcome"] == "running"


@pytest.mark.parametrize(("language", "mode"), [("sv", "ÖVNING"), ("en", "PRACTICE")])
def test_the_text_begins_with_the_mode_and_ends_with_the_chain(language: str, mode: str) -> None:
    weekend = a_troubled_weekend()
    t = texts(language, "Europe/Stockholm")
    book = tell(weekend.itinerary, weekend.lines("returned"), Ledger(0.0, 0, 0, ("a breach",)))
    text = summary_text(t, book, "autumn-1")
    assert text.startswith(mode)
    assert book.head in text
    assert "! a breach" in text
    assert "w02" in text
