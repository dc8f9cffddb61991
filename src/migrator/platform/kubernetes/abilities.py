"""Which acts this platform performs for which subsystem, and why not. Pure.

Asked before a run begins, so that an act that nobody can perform is found on Friday and not at
03:00. What happens on the old hosts is never performed here: the plan's recipe says by what means.
"""

from __future__ import annotations

from typing import Final

from migrator.plan.model import Recipe, StepKind, UndoKind
from migrator.platform.kubernetes.subject import Subject

S, U = StepKind, UndoKind

ON_THE_CLUSTER: Final = frozenset(
    {S.PREPARE, S.BASELINE, S.START, S.PROBE, S.DRAIN, S.PROBE_LINKS, S.SOAK, S.FINALISE, S.RETIRE}
    | {S.SWITCH, U.FENCE_TARGET, U.SWITCH_BACK, U.PROVE_BACK, U.STOP_TARGET, U.REMOVE}
)
"""Acts about the target, and about where the traffic goes."""

WITH_A_DATABASE: Final = frozenset(
    {S.COPY, S.FENCE, S.FINAL_COPY, S.GRANT, U.BRING_BACK, U.GRANT_SOURCE, U.DISCARD_COPY}
)
"""Acts about data: performed where the data are in PostgreSQL and the cutover file says where."""

WITH_TRAFFIC: Final = frozenset({S.SWITCH, S.DRAIN, U.SWITCH_BACK})
"""Acts that mean nothing for a stateless subsystem without a front: there authority is traffic."""


def why_not(subject: Subject | None, subsystem: str, recipe: Recipe, act: str) -> str:
    """Why this platform cannot perform an act of a subsystem; empty when it can."""
    if subject is None:
        return f"there is no folder manifests/{subsystem} in the inventory"
    if act in WITH_A_DATABASE:
        if subject.databases and (recipe.stateful or act != S.FENCE):
            return ""
        return (
            f"manifests/{subsystem}/cutover.yaml names no database; declare the means of "
            f"'{act}' in the recipe"
        )
    if act not in ON_THE_CLUSTER:
        return f"'{act}' happens on the old side: declare its means (command, http, manual)"
    if act in WITH_TRAFFIC and not recipe.stateful and not subject.fronts:
        return f"manifests/{subsystem}/cutover.yaml names no front, so there is no traffic to move"
    if act == S.PREPARE and not subject.objects:
        return f"manifests/{subsystem} holds no object"
    return ""
