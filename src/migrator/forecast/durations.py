"""What runs teach of durations: a log-normal per kind of task, shrunk where samples are few.

Called by `wiring/learning.py` with samples from journals; `applied.py` puts the answer into an
inventory. A kind is an act of a kind of subsystem (`copy` of `stateful`), a handler's verdict or a
gate's decision. With y = ln(minutes / estimated P50) of a sample:

    y = mu(kind) + own(subsystem, act) + shock(run) + rest

*Kind.* mu and the variance of the rest have the conjugate normal-inverse-gamma distribution. Before
any run the estimate counts as `PRIOR_SAMPLES` samples that say "the estimate is right", and its own
spread as `PRIOR_FREEDOM` of them. After n samples with mean m and sum of squares S about it:

    k = k0 + n     mu_n = n m / k     a = (v0 + n) / 2
    b = v0 s0^2 / 2 + S / 2 + k0 n m^2 / (2 k)

What comes next is then Student's t with 2a degrees around mu_n, with the scale
sqrt(b / a (1 + 1 / k)); the kernel wants a log-normal: it gets that with the same P50 and P80.
(The update is in every textbook of Bayesian statistics, for instance Gelman et al., Bayesian Data
Analysis, third edition, section 3.3.)
*Shock.* The variance between runs, by the method of moments for one random effect with unequal
counts, shrunk in the same way; each run's own shock is taken out before kinds are learned again.
*Own.* A subsystem's act that was seen in two runs or more is shrunk towards its kind by
tau^2 / (tau^2 + s^2 / n), tau^2 being the variance between such tasks.
*Together.* How much the steps of one move go together, as the mean product of their standardised
rests; owners estimate a move as a whole, so before any run they go together entirely.

A sample is never thrown away and never weighed by anybody's hand; what is odd shows in the file.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

PRIOR_SAMPLES: Final = 4.0
"""k0: so many samples weigh as much as an owner's estimate of the P50."""

PRIOR_FREEDOM: Final = 6.0
"""v0: so many samples weigh as much as an owner's estimate of the spread."""

PRIOR_TOGETHER: Final = 10.0
"""So many moves weigh as much as the owners' way of estimating a move as a whole."""

SHOCK_SIGMA: Final = 0.1
"""Of a weekend before any run, as `planner/rows.py` has it (a test holds them together)."""

SIGMA_MIN: Final = 0.02
"""No work of people is steadier than to two per cent."""

OWN_TASKS_MIN: Final = 3
"""The variance between tasks is not guessed from fewer."""

Z80: Final = 0.8416212335729143


class Kind(NamedTuple):
    """An act of a kind of subsystem; `tick` of a `function`, `decision` of a `gate`."""

    act: str
    of: str


@dataclass(frozen=True, slots=True)
class Sample:
    """How long something took in a run, and what was estimated."""

    run: str
    kind: Kind
    subject: str  # the subsystem, function or gate
    p50: float  # estimated, in minutes
    sigma: float  # estimated, of the logarithm
    minutes: float

    @property
    def y(self) -> float:
        """The logarithm of what it took over what was estimated."""
        return math.log(self.minutes / self.p50)


@dataclass(frozen=True, slots=True)
class LearnedKind:
    """What is known of a kind now. `factor` is on the estimated P50."""

    kind: Kind
    samples: int
    factor: float
    sigma: float
    shrinkage: float  # what of it is the samples' own word, 0 to 1; the rest is the estimate's


@dataclass(frozen=True, slots=True)
class LearnedOwn:
    """What one subsystem's act takes beside its kind."""

    subject: str
    act: str
    samples: int
    factor: float  # on top of the kind's


@dataclass(frozen=True, slots=True)
class Durations:
    """What all samples teach together."""

    kinds: tuple[LearnedKind, ...]
    own: tuple[LearnedOwn, ...]
    shock_sigma: float
    together: float


def learn(samples: Sequence[Sample]) -> Durations:
    """Durations from samples, in any order; the same samples give the same answer."""
    ordered = sorted(samples, key=lambda s: (s.kind, s.subject, s.run, s.minutes))
    first = {kind: _kind(kind, mine, {}) for kind, mine in _by_kind(ordered).items()}
    shock, effects = _shock(ordered, first)
    kinds = {kind: _kind(kind, mine, effects) for kind, mine in _by_kind(ordered).items()}
    rests = [
        sample.y - effects[sample.run] - math.log(kinds[sample.kind].factor) for sample in ordered
    ]
    return Durations(
        kinds=tuple(kinds[kind] for kind in sorted(kinds)),
        own=tuple(_own(ordered, rests)),
        shock_sigma=shock,
        together=_together(ordered, rests, kinds),
    )


def _by_kind(samples: Iterable[Sample]) -> dict[Kind, list[Sample]]:
    found: dict[Kind, list[Sample]] = defaultdict(list)
    for sample in samples:
        found[sample.kind].append(sample)
    return found


