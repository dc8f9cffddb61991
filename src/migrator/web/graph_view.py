"""What is around one subsystem: who calls it, whom it calls, in which wave and on which side. Pure.

Read by the graph's pages and drawn by `graph_picture`. The whole estate is never shown: a ball of
wool explains nothing. What is shown is a neighbourhood, most links first, and it says how
many it leaves out. Links are those that the run has pinned, summed by pairs of subsystems.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from migrator.engine.run import Run
from migrator.engine.states import Side
from migrator.plan.model import Itinerary, PairLeg
from migrator.reports.texts import Texts
from migrator.web.wave_view import PLACES, place_of
from migrator.web.weekend_view import WORDS

LISTED_MAX: Final = 60
"""As many as one reads through; the search finds the others."""
SECOND_MAX: Final = 20
FOUND_MAX: Final = 40
HEAVIEST: Final = 12
STAYS: Final = "stays"
"""The place of what is not moved: one end of many links, and never of a wave."""


@dataclass(frozen=True, slots=True)
class Arcs:
    """The pairs of an estate by their ends. Made once for an itinerary, as it never changes."""

    leaving: Mapping[str, tuple[PairLeg, ...]]
    entering: Mapping[str, tuple[PairLeg, ...]]


@dataclass(frozen=True, slots=True)
class Near:
    """Another subsystem, seen from the one in the middle.

    `crossing`: a link between them goes from one side to the other just now.
    """

    id: str
    name: str
    links: int
    wave: str  # empty: it stays
    place: str
    place_word: str
    moves: bool
    crossing: bool


@dataclass(frozen=True, slots=True)
class ByWave:
    """The neighbours that are in one wave; `wave` empty: those that stay."""

    wave: str
    state: str
    neighbours: int
    links: int
    crossing: int


@dataclass(frozen=True, slots=True)
class Circle:
    """Subsystems of which each reaches each other by links, and a shortest way round."""

    members: int
    way: tuple[tuple[str, str], ...]  # (id, name), from the middle one back to it


@dataclass(frozen=True, slots=True)
class GraphPage:
    """Everything about one subsystem's neighbourhood."""

    centre: Near
    wave_name: str
    calls: tuple[Near, ...]
    called_by: tuple[Near, ...]
    second: tuple[Near, ...]  # two steps away; empty unless asked for
    waves: tuple[ByWave, ...]
    calls_all: int
    called_by_all: int
    second_all: int
    links_out: int
    links_in: int
    crossing: int  # links that go from one side to the other now
    circle: Circle | None
    together: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FoundPage:
    """What a search found; without one the subsystems with the most links."""

    asked: str
    found: tuple[Near, ...]
    found_all: int


def arcs_of(itinerary: Itinerary) -> Arcs:
    """Sort the pairs by their ends, most links first; links inside a subsystem are no pair."""
    leaving: dict[str, list[PairLeg]] = {}
    entering: dict[str, list[PairLeg]] = {}
    for pair in sorted(itinerary.pairs, key=lambda each: (-each.links, each.source, each.target)):
        if pair.source != pair.target:
            leaving.setdefault(pair.source, []).append(pair)
            entering.setdefault(pair.target, []).append(pair)
    return Arcs(
        {name: tuple(pairs) for name, pairs in leaving.items()},
        {name: tuple(pairs) for name, pairs in entering.items()},
    )


def graph_page(run: Run, arcs: Arcs, centre: str, t: Texts, *, steps: int = 1) -> GraphPage | None:
    """One subsystem's neighbourhood; None where the estate has none of that name."""
    if centre not in run.itinerary.names:
        return None
    out, into = arcs.leaving.get(centre, ()), arcs.entering.get(centre, ())
    calls = tuple(_near(run, pair.target, (pair,), centre, t) for pair in out)
    called_by = tuple(_near(run, pair.source, (pair,), centre, t) for pair in into)
    second = tuple(_second(run, arcs, centre, t)) if steps > 1 else ()
    leg = run.itinerary.legs.get(centre)
    names = run.itinerary.names
    return GraphPage(
        _near(run, centre, (), centre, t),
        "" if leg is None else next(w.name for w in run.itinerary.waves if w.id == leg.wave),
        calls[:LISTED_MAX],
        called_by[:LISTED_MAX],
        second[:SECOND_MAX],
        _by_wave(run, (*calls, *called_by), t),
        len(calls),
        len(called_by),
        len(second),
        sum(pair.links for pair in out),
        sum(pair.links for pair in into),
        sum(each.links for each in (*calls, *called_by) if each.crossing),
        _circle(arcs, centre, names),
        ()
        if leg is None
        else tuple((each, names[each]) for each in leg.together if each != centre),
    )


