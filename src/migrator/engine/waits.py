"""Everything that waits: for what, on whom, since when, until when, and what to do about it.

A pure reading of the run, for `status`, `watch`, `decide` and the pages: a silent wait is a
defect. Sorted with what needs a human first, then by its deadline.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from migrator.engine.asking import EVERYTHING, deciders
from migrator.engine.disturbances import in_a_disturbance
from migrator.engine.dry_runs import with_dry_run
from migrator.engine.events import SecondAsked, Stalled
from migrator.engine.foresight import (
    ASKED_AHEAD,
    TURN_BACK,
    hold_at,
    no_return,
    signature_line,
    too_late,
)
from migrator.engine.policy import ENGINE_STEPS, NEVER_ABANDONED
from migrator.engine.run import ActRecord, Run, WaveRecord
from migrator.engine.seconds import wanted
from migrator.engine.states import ActState, RunState, WaveState
from migrator.engine.tasks import means_of, who_may
from migrator.engine.wait import Wait, names
from migrator.engine.waits_checks import check_waits, unproved
from migrator.engine.ways_on import given_up, ticks, ways_on, ways_to_calm
from migrator.incidents.model import Disturbance, Level
from migrator.plan.model import WaveLeg

__all__ = ("Wait", "second_awaited", "waits")

_GONE = frozenset({WaveState.RETURNED, WaveState.BLOCKED, WaveState.DECLINED})


def waits(run: Run, now: datetime) -> tuple[Wait, ...]:
    """Everything that the run waits for at run time `now`."""
    found: list[Wait] = []
    if run.state is RunState.PAUSED:
        found.append(
            Wait(
                wave="",
                subject="run",
                what=f"the run is paused: {run.paused_because or 'no reason given'}",
                waits_for="resume",
                on_whom="anybody in the operations room",
                since=run.paused_at,
                until=None,
                then="",
                human=True,
                choices=(("resume RUN --reason ...", "the run goes on where it stood"),),
            )
        )
    found += map(second_awaited, wanted(run))
    found += _no_return(run, now)
    found += (_disturbed(run, known) for known in run.unsettled.values())
    for leg in run.itinerary.waves:
        found += _wave(run, leg, run.waves[leg.id], now)
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return tuple(sorted(found, key=lambda wait: (not wait.human, wait.until or far)))


def _no_return(run: Run, now: datetime) -> Iterator[Wait]:
    """Soon turning back is too late, and nobody has signed that the run goes on all the same."""
    limit = no_return(run, now)
    if limit is None or run.state is RunState.ABORTING or now < limit - ASKED_AHEAD:
        return
    held_at = hold_at(run, limit)
    held = any(hold.subject == TURN_BACK for wave in run.waves.values() for hold in wave.holds)
    makers = deciders(run)
    yield Wait(
        wave="",
        subject=TURN_BACK,
        what=too_late(run, limit),
        waits_for="a signature, or turning back",
        on_whom=names(run, makers) or "anybody",
        since=None,
        until=held_at if not held and now < held_at else limit if now < limit else None,
        then="what moves is held" if not held and now < held_at else "it is too late",
        human=True,
        choices=(
            (signature_line(run, limit, now), "it goes forward only; what is held for it goes on"),
            (f"unwind RUN {EVERYTHING}", "what is not committed goes back to the old side"),
        ),
    )


def _disturbed(run: Run, known: Disturbance) -> Wait:
    """An open disturbance waits for its owner, and a yellow one has its clock."""
    yellow = known.level is Level.YELLOW
    return Wait(
        wave=known.wave,
        subject=known.id,
        what=f"{known.id} is {known.level.value}, {known.target or 'the whole'}: {known.reason}",
        waits_for="its cause, and an end",
        on_whom=names(run, (known.owner,) if known.owner else ()) or "somebody to own it",
        since=known.opened,
        until=known.red_at if yellow else None,
        then="it becomes red: all hands, and the run holds" if yellow else "",
        human=True,
        choices=ways_to_calm(known, paused=run.state is RunState.PAUSED),
    )


def second_awaited(asked: SecondAsked) -> Wait:
    """Somebody gave a verb that needs two people, and nobody has joined."""
    told = f" {asked.subject}" if asked.subject else ""
    again = {"amend": f"{told} --file NAME=PATH", "replan": " NEWPLAN"}[asked.verb]
    words = f"{asked.by} wants to {asked.verb}{told}: {asked.reason}"
    what = with_dry_run(words, asked.dry_run)
    joining = (f"{asked.verb} RUN{again} --reason ...", "two people answer for it")
    return Wait(
        "", asked.subject or "run", what, "a second person", "anybody else, from another account",
        since=None, until=None, then="", human=True, choices=(joining,),
    )  # fmt: skip


def _wave(run: Run, leg: WaveLeg, wave: WaveRecord, now: datetime) -> Iterator[Wait]:
    if wave.state is WaveState.DECIDING:
        yield _gate(run, leg, wave)
    elif wave.state is WaveState.HELD:
        yield from _holds(run, wave, leg, now)
    elif wave.state is WaveState.STUCK:
        yield _stuck(run, wave, leg)
    elif wave.state is WaveState.ACCEPTED and run.state is RunState.RUNNING:
        yield _commit(run, wave)
    elif wave.state in _GONE and run.state is RunState.RUNNING:
        yield from _again(run, wave, leg)
    yield from check_waits(run, leg, wave, now)
    yield from _acts(run, leg, now)


def _gate(run: Run, leg: WaveLeg, wave: WaveRecord) -> Wait:
    default = run.itinerary.policy.gate_default
    then = "it becomes a no-go" if default == "no-go" else "it goes on waiting"
    moves = _moves(len(leg.moves))
    return Wait(
        wave=leg.id,
        subject=leg.id,
        what=f"gate of {leg.id} ({leg.name}, {moves})",
        waits_for="go or no-go",
        on_whom=names(run, leg.deciders) or "anybody",
        since=wave.opened_at,
        until=wave.gate_deadline,
        then=then,
        human=True,
        choices=(
            (f"go RUN {leg.id}", f"it begins: {moves}"),
            (
                f"no-go RUN {leg.id} --reason ...",
                "it does not move; waves that need it are blocked",
            ),
            (f"postpone RUN {leg.id} --until TIME", "the gate stays open until then"),
        ),
    )


def _holds(run: Run, wave: WaveRecord, leg: WaveLeg, now: datetime) -> Iterator[Wait]:
    for hold in wave.holds:
        clock = hold.unwind_at is not None
        yield Wait(
            wave=leg.id,
            subject=hold.subject,
            what=f"{leg.id} is held: {hold.cause}",
            waits_for="a decision" if not clock else "a veto, or the end of the veto period",
            on_whom=_lead(run, leg),
            since=hold.since,
            until=hold.unwind_at,
            then="the wave is unwound by itself" if clock else "",
            human=True,
            choices=tuple(ways_on(run, wave, leg, hold, now)),
        )


def _stuck(run: Run, wave: WaveRecord, leg: WaveLeg) -> Wait:
    subject = wave.stuck_on
    move, _, name = subject.partition("/")
    choices = [
        (f"retry RUN {subject}", "the undo is tried again"),
        *given_up(subject, name),
    ]
    if name not in NEVER_ABANDONED:
        choices.append((f"abandon RUN {subject} --reason ...", "given up; the run may end stuck"))
    undo = run.moves[move].undos.get(name)
    return Wait(
        wave=leg.id,
        subject=subject,
        what=f"{leg.id} is stuck: {wave.cause}",
        waits_for="a human who mends it",
        on_whom=_lead(run, leg),
        since=undo.ended if undo is not None else None,
        until=None,
        then="",
        human=True,
        choices=tuple(choices),
    )


def _commit(run: Run, wave: WaveRecord) -> Wait:
    makers = deciders(run)
    return Wait(
        wave=wave.id,
        subject=wave.id,
        what=f"{wave.id} is accepted and not committed",
        waits_for="a signature",
        on_whom=names(run, makers) or "anybody",
        since=wave.ended_at,
        until=None,
        then="",
        human=True,
        choices=(
            *(() if unproved(run, wave) else (_signed(wave),)),
            (f"unwind RUN {wave.id}", "it goes back to the old side"),
        ),
    )


def _signed(wave: WaveRecord) -> tuple[str, str]:
    return f"commit RUN {wave.id}", "the old side is retired; unwinding is refused from then on"


def _again(run: Run, wave: WaveRecord, leg: WaveLeg) -> Iterator[Wait]:
    if wave.attempt < run.itinerary.policy.waves_per_attempt_max:
        yield Wait(
            wave=wave.id,
            subject=wave.id,
            what=f"{wave.id} is {wave.state.value}: {wave.cause}",
            waits_for="another attempt, if somebody wants it",
            on_whom=_lead(run, leg),
            since=wave.ended_at,
            until=None,
            then="",
            human=False,
            choices=((f"retry RUN {wave.id}", "its gate is opened again, with a new attempt"),),
        )


def _acts(run: Run, leg: WaveLeg, now: datetime) -> Iterator[Wait]:
    wave = run.waves[leg.id]
    told = {hold.subject for hold in wave.holds} | {wave.stuck_on}
    for move in leg.moves:
        record = run.moves[move]
        for act in (*record.steps.values(), *record.undos.values()):
            if act.state is ActState.STARTED and act.by_engine:
                if act.name not in ENGINE_STEPS and f"{move}/{act.name}" not in told:
                    yield _task(run, leg, move, act)
            elif act.state is ActState.STARTED:
                yield Wait(
                    wave=leg.id,
                    subject=f"{move}/{act.name}",
                    what=f"{move}/{act.name}",
                    waits_for="the platform",
                    on_whom=run.itinerary.legs[move].team,
                    since=act.started,
                    until=act.limit_at,
                    then="it counts as timed out",
                    human=False,
                )
            elif act.state is ActState.FAILED and f"{move}/{act.name}" in run.stalled:
                yield _stalled(run, run.stalled[f"{move}/{act.name}"])
            elif act.state in {ActState.DOUBTED, ActState.UNKNOWN}:
                if f"{move}/{act.name}" in told:
                    continue  # its hold says it, with what may be done
                yield Wait(
                    wave=leg.id,
                    subject=f"{move}/{act.name}",
                    what=f"{move}/{act.name} is in doubt",
                    waits_for="the world's answer" if act.state is ActState.DOUBTED else "a human",
                    on_whom=run.itinerary.legs[move].team,
                    since=act.started or now,
                    until=None,
                    then="",
                    human=act.state is ActState.UNKNOWN,
                    choices=(
                        (f"retry RUN {move}/{act.name}", "it is done again with the same token"),
                        (f"force-done RUN {move}/{act.name} --reason ...", "it had been done"),
                    )
                    if act.state is ActState.UNKNOWN
                    else (),
                )


def _task(run: Run, leg: WaveLeg, move: str, act: ActRecord) -> Wait:
    """A person's task, with what it says; or a wait, with its hour."""
    subject = f"{move}/{act.name}"
    means = means_of(run, move, act.name)
    assert means is not None, "the engine's own steps are not told here"
    if means.manual is None:
        return Wait(
            wave=leg.id,
            subject=subject,
            what=subject,
            waits_for="its time",
            on_whom="nobody",
            since=act.started,
            until=act.limit_at,
            then="it goes on",
            human=False,
        )
    text = means.manual.text
    allowed = who_may(run, move, means.manual)
    away = in_a_disturbance(run)
    allowed = tuple(who for who in allowed if who not in away) or allowed
    return Wait(
        wave=leg.id,
        subject=subject,
        what=f"the task {subject}: {text.get('en') or next(iter(text.values()))}",
        waits_for="a person's tick",
        on_whom=names(run, allowed[:3]) or run.itinerary.legs[move].team,
        since=act.started,
        until=act.limit_at,
        then="the wave is held",
        human=True,
        choices=ticks(subject),
    )


def _stalled(run: Run, event: Stalled) -> Wait:
    """A step of a commit that failed for good: nothing holds a commit, and nothing undoes it."""
    return Wait(
        wave=event.wave,
        subject=event.subject,
        what=f"the commit of {event.wave} stands still",
        waits_for=event.waits_for,
        on_whom=names(run, (event.on_whom,)),
        since=event.since,
        until=None,
        then="",
        human=True,
        choices=(
            (f"retry RUN {event.subject}", "it is tried again"),
            (f"force-done RUN {event.subject} --reason ...", "it was done by hand"),
            (f"skip RUN {event.subject} --reason ...", "it is left out and listed"),
        ),
    )


def _moves(number: int) -> str:
    return "1 move" if number == 1 else f"{number} moves"


def _lead(run: Run, leg: WaveLeg) -> str:
    return names(run, (leg.lead,)) if leg.lead else "the wave lead"
