"""What a link's looks mean, against the baseline: one verdict a link.

The rules stand here twice, once for one link in Python (`verdict_of`) and once for millions in SQL
(`verdicts_sql`, used by `judging.py` in a child process); a property test holds them together. The
first rule that fits decides, in the order of the code.

    same        it answers, as before
    better      it answers, and did not before
    flaky       it answered often enough to count, and not every time
    slower      it answers, by far more slowly than before (`slower.py` says when)
    wrong_side  it answers with the mark of the other side: connected, and not arrived
    regressed   it answered before and does not now, or nobody knows of before; or its answer has
                lost the mark that it had
    was_broken  it does not answer, and did not before; without a baseline: it does not answer
    untestable  declared so, with an owner and what is watched instead
    waived      it is worse, and a named person answers for it until a day; or was not looked at
                for that reason. `reason` is the verdict that it would have had
    unproved    nothing is known, and `reason` says why

A link is never proved by the lack of a fault: what is not known is unproved, whatever it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from migrator.probes.agent import wire
from migrator.probes.model import NoLook


class Verdict(Enum):
    """The words, in the order in which a person wants to read them."""

    REGRESSED = "regressed"
    WRONG_SIDE = "wrong_side"
    SLOWER = "slower"
    FLAKY = "flaky"
    UNPROVED = "unproved"
    WAIVED = "waived"
    UNTESTABLE = "untestable"
    WAS_BROKEN = "was_broken"
    SAME = "same"
    BETTER = "better"


WORSE: Final = (Verdict.REGRESSED, Verdict.WRONG_SIDE, Verdict.SLOWER)
"""Worse than before: what holds a wave."""

GREEN: Final = (Verdict.SAME, Verdict.BETTER, Verdict.FLAKY)
"""Proved to work."""

KNOWN: Final = (*WORSE, *GREEN, Verdict.WAS_BROKEN)
"""Something was seen of the link itself."""

NOT_LOOKED: Final = "not-looked-at"
VANTAGE_LOST: Final = "vantage-lost"
NO_BASELINE: Final = "no-baseline"
WAS_FLAKY: Final = "flaky"
NO_MARK: Final = "no-mark"
BOTH_MARKS: Final = "both-marks"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look saw, as far as a verdict depends on it. `word` ok: ok often enough to count."""

    word: str
    side: str = ""
    oks: int = 1
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Before:
    """What the baseline saw of the same link, and whose mark it expected."""

    word: str
    side: str
    expected: str


