"""Everything that waits: for what, on whom, since when, until when, and what to do about it.

A pure reading of the run, for `status`, `watch`, `decide` and the pages: a silent wait is a
defect. Sorted with what needs a human first, then by its deadline.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from migrator.engine.events import Stalled
from migrator.engine.policy import ENGINE_STEPS
from migrator.engine.run import CheckRecord, Run, WaveRecord
from migrator.engine.states import ActState, CheckState, RunState, WaveState
from migrator.plan.model import CheckLeg, WaveLeg

_GONE = frozenset({WaveState.RETURNED, WaveState.BLOCKED, WaveState.DECLINED})


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait. `human` tells whether a person must act; `choices` are (verb line, consequence)."""

    wave: str
    subject: str
    what: str
    waits_for: str
    on_whom: str
    since: datetime | None
    until: datetime | None
    then: str  # what happens at `until`
    human: bool
    choices: tuple[tuple[str, str], ...] = ()


def waits(run: Run, now: datetime) -> tuple[Wait, ...]:
    """Everything that the run waits for at run time `now`."""
    found: list[Wait] = []
    if run.state is RunState.PAUSED:
        found.append(
            Wait(
                wave="",
                subject="run",
                what="the run is paused",
                waits_for="resume",
                on_whom="anybody in the operations room",
                since=run.now,
                until=None,
                then="",
                human=True,
                choices=(("resume RUN --reason ...", "the run goes on where it stood"),),
            )
        )
    for leg in run.itinerary.waves:
        found += _wave(run, leg, run.waves[leg.id], now)
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return tuple(sorted(found, key=lambda wait: (not wait.human, wait.until or far)))


def _wave(run: Run, leg: WaveLeg, wave: WaveRecord, now: datetime) -> Iterator[Wait]:
    if wave.state is WaveState.DECIDING:
        yield _gate(run, leg, wave)
    elif wave.state is WaveState.HELD:
        yield from _holds(wave, leg)
    elif wave.state is WaveState.STUCK:
        yield _stuck(wave, leg)
    elif wave.state is WaveState.ACCEPTED and run.state is RunState.RUNNING:
        yield _commit(run, wave)
    elif wave.state in _GONE and run.state is RunState.RUNNING:
        yield from _again(run, wave)
    if wave.state in {WaveState.MOVING, WaveState.HELD}:
        for check in run.checks_of[leg.id]:
            known = run.checks.get(check.id)
            if known is not None and known.attempt == wave.attempt:
                yield from _check(check, known)
    yield from _acts(run, leg, now)


def _gate(run: Run, leg: WaveLeg, wave: WaveRecord) -> Wait:
    default = run.itinerary.policy.gate_default
    then = "it becomes a no-go" if default == "no-go" else "it goes on waiting"
    moves = len(leg.moves)
    return Wait(
        wave=leg.id,
        subject=leg.id,
        what=f"gate of {leg.id} ({leg.name}, {moves} moves)",
        waits_for="go or no-go",
        on_whom=_names(run, leg.deciders) or "anybody",
        since=wave.opened_at,
        until=wave.gate_deadline,
        then=then,
        human=True,
        choices=(
            (f"go RUN {leg.id}", f"its {moves} moves begin"),
            (
                f"no-go RUN {leg.id} --reason ...",
                "it does not move; waves that need it are blocked",
            ),
            (f"postpone RUN {leg.id} --until TIME", "the gate stays open until then"),
        ),
    )


def _holds(wave: WaveRecord, leg: WaveLeg) -> Iterator[Wait]:
    for hold in wave.holds:
        clock = hold.unwind_at is not None
        choices = [
            (f"retry RUN {hold.subject}", "the act is tried again and the wave goes on"),
            (f"override RUN {hold.subject}", "two named people answer for it; listed as exception"),
            (f"unwind RUN {leg.id}", "what the wave moved goes back to the old side"),
        ]
        if hold.trouble in {"operator", "unanswered", "stalled"}:
            choices[0] = (f"release RUN {leg.id}", "the wave goes on")
        if clock:
            choices.append((f"veto RUN {leg.id}", "stops the unwind clock for 15 minutes"))
        yield Wait(
            wave=leg.id,
            subject=hold.subject,
            what=f"{leg.id} is held: {hold.cause}",
            waits_for="a decision" if not clock else "a veto, or the end of the veto period",
            on_whom=leg.lead or "the wave lead",
            since=hold.since,
            until=hold.unwind_at,
            then="the wave is unwound by itself" if clock else "",
            human=True,
            choices=tuple(choices),
        )


