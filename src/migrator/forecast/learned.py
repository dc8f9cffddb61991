"""What was learned from runs, as a document, and an inventory in which it is applied.

`migrator learn` makes the document through `wiring/learning.py`, people review it as text, and
`migrator forecast --learned` reads it back. Applying changes durations and chances of failure of an
inventory in memory only: the estate's own files stay what their owners said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from migrator.forecast.durations import Z80, Durations, Kind, LearnedKind, LearnedOwn
from migrator.inventory.model import Estimate, Inventory, Subsystem
from migrator.plan.minutes import step_minutes, undo_minutes
from migrator.plan.model import Policy, Recipe, StepKind
from migrator.plan.recipes import RECIPE_OF_KIND

TICK: Final = Kind("tick", "function")
DECISION: Final = Kind("decision", "gate")

DECISION_MINUTES: Final = 5.0
"""What a gate takes before any run, as `planner/rows.py` has it (a test holds them together)."""

PRIOR_FAILURES: Final = 2.0
"""So many failures weigh as much as the owners' chances of failure."""

NOT_WORK: Final = frozenset({StepKind.VERIFY.value, StepKind.SOAK.value, StepKind.ACCEPT.value})
"""Steps whose length is no work of a platform: handlers, the clock, evidence."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A run that samples came from. `source`: live, practice (on a real platform) or simulated."""

    name: str
    source: str
    head: str  # of its journal: it says which lines were read
    lines: int


@dataclass(frozen=True, slots=True)
class Failures:
    """Waves that were begun, and how many had to be taken back because something failed."""

    tried: int
    taken_back: int
    expected: float  # by the owners' chances

    @property
    def factor(self) -> float:
        """On the chance of failure of each move."""
        return (self.taken_back + PRIOR_FAILURES) / (self.expected + PRIOR_FAILURES)


@dataclass(frozen=True, slots=True)
class Learned:
    """The whole document."""

    estate: str
    inventory_digest: str  # of the last run: estimates may have been changed since
    runs: tuple[Taught, ...]
    durations: Durations
    failures: Failures

    @property
    def gate_minutes(self) -> float:
        """What a decision takes."""
        found = next((k for k in self.durations.kinds if k.kind == DECISION), None)
        return DECISION_MINUTES * (1.0 if found is None else found.factor)


def notes(learned: Learned, inventory: Inventory) -> list[str]:
    """What a forecast says of it."""
    counts = {
        source: sum(run.source == source for run in learned.runs)
        for source in ("live", "practice", "simulated")
    }
    told = ", ".join(f"{count} {source}" for source, count in counts.items() if count)
    samples = sum(kind.samples for kind in learned.durations.kinds)
    runs = "1 run" if len(learned.runs) == 1 else f"{len(learned.runs)} runs"
    found = [f"learned from {runs} ({told}), {samples} durations"]
    if counts["simulated"]:
        found.append("simulated runs teach nothing of the world: their durations were drawn")
    if learned.inventory_digest != inventory.digest:
        found.append("the inventory was changed since the last run that was learned from")
    return found


def applied(
    inventory: Inventory, policy: Policy, recipes: Mapping[str, Recipe], learned: Learned
) -> Inventory:
    """The inventory with durations and chances as they were learned."""
    what = _Lookup(
        {kind.kind: kind for kind in learned.durations.kinds},
        {(own.subject, own.act): own for own in learned.durations.own},
        learned.durations.together,
        learned.failures.factor,
    )
    subsystems = tuple(
        what.subsystem(s, recipes[RECIPE_OF_KIND[s.kind]], policy) if s.moves else s
        for s in inventory.subsystems
    )
    functions = tuple(
        replace(f, minutes=what.estimate(f.minutes, TICK, str(f.id))) for f in inventory.functions
    )
    return replace(
        inventory,
        subsystems=subsystems,
        functions=functions,
        by_id={subsystem.id: subsystem for subsystem in subsystems},
    )


@dataclass(frozen=True, slots=True)
class _Lookup:
    kinds: Mapping[Kind, LearnedKind]
    own: Mapping[tuple[str, str], LearnedOwn]
    together: float
    failure: float

    def estimate(self, given: Estimate, kind: Kind, subject: str) -> Estimate:
        """An estimate as it was learned; as it was given where nobody has seen its kind."""
        found = self.kinds.get(kind)
        if found is None or given.p50 <= 0:
            return given
        own = self.own.get((subject, kind.act))
        p50 = given.p50 * found.factor * (1.0 if own is None else own.factor)
        return Estimate(p50, p50 * math.exp(Z80 * found.sigma), given.assumed)

    def subsystem(self, s: Subsystem, recipe: Recipe, policy: Policy) -> Subsystem:
        """A subsystem with its durations as they were learned."""
        durations = dict(s.durations)
        steps = {
            key: minutes
            for key, minutes in step_minutes(s, recipe, policy.soak_minutes).items()
            if key not in NOT_WORK
            and key not in {step.key for step in recipe.commit}
            and not _waits(recipe, key)
        }
        self._whole(s, "move", steps, durations)
        self._whole(s, "unwind", undo_minutes(s, recipe), durations)
        durations["verify"] = self.estimate(durations["verify"], TICK, str(s.id))
        return replace(
            s,
            durations=durations,
            failure_probability=min(1.0, s.failure_probability * self.failure),
        )

    def _whole(
        self, s: Subsystem, whole: str, acts: Mapping[str, Estimate], durations: dict[str, Estimate]
    ) -> None:
        """The acts of a move (or of its undo), and the move as their sum."""
        kind = s.kind.value
        if not any(Kind(act, kind) in self.kinds for act in acts):
            return
        told = {
            act: self.estimate(given, Kind(act, kind), str(s.id)) for act, given in acts.items()
        }
        total = summed(tuple(told.values()), self.together)
        parts = math.fsum(each.p50 for each in told.values())
        spread = total.p80 / total.p50 if total.p50 > 0 else 1.0
        for act, each in told.items():
            p50 = each.p50 * total.p50 / parts if parts > 0 else 0.0
            durations[act] = Estimate(p50, p50 * spread, each.assumed)
        durations[whole] = replace(total, assumed=durations[whole].assumed)


def _waits(recipe: Recipe, key: str) -> bool:
    act = recipe.act(key)
    return act is not None and act.means is not None and act.means.wait is not None


def summed(parts: Sequence[Estimate], together: float) -> Estimate:
    """The log-normal with the mean and the variance of a sum of log-normals (Fenton, 1960, and
    Wilkinson), whose parts correlate by `together`: 1 for parts that are all late at once.
    """
    means, deviations = [], []
    for part in parts:
        if part.p50 <= 0:
            continue
        sigma = math.log(max(part.p80, part.p50) / part.p50) / Z80
        mean = part.p50 * math.exp(sigma**2 / 2)
        means.append(mean)
        deviations.append(mean * math.sqrt(math.expm1(sigma**2)))
    if not means:
        return Estimate(0.0, 0.0)
    alone = math.fsum(d**2 for d in deviations)
    variance = alone + together * (math.fsum(deviations) ** 2 - alone)
    mean = math.fsum(means)
    squared = math.log1p(variance / mean**2)
    p50 = mean * math.exp(-squared / 2)
    return Estimate(p50, p50 * math.exp(Z80 * math.sqrt(squared)))
