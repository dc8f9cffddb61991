"""The checks of a wave: opened, given to a person, called to mind, passed, refused, overdue.

Called by `decide`. Who gets a check and what a verdict means is decided in `verification/`; this
file turns those answers into facts. A wave that is accepted is held by nothing any more: what is
opened again in it is given and answered, and refused there it becomes a disturbance.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from migrator.engine import events as ev
from migrator.engine.attendance import is_there
from migrator.engine.disturbances import in_a_disturbance
from migrator.engine.draft import Draft
from migrator.engine.editions import estate_digest, text_digest
from migrator.engine.policy import reaction
from migrator.engine.run import CheckRecord, Run
from migrator.engine.states import COMPLETE, CheckState, WaveState
from migrator.engine.troubles import hold, stall
from migrator.plan.model import CheckLeg, Member, StepKind, Trouble, WaveLeg
from migrator.verification.assign import (
    choose,
    deputies,
    deputy_of,
    eligible,
    next_shift,
    on_shift,
)
from migrator.verification.verdict import enough

_HOLDABLE: Final = frozenset({WaveState.MOVING})


def decide_checks(draft: Draft, leg: WaveLeg) -> None:
    """Look at every check of the wave."""
    wave = draft.run.waves[leg.id]
    for check in draft.run.checks_of[leg.id]:
        known = draft.run.checks.get(check.id)
        if known is None or known.attempt != wave.attempt or known.state is CheckState.VOID:
            if wave.state is WaveState.MOVING:
                _open(draft, check)
        else:
            _go_on(draft, check, known)


def decide_refusals(draft: Draft, leg: WaveLeg) -> None:
    """What is refused while the wave is held for something else holds it, too, with its own clock.

    Whoever lets go of the other hold would otherwise not know of it.
    """
    wave = draft.run.waves[leg.id]
    for check in draft.run.checks_of[leg.id]:
        known = draft.run.checks.get(check.id)
        if known is None or known.attempt != wave.attempt or known.overridden:
            continue
        if known.state is CheckState.REFUSED:
            _refused(draft, check, known)


def limit_of_check(run: Run, check: CheckLeg, now: datetime) -> datetime:
    """When a check that is given now counts as unanswered.

    A long check is not overdue at the policy's patience: twice its own P80 is then the limit,
    which one in two hundred honest verifications exceeds.
    """
    after = reaction(run.itinerary.policy, Trouble.UNANSWERED.value).after_minutes
    return now + timedelta(minutes=max(after, 2 * check.minutes.p80))


def _open(draft: Draft, check: CheckLeg) -> None:
    """Open a check when all core moves of this wave are switched and their links proved.

    What was taken back is exercised on the old side, as before; the rest must work with it.
    """
    run = draft.run
    core = [run.moves[move] for move in check.core if not run.moves[move].returned]
    if not core:
        return
    for record in core:
        if record.unwinding or not record.switched:
            return
        probe = record.steps.get(StepKind.PROBE_LINKS.value)
        if probe is not None and probe.state not in COMPLETE:
            return
    if check.possible_after is not None and draft.now < check.possible_after:
        draft.wake(check.possible_after)
        return
    draft.add(_opened(run, check))


def _opened(run: Run, check: CheckLeg) -> ev.CheckOpened:
    attempt = run.waves[check.wave].attempt
    return ev.CheckOpened(check.id, attempt, text_digest(check), estate_digest(run, check))


def _go_on(draft: Draft, check: CheckLeg, known: CheckRecord) -> None:
    run = draft.run
    if _outdated(run, check, known):
        draft.add(_opened(run, check))
    elif known.state is CheckState.PASSED:
        return
    elif known.overridden or enough(known.ticks, check.quorum):
        draft.add(ev.CheckPassed(check.id, known.attempt))
    elif known.state is CheckState.REFUSED:
        _refused(draft, check, known)
    elif known.state is CheckState.OPEN or known.person in known.ticks:
        _assign(draft, check, known)
    elif known.person not in in_a_disturbance(run) or not _assign(draft, check, known):
        _waits(draft, check, known)


def _outdated(run: Run, check: CheckLeg, known: CheckRecord) -> bool:
    """Tell whether a move that the function passes has changed sides since it was opened."""
    if run.itinerary.policy.verifying.reopen != "passing" or not known.estate:
        return False
    if known.state is CheckState.REFUSED or known.overridden:
        return False
    return known.estate != estate_digest(run, check)


def _refused(draft: Draft, check: CheckLeg, known: CheckRecord) -> None:
    """Hold the wave at once; an accepted one has its disturbance, and its people to decide."""
    run = draft.run
    wave = run.waves[check.wave]
    if wave.state is WaveState.ACCEPTED:
        return
    person = next(who for who, said in known.ticks.items() if said == "does_not_work")
    raised = any(
        each.check == check.id and each.raised_by == person for each in run.defects.values()
    )
    how = "takes a defect of" if raised else "verified"
    says = "for a refusal" if raised else "and says that it does not work"
    cause = f"{_name(run, person)} {how} {check.name['en']} {says}"
    hold(draft, wave, Trouble.REFUSED.value, check.id, check.core, cause)


def _waits(draft: Draft, check: CheckLeg, known: CheckRecord) -> None:
    """Call an unanswered check to mind once; then hold the wave for it, and ask the deputy."""
    assert known.limit_at is not None, "an assigned check has a limit"
    assert known.assigned_at is not None, "an assigned check was given at some time"
    if draft.now < known.limit_at:
        draft.wake(known.limit_at)
        minutes = draft.run.itinerary.policy.verifying.remind_minutes
        due = known.limit_at - timedelta(minutes=minutes)
        if known.reminded or not minutes or due <= known.assigned_at:
            return
        if draft.now < due:
            draft.wake(due)
        else:
            draft.add(ev.CheckReminded(check.id, known.attempt, known.person, known.limit_at))
        return
    wave = draft.run.waves[check.wave]
    if known.overdue_held or wave.state not in _HOLDABLE:
        _assign(draft, check, known)
        return
    minutes = (draft.now - known.assigned_at).total_seconds() / 60
    who = _name(draft.run, known.person)
    cause = f"{who} has not answered {check.name['en']} for {minutes:.0f} min"
    hold(draft, wave, Trouble.UNANSWERED.value, check.id, check.core, cause)
    _escalate(draft, check, known)


def _escalate(draft: Draft, check: CheckLeg, known: CheckRecord) -> None:
    """The deputy of whoever did not answer has the check, while the wave's lead decides."""
    run = draft.run
    deputy = deputy_of(check, run.itinerary.members, known.person)
    if deputy is None or deputy.id in {*known.ticks, *known.declined_by, *known.passed_on}:
        return
    if deputy.id in _work(run)[0] or not _here(draft, deputy):
        return
    limit = limit_of_check(run, check, draft.now)
    draft.add(ev.CheckEscalated(check.id, known.attempt, known.person, deputy.id, limit))


