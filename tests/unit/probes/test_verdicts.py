"""One link, one verdict: each word has its case, and what nobody knows is unproved."""

from __future__ import annotations

import pytest

from migrator.probes.agent import wire
from migrator.probes.model import NoLook
from migrator.probes.verdicts import (
    BOTH_MARKS,
    GREEN,
    KNOWN,
    NO_BASELINE,
    NO_MARK,
    NOT_LOOKED,
    VANTAGE_LOST,
    WAS_FLAKY,
    WORSE,
    Before,
    Case,
    Found,
    Seen,
    Verdict,
    verdict_of,
)

OK = Seen(wire.OK)
FAILED = Seen(wire.REFUSED, oks=0, tries=3)
WORKED = Before(wire.OK, "", wire.OLD)
BROKEN = Before(wire.TIMEOUT, "", wire.OLD)


def judged(now: Seen | None = None, before: Before | None = None, **other: object) -> Found:
    return verdict_of(Case(now=now, before=before, **other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        (OK, WORKED, Verdict.SAME),
        (OK, BROKEN, Verdict.BETTER),
        (FAILED, WORKED, Verdict.REGRESSED),
        (FAILED, BROKEN, Verdict.WAS_BROKEN),
        (Seen(wire.OK, oks=1, tries=2), WORKED, Verdict.FLAKY),
        (Seen(wire.OK, oks=1, tries=2), BROKEN, Verdict.FLAKY),
    ],
)
def test_before_and_now_decide(now: Seen, before: Before, verdict: Verdict) -> None:
    assert judged(now, before) == Found(verdict)


def test_connected_to_the_other_side_is_not_arrived() -> None:
    marked = Seen(wire.OK, side=wire.OLD)
    assert judged(marked, WORKED, expected=wire.NEW).verdict is Verdict.WRONG_SIDE
    assert judged(marked, WORKED, expected=wire.OLD).verdict is Verdict.SAME
    # Whatever it was before: an answer of the other side is never what was wanted.
    assert judged(marked, BROKEN, expected=wire.NEW).verdict is Verdict.WRONG_SIDE


def test_a_link_that_came_from_the_wrong_side_before_did_not_work_before() -> None:
    wrong = Before(wire.OK, wire.NEW, wire.OLD)
    assert judged(OK, wrong).verdict is Verdict.BETTER
    assert judged(FAILED, wrong).verdict is Verdict.WAS_BROKEN


def test_an_answer_that_lost_its_mark_is_worse_and_one_that_never_had_it_proves_nothing() -> None:
    unmarked = Seen(wire.OK, side=wire.NEITHER)
    had = Before(wire.OK, wire.OLD, wire.OLD)
    never = Before(wire.OK, wire.NEITHER, wire.OLD)
    assert judged(unmarked, had, marked=True) == Found(Verdict.REGRESSED, NO_MARK)
    assert judged(unmarked, never, marked=True) == Found(Verdict.UNPROVED, NO_MARK)
    assert judged(unmarked, None, marked=True) == Found(Verdict.UNPROVED, NO_MARK)
    both = Seen(wire.OK, side=wire.BOTH)
    assert judged(both, never, marked=True) == Found(Verdict.UNPROVED, BOTH_MARKS)
    assert judged(unmarked, WORKED, marked=False).verdict is Verdict.SAME


def test_slower_is_said_of_what_worked_before() -> None:
    assert judged(OK, WORKED, slow=True).verdict is Verdict.SLOWER
    assert judged(OK, BROKEN, slow=True).verdict is Verdict.BETTER
    assert judged(FAILED, WORKED, slow=True).verdict is Verdict.REGRESSED


def test_without_a_baseline_nothing_is_worse() -> None:
    assert judged(OK, compared=False) == Found(Verdict.SAME)
    assert judged(FAILED, compared=False) == Found(Verdict.WAS_BROKEN)


def test_a_link_that_the_baseline_does_not_know_gets_no_benefit_of_the_doubt() -> None:
    assert judged(FAILED) == Found(Verdict.REGRESSED, NO_BASELINE)
    assert judged(OK) == Found(Verdict.SAME, NO_BASELINE)


def test_too_few_good_tries_are_a_failure_and_said_to_be_flaky() -> None:
    assert judged(Seen(wire.RESET, oks=1, tries=3), WORKED) == Found(Verdict.REGRESSED, WAS_FLAKY)


@pytest.mark.parametrize("word", wire.PROVES_NOTHING)
def test_what_says_nothing_of_the_link_leaves_it_unproved(word: str) -> None:
    assert judged(Seen(word), WORKED) == Found(Verdict.UNPROVED, word.replace("_", "-"))


def test_without_a_result_a_link_is_unproved_and_a_lost_vantage_point_is_named() -> None:
    assert judged(None, WORKED) == Found(Verdict.UNPROVED, NOT_LOOKED)
    assert judged(None, WORKED, lost=True) == Found(Verdict.UNPROVED, VANTAGE_LOST)


@pytest.mark.parametrize("reason", NoLook)
def test_a_link_without_a_look_says_why(reason: NoLook) -> None:
    found = verdict_of(Case(reason=reason.value))
    if reason is NoLook.UNTESTABLE:
        assert found.verdict is Verdict.UNTESTABLE
    elif reason is NoLook.WAIVED:
        assert found == Found(Verdict.WAIVED, NOT_LOOKED)
    else:
        assert found == Found(Verdict.UNPROVED, reason.value)


def test_an_unchanged_link_keeps_what_was_proved_and_nothing_else() -> None:
    unchanged = NoLook.UNCHANGED.value
    kept = verdict_of(Case(reason=unchanged, earlier="better"))
    assert kept == Found(Verdict.BETTER, unchanged)
    assert verdict_of(Case(reason=unchanged, earlier="regressed")).verdict is Verdict.UNPROVED


@pytest.mark.parametrize(
    ("now", "other", "bare"),
    [
        (FAILED, {}, "regressed"),
        (Seen(wire.OK, side=wire.NEW), {}, "wrong_side"),
        (OK, {"slow": True}, "slower"),
    ],
)
def test_a_waived_link_is_listed_with_what_it_would_have_been(
    now: Seen, other: dict[str, object], bare: str
) -> None:
    assert judged(now, WORKED, waived=True, **other) == Found(Verdict.WAIVED, bare)


def test_a_waiver_hides_nothing_good_and_nothing_unknown() -> None:
    assert judged(OK, WORKED, waived=True).verdict is Verdict.SAME
    assert judged(FAILED, BROKEN, waived=True).verdict is Verdict.WAS_BROKEN
    assert judged(None, WORKED, waived=True).verdict is Verdict.UNPROVED


def test_every_verdict_is_worse_green_or_neither() -> None:
    assert not set(WORSE) & set(GREEN)
    neither = {Verdict.UNPROVED, Verdict.WAIVED, Verdict.UNTESTABLE, Verdict.WAS_BROKEN}
    assert {*WORSE, *GREEN} | neither == set(Verdict)
    assert set(KNOWN) == {*WORSE, *GREEN, Verdict.WAS_BROKEN}
