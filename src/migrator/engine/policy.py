"""Thresholds and tables that a plan does not change: which acts look, and what a doubt means.

Read by `decide`, `unwind` and the conductor. A step kind without an in-doubt policy cannot be
performed: `in_doubt` has no default.
"""

from __future__ import annotations

from typing import Final

from migrator.plan.means import InDoubt
from migrator.plan.model import Act, Policy, Reaction, Recipe, StepKind, Trouble, UndoKind

ENGINE_STEPS: Final = frozenset({StepKind.VERIFY.value, StepKind.ACCEPT.value})
"""Steps that no platform performs: the engine ends them from ticks and evidence."""

LOOKS: Final = frozenset(
    kind.value for kind in (StepKind.BASELINE, StepKind.PROBE, StepKind.PROBE_LINKS, StepKind.SOAK)
)
"""Steps that change nothing: they may be cut short when their wave is unwound."""

NEVER_SKIPPED: Final = frozenset(
    {StepKind.FENCE.value, StepKind.FINAL_COPY.value, StepKind.GRANT.value, StepKind.SWITCH.value}
    | {UndoKind.FENCE_TARGET.value, UndoKind.BRING_BACK.value}
    | {UndoKind.GRANT_SOURCE.value, UndoKind.SWITCH_BACK.value}
)
"""Leaving one of these out could leave both sides live, rows behind, or users on the other side."""

NEVER_ABANDONED: Final = frozenset({UndoKind.FENCE_TARGET.value, UndoKind.BRING_BACK.value})
"""Undos after which the old side is started and given authority: not over a new side that is still
open, and not without the rows that it has written."""

FORECAST: Final = "forecast"
"""Trouble and subject of a hold that a plan asked for, where the forecast is too bad."""

RELEASABLE: Final = frozenset(
    {"operator", FORECAST, Trouble.UNANSWERED.value, Trouble.STALLED.value}
)
"""Holds that one person ends: nothing failed. All others are mended, or answered for by two."""

COMMIT_STEPS: Final = frozenset({StepKind.FINALISE.value, StepKind.RETIRE.value})
"""The commit's own steps: they run after the signature, and nothing undoes them."""

SEATLESS: Final = COMMIT_STEPS | {StepKind.SOAK.value}
"""Steps at which no engineer sits; so are those that the policy lets run ahead of the gate."""

IN_DOUBT: Final[dict[str, InDoubt]] = {
    StepKind.PREPARE.value: InDoubt.REPEAT,
    StepKind.BASELINE.value: InDoubt.REPEAT,
    StepKind.COPY.value: InDoubt.REPEAT,
    StepKind.QUIESCE.value: InDoubt.OBSERVE,
    StepKind.FENCE.value: InDoubt.OBSERVE,
    StepKind.FINAL_COPY.value: InDoubt.OBSERVE,
    StepKind.START.value: InDoubt.OBSERVE,
    StepKind.PROBE.value: InDoubt.REPEAT,
    StepKind.GRANT.value: InDoubt.OBSERVE,
    StepKind.SWITCH.value: InDoubt.OBSERVE,
    StepKind.DRAIN.value: InDoubt.OBSERVE,
    StepKind.PROBE_LINKS.value: InDoubt.REPEAT,
    StepKind.SOAK.value: InDoubt.REPEAT,
    StepKind.FINALISE.value: InDoubt.OBSERVE,
    StepKind.RETIRE.value: InDoubt.OBSERVE,
    UndoKind.FENCE_TARGET.value: InDoubt.OBSERVE,
    UndoKind.BRING_BACK.value: InDoubt.OBSERVE,
    UndoKind.START_SOURCE.value: InDoubt.OBSERVE,
    UndoKind.GRANT_SOURCE.value: InDoubt.OBSERVE,
    UndoKind.SWITCH_BACK.value: InDoubt.OBSERVE,
    UndoKind.STOP_TARGET.value: InDoubt.OBSERVE,
    UndoKind.DISCARD_COPY.value: InDoubt.REPEAT,
    UndoKind.REMOVE.value: InDoubt.REPEAT,
    UndoKind.PROVE_BACK.value: InDoubt.REPEAT,
}

_KINDS: Final = {*StepKind, *UndoKind} - {StepKind.TASK, UndoKind.UNDO_TASK}
assert IN_DOUBT.keys() | ENGINE_STEPS == _KINDS, "every kind says what a doubt about it means"


def in_doubt(recipe: Recipe, act: str) -> InDoubt:
    """What is done about a doubtful act: as its means say, else as its kind says."""
    known = recipe.act(act)
    if known is None or known.means is None:
        return IN_DOUBT[act]
    return known.means.in_doubt


CUT_STARTS: Final = frozenset({StepKind.QUIESCE.value, StepKind.SWITCH.value})
"""The first of these in a recipe begins the cut: from here on users notice."""

RETRY_PAUSE_MINUTES: Final = 1.0
"""Between two tries of a failed act, times the number of tries: most faults of a platform are
over within a minute or stay."""

COPIES: Final = frozenset({StepKind.COPY.value})
"""Acts that use the copy bandwidth; the final copy moves only what changed since."""

HOLD_ONLY: Final = Reaction(Act.HOLD)
"""The answer to a trouble that no policy names, such as an act whose outcome nobody knows."""


def reaction(policy: Policy, trouble: str) -> Reaction:
    """What the policy says to a trouble; hold for a human where it says nothing."""
    try:
        return policy.on.get(Trouble(trouble), HOLD_ONLY)
    except ValueError:  # in_doubt and operator are not classes that a policy answers
        return HOLD_ONLY


def trouble_of(step: str, outcome: str) -> Trouble:
    """The class of failure of an ended step."""
    if outcome == "timed_out":
        return Trouble.TIMED_OUT
    if step == StepKind.PROBE_LINKS.value:
        return Trouble.LINKS_REGRESSED
    if step == StepKind.SOAK.value:
        return Trouble.SOAK
    return Trouble.STEP_FAILED


def authority_after(recipe: Recipe, act: str) -> str | None:
    """The side that holds authority once this act is done; None when the act moves none.

    Stateful and batch sides lose authority at the fence and gain it by a grant; a stateless one
    moves it with its traffic (architecture.md 5.6).
    """
    if not recipe.stateful:
        return {StepKind.SWITCH.value: "new", UndoKind.SWITCH_BACK.value: "old"}.get(act)
    return {
        StepKind.FENCE.value: "none",
        StepKind.GRANT.value: "new",
        UndoKind.FENCE_TARGET.value: "none",
        UndoKind.GRANT_SOURCE.value: "old",
    }.get(act)
