"""What may be done about a hold, a failed act or a task: only what would not be refused.

Used by `waits.py`. Each choice is (verb line, consequence), the line as a person types it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from migrator.engine.foresight import no_return, releasable, signature_line, stands
from migrator.engine.policy import NEVER_SKIPPED
from migrator.engine.run import CheckRecord, Hold, Run, WaveRecord
from migrator.engine.states import ActState, CheckState
from migrator.engine.tasks import task_of
from migrator.engine.waiving import waivers
from migrator.incidents.model import Disturbance, Level
from migrator.plan.model import UndoKind, WaveLeg


def ways_on(
    run: Run, wave: WaveRecord, leg: WaveLeg, hold: Hold, now: datetime
) -> Iterator[tuple[str, str]]:
    """What may be done about one hold: only what would not be refused."""
    subject, name = hold.subject, hold.subject.partition("/")[2]
    task = task_of(run, subject)
    if hold.unwind_at is not None:
        again = any(other.vetoed_by for other in wave.holds)
        for_how_long = "for good" if again else "for 15 minutes; a second person's, for good"
        yield f"veto RUN {leg.id}", f"stops the unwind clock {for_how_long}"
    limit = no_return(run, now) if stands(run, hold, now) else None
    if limit is not None:
        yield signature_line(run, limit, now), "it goes forward only; what is held for it goes on"
    if all(releasable(run, other, now) for other in wave.holds):
        yield f"release RUN {leg.id}", "the wave goes on"
    if subject in run.checks:
        if takers_back(run, run.checks[subject], now):
            yield f"withdraw RUN {subject}", "whoever said no takes it back; the wave goes on"
        yield f"override RUN {subject}", "two named people answer for it; listed as an exception"
    elif task is not None and task[1].state is ActState.STARTED:
        yield from ticks(subject)
    elif name:
        yield f"retry RUN {subject}", "it is tried again, and the wave goes on"
        yield from waivers(run, subject)
        act = run.moves[hold.moves[0]].steps.get(name) if hold.moves else None
        if act is not None and act.looks:
            yield f"override RUN {subject}", "two named people answer for it; listed as exception"
        else:
            yield from given_up(subject, name)
    yield f"unwind RUN {leg.id}", "what the wave moved goes back to the old side"


def takers_back(run: Run, check: CheckRecord, now: datetime) -> tuple[str, ...]:
    """Who said that it does not work, and can still take it back."""
    minutes = run.itinerary.policy.verifying.withdraw_minutes
    said = (who for who, verdict in check.ticks.items() if verdict == "does_not_work")
    still = tuple(who for who in said if now <= check.ticked_at[who] + timedelta(minutes=minutes))
    return still if check.state is CheckState.REFUSED else ()


def ticks(subject: str) -> tuple[tuple[str, str], ...]:
    """How a person's task is ended."""
    return (
        (f"tick RUN {subject} works", "it is done; the move goes on"),
        (f"tick RUN {subject} does_not_work --reason ...", "it counts as failed"),
    )


def ways_to_calm(known: Disturbance, *, paused: bool) -> tuple[tuple[str, str], ...]:
    """What may be done about an open disturbance."""
    red = known.level is Level.RED
    end = "it is green again" + ("; what only it had stopped goes on" if red and paused else "")
    going = ("resume RUN --reason ...", "the run goes on while it is red; a decision maker's word")
    return (
        (f"close RUN {known.id} --cause ... --reason ...", end),
        (f"staff RUN {known.id} --members NAME,NAME", "they get no other checks meanwhile"),
        (f"log RUN {known.id} TEXT", "a line in its log"),
        *((going,) if red and paused else ()),
    )


def given_up(subject: str, name: str) -> Iterator[tuple[str, str]]:
    """What a human may say of an act that failed for good."""
    if name == UndoKind.BRING_BACK:
        yield f"override RUN {subject} --reason ...", "two named people accept what is lost"
        return
    yield f"force-done RUN {subject} --reason ...", "it was done by hand; listed as an exception"
    if name not in NEVER_SKIPPED:
        yield f"skip RUN {subject} --reason ...", "it is left out; listed as an exception"
