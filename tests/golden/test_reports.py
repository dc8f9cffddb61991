"""Reports as people and programs get them, kept as files; `make golden` writes them anew.

A change in wording or in a key shows here as a difference to be read, once, by a person.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from migrator.plan.model import Figures
from migrator.plan.seal import Inputs
from migrator.reports.brief import brief_text
from migrator.reports.paper import paper_text
from migrator.reports.story import Ledger
from migrator.reports.summary import run_facts, summary_text
from migrator.reports.teller import tell
from migrator.reports.texts import texts
from weekend import a_troubled_weekend, an_itinerary

FOLDER = Path(__file__).parent / "reports"
INPUTS = Inputs("plan", "inventory", "links", "manifests", "0.1.0")


def summary(language: str) -> str:
    weekend = a_troubled_weekend()
    book = tell(weekend.itinerary, weekend.lines("returned"), Ledger(0.0, 0, 0, ()))
    return summary_text(texts(language, "Europe/Stockholm"), book, "autumn-weekend-1")


def facts(_language: str) -> str:
    weekend = a_troubled_weekend()
    book = tell(weekend.itinerary, weekend.lines("returned"), Ledger(0.0, 0, 0, ()))
    return json.dumps(run_facts(book, "autumn-weekend-1"), indent=2, sort_keys=True) + "\n"


def paper(language: str) -> str:
    t = texts(language, "Europe/Stockholm")
    return paper_text(t, an_itinerary(1, 2), practice=True) + "\n"


def brief(language: str) -> str:
    t = texts(language, "Europe/Stockholm")
    figures = Figures(2.5, 40.0, 6.0, 7, 1000)
    itinerary = an_itinerary(2, 4)
    return brief_text(t, itinerary, figures, seal=None, inputs=INPUTS, practice=False) + "\n"


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("summary.en.txt", summary),
        ("summary.sv.txt", summary),
        ("facts.en.json", facts),
        ("paper.en.txt", paper),
        ("paper.sv.txt", paper),
        ("brief.en.txt", brief),
        ("brief.sv.txt", brief),
    ],
)
def test_a_report_reads_as_it_did(name: str, make: Callable[[str], str]) -> None:
    file = FOLDER / name
    now = make(name.split(".")[1])
    if os.environ.get("MIGRATOR_GOLDEN") == "rewrite":
        file.write_text(now, encoding="utf-8")
    assert now == file.read_text(encoding="utf-8")