def _here(draft: Draft, member: Member) -> bool:
    return on_shift(member, draft.now) and is_there(draft.run, member, draft.now)


def _assign(draft: Draft, check: CheckLeg, known: CheckRecord) -> bool:
    """Give the check to somebody, wait for a shift, or say that nobody will ever come."""
    run = draft.run
    members = run.itinerary.members
    done = {*known.ticks, *known.declined_by, *known.passed_on}
    candidates = [member for member in eligible(check, members) if member.id not in done]
    if not any(_here(draft, member) for member in candidates):
        candidates += [member for member in deputies(check, members) if member.id not in done]
    here = [member for member in candidates if is_there(run, member, draft.now)]
    others = [member for member in here if member.id != known.person]
    busy, given = _work(run)
    busy |= {event.person for event in draft.events if isinstance(event, ev.CheckAssigned)}
    away = in_a_disturbance(run)
    chosen = choose(others, draft.now, busy | away, given) or choose(
        here, draft.now, (busy - {known.person}) | away, given
    )
    if chosen is not None:
        _give(draft, check, known, chosen.id)
    elif not check.eligible:
        _give(draft, check, known, _team(run, check))
    else:
        # Whoever is there is busy with another check, and the next tick asks again; but somebody
        # may come before that.
        coming = next_shift(candidates, draft.now)
        if coming is not None:
            draft.wake(coming)
        elif not any(_here(draft, member) for member in candidates):
            _nobody(draft, check)
        return False
    return True


def _nobody(draft: Draft, check: CheckLeg) -> None:
    wave = draft.run.waves[check.wave]
    if wave.state not in _HOLDABLE:
        return
    stall(
        draft,
        wave,
        f"somebody who may verify {check.name['en']}",
        ", ".join(check.eligible),
        f"migrator tick RUN {check.id} by another person, or migrator override RUN",
    )


def _name(run: Run, person: str) -> str:
    """The person's name as people say it; the id where the estate names nobody."""
    member = run.itinerary.members.get(person)
    return person if member is None else member.name


def _team(run: Run, check: CheckLeg) -> str:
    """Where the estate names nobody, the owner team as a whole is asked."""
    return f"team.{run.itinerary.legs[check.core[0]].team}"


def _give(draft: Draft, check: CheckLeg, known: CheckRecord, person: str) -> None:
    limit = limit_of_check(draft.run, check, draft.now)
    draft.add(ev.CheckAssigned(check.id, known.attempt, person, limit))


def _work(run: Run) -> tuple[set[str], Counter[str]]:
    """Who is busy with a check now, and how many each was given so far."""
    busy: set[str] = set()
    given: Counter[str] = Counter()
    for check in run.checks.values():
        for person in check.ticks:
            given[person] += 1
        if check.person and check.person not in check.ticks:
            given[check.person] += 1
            if check.state is CheckState.ASSIGNED:
                busy.add(check.person)
    return busy, given
