"""The checks of a moving wave: opened, given to a person, passed, refused, overdue.

Called by `decide`. Who gets a check and what a verdict means is decided in `verification/`; this
file turns those answers into facts.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from migrator.engine import events as ev
from migrator.engine.draft import Draft
from migrator.engine.policy import reaction
from migrator.engine.run import CheckRecord, Run
from migrator.engine.states import COMPLETE, CheckState
from migrator.engine.troubles import hold, stall
from migrator.plan.model import CheckLeg, StepKind, Trouble, WaveLeg
from migrator.verification.assign import choose, eligible, next_shift, on_shift
from migrator.verification.verdict import enough


def decide_checks(draft: Draft, leg: WaveLeg) -> None:
    """Look at every check of the wave."""
    wave = draft.run.waves[leg.id]
    for check in draft.run.checks_of[leg.id]:
        known = draft.run.checks.get(check.id)
        if known is None or known.attempt != wave.attempt or known.state is CheckState.VOID:
            _open(draft, check)
        else:
            _go_on(draft, check, known)


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
    draft.add(ev.CheckOpened(check.id, run.waves[check.wave].attempt))


def _go_on(draft: Draft, check: CheckLeg, known: CheckRecord) -> None:
    run = draft.run
    if known.state in {CheckState.PASSED, CheckState.VOID}:
        return
    if known.overridden or enough(known.ticks, check.quorum):
        draft.add(ev.CheckPassed(check.id, known.attempt))
    elif known.state is CheckState.REFUSED:
        person = next(who for who, said in known.ticks.items() if said == "does_not_work")
        hold(
            draft,
            run.waves[check.wave],
            Trouble.REFUSED.value,
            check.id,
            check.core,
            f"{_name(run, person)} verified {check.name['en']} and says that it does not work",
        )
    elif known.state is CheckState.OPEN or known.person in known.ticks:
        _assign(draft, check, known)
    else:
        _overdue(draft, check, known)


def _overdue(draft: Draft, check: CheckLeg, known: CheckRecord) -> None:
    """Hold the wave for an unanswered check; after the release give it to somebody else."""
    assert known.limit_at is not None, "an assigned check has a limit"
    if draft.now < known.limit_at:
        draft.wake(known.limit_at)
        return
    if known.overdue_held:
        _assign(draft, check, known)
        return
    minutes = (draft.now - (known.assigned_at or draft.now)).total_seconds() / 60
    hold(
        draft,
        draft.run.waves[check.wave],
        Trouble.UNANSWERED.value,
        check.id,
        check.core,
        f"{_name(draft.run, known.person)} has not answered {check.name['en']}"
        f" for {minutes:.0f} min",
    )


def _assign(draft: Draft, check: CheckLeg, known: CheckRecord) -> None:
    """Give the check to somebody, wait for a shift, or say that nobody will ever come."""
    run = draft.run
    candidates = [
        member
        for member in eligible(check, run.itinerary.members)
        if member.id not in known.ticks and member.id not in known.declined_by
    ]
    others = [member for member in candidates if member.id != known.person]
    busy, given = _work(run)
    busy |= {event.person for event in draft.events if isinstance(event, ev.CheckAssigned)}
    chosen = choose(others, draft.now, busy, given) or choose(
        candidates, draft.now, busy - {known.person}, given
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
        elif not any(on_shift(member, draft.now) for member in candidates):
            _nobody(draft, check)


def _nobody(draft: Draft, check: CheckLeg) -> None:
    stall(
        draft,
        draft.run.waves[check.wave],
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
    after = reaction(draft.run.itinerary.policy, Trouble.UNANSWERED.value).after_minutes
    # A long check is not overdue at the policy's patience: twice its own P80 is then the limit,
    # which one in two hundred honest verifications exceeds.
    limit = draft.now + timedelta(minutes=max(after, 2 * check.minutes.p80))
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
