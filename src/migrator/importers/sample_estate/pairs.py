"""Which subsystem calls which in the sample, and how many links each pair has.

Called by `links.py`. Calls go down the tiers, mostly inside one benefit family or to the hubs that
everybody leans on; out-degrees are Pareto; a few per cent of the pairs are back edges (answers,
notices, events that go up again), which close the cycles that every real estate has. Most links
belong to few pairs. Columns only, seeded; the order of every array follows from the estate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from migrator.importers.sample_estate.catalogue import TIERS
from migrator.importers.sample_estate.estate import Estate

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BACK_SHARE: Final = 0.06
"""The middle of the 2 to 10 per cent that real dependency graphs of this kind show."""

INNER_SHARE: Final = 0.12
"""About every eighth link joins two components of one subsystem."""

# How readily a tier (row) calls a tier (column), channel to infrastructure, then partners.
_DOWNWARDS: Final = (
    (0.3, 6.0, 4.0, 2.0, 1.5, 1.5, 0.3),
    (0.0, 1.5, 6.0, 4.0, 3.0, 1.5, 0.1),
    (0.0, 0.0, 1.5, 5.0, 5.0, 1.5, 0.6),
    (0.0, 0.0, 0.0, 1.2, 3.0, 2.5, 1.5),
    (0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.5),
    (0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.8),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
)
_FAMILY: Final = 6.0
"""A subsystem calls its own family six times as readily as another one."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Ordered pairs of subsystems (indexes into the estate's drafts), sorted, with link counts.

    A pair of a subsystem with itself stands for its inner links.
    """

    source: Ints
    target: Ints
    count: Ints


def draw_pairs(estate: Estate) -> Pairs:
    """Draw the pairs and deal the estate's links out to them; every link has a pair."""
    random = np.random.default_rng([estate.size.seed, 1])
    affinity = _affinity(estate)
    forward = _forward(estate, affinity, random)
    back = _back(forward, _external(estate), random)
    inner = np.array(
        [(i, i) for i, draft in enumerate(estate.drafts) if len(draft.components) > 1],
        dtype=np.int64,
    ).reshape(-1, 2)
    arcs = np.concatenate([forward, back, inner])
    weights = np.concatenate(
        [
            _weights(affinity[forward[:, 0], forward[:, 1]], random),
            # Answers and notices are fewer than the calls they belong to.
            0.3 * _weights(affinity[back[:, 1], back[:, 0]], random),
            np.zeros(len(inner)),
        ]
    )
    inner_weights = random.lognormal(0, 0.8, len(inner))
    if len(inner):
        share = INNER_SHARE / (1 - INNER_SHARE) * weights.sum()
        weights[len(arcs) - len(inner) :] = share * inner_weights / inner_weights.sum()
    count = _deal(_kept(weights, _spared(estate, forward), estate.size.links), estate.size.links)
    used = np.flatnonzero(count)
    used = used[np.lexsort((arcs[used, 1], arcs[used, 0]))]
    return Pairs(arcs[used, 0], arcs[used, 1], count[used])


def _affinity(estate: Estate) -> Floats:
    """How readily each subsystem calls each other one; 0 where it never does.

    Zero as well for everything upwards, so that what is drawn from it has no cycles.
    """
    order = (*TIERS, "external")
    entries = [draft.entry for draft in estate.drafts]
    tier = np.array([order.index(entry.tier) for entry in entries])
    names = sorted({entry.family for entry in entries})
    family = np.array([names.index(entry.family) for entry in entries])
    common = np.array([entry.family == "gemensam" for entry in entries])
    benefits = sorted({entry.benefit for entry in entries})
    benefit = np.array([benefits.index(entry.benefit) for entry in entries])
    has_benefit = np.array([entry.benefit != "" for entry in entries])
    pull = np.array([entry.pull for entry in entries], dtype=np.float64)
    affinity = np.array(_DOWNWARDS)[tier][:, tier] * pull[np.newaxis, :]
    same = (family[:, np.newaxis] == family) & ~common[:, np.newaxis]
    affinity *= np.where(same, _FAMILY, 1.0)
    together = (benefit[:, np.newaxis] == benefit) & has_benefit
    affinity *= np.where(together, _FAMILY, 1.0)
    stays = np.array([entry.kind == "stays" for entry in entries])
    affinity *= np.where(stays[:, np.newaxis] & stays, _FAMILY, 1.0)
    return np.asarray(np.triu(affinity, k=1), dtype=np.float64)


