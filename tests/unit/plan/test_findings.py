"""Findings and the words in them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from migrator.plan.findings import Severity, clock, error, errors, listing, warning
from small_plan import at


def test_a_finding_shows_its_place_as_the_file_has_it() -> None:
    assert error("r", ("waves", 1, "gate", "at"), "m", "h").place == "waves[1].gate.at"


def test_only_errors_forbid_to_run_a_plan() -> None:
    wrong, doubtful = error("r", (), "m", "h"), warning("r", (), "m", "h")
    assert errors([doubtful, wrong]) == (wrong,)
    assert doubtful.severity is Severity.WARNING


def test_a_moment_is_told_as_the_clocks_of_the_window_show_it() -> None:
    assert clock(at("14 09:30"), ZoneInfo("Europe/Stockholm")) == "Sat 14 Oct 09:30"
    assert clock(at("14 01:30"), ZoneInfo("UTC")) == "Fri 13 Oct 23:30"


def test_a_long_list_is_cut_and_counted() -> None:
    assert listing(["a", "b"]) == "a, b"
    assert listing(["a", "b", "c"], 2) == "a, b and 1 more"
