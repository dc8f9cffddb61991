"""What handlers noted beside their verdicts, in words: defects, what tests left, whom to suspect.

Called by the report, the gate's sheet, `migrator decide`, the preview of an unwind and the pages.
Pure: it reads a run as it stands, and says nothing that the run does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from migrator.engine.run import Run
from migrator.engine.suspecting import suspects_of
from migrator.plan.model import CheckLeg
from migrator.reports.texts import Texts
from migrator.verification.suspects import BESIDE, PASSING, Suspect

NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class DefectRow:
    """A defect as it stands: open, raised to a refusal, or of what was taken back."""

    id: str
    check: str
    name: str  # of the function
    wave: str
    person: str
    note_digest: str
    at: datetime
    raised_by: str  # the name; empty where nobody did
    gone: bool  # its wave was taken back since, so it can be raised no more


@dataclass(frozen=True, slots=True)
class LeftRow:
    """What a test left behind, to be cleaned up."""

    check: str
    name: str  # of the function
    wave: str
    what: str  # as the function's file declares it; empty where it does not
    reference: str
    person: str
    at: datetime
    taken_back: bool  # the wave was taken back since: it stands on no side that is used


@dataclass(frozen=True, slots=True)
class SuspectRow:
    """Where to look, and why, in the reader's language."""

    part: str
    other: str
    name: str
    reasons: tuple[str, ...]
    score: float


def defects(run: Run, t: Texts, wave: str = "") -> tuple[DefectRow, ...]:
    """The defects that stand, of a wave or of all; what was withdrawn is no defect."""
    legs = _legs(run)
    return tuple(
        DefectRow(
            each.id,
            each.check,
            _function(legs, each.check, t),
            each.wave,
            _person(run, each.person),
            each.note_digest,
            each.at,
            _person(run, each.raised_by) if each.raised_by else "",
            gone=_gone(run, each.check, each.attempt),
        )
        for each in run.defects.values()
        if not each.withdrawn and wave in {"", each.wave}
    )


def left_behind(run: Run, t: Texts, waves: Iterable[str] = ()) -> tuple[LeftRow, ...]:
    """What tests left, in these waves or in all."""
    legs, wanted = _legs(run), set(waves)
    return tuple(
        LeftRow(
            each.check,
            _function(legs, each.check, t),
            each.wave,
            (legs[each.check].leaves_behind or "") if each.check in legs else "",
            each.reference,
            _person(run, each.person),
            each.at,
            taken_back=_gone(run, each.check, each.attempt),
        )
        for each in run.left_behind
        if not wanted or each.wave in wanted
    )


def suspected(run: Run, t: Texts, wave: str = "") -> tuple[SuspectRow, ...]:
    """Where to look first for what is refused; empty where nothing is."""
    return tuple(
        SuspectRow(each.part, each.other, _named(run, each), tuple(_reasons(each, t)), each.score)
        for each in suspects_of(run, wave)
    )


def suspect_lines(run: Run, t: Texts, wave: str = "") -> list[str]:
    """The same, a line each: what, and why."""
    return [
        f"{row.part}{' → ' + row.other if row.other else ''}: {'; '.join(row.reasons)}"
        for row in suspected(run, t, wave)
    ]


def _reasons(suspect: Suspect, t: Texts) -> list[str]:
    fails, failing = len(suspect.fails), suspect.failing
    said = [
        t.ngettext(
            "the function that does not work uses it",
            "%(some)s of the %(num)s functions that do not work use it",
            failing,
            some=t.number(fails),
        )
    ]
    if suspect.near == PASSING and not suspect.other:
        said = [t._("what does not work passes through it")]
    elif suspect.near == BESIDE:
        said = [t._("what does not work is linked with it")]
    if suspect.passing:
        said.append(
            t._(
                "of the %(num)s that work, %(some)s",
                num=t.number(suspect.passing),
                some=t.number(len(suspect.passes)),
            )
            if suspect.passes
            else t._("none of those that work does")
        )
    if suspect.regressed:
        named = ", ".join(suspect.examples[:NAMED_MAX])
        said.append(
            t.ngettext(
                "%(num)s of its links is worse since the move: %(links)s",
                "%(num)s of its links are worse since the move: %(links)s",
                suspect.regressed,
                links=named or "-",
            )
        )
    said += suspect.causes[:1]
    return said


def _named(run: Run, suspect: Suspect) -> str:
    names = run.itinerary.names
    part = names.get(suspect.part, suspect.part)
    return f"{part} → {names.get(suspect.other, suspect.other)}" if suspect.other else part


def _legs(run: Run) -> dict[str, CheckLeg]:
    return {check.id: check for check in run.itinerary.checks}


def _function(legs: dict[str, CheckLeg], check: str, t: Texts) -> str:
    return t.text(legs[check].name) if check in legs else check


def _person(run: Run, person: str) -> str:
    member = run.itinerary.members.get(person)
    return person if member is None else member.name


def _gone(run: Run, check: str, attempt: int) -> bool:
    known = run.checks.get(check)
    return known is None or known.attempt != attempt or known.state.value == "void"