def _stuck(wave: WaveRecord, leg: WaveLeg) -> Wait:
    return Wait(
        wave=leg.id,
        subject=wave.stuck_on,
        what=f"{leg.id} is stuck: {wave.cause}",
        waits_for="a human who mends it",
        on_whom=leg.lead or "the wave lead",
        since=None,
        until=None,
        then="",
        human=True,
        choices=(
            (f"retry RUN {wave.stuck_on}", "the undo is tried again"),
            (f"force-done RUN {wave.stuck_on} --reason ...", "it was done by hand"),
            (f"skip RUN {wave.stuck_on} --reason ...", "it is left out and listed"),
            (f"abandon RUN {wave.stuck_on} --reason ...", "given up; the run may end stuck"),
        ),
    )


def _commit(run: Run, wave: WaveRecord) -> Wait:
    makers = tuple(
        person
        for person, member in run.itinerary.members.items()
        if "decision_maker" in member.roles
    )
    return Wait(
        wave=wave.id,
        subject=wave.id,
        what=f"{wave.id} is accepted and not committed",
        waits_for="a signature",
        on_whom=_names(run, makers) or "anybody",
        since=wave.ended_at,
        until=None,
        then="",
        human=True,
        choices=(
            (f"commit RUN {wave.id}", "the old side is retired; unwinding is refused from then on"),
            (f"unwind RUN {wave.id}", "it goes back to the old side"),
        ),
    )


def _again(run: Run, wave: WaveRecord) -> Iterator[Wait]:
    if wave.attempt < run.itinerary.policy.waves_per_attempt_max:
        yield Wait(
            wave=wave.id,
            subject=wave.id,
            what=f"{wave.id} is {wave.state.value}: {wave.cause}",
            waits_for="another attempt, if somebody wants it",
            on_whom="the wave lead",
            since=wave.ended_at,
            until=None,
            then="",
            human=False,
            choices=((f"retry RUN {wave.id}", "its gate is opened again, with a new attempt"),),
        )


def _check(check: CheckLeg, known: CheckRecord) -> Iterator[Wait]:
    if known.state is CheckState.ASSIGNED and known.person not in known.ticks:
        yield Wait(
            wave=check.wave,
            subject=check.id,
            what=f"check {check.name['en']}",
            waits_for="a verdict",
            on_whom=known.person,
            since=known.assigned_at,
            until=known.limit_at,
            then="the wave is held",
            human=True,
            choices=((f"tick RUN {check.id} works|does_not_work", "it counts at once"),),
        )
    elif known.state is CheckState.OPEN:
        yield Wait(
            wave=check.wave,
            subject=check.id,
            what=f"check {check.name['en']}",
            waits_for="somebody free and on shift",
            on_whom=", ".join(check.eligible[:3]) + (" ..." if len(check.eligible) > 3 else ""),
            since=known.opened,
            until=None,
            then="",
            human=False,
        )


def _acts(run: Run, leg: WaveLeg, now: datetime) -> Iterator[Wait]:
    for move in leg.moves:
        record = run.moves[move]
        for act in (*record.steps.values(), *record.undos.values()):
            if act.state is ActState.STARTED and act.name not in ENGINE_STEPS:
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
                yield _stalled(run.stalled[f"{move}/{act.name}"])
            elif act.state in {ActState.DOUBTED, ActState.UNKNOWN}:
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


def _stalled(event: Stalled) -> Wait:
    """A step of a commit that failed for good: nothing holds a commit, and nothing undoes it."""
    return Wait(
        wave=event.wave,
        subject=event.subject,
        what=f"the commit of {event.wave} stands still",
        waits_for=event.waits_for,
        on_whom=event.on_whom,
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


def _names(run: Run, people: tuple[str, ...]) -> str:
    members = run.itinerary.members
    return ", ".join(members[person].name if person in members else person for person in people)
