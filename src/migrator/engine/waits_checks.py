"""What waits because of checks: for a verdict, for somebody, for an hour, or for a decision on one.

Called by `waits.py`, and by the commit, which waits for them too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from migrator.engine.run import CheckRecord, Defect, Run, WaveRecord
from migrator.engine.states import CheckState, WaveState
from migrator.engine.wait import Wait, names
from migrator.engine.ways_on import takers_back
from migrator.plan.model import CheckLeg, WaveLeg

_UNPROVED: Final = frozenset({CheckState.OPEN, CheckState.ASSIGNED, CheckState.REFUSED})
_HOLDABLE: Final = frozenset({WaveState.MOVING, WaveState.HELD})


def check_waits(run: Run, leg: WaveLeg, wave: WaveRecord, now: datetime) -> Iterator[Wait]:
    """Everything about the checks of a wave that moves, or that is accepted."""
    if wave.state not in _HOLDABLE | {WaveState.ACCEPTED}:
        return
    for check in run.checks_of[leg.id]:
        known = run.checks.get(check.id)
        if known is not None and known.attempt == wave.attempt:
            if known.state is CheckState.REFUSED and wave.state is WaveState.ACCEPTED:
                yield _refused_late(run, leg, check, known, now)
            else:
                yield from _check(run, check, known, held=wave.state in _HOLDABLE)
        elif check.possible_after is not None and now < check.possible_after:
            yield from _not_yet(run, check)
    for defect in run.defects.values():
        if defect.wave == leg.id and may_be_raised(run, defect):
            yield _defect(run, leg, defect)


def unproved(run: Run, wave: WaveRecord) -> tuple[CheckRecord, ...]:
    """The checks of this attempt that were opened and have not passed."""
    found = (run.checks.get(check.id) for check in run.checks_of[wave.id])
    return tuple(
        known
        for known in found
        if known is not None and known.attempt == wave.attempt and known.state in _UNPROVED
    )


def may_be_raised(run: Run, defect: Defect) -> bool:
    """Tell whether whoever leads the wave can still take a defect for a refusal."""
    check, wave = run.checks[defect.check], run.waves[defect.wave]
    if defect.withdrawn or defect.raised_by or defect.attempt != check.attempt:
        return False
    if wave.state not in _HOLDABLE | {WaveState.ACCEPTED}:
        return False
    return check.state not in {CheckState.REFUSED, CheckState.VOID}


def _refused_late(
    run: Run, leg: WaveLeg, check: CheckLeg, known: CheckRecord, now: datetime
) -> Wait:
    said = tuple(who for who, verdict in known.ticks.items() if verdict == "does_not_work")
    back = (f"withdraw RUN {check.id}", "whoever said no takes it back")
    return Wait(
        wave=leg.id,
        subject=check.id,
        what=f"{leg.id} is accepted, and {check.name['en']} does not work: {names(run, said)}",
        waits_for="a decision: nothing holds an accepted wave, and it is not committed meanwhile",
        on_whom=names(run, (leg.lead,)) if leg.lead else "the wave lead",
        since=max(known.ticked_at[who] for who in said),
        until=None,
        then="",
        human=True,
        choices=(
            *((back,) if takers_back(run, known, now) else ()),
            (f"override RUN {check.id}", "two named people answer for it; listed as an exception"),
            (f"unwind RUN {leg.id}", "what the wave moved goes back to the old side"),
        ),
    )


def _not_yet(run: Run, check: CheckLeg) -> Iterator[Wait]:
    """Everything is there but the hour: nobody is asked before it."""
    if not all(run.moves[move].switched or run.moves[move].returned for move in check.core):
        return
    yield Wait(
        wave=check.wave,
        subject=check.id,
        what=f"check {check.name['en']}",
        waits_for="the hour from which it is possible",
        on_whom="nobody yet",
        since=None,
        until=check.possible_after,
        then="somebody is asked",
        human=False,
    )


def _defect(run: Run, leg: WaveLeg, defect: Defect) -> Wait:
    """It holds nothing, and waits for nobody: but who leads the wave should know of it at once."""
    check = next(each for each in run.itinerary.checks if each.id == defect.check)
    return Wait(
        wave=leg.id,
        subject=defect.id,
        what=f"defect {defect.id}: {names(run, (defect.person,))} says that {check.name['en']} "
        "works, but not as it should",
        waits_for="nothing; it holds nothing",
        on_whom=names(run, (leg.lead,)) if leg.lead else "the wave lead",
        since=defect.at,
        until=None,
        then="",
        human=False,
        choices=((f"raise RUN {defect.id} --reason ...", "it counts as a refusal from then on"),),
    )


def _check(run: Run, check: CheckLeg, known: CheckRecord, *, held: bool) -> Iterator[Wait]:
    if known.state is CheckState.ASSIGNED and known.person not in known.ticks:
        yield Wait(
            wave=check.wave,
            subject=check.id,
            what=f"check {check.name['en']}",
            waits_for="a verdict",
            on_whom=names(run, (known.person,)),
            since=known.assigned_at,
            until=known.limit_at,
            then="the wave is held" if held else "somebody else is asked",
            human=True,
            choices=(
                (f"tick RUN {check.id} works", "it counts at once"),
                (f"tick RUN {check.id} works_but --note ...", "it counts, with a remark"),
                (
                    f"tick RUN {check.id} does_not_work --note ...",
                    "the wave is held at once" if held else "it opens a disturbance",
                ),
                (f"tick RUN {check.id} cannot_judge", "somebody else is asked"),
            ),
        )
    elif known.state is CheckState.OPEN:
        yield Wait(
            wave=check.wave,
            subject=check.id,
            what=f"check {check.name['en']}",
            waits_for="somebody free and on shift",
            on_whom=names(run, check.eligible[:3]) + (" ..." if len(check.eligible) > 3 else ""),
            since=known.opened,
            until=None,
            then="",
            human=False,
        )