@dataclass(frozen=True, slots=True)
class Case:
    """All that the verdict on one link depends on.

    `reason` is why it has no look (a word of NoLook), empty where it has one. `earlier` is the
    verdict of the sweep that an unchanged link leans on. `slow` says that its look was found
    slower, `lost` that its vantage point was lost, `waived` that a waiver holds for it today.
    """

    reason: str = ""
    now: Seen | None = None
    before: Before | None = None
    expected: str = wire.OLD
    marked: bool = False
    compared: bool = True  # there is a baseline, whether it knows this link or not
    slow: bool = False
    lost: bool = False
    waived: bool = False
    earlier: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A verdict and the reason for it, where the verdict alone does not say it."""

    verdict: Verdict
    reason: str = ""


def verdict_of(case: Case) -> Found:
    """Judge one link."""
    if case.reason == NoLook.UNTESTABLE.value:
        return Found(Verdict.UNTESTABLE)
    if case.reason == NoLook.WAIVED.value:
        return Found(Verdict.WAIVED, NOT_LOOKED)
    if case.reason == NoLook.UNCHANGED.value and case.earlier in {each.value for each in GREEN}:
        return Found(Verdict(case.earlier), case.reason)
    if case.reason:
        return Found(Verdict.UNPROVED, case.reason)
    if case.now is None:
        return Found(Verdict.UNPROVED, VANTAGE_LOST if case.lost else NOT_LOOKED)
    if case.now.word in wire.PROVES_NOTHING:
        return Found(Verdict.UNPROVED, case.now.word.replace("_", "-"))
    found = _of_a_look(case, case.now)
    if case.waived and found.verdict in WORSE:
        return Found(Verdict.WAIVED, found.verdict.value)
    return found


def _of_a_look(case: Case, now: Seen) -> Found:
    """Judge a link of which something was seen."""
    if now.word != wire.OK:
        return _of_a_failure(case, now)
    if now.side in {wire.OLD, wire.NEW} and now.side != case.expected:
        return Found(Verdict.WRONG_SIDE)
    if case.marked and now.side in {wire.NEITHER, wire.BOTH}:
        reason = NO_MARK if now.side == wire.NEITHER else BOTH_MARKS
        had_it = case.before is not None and case.before.side == case.before.expected
        return Found(Verdict.REGRESSED if had_it else Verdict.UNPROVED, reason)
    worked = case.before is not None and _worked(case.before)
    if case.slow and worked:
        return Found(Verdict.SLOWER)
    if now.oks < now.tries:
        return Found(Verdict.FLAKY)
    if case.before is not None and not worked:
        return Found(Verdict.BETTER)
    return Found(Verdict.SAME, NO_BASELINE if case.compared and case.before is None else "")


def _of_a_failure(case: Case, now: Seen) -> Found:
    """Judge a link that did not answer, or not as it should."""
    if not case.compared or (case.before is not None and not _worked(case.before)):
        return Found(Verdict.WAS_BROKEN)
    if case.before is None:
        return Found(Verdict.REGRESSED, NO_BASELINE)
    return Found(Verdict.REGRESSED, WAS_FLAKY if now.oks > 0 else "")


def _worked(before: Before) -> bool:
    """Whether it answered before, and not from the wrong side."""
    wrong = before.side in {wire.OLD, wire.NEW} and before.side != before.expected
    return before.word == wire.OK and not wrong


# --- The same for millions -------------------------------------------------------------------


def words(*values: str | Verdict) -> str:
    """Write words as a list in SQL; they are all our own and hold no quotation mark."""
    texts = (value.value if isinstance(value, Verdict) else value for value in values)
    return "(" + ", ".join(f"'{text}'" for text in texts) + ")"


_SIDES: Final = words(wire.OLD, wire.NEW)
_BEFORE_WORKED: Final = (
    f"(before_word = '{wire.OK}' AND NOT (before_side IN {_SIDES}"
    " AND before_side <> before_expected))"
)


def verdicts_sql(cases: str) -> str:
    """Select every column of `cases` with `verdict` and `reason` in place of `why_no_look`.

    `cases` has a row a link, with the columns of `Case` by these names: why_no_look, word (null:
    no result), side, oks, tries, before_word (null: not known), before_side, before_expected,
    expected, marked, compared, slow, lost, waived, earlier.
    """
    green, worse = words(*GREEN), words(*WORSE)
    failed = (
        f"CASE WHEN NOT compared OR NOT {_BEFORE_WORKED} THEN 'was_broken|'"
        f" WHEN before_word IS NULL THEN 'regressed|{NO_BASELINE}'"
        f" WHEN oks > 0 THEN 'regressed|{WAS_FLAKY}' ELSE 'regressed|' END"
    )
    unmarked = (
        "CASE WHEN before_side = before_expected THEN 'regressed|' ELSE 'unproved|' END"
        f" || CASE WHEN side = '{wire.NEITHER}' THEN '{NO_MARK}' ELSE '{BOTH_MARKS}' END"
    )
    both = (
        f"CASE WHEN why_no_look = '{NoLook.UNTESTABLE.value}' THEN 'untestable|'"
        f" WHEN why_no_look = '{NoLook.WAIVED.value}' THEN 'waived|{NOT_LOOKED}'"
        f" WHEN why_no_look = '{NoLook.UNCHANGED.value}' AND earlier IN {green}"
        "   THEN earlier || '|' || why_no_look"
        " WHEN why_no_look <> '' THEN 'unproved|' || why_no_look"
        f" WHEN word IS NULL AND lost THEN 'unproved|{VANTAGE_LOST}'"
        f" WHEN word IS NULL THEN 'unproved|{NOT_LOOKED}'"
        f" WHEN word IN {words(*wire.PROVES_NOTHING)}"
        "   THEN 'unproved|' || replace(word, '_', '-')"
        f" WHEN word <> '{wire.OK}' THEN {failed}"
        f" WHEN side IN {_SIDES} AND side <> expected THEN 'wrong_side|'"
        f" WHEN marked AND side IN {words(wire.NEITHER, wire.BOTH)} THEN {unmarked}"
        f" WHEN slow AND {_BEFORE_WORKED} THEN 'slower|'"
        " WHEN oks < tries THEN 'flaky|'"
        f" WHEN NOT {_BEFORE_WORKED} THEN 'better|'"
        f" WHEN compared AND before_word IS NULL THEN 'same|{NO_BASELINE}'"
        " ELSE 'same|' END"
    )
    return (
        "SELECT * EXCLUDE (why_no_look, said, found, reason_found),"  # noqa: S608 - our own words
        f" CASE WHEN waived AND found IN {worse} THEN 'waived' ELSE found END AS verdict,"
        f" CASE WHEN waived AND found IN {worse} THEN found ELSE reason_found END AS reason"
        " FROM (SELECT *, split_part(said, '|', 1) AS found, split_part(said, '|', 2)"
        f" AS reason_found FROM (SELECT *, {both} AS said FROM {cases}))"
    )
