"""What a forecast means to a run: which one is kept, the hour of no return, and a gate's advice.

Pure. The conductor asks `why_kept` of each forecast that it is told; `decide` holds what must not
pass the hour of no return in silence; the gates' verb and pages ask for the advice. A forecast
never moves anything: it holds, it advises, and a named person decides.

The hour of no return is the turn-back limit of the last forecast that was kept. Who is to go on
after it signs the limit `no full unwind after`; until then whatever moves is held before it comes.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from migrator.engine import events as ev
from migrator.engine.draft import Draft
from migrator.engine.policy import FORECAST, RELEASABLE, reaction
from migrator.engine.run import Hold, Run
from migrator.engine.states import RunState, WaveState
from migrator.engine.troubles import hold
from migrator.plan.foresight import Foresight
from migrator.plan.model import Act, Trouble

WORDS: Final = "no full unwind after"
"""The words of the signed limit that this file knows; others bind people only."""

TURN_BACK: Final = "turn-back"
"""The subject of a hold before the hour of no return, and of what waits for its signature."""

PAGE: Final = "runbooks/decision-turn-back.md"

BANDS: Final = (0.05, 0.2, 0.5, 0.8, 0.95)
"""Between these shares people speak of another weekend: hopeless, doubtful, likely, safe."""

BAND_STEP: Final = 0.02
"""Twice the sampling error of a share of 1,000 weekends: less is no news at a band's edge."""

MOVED_MINUTES_MAX: Final = 10.0
"""An hour of no return that moved by less is the same one to people; also half of what they take
to decide, at most, so that a hold that was reckoned from it comes before they need the time."""

ASKED_AHEAD: Final = timedelta(hours=2)
"""This long before the hour of no return its signature is asked for."""

_HELD_BEFORE: Final = frozenset({WaveState.DECIDING, WaveState.MOVING, WaveState.HELD})
_COMMITTED: Final = frozenset({WaveState.COMMITTING, WaveState.COMMITTED})


# --- which forecast is kept -----------------------------------------------------------------------


def why_kept(run: Run, made: ev.ForecastMade) -> str:
    """Why a forecast is a fact of the journal; empty where it says nothing new."""
    last, rules = run.forecast, run.itinerary.policy.forecast
    if last is None:
        return "the first one"
    if made.knows < last.knows:
        return ""  # somebody was slow: what is known since counts
    return next(_news(last, made, rules), "")


def _news(last: ev.ForecastMade, made: ev.ForecastMade, rules: Foresight) -> Iterator[str]:
    if (last.fits < rules.fits_min) is not (made.fits < rules.fits_min):
        yield "the share that fits crossed the plan's limit"
    if falls_short(last, rules) is not falls_short(made, rules):
        yield "the share that ends before turning back is too late crossed the plan's limit"
    another = bisect(BANDS, last.fits) != bisect(BANDS, made.fits)
    if another and abs(last.fits - made.fits) >= BAND_STEP:
        yield "the share that fits is another one"
    moved = timedelta(minutes=max(1.0, min(MOVED_MINUTES_MAX, rules.decision_minutes / 2)))
    for name, old, new in (
        ("the hour of no return", last.limit, made.limit),
        ("the time by which to turn back", last.latest, made.latest),
    ):
        if (old is None) is not (new is None) or (old and new and abs(new - old) >= moved):
            yield f"{name} moved"
    if _passed(last) is not _passed(made):
        yield "the hour of no return has passed, or has not after all"


def _passed(made: ev.ForecastMade) -> bool:
    return made.limit is not None and made.limit <= made.made


def falls_short(made: ev.ForecastMade, rules: Foresight) -> bool:
    """Tell whether too few weekends end before turning back is too late."""
    return made.limit is not None and made.forward_first < rules.forward_first_min


# --- the hour of no return ------------------------------------------------------------------------


def at_stake(run: Run) -> tuple[str, ...]:
    """The moves that turning back would take back: begun behind their gate, and not committed."""
    return tuple(
        move.id
        for move in run.moves.values()
        if move.touched
        and not move.returned
        and (wave := run.waves[move.wave]).went
        and wave.state not in _COMMITTED
    )


def no_return(run: Run, now: datetime) -> datetime | None:
    """The hour after which turning back is too late; None: there is none, or it is signed."""
    made = run.forecast
    if made is None or made.limit is None or not at_stake(run):
        return None
    signed = run.signed.get(WORDS)
    if signed is not None and covers(run, signed, run.signed_at[WORDS], now):
        return None
    return made.limit


def covers(run: Run, signed: ev.Signed, said: datetime, now: datetime) -> bool:
    """Tell whether a signature is about the hour of no return as it is forecast now.

    One for a later hour is not: people rely until then on a way back that there is not. It is
    where its own hour has come, or where it was said when the hour of no return had.
    """
    assert run.forecast is not None, "there is an hour"
    assert run.forecast.limit is not None, "there is an hour"
    slack = timedelta(minutes=run.itinerary.policy.forecast.decision_minutes)
    limit = run.forecast.limit
    return signed.until <= max(now, limit + slack) or said >= limit - slack


def forward_only(run: Run, now: datetime) -> ev.Signed | None:
    """The signature under which the run goes on without a way back; None: nobody needed to."""
    made, signed = run.forecast, run.signed.get(WORDS)
    if made is None or made.limit is None or signed is None:
        return None
    return signed if covers(run, signed, run.signed_at[WORDS], now) else None


