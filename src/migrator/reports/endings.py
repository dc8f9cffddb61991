"""How a run came out: outcome, counts, exceptions and what is left over, from the folded run.

Used by `teller.py`. A count says what the journal proves at its last line, no more.
"""

from __future__ import annotations

from collections.abc import Sequence

from migrator.engine.run import Run
from migrator.engine.states import RunState, Side, WaveState
from migrator.reports.story import Counts, Decision, WaveStory

EXCEPTIONAL = frozenset({"override", "skip", "force-done", "abandon", "waive", "amend"})
"""Decisions after which a run ends with exceptions."""

_NEVER_BEGUN = frozenset({WaveState.BLOCKED, WaveState.DECLINED})

VERIFYING = frozenset({"works", "works_but"})


def outcome_of(run: Run) -> str:
    """The run's outcome, or its state while it has none."""
    if run.outcome:
        return run.outcome
    assert run.state is not RunState.ENDED, "an ended run has an outcome"
    return str(run.state.value)


def exceptions_of(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """What people decided against the rules, in order."""
    return tuple(decision for decision in decisions if decision.what in EXCEPTIONAL)


def remains_of(run: Run) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What unwound moves left on the target on purpose."""
    return tuple(
        (move, record.remains)
        for move, record in sorted(run.moves.items())
        if record.returned and record.remains
    )


def count(run: Run, waves: Sequence[WaveStory]) -> Counts:
    """The figures of the first screen."""
    state_of = {move: run.waves[record.wave].state for move, record in run.moves.items()}
    final = [check for wave in waves for check in wave.attempts[-1].checks]
    valid = [
        tick
        for check in final
        if check.outcome == "passed"
        for tick in check.ticks
        if not tick.withdrawn and tick.verdict in VERIFYING
    ]
    attempts = [attempt for wave in waves for attempt in wave.attempts]
    acts = [act for attempt in attempts for move in attempt.moves for act in move.acts]
    looks = [look for attempt in attempts for move in attempt.moves for look in move.looks]
    return Counts(
        planned=len(run.moves),
        moved=sum(side is Side.NEW for side in run.authority.values()),
        returned=sum(record.returned for record in run.moves.values()),
        blocked=sum(state in _NEVER_BEGUN for state in state_of.values()),
        stuck=sum(
            state is WaveState.STUCK and not run.moves[move].returned
            for move, state in state_of.items()
        ),
        checks=len(run.itinerary.checks),
        checks_passed=sum(check.outcome == "passed" for check in final),
        handlers=len({tick.person for tick in valid}),
        retries=sum(act.nth > 1 for act in acts),
        links_looked_at=sum(
            look.same + look.better + look.broken + look.regressed for look in looks
        ),
        links_regressed=sum(_regressed(run, move) for move in run.moves),
    )


def _regressed(run: Run, move: str) -> int:
    """Regressed links at the last look of a move that stays moved."""
    record = run.moves[move]
    if run.authority[move] is not Side.NEW or not record.judged:
        return 0
    return list(record.judged.values())[-1].regressed