def _forward(estate: Estate, affinity: Floats, random: np.random.Generator) -> Ints:
    """Draw a Pareto out-degree for each and that many targets, the readiest ones more often."""
    size = len(estate.drafts)
    # About nine targets each at 77 subsystems and thirteen from 300 on; the largest have many more.
    mean = min(13.0, 2.0 * size**0.34)
    degree = np.floor(random.pareto(1.8, size) * mean * 0.35 + mean * 0.62).astype(np.int64)
    possible = np.count_nonzero(affinity, axis=1)
    degree = np.minimum(np.maximum(degree, 1), np.minimum(possible, max(2, size // 2)))
    with np.errstate(divide="ignore"):
        keys = np.log(affinity) + random.gumbel(size=affinity.shape)
    ranked = np.argsort(-keys, axis=1, kind="stable")
    wanted = np.arange(size) < degree[:, np.newaxis]
    source, place = np.nonzero(wanted)
    return np.stack([source, ranked[source, place]], axis=1)


def _external(estate: Estate) -> npt.NDArray[np.bool_]:
    return np.array([draft.entry.kind == "external" for draft in estate.drafts])


def _back(forward: Ints, external: npt.NDArray[np.bool_], random: np.random.Generator) -> Ints:
    """Turn some of the calls round: who is called, sometimes calls back."""
    inside = ~external[forward[:, 0]] & ~external[forward[:, 1]]
    own = np.flatnonzero(inside)
    # The share is of all pairs, so it is taken of what there will be and not of what there is.
    wanted = round(BACK_SHARE / (1 - BACK_SHARE) * len(own))
    chosen = np.sort(random.permutation(own)[:wanted])
    partners = np.flatnonzero(~inside)
    # Every other partner sends something by itself: notices, receipts, statements.
    chosen = np.concatenate([chosen, partners[::2]])
    turned: Ints = forward[chosen][:, ::-1]
    return turned


def _weights(affinity: Floats, random: np.random.Generator) -> Floats:
    """Log-normal with a wide spread, so that few pairs have most of the links."""
    return np.sqrt(affinity) * random.lognormal(0, 1.5, len(affinity))


def _spared(estate: Estate, forward: Ints) -> Ints:
    """One call of each subsystem that moves: even the thinnest sample links all of them."""
    first = np.unique(forward[:, 0], return_index=True)[1]
    moves = np.array([draft.moves for draft in estate.drafts])
    spared: Ints = first[moves[forward[first, 0]]]
    return spared


def _kept(weights: Floats, spared: Ints, links: int) -> Floats:
    """Where there are fewer links than pairs, keep the spared pairs, then the heaviest ones.

    Every pair that is kept has at least one link.
    """
    if len(weights) <= links:
        return weights
    first = np.zeros(len(weights), dtype=np.bool_)
    first[spared] = True
    ranked = np.lexsort((np.arange(len(weights)), -weights, ~first))
    kept = np.zeros(len(weights))
    kept[ranked[:links]] = weights[ranked[:links]]
    return kept


def _deal(weights: Floats, links: int) -> Ints:
    """Deal `links` out in proportion to the weights, at least one to each with a weight."""
    count = (weights > 0).astype(np.int64)
    exact = weights / weights.sum() * (links - count.sum())
    count += np.floor(exact).astype(np.int64)
    rest = links - int(count.sum())
    ranked = np.lexsort((np.arange(len(weights)), np.floor(exact) - exact))
    count[ranked[:rest]] += 1
    return count