def _kind(kind: Kind, samples: Sequence[Sample], effects: Mapping[str, float]) -> LearnedKind:
    n = len(samples)
    ys = [sample.y - effects.get(sample.run, 0.0) for sample in samples]
    mean = math.fsum(ys) / n
    squares = math.fsum((y - mean) ** 2 for y in ys)
    before = max(SIGMA_MIN**2, math.fsum(sample.sigma**2 for sample in samples) / n)
    k = PRIOR_SAMPLES + n
    a = (PRIOR_FREEDOM + n) / 2
    b = PRIOR_FREEDOM * before / 2 + squares / 2 + PRIOR_SAMPLES * n * mean**2 / (2 * k)
    scale = math.sqrt(b / a * (1 + 1 / k))
    return LearnedKind(
        kind=kind,
        samples=n,
        factor=math.exp(n * mean / k),
        sigma=max(SIGMA_MIN, scale * student80(2 * a) / Z80),
        shrinkage=n / k,
    )


def student80(freedom: float) -> float:
    """The 80 % quantile of Student's t, from the normal one (Cornish and Fisher's expansion)."""
    z, v = Z80, freedom
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / v + second / v**2 + third / v**3


def _shock(
    samples: Sequence[Sample], kinds: Mapping[Kind, LearnedKind]
) -> tuple[float, dict[str, float]]:
    """The sigma of whole runs, and each run's own shock, shrunk."""
    rests: dict[str, list[float]] = defaultdict(list)
    for sample in samples:
        rests[sample.run].append(sample.y - math.log(kinds[sample.kind].factor))
    counts = {run: len(mine) for run, mine in rests.items()}
    means = {run: math.fsum(mine) / len(mine) for run, mine in rests.items()}
    total, runs = sum(counts.values()), len(rests)
    inner = math.fsum((r - means[run]) ** 2 for run, mine in rests.items() for r in mine)
    within = inner / (total - runs) if total > runs else 0.0
    seen, freedom = 0.0, runs - 1
    if freedom > 0:
        grand = math.fsum(counts[run] * means[run] for run in rests) / total
        between = math.fsum(counts[run] * (means[run] - grand) ** 2 for run in rests) / freedom
        even = (total - math.fsum(c**2 for c in counts.values()) / total) / freedom
        seen = max(0.0, (between - within) / even) if even > 0 else 0.0
    variance = (PRIOR_FREEDOM * SHOCK_SIGMA**2 + max(0, freedom) * seen) / (
        PRIOR_FREEDOM + max(0, freedom)
    )
    effects = {
        run: means[run] * variance / (variance + within / counts[run]) if freedom > 0 else 0.0
        for run in rests
    }
    return math.sqrt(variance), effects


def _own(samples: Sequence[Sample], rests: Sequence[float]) -> Iterable[LearnedOwn]:
    """Tasks that were seen more than once, shrunk towards their kind."""
    tasks: dict[tuple[Kind, str], list[float]] = defaultdict(list)
    for sample, rest in zip(samples, rests, strict=True):
        tasks[sample.kind, sample.subject].append(rest)
    again: dict[Kind, dict[str, list[float]]] = defaultdict(dict)
    for (kind, subject), mine in tasks.items():
        if len(mine) > 1:
            again[kind][subject] = mine
    for kind, those in sorted(again.items()):
        if len(those) < OWN_TASKS_MIN:
            continue
        means = {subject: math.fsum(mine) / len(mine) for subject, mine in those.items()}
        freedom = sum(len(mine) - 1 for mine in those.values())
        within = (
            math.fsum((r - means[subject]) ** 2 for subject, mine in those.items() for r in mine)
            / freedom
        )
        middle = math.fsum(means.values()) / len(means)
        between = math.fsum((m - middle) ** 2 for m in means.values()) / (len(means) - 1)
        noise = within * math.fsum(1 / len(mine) for mine in those.values()) / len(those)
        tau = max(0.0, between - noise)
        for subject, mine in sorted(those.items()):
            share = tau / (tau + within / len(mine)) if tau > 0 else 0.0
            if share > 0:
                yield LearnedOwn(subject, kind.act, len(mine), math.exp(share * means[subject]))


def _together(
    samples: Sequence[Sample], rests: Sequence[float], kinds: Mapping[Kind, LearnedKind]
) -> float:
    moves: dict[tuple[str, str], list[float]] = defaultdict(list)
    for sample, rest in zip(samples, rests, strict=True):
        moves[sample.run, sample.subject].append(rest / kinds[sample.kind].sigma)
    products, pairs, seen = 0.0, 0, 0
    for mine in moves.values():
        if len(mine) < 2:
            continue
        seen += 1
        whole = math.fsum(mine)
        products += (whole**2 - math.fsum(z**2 for z in mine)) / 2
        pairs += len(mine) * (len(mine) - 1) // 2
    if not pairs:
        return 1.0
    found = min(1.0, max(0.0, products / pairs))
    return (PRIOR_TOGETHER + seen * found) / (PRIOR_TOGETHER + seen)
