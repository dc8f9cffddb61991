"""What the functions that fail share and those that pass do not: whom to look at first.

Called by `engine/suspecting.py`. A function exercises subsystems as core or passing parts, and
reaches those that its core parts are linked with; links may be worse since the last look. From that
each subsystem, and each link between two of them, gets a share: of the functions that fail, how
many use it, against all that use it (Ochiai's measure of fault localisation). It is a hint of where
to look, never a verdict: nothing is held, taken back or released because of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final

CORE, PASSING, BESIDE = "core", "passing", "beside"
NEARNESS: Final[Mapping[str, float]] = {CORE: 1.0, PASSING: 0.7, BESIDE: 0.35}
"""How much a function says of a part: what it is about, what it passes, what those are linked with.
Halving from the second to the third step keeps neighbours behind everything that is used."""

WORSE_LINKS: Final = 0.5
"""A part with links that became worse is half as far from certain as without them."""

SUSPECTS_MAX: Final = 5
_LEAST_OF_BEST: Final = 0.5  # less than half as likely as the first is no help to anybody


@dataclass(frozen=True, slots=True)
class Exercise:
    """A function that was verified: what it uses, and whether it works."""

    id: str
    core: frozenset[str]
    passing: frozenset[str]
    works: bool

    def near(self, part: str, beside: Mapping[str, Collection[str]]) -> str:
        """How near a part is to the function; empty where it has nothing to do with it."""
        if part in self.core:
            return CORE
        if part in self.passing:
            return PASSING
        return BESIDE if self.core.intersection(beside.get(part, ())) else ""


@dataclass(frozen=True, slots=True)
class Between:
    """All links from one subsystem to another, by a few of their ids."""

    source: str
    target: str
    links: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What the last look at a subsystem's links found worse, with the causes it gave."""

    part: str
    regressed: int
    examples: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspect:
    """A subsystem, or the links from it to another one, and why one should look there."""

    part: str
    other: str  # the other end; empty for the subsystem itself
    near: str  # the nearest that a failing function is to it: core, passing or beside
    fails: tuple[str, ...]  # failing functions that use it
    failing: int  # of so many
    passes: tuple[str, ...]  # functions that work and use it
    passing: int  # of so many
    regressed: int  # its links that are worse
    examples: tuple[str, ...]
    causes: tuple[str, ...]
    score: float  # 0 to 1


def suspects(
    exercises: Iterable[Exercise], pairs: Sequence[Between], looks: Iterable[Look]
) -> tuple[Suspect, ...]:
    """Where to look first; empty where no function fails."""
    all_of_them = tuple(exercises)
    failing = [each for each in all_of_them if not each.works]
    if not failing:
        return ()
    works = [each for each in all_of_them if each.works]
    worse = {look.part: look for look in looks if look.regressed}
    beside = _neighbours(pairs)
    used = {part for each in failing for part in each.core | each.passing}
    reached = {part for part, others in beside.items() if used.intersection(others)}
    alone = {
        part: found
        for part in sorted(used | reached)
        if (found := _of_a_part(part, failing, works, beside, worse.get(part))) is not None
    }
    linked = [
        found
        for pair in pairs
        if (found := _of_a_pair(pair, failing, works, worse)) is not None
        and found.score > max(_score(alone, pair.source), _score(alone, pair.target))
    ]
    ranked = sorted([*alone.values(), *linked], key=lambda each: (-each.score, each.part))
    best = ranked[0].score
    return tuple(each for each in ranked[:SUSPECTS_MAX] if each.score >= best * _LEAST_OF_BEST)


def _neighbours(pairs: Iterable[Between]) -> dict[str, set[str]]:
    beside: dict[str, set[str]] = {}
    for pair in pairs:
        beside.setdefault(pair.source, set()).add(pair.target)
        beside.setdefault(pair.target, set()).add(pair.source)
    return beside


def _score(alone: Mapping[str, Suspect], part: str) -> float:
    return alone[part].score if part in alone else 0.0


def _of_a_part(
    part: str,
    failing: Sequence[Exercise],
    works: Sequence[Exercise],
    beside: Mapping[str, Collection[str]],
    look: Look | None,
) -> Suspect | None:
    fails = {each.id: near for each in failing if (near := each.near(part, beside))}
    passes = {each.id: near for each in works if (near := each.near(part, beside))}
    if not fails:
        return None
    said = sum(NEARNESS[near] for near in fails.values())
    against = sum(NEARNESS[near] for near in passes.values())
    found = Suspect(
        part=part,
        other="",
        near=max(fails.values(), key=NEARNESS.__getitem__),
        fails=tuple(sorted(fails)),
        failing=len(failing),
        passes=tuple(sorted(passes)),
        passing=len(works),
        regressed=0,
        examples=(),
        causes=(),
        score=_ochiai(said, against, len(failing)),
    )
    return found if look is None else _with_look(found, look)


def _of_a_pair(
    pair: Between,
    failing: Sequence[Exercise],
    works: Sequence[Exercise],
    worse: Mapping[str, Look],
) -> Suspect | None:
    """The links between two subsystems that one failing function uses both of."""
    ends = {pair.source, pair.target}
    fails = [each.id for each in failing if ends <= each.core | each.passing]
    passes = [each.id for each in works if ends <= each.core | each.passing]
    if not fails:
        return None
    found = Suspect(
        part=pair.source,
        other=pair.target,
        near=PASSING,
        fails=tuple(sorted(fails)),
        failing=len(failing),
        passes=tuple(sorted(passes)),
        passing=len(works),
        regressed=0,
        examples=(),
        causes=(),
        score=_ochiai(len(fails), len(passes), len(failing)),
    )
    for end in sorted(ends & worse.keys()):
        mine = tuple(link for link in worse[end].examples if link in pair.examples)
        if mine:
            return _with_look(found, replace(worse[end], regressed=len(mine), examples=mine))
    return found


def _ochiai(said: float, against: float, failing: int) -> float:
    return said / sqrt(failing * (said + against))


def _with_look(found: Suspect, look: Look) -> Suspect:
    return replace(
        found,
        regressed=look.regressed,
        examples=look.examples,
        causes=look.causes,
        score=1 - (1 - found.score) * WORSE_LINKS,
    )