def hold_at(run: Run, limit: datetime) -> datetime:
    """When what moves is held: early enough to decide, or for the veto that the policy grants."""
    policy = run.itinerary.policy
    answer = reaction(policy, Trouble.TURN_BACK.value)
    if answer.act is Act.UNWIND:
        return limit
    if answer.act is Act.HOLD_THEN_UNWIND:
        return limit - timedelta(minutes=answer.veto_minutes)
    return limit - timedelta(minutes=policy.forecast.decision_minutes)


def decide_foresight(draft: Draft) -> None:
    """Hold what must not go on: before the hour of no return, and where a plan asks for it."""
    run = draft.run
    if run.forecast is None or run.state is RunState.ABORTING:
        return
    limit = no_return(run, draft.now)
    if limit is not None:
        due = hold_at(run, limit)
        if draft.now < due:
            draft.wake(due)
        else:
            _hold(draft, Trouble.TURN_BACK.value, TURN_BACK, too_late(run, limit))
    rules = run.itinerary.policy.forecast
    short = rules.hold and falls_short(run.forecast, rules) and not run.forecast_answered
    if short and forward_only(run, draft.now) is None:
        _hold(draft, FORECAST, FORECAST, _short_of(run.forecast, rules))


def _hold(draft: Draft, trouble: str, subject: str, cause: str) -> None:
    for leg in draft.run.itinerary.waves:
        wave = draft.run.waves[leg.id]
        if wave.state in _HELD_BEFORE:
            hold(draft, wave, trouble, subject, (), cause)


def stands(run: Run, held: Hold, now: datetime) -> bool:
    """Tell whether a hold before the hour of no return still has its reason."""
    if held.subject != TURN_BACK:
        return False
    limit = no_return(run, now)
    return limit is not None and now >= hold_at(run, limit)


def releasable(run: Run, held: Hold, now: datetime) -> bool:
    """One person lets go what nothing failed in, or whose hour of no return moved away."""
    if held.subject == TURN_BACK:
        return not stands(run, held, now)
    return held.trouble in RELEASABLE


def too_late(run: Run, limit: datetime) -> str:
    """What must not pass in silence, in words."""
    return (
        f"after {clock(run, limit)} turning back with everything ends outside the window, "
        f"and nobody has signed that ({PAGE})"
    )


def _short_of(made: ev.ForecastMade, rules: Foresight) -> str:
    return (
        f"only {share(made.forward_first)} of the sampled weekends end before turning back is too "
        f"late; the plan wants {share(rules.forward_first_min)}"
    )


def signature_line(run: Run, limit: datetime, now: datetime) -> str:
    """The verb that signs the hour, as it is typed: an hour that is still to come."""
    zone = ZoneInfo(run.itinerary.window.time_zone)
    hour = limit.astimezone(zone).replace(second=0, microsecond=0)
    if hour <= now:
        later = now.astimezone(zone) + timedelta(minutes=5)
        hour = later.replace(second=0, microsecond=0)
    return f'sign RUN "{WORDS} {hour.isoformat(timespec="minutes")}" --reason ...'


# --- what speaks for and against a go -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether the last forecast speaks for a go, and what it says. It decides nothing."""

    go: bool
    reasons: tuple[str, ...]
    made: ev.ForecastMade


def advice(run: Run, now: datetime) -> Advice | None:
    """What the last forecast says of a go now; None where there is no forecast."""
    made, rules = run.forecast, run.itinerary.policy.forecast
    if made is None:
        return None
    against: list[str] = []
    if made.fits < rules.fits_min:
        against.append(
            f"the weekend ends inside its window in {share(made.fits)} of the sampled ones; "
            f"the plan wants {share(rules.fits_min)}"
        )
    look = timedelta(minutes=rules.decision_minutes)
    signed = forward_only(run, now)
    if made.limit is not None and signed is None and now + look >= made.limit:
        passed = "was" if made.limit <= now else "is"
        against.append(
            f"the last moment to turn back with everything {passed} {clock(run, made.limit)}, "
            f"before the next look in {rules.decision_minutes:g} min, and nobody has signed that"
        )
    if against:
        return Advice(go=False, reasons=tuple(against), made=made)
    for_it = [f"the weekend ends inside its window in {share(made.fits)} of the sampled ones"]
    if signed is not None:
        for_it.append(f"{signed.by} has signed that it goes forward only")
    elif made.limit is not None:
        for_it.append(f"turning back is possible until {clock(run, made.limit)}")
    else:
        for_it.append("turning back is possible at any time that was looked at")
    return Advice(go=True, reasons=tuple(for_it), made=made)


def expected(made: ev.ForecastMade, clock: Callable[[datetime], str]) -> str:
    """What a forecast says, in one line."""
    words = f"fits the window in {share(made.fits)} of the sampled weekends"
    if made.end_p80 is not None:
        words += f", four in five end by {clock(made.end_p80)}"
    if made.limit is None:
        return f"{words}; turning back is possible at any time"
    return f"{words}; turn back by {clock(made.limit)}"


def share(of: float) -> str:
    """A share as people say it; never rounded up to all, nor down to none."""
    if 0 < of < 0.01:
        return "under 1 %"
    if 0.99 < of < 1:
        return "over 99 %"
    return f"{of:.0%}".replace("%", " %")


def clock(run: Run, moment: datetime) -> str:
    """A moment as the plan's clocks show it."""
    return f"{moment.astimezone(ZoneInfo(run.itinerary.window.time_zone)):%a %H:%M}"
