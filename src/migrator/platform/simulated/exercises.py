"""What a dry run does to its weekends: an abort at the end, and a half failure in every wave.

Used by `wiring.dry_run`. Pure: what somebody commands and which faults strike, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from migrator.engine import events as ev
from migrator.engine.ports import Line, OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import WaveState
from migrator.plan.model import Itinerary, StepKind
from migrator.platform.simulated.faults import PlannedFault


def abort_when_done(run: Run, lines: Sequence[Line]) -> Sequence[OperatorCommand]:
    """Somebody aborts the run in the moment in which the last wave is accepted."""
    if not isinstance(lines[-1].event, ev.WaveAccepted):
        return ()
    if any(wave.state is not WaveState.ACCEPTED for wave in run.waves.values()):
        return ()
    members = run.itinerary.members
    makers = [person for person, who in members.items() if "decision_maker" in who.roles]
    actor = makers[0] if makers else "dry-run"
    return (
        OperatorCommand(
            id="dry-run/abort",
            verb="abort",
            actor=actor,
            asserted=True,
            target="run",
            reason="the dry run takes everything back",
            saw=0,
        ),
    )


def half_failures(itinerary: Itinerary) -> tuple[PlannedFault, ...]:
    """One lasting half failure in each wave, each at another step as far as the recipes go."""
    kinds = [StepKind.FINAL_COPY, StepKind.START, StepKind.COPY, StepKind.PREPARE]
    faults = []
    for index, wave in enumerate(itinerary.waves):
        for kind in (*kinds[index % len(kinds) :], *kinds):
            fitting = [move for move in wave.moves if kind in itinerary.legs[move].step_minutes]
            if fitting:
                fault = PlannedFault("step_half_fails", fitting[-1], kind.value, times=99)
                faults.append(fault)
                break
    return tuple(faults)
