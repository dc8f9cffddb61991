"""Links of another make for the same estates: grown by preference, instead of by domains.

The sample's generator puts most links into domains. Here each subsystem in turn is linked to a few
that came before it, the more often the more links they have (Barabasi and Albert's rule), so a few
hubs are linked to nearly everything and there are no blocks to find. Weights fall off as those of
the sample do. What moves, its teams, people, dates and durations stay as they are.
"""

from __future__ import annotations

from random import Random
from typing import Final

from migrator.ids import LinkId
from migrator.inventory.model import Inventory, LatencyClass
from migrator.links.table import Pair

LINKS_EACH: Final = 5
"""As many pairs for each subsystem, as the estates we were shown have between domains."""


def grown_pairs(inventory: Inventory, seed: int) -> tuple[Pair, ...]:
    """Pairs of an estate's moving subsystems, by preference for who has many already."""
    chance = Random(f"grown/{seed}")
    names = [subsystem.id for subsystem in inventory.moving]
    chance.shuffle(names)
    ends = names[:2]
    weights: dict[tuple[int, int], int] = {}
    place = {name: k for k, name in enumerate(names)}
    for k in range(1, len(names)):
        for _ in range(min(k, LINKS_EACH)):
            other = place[chance.choice(ends)]
            if other < k:
                weight = max(1, round(1000 * chance.lognormvariate(1.5, 1.2)))
                weights[other, k] = weights.get((other, k), 0) + weight
                ends += [names[other], names[k]]
    return tuple(
        Pair(
            source=names[k],
            target=names[other],
            links=1,
            weight=weight,
            calls_per_day=100,
            by_latency={LatencyClass.INTERACTIVE: 1},
            examples=(LinkId(f"l-{other}-{k}"),),
        )
        for (other, k), weight in sorted(weights.items())
    )
