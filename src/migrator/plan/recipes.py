"""The recipes per kind of subsystem and the default policy (architecture.md 5.6 and section 4).

Called by the planner, which writes them into the plan, where people may change them. The order of
acts is what keeps both sides from being live at once: a stateful or batch side is fenced before
authority moves, a stateless one is switched, drained and then fenced.
"""

from __future__ import annotations

from typing import Final

from migrator.inventory.model import Kind
from migrator.plan.model import (
    Act,
    Policy,
    Reaction,
    Recipe,
    RecipeStep,
    RecipeUndo,
    StepKind,
    Trouble,
    UndoKind,
)

S, U = StepKind, UndoKind

# Shares of `move` sum to 1 over the acts; verify and soak have durations of their own.
_STATEFUL_STEPS: Final = (
    RecipeStep(S.PREPARE, 0.10, (U.REMOVE,)),
    RecipeStep(S.BASELINE, 0.03, ()),
    RecipeStep(S.COPY, 0.40, (U.DISCARD_COPY,)),
    RecipeStep(S.QUIESCE, 0.04, (U.START_SOURCE,)),
    RecipeStep(S.FENCE, 0.03, (U.START_SOURCE, U.GRANT_SOURCE)),
    RecipeStep(S.FINAL_COPY, 0.12, (U.DISCARD_COPY,)),
    RecipeStep(S.START, 0.12, (U.FENCE_TARGET, U.STOP_TARGET)),
    RecipeStep(S.PROBE, 0.05, ()),
    RecipeStep(S.GRANT, 0.02, (U.FENCE_TARGET, U.BRING_BACK, U.GRANT_SOURCE)),
    RecipeStep(S.SWITCH, 0.04, (U.SWITCH_BACK, U.PROVE_BACK)),
    RecipeStep(S.PROBE_LINKS, 0.05, ()),
    RecipeStep(S.VERIFY, 0.0, ()),
    RecipeStep(S.SOAK, 0.0, ()),
    RecipeStep(S.ACCEPT, 0.0, ()),
)
_STATEFUL_UNWIND: Final = (
    RecipeUndo(U.FENCE_TARGET, 0.10),
    RecipeUndo(U.BRING_BACK, 0.30),
    RecipeUndo(U.START_SOURCE, 0.20),
    RecipeUndo(U.GRANT_SOURCE, 0.04),
    RecipeUndo(U.SWITCH_BACK, 0.06),
    RecipeUndo(U.PROVE_BACK, 0.10),
    RecipeUndo(U.STOP_TARGET, 0.10),
    RecipeUndo(U.DISCARD_COPY, 0.05),
    RecipeUndo(U.REMOVE, 0.05),
)
_STATELESS_STEPS: Final = (
    RecipeStep(S.PREPARE, 0.20, (U.REMOVE,)),
    RecipeStep(S.BASELINE, 0.05, ()),
    RecipeStep(S.START, 0.35, (U.STOP_TARGET,)),
    RecipeStep(S.PROBE, 0.10, ()),
    RecipeStep(S.SWITCH, 0.08, (U.SWITCH_BACK, U.PROVE_BACK)),
    RecipeStep(S.DRAIN, 0.06, (U.START_SOURCE,)),
    RecipeStep(S.FENCE, 0.06, (U.START_SOURCE,)),
    RecipeStep(S.PROBE_LINKS, 0.10, ()),
    RecipeStep(S.VERIFY, 0.0, ()),
    RecipeStep(S.SOAK, 0.0, ()),
    RecipeStep(S.ACCEPT, 0.0, ()),
)
_STATELESS_UNWIND: Final = (
    RecipeUndo(U.START_SOURCE, 0.40),
    RecipeUndo(U.SWITCH_BACK, 0.15),
    RecipeUndo(U.PROVE_BACK, 0.15),
    RecipeUndo(U.STOP_TARGET, 0.20),
    RecipeUndo(U.REMOVE, 0.10),
)
_COMMIT: Final = (RecipeStep(S.FINALISE, 0.0, ()), RecipeStep(S.RETIRE, 0.0, ()))

COMMIT_STEP_MINUTES: Final = 5.0
"""Finalise and retire are short writes; no estate states their durations, so they are assumed."""

RECIPES: Final = {
    "stateful": Recipe("stateful", _STATEFUL_STEPS, _STATEFUL_UNWIND, _COMMIT),
    "stateless": Recipe("stateless", _STATELESS_STEPS, _STATELESS_UNWIND, _COMMIT),
    "batch": Recipe("batch", _STATEFUL_STEPS, _STATEFUL_UNWIND, _COMMIT),
}

RECIPE_OF_KIND: Final = {
    Kind.STATEFUL: "stateful",
    Kind.STATELESS: "stateless",
    Kind.BATCH: "batch",
}

DEFAULT_POLICY: Final = Policy(
    on={
        Trouble.STEP_FAILED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, retries=1),
        Trouble.TIMED_OUT: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, retries=0),
        Trouble.LINKS_REGRESSED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, retries=1),
        Trouble.REFUSED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15),
        Trouble.UNANSWERED: Reaction(Act.HOLD, after_minutes=45),
        Trouble.UNDO_FAILED: Reaction(Act.HOLD, retries=2),
        Trouble.STALLED: Reaction(Act.HOLD, after_minutes=30),
        Trouble.SOAK: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15),
        Trouble.TURN_BACK: Reaction(Act.HOLD),
        Trouble.ABORT: Reaction(Act.UNWIND),
    },
    soak_minutes=30,
    drain_minutes_max=1,
    step_minutes_max=120,
    gate_default="no-go",
    gate_deadline_minutes=60,
    after_unwind="continue",
    next_wave_when="verified",
    ahead_of_gate=(StepKind.PREPARE, StepKind.COPY),
    waves_per_attempt_max=3,
    approval_lapses_when=("plan", "inventory", "links", "manifests", "program_major"),
)