def found_page(run: Run, arcs: Arcs, asked: str, t: Texts) -> FoundPage:
    """The subsystems whose name or id holds what was asked for; the ones with most links first."""
    names = run.itinerary.names
    wanted = asked.casefold()
    hits = [
        name
        for name, shown in names.items()
        if wanted in name.casefold() or wanted in shown.casefold()
    ]
    links = {name: sum(pair.links for pair in _touching(arcs, name)) for name in hits}
    # Who types a whole id wants that one, however few links it has.
    hits.sort(key=lambda name: (name.casefold() != wanted, -links[name], name))
    shown = hits[: FOUND_MAX if asked else HEAVIEST]
    return FoundPage(
        asked,
        tuple(_near(run, name, _touching(arcs, name), name, t) for name in shown),
        len(hits),
    )


def _touching(arcs: Arcs, name: str) -> tuple[PairLeg, ...]:
    return (*arcs.leaving.get(name, ()), *arcs.entering.get(name, ()))


def _near(run: Run, name: str, pairs: Iterable[PairLeg], centre: str, t: Texts) -> Near:
    leg = run.itinerary.legs.get(name)
    place = STAYS if leg is None else place_of(run, leg.id)
    return Near(
        name,
        run.itinerary.names.get(name, name),
        sum(pair.links for pair in pairs),
        "" if leg is None else leg.wave,
        place,
        t._("it stays") if leg is None else t._(PLACES[place]),
        leg is not None,
        side_of(run, name) is not side_of(run, centre),
    )


def side_of(run: Run, name: str) -> Side:
    """The side that a subsystem is counted on; it has gone over once the new one has authority."""
    side = run.authority.get(name, Side.OLD)
    return Side.OLD if side is Side.NONE else side


def _second(run: Run, arcs: Arcs, centre: str, t: Texts) -> list[Near]:
    """What is two steps away in one direction: the callers' callers, and whom the called call."""
    first = {pair.target for pair in arcs.leaving.get(centre, ())}
    first |= {pair.source for pair in arcs.entering.get(centre, ())}
    found: dict[str, list[PairLeg]] = {}
    for pair in arcs.leaving.get(centre, ()):
        for further in arcs.leaving.get(pair.target, ()):
            if further.target != centre and further.target not in first:
                found.setdefault(further.target, []).append(further)
    for pair in arcs.entering.get(centre, ()):
        for further in arcs.entering.get(pair.source, ()):
            if further.source != centre and further.source not in first:
                found.setdefault(further.source, []).append(further)
    second = [_near(run, name, pairs, centre, t) for name, pairs in found.items()]
    return sorted(second, key=lambda each: (-each.links, each.id))


def _by_wave(run: Run, near: tuple[Near, ...], t: Texts) -> tuple[ByWave, ...]:
    order = [wave.id for wave in run.itinerary.waves]
    found = []
    for wave in (*order, ""):
        inside = [each for each in near if each.wave == wave]
        if inside:
            found.append(
                ByWave(
                    wave,
                    t._(WORDS[run.waves[wave].state]) if wave else t._("it stays"),
                    len({each.id for each in inside}),
                    sum(each.links for each in inside),
                    sum(each.links for each in inside if each.crossing),
                )
            )
    return tuple(found)


def _circle(arcs: Arcs, centre: str, names: Mapping[str, str]) -> Circle | None:
    """The circle of links through a subsystem: whom it reaches and who reaches it."""
    came_from: dict[str, str] = {}
    waiting = deque([centre])
    last = ""
    while waiting:
        here = waiting.popleft()
        for pair in arcs.leaving.get(here, ()):
            if pair.target == centre:
                last = last or here
            elif pair.target not in came_from:
                came_from[pair.target] = here
                waiting.append(pair.target)
    if not last:
        return None
    reached = {centre}
    waiting = deque([centre])
    while waiting:
        for pair in arcs.entering.get(waiting.popleft(), ()):
            if pair.source not in reached:
                reached.add(pair.source)
                waiting.append(pair.source)
    way = [centre, last]
    while way[-1] != centre:
        way.append(came_from.get(way[-1], centre))
    members = 1 + sum(1 for name in came_from if name in reached)
    return Circle(members, tuple((name, names[name]) for name in reversed(way)))
