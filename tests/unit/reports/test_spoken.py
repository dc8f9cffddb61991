"""Words that stand alone, as decisions of the report, and where the next shift finds them."""

from __future__ import annotations

import pytest

import practising
from itineraries import after
from migrator.engine import events as ev
from migrator.reports.endings import EXCEPTIONAL
from migrator.reports.handover import _UNDER, Under
from migrator.reports.spoken import spoken
from migrator.reports.words import DECISIONS, DRY_RUNS

SAID = [
    (ev.RunPaused("fire"), ("pause", "", "", "", "fire", None)),
    (ev.RunResumed("false"), ("resume", "", "", "", "false", None)),
    (ev.RunAborted("storm"), ("abort", "", "", "", "storm", None)),
    (ev.VersionAccepted("1", "2", "anna"), ("version", "", "", "anna", "1 → 2", None)),
    (ev.VetoGiven("w1", "anna", "wait", after(9)), ("veto", "w1", "w1", "anna", "wait", after(9))),
    (
        ev.OverrideAsked("w1", "web/soak", "anna", "ops", "known"),
        ("override-asked", "w1", "web/soak", "anna", "known", None),
    ),
    (ev.CommitBegun("w1", "anna", "quiet"), ("commit", "w1", "w1", "anna", "quiet", None)),
    (
        ev.DeadlineExtended("w1", after(0), after(9), "anna", "late"),
        ("extend", "w1", "w1", "anna", "late", after(9)),
    ),
    (
        ev.DeadlineExtended("ask@w2", after(0), after(9), "anna", "late"),
        ("extend", "w2", "ask@w2", "anna", "late", after(9)),
    ),
    (
        ev.DeadlineExtended("ledger/copy", after(0), after(9), "anna", "late"),
        ("extend", "w2", "ledger/copy", "anna", "late", after(9)),
    ),
    (
        ev.Signed("no full unwind after", after(0), "anna", "payments"),
        ("sign", "", "", "anna", "no full unwind after 2023-10-13 18:00 (payments)", None),
    ),
    (
        ev.LinkWaived("w1", "web", 1, "soak", "l1", 0, "anna", "closed"),
        ("waive", "w1", "web/soak", "anna", "l1: closed", None),
    ),
    (
        ev.HandRecorded("run", "called", "anna", ""),
        ("record", "", "", "anna", "called", None),
    ),
    (
        ev.HandRecorded("web/start", "restarted", "anna", "hung"),
        ("record", "w1", "web/start", "anna", "restarted (hung)", None),
    ),
    (
        ev.DisturbanceOpened("D1", "k", "web", "person", "odd", "anna", "bo", after(9), "policy"),
        ("disturb", "", "web", "anna", "D1: odd", None),
    ),
    (
        ev.DisturbanceStaffed("D1", "", "bo", ("anna",), "", "", "bo"),
        ("staff", "", "", "bo", "D1: bo, anna", None),
    ),
    (
        ev.DisturbanceClosed("D1", "w1", "a rule", "removed", "bo"),
        ("close", "", "w1", "bo", "D1: a rule; removed", None),
    ),
]


@pytest.mark.parametrize(("event", "told"), SAID, ids=lambda each: type(each).__name__)
def test_a_word_is_told_with_what_it_is_about(event: ev.Event, told: tuple[object, ...]) -> None:
    said = spoken(event, practising.small_itinerary())
    assert said is not None
    assert (said.what, said.wave, said.subject, said.by, said.reason, said.until) == told
    assert said.what in DECISIONS


@pytest.mark.parametrize("outcome", ["passed", "none_declared", "practice"])
def test_an_amendment_says_what_became_of_its_dry_run(outcome: str) -> None:
    itinerary = practising.small_itinerary()
    step = ("web", "copy", "copy.sh", "a", "b", "bo", "anna", "so be it")
    asked = spoken(ev.SecondAsked("amend", "web/copy", "b", "bo", "u", "so", outcome), itinerary)
    done = spoken(ev.StepAmended(*step, outcome), itinerary)
    before = spoken(ev.StepAmended(*step), itinerary)
    assert asked is not None
    assert done is not None
    assert before is not None
    assert (asked.what, asked.dry_run, done.dry_run) == ("amend-asked", outcome, outcome)
    assert before.dry_run == ""
    assert outcome in DRY_RUNS


def test_what_the_engine_opened_by_itself_is_nobodys_decision() -> None:
    opened = ev.DisturbanceOpened(
        "D1", "k", "w1", "check", "no", "engine", "bo", after(9), "policy"
    )
    assert spoken(opened, practising.small_itinerary()) is None


def test_other_lines_are_told_elsewhere() -> None:
    assert spoken(ev.WaveCommitted("w1"), practising.small_itinerary()) is None


def test_only_a_waiver_is_an_exception() -> None:
    words = {"extend", "sign", "waive", "record"}
    assert words & EXCEPTIONAL == {"waive"}


def test_the_next_shift_finds_each_word_where_it_looks() -> None:
    assert _UNDER[ev.DeadlineExtended] is Under.GATES
    assert _UNDER[ev.Signed] is Under.GATES
    assert _UNDER[ev.LinkWaived] is Under.EXCEPTIONS
    assert _UNDER[ev.HandRecorded] is Under.BY_HAND
