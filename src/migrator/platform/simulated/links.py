"""The simulated world's links: which answered before a move, and which answer now.

Used by `platform.py` for every look at links. Links are counted by pair of subsystems; which of a
pair's links is dead or has regressed is not told apart, only how many, and examples by id.
"""

from __future__ import annotations

import math
from typing import Final

from migrator.engine.events import LinksJudged
from migrator.engine.ports import ActResult
from migrator.plan.model import Itinerary, PairLeg, StepKind
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.world import World

_BROKEN_SHARE: Final = 0.004
"""Links that do not answer before the move either: every estate has some."""

_EXAMPLES_MAX: Final = 5


class SimulatedLinks:
    """All pairs of an itinerary. `regressed` is the share per pair index that stopped answering."""

    def __init__(self, itinerary: Itinerary, world: World, chance: Chance) -> None:
        """Nothing has regressed yet."""
        self._itinerary = itinerary
        self._world = world
        self._chance = chance
        self._pairs: dict[str, list[tuple[int, PairLeg]]] = {}
        for index, pair in enumerate(itinerary.pairs):
            for end in {pair.source, pair.target}:
                self._pairs.setdefault(end, []).append((index, pair))
        self.regressed: dict[int, float] = {}
        self._baseline: dict[str, dict[int, int]] = {}

    def break_share(self, subsystem: str, share: float) -> None:
        """Let a share of the links of a subsystem stop answering on its new side."""
        for index, _ in self._pairs.get(subsystem, ()):
            self.regressed[index] = share

    def heal(self, subsystem: str) -> None:
        """What was wrong with the new side went with it."""
        for index, _ in self._pairs.get(subsystem, ()):
            self.regressed.pop(index, None)

    def look(self, subsystem: str, attempt: int, name: str) -> ActResult:
        """Ask every link that touches a subsystem, and hold the answers against its baseline."""
        baseline = self._baseline_of(subsystem)
        first = name == StepKind.BASELINE.value
        same = broken = regressed = deferred = 0
        examples: list[str] = []
        for index, pair in self._pairs.get(subsystem, ()):
            answering = baseline[index]
            broken += pair.links - answering
            other = pair.target if pair.source == subsystem else pair.source
            lost = answering
            if self._world.answers(subsystem):
                if not self._world.answers(other):
                    deferred += answering
                    continue
                lost = math.ceil(answering * self._share(subsystem, index))
            same += answering - lost
            regressed += lost
            examples += pair.examples[:lost]
        judged = LinksJudged(
            move=subsystem,
            attempt=attempt,
            look=name,
            same=same,
            better=0,
            broken=broken,
            regressed=0 if first else regressed,
            deferred=deferred,
            examples=() if first else tuple(sorted(examples)[:_EXAMPLES_MAX]),
        )
        if judged.regressed:
            detail = f"{regressed} links answered before the move and do not answer now"
            return ActResult("failed", detail, judged=judged)
        return ActResult("done", f"{same} links answer", judged=judged)

    def _share(self, subsystem: str, index: int) -> float:
        """A regression belongs to the new side: on the old one the links answer as before."""
        new = self._world.places[subsystem].traffic == "new"
        return self.regressed.get(index, 0.0) if new else 0.0

    def _baseline_of(self, subsystem: str) -> dict[int, int]:
        """How many links of each pair answered before the move; the same for every look."""
        known = self._baseline.get(subsystem)
        if known is None:
            known = {}
            for index, pair in self._pairs.get(subsystem, ()):
                expected = pair.links * _BROKEN_SHARE
                dead = int(expected + self._chance.uniform("dead", pair.source, pair.target))
                known[index] = pair.links - min(dead, pair.links)
            self._baseline[subsystem] = known
        return known
