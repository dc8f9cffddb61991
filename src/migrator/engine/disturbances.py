"""Disturbances by themselves: a refused check opens one, and its clock warns and makes it red.

Called by `decide`; the verbs of people are in `disturbing.py`. Red pauses the run, visibly and with
its reason: nothing new starts until it is closed, or until somebody who may decide resumes the run.
Every deadline is a stored fact before anybody waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from migrator.engine import events as ev
from migrator.engine.asking import deciders
from migrator.engine.draft import Draft
from migrator.engine.foresight import hold_at, no_return
from migrator.engine.run import Hold, Run
from migrator.engine.states import RunState, WaveState
from migrator.incidents.clock import deadline, earlier, next_look, warning
from migrator.incidents.model import CHECK, Disturbance, Level
from migrator.plan.model import Trouble


def decide_disturbances(draft: Draft) -> None:
    """Open what a refusal asks for, and let every yellow one's clock speak."""
    run = draft.run
    opened = next(_refusals(run, draft.now), None)
    if opened is not None:
        draft.add(opened)  # one by one: the next pass gives the next one its own number
        return
    if not run.unsettled:
        return
    call = last_call(run, draft.now)
    limits = run.itinerary.policy.disturbances
    for known in run.unsettled.values():
        if known.level is not Level.YELLOW:
            continue
        fresh = earlier(known, draft.now, call, limits)
        if fresh is not None:
            draft.add(
                ev.DisturbanceHastened(
                    known.id, known.target, known.red_at, fresh.at, fresh.because
                )
            )
        elif draft.now >= known.red_at:
            _redden(draft, known)
            return  # one by one: the next pass knows that the run is paused
        elif due := warning(known, draft.now, limits):
            draft.add(ev.DisturbanceWarned(known.id, known.target, due, known.red_at))
        else:
            draft.wake(next_look(known, draft.now, limits))


def _refusals(run: Run, now: datetime) -> Iterator[ev.Event]:
    """What each refused check opens, or adds to, that holds its wave and was not told yet."""
    for leg in run.itinerary.waves:
        wave = run.waves[leg.id]
        if wave.state is not WaveState.HELD:
            continue
        for held in wave.holds:
            if held.trouble == Trouble.REFUSED.value and not _told(run, held):
                owner = owner_of(run, leg.id)
                yield report(run, now, held.subject, leg.id, CHECK, held.cause, owner)


def _redden(draft: Draft, known: Disturbance) -> None:
    run = draft.run
    holds = run.state is RunState.RUNNING
    minutes = (draft.now - known.opened).total_seconds() / 60
    because = f"not mended {minutes:.0f} min after it was opened: {known.reason}"
    draft.add(ev.DisturbanceReddened(known.id, known.target, because, holds))
    if holds:
        draft.add(ev.RunPaused(f"disturbance {known.id} is red: {known.reason}"))


def _told(run: Run, held: Hold) -> bool:
    """Tell whether a refusal's hold has its disturbance, open or closed since."""
    known = run.disturbances.get(run.keyed.get(held.subject, ""))
    if known is None or known.reported is None:
        return False
    return max(known.reported, known.closed or known.reported) >= held.since


def last_call(run: Run, now: datetime) -> datetime | None:
    """The last moment at which people can still decide to turn back, as the engine holds for it."""
    limit = no_return(run, now)
    return None if limit is None else hold_at(run, limit)


def owner_of(run: Run, wave: str) -> str:
    """Whose it is where no person opened it: the wave's lead, else who decides; else nobody."""
    leg = next((leg for leg in run.itinerary.waves if leg.id == wave), None)
    named = () if leg is None else (*((leg.lead,) if leg.lead else ()), *leg.deciders)
    return next(iter((*named, *deciders(run))), "")


def report(  # noqa: PLR0913, PLR0917 - a report has as many parts as it has
    run: Run,
    now: datetime,
    key: str,
    target: str,
    source: str,
    reason: str,
    owner: str,
    by: str = "engine",
    times: int = 1,
) -> ev.DisturbanceOpened | ev.DisturbanceNoted:
    """What a report becomes: a disturbance, or one more line of the open one with the same key."""
    known = run.unsettled.get(run.keyed.get(key, ""))
    if known is not None:
        return ev.DisturbanceNoted(known.id, known.target, reason, source, by, known.times + times)
    name = f"D{len(run.disturbances) + 1}"
    due = deadline(now, now, last_call(run, now), run.itinerary.policy.disturbances)
    return ev.DisturbanceOpened(
        disturbance=name,
        key=key,
        target=target,
        source=source,
        reason=reason,
        by=by,
        owner=owner,
        red_at=due.at,
        from_what=due.because,
    )


def in_a_disturbance(run: Run) -> frozenset[str]:
    """Who was taken off other work: nobody gives them a check or a task meanwhile."""
    return frozenset(person for known in run.unsettled.values() for person in known.members)


def reds(run: Run) -> tuple[Disturbance, ...]:
    """The red ones that are open."""
    return tuple(known for known in run.unsettled.values() if known.level is Level.RED)
