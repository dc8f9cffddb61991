"""A handler's checks as her page shows them: now, soon, done. Pure; templates only lay it out.

One thing at a time: what is asked of her stands first and alone. What cannot be begun yet says why,
and is no link. Times are run time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from migrator.engine.run import CheckRecord, Run
from migrator.engine.states import CheckState, WaveState
from migrator.plan.model import CheckLeg
from migrator.reports.texts import Texts
from migrator.verification.assign import may_verify
from migrator.web.having_view import having


@dataclass(frozen=True, slots=True)
class Asked:
    """A check that waits for this person, or may be taken by them."""

    id: str
    name: str
    wave: str
    wave_name: str
    since: datetime | None
    until: datetime | None
    minutes: float  # P50 of the estimate
    mine: bool  # False: somebody else has it, or nobody yet
    who: str  # the name of somebody else who has it; empty: nobody


@dataclass(frozen=True, slots=True)
class Coming:
    """A check that cannot be begun yet. `why` is a whole sentence."""

    id: str
    name: str
    wave_name: str
    why: str


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict that this person gave."""

    id: str
    name: str
    verdict: str
    at: datetime
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Tasks:
    """Everything on one handler's page."""

    asked: tuple[Asked, ...]
    others: tuple[Asked, ...]  # open, she may verify it, and somebody else was asked
    coming: tuple[Coming, ...]
    given: tuple[Given, ...]


def tasks(run: Run, person: str, now: datetime, t: Texts) -> Tasks:
    """What one person is asked now, may do, will be asked later, and has done."""
    asked: list[Asked] = []
    others: list[Asked] = []
    coming: list[Coming] = []
    given: list[Given] = []
    for check in run.itinerary.checks:
        known = _current(run, check)
        if known is not None and person in known.ticks:
            given.append(_given(run, check, known, person, now, t))
            continue
        if not may_verify(check, person):
            continue
        if known is None or known.state is CheckState.VOID:
            if run.waves[check.wave].state in _TO_COME:
                coming.append(
                    Coming(
                        check.id,
                        name_of(check, t),
                        wave_name(run, check.wave),
                        why_not_yet(run, check, now, t),
                    )
                )
        elif known.state in {CheckState.OPEN, CheckState.ASSIGNED}:
            if person in known.declined_by:
                continue
            one = _asked(run, check, known, person, now, t)
            (asked if one.mine else others).append(one)
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return Tasks(
        tuple(sorted(asked, key=lambda each: (each.until or far, each.id))),
        tuple(others),
        tuple(coming),
        tuple(sorted(given, key=lambda each: each.at, reverse=True)),
    )


_TO_COME = frozenset({WaveState.PLANNED, WaveState.DECIDING, WaveState.MOVING, WaveState.HELD})


def _current(run: Run, check: CheckLeg) -> CheckRecord | None:
    known = run.checks.get(check.id)
    if known is None or known.attempt != run.waves[check.wave].attempt:
        return None
    return known


def check_state(run: Run, check: CheckLeg, person: str) -> str:
    """In one word, why a check is or is not open to a verdict of this person."""
    known = _current(run, check)
    if known is None:
        return "not_yet"
    if person in known.ticks:
        return "given"
    if known.state in {CheckState.OPEN, CheckState.ASSIGNED}:
        return "open" if may_verify(check, person) else "not_yours"
    return str(known.state.value)


def name_of(check: CheckLeg, t: Texts) -> str:
    """A check's name in the reader's language."""
    return t.text(check.name)


def wave_name(run: Run, wave: str) -> str:
    """A wave's name as the plan gives it."""
    return str(next(leg.name for leg in run.itinerary.waves if leg.id == wave))


def _asked(
    run: Run, check: CheckLeg, known: CheckRecord, person: str, now: datetime, t: Texts
) -> Asked:
    mine = known.person == person and known.state is CheckState.ASSIGNED
    return Asked(
        check.id,
        name_of(check, t),
        check.wave,
        wave_name(run, check.wave),
        known.assigned_at if mine else known.opened,
        known.limit_at if mine else None,
        check.minutes.p50,
        mine,
        having(run, check, person, now).who,
    )


def why_not_yet(run: Run, check: CheckLeg, now: datetime, t: Texts) -> str:
    """Why a check cannot be begun yet, as a whole sentence."""
    wave = run.waves[check.wave]
    if wave.state in {WaveState.PLANNED, WaveState.DECIDING}:
        leg = next(leg for leg in run.itinerary.waves if leg.id == check.wave)
        return t._(
            "What it exercises has not moved yet; the plan says that it begins %(time)s.",
            time=t.time(leg.gate_at),
        )
    if check.possible_after is not None and now < check.possible_after:
        return t._("It can be verified from %(time)s on.", time=t.time(check.possible_after))
    return t._("What it exercises is being moved right now.")


def _given(
    run: Run, check: CheckLeg, known: CheckRecord, person: str, now: datetime, t: Texts
) -> Given:
    at = known.ticked_at[person]
    wave = run.waves[check.wave]
    patience = timedelta(minutes=run.itinerary.policy.verifying.withdraw_minutes)
    moving = wave.state in {WaveState.MOVING, WaveState.HELD}
    refused = known.state is CheckState.REFUSED  # nothing goes on from a refusal
    open_still = (moving or (refused and wave.state is WaveState.ACCEPTED)) and (
        refused or not wave.verified
    )
    return Given(
        check.id,
        name_of(check, t),
        known.ticks[person],
        at,
        open_still and now - at <= patience and known.state is not CheckState.VOID,
    )
