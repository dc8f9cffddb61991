"""Larger runs out of one: copies of an estate, and of a weekend's events, in one run.

Used by the benchmarks that need 50,000 events or 1,000 subsystems in seconds. Each copy has names
of its own, so that what holds for one estate holds for all of them side by side.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from migrator.engine import events as ev
from migrator.ids import SubsystemId, WaveId
from migrator.plan.model import Itinerary

WEEKEND: Final = timedelta(days=7)
Facts = list[tuple[datetime, ev.Event]]


def many(estate: Itinerary, copies: int) -> Itinerary:
    """So many copies of an estate in one itinerary, each name with its copy's number."""
    legs, waves, checks = {}, [], []
    for number in range(copies):
        for leg in estate.legs.values():
            name = SubsystemId(of(leg.id, number))
            legs[str(name)] = replace(
                leg,
                id=name,
                wave=WaveId(of(leg.wave, number)),
                after=tuple(SubsystemId(of(each, number)) for each in leg.after),
                together=tuple(SubsystemId(of(each, number)) for each in leg.together),
            )
        for wave in estate.waves:
            moves = tuple(SubsystemId(of(each, number)) for each in wave.moves)
            waves.append(replace(wave, id=WaveId(of(wave.id, number)), moves=moves))
        for check in estate.checks:
            core = tuple(SubsystemId(of(each, number)) for each in check.core)
            mine = WaveId(of(check.wave, number))
            checks.append(replace(check, id=of(check.id, number), wave=mine, core=core))
    pairs = tuple(
        replace(
            pair,
            source=SubsystemId(of(pair.source, number)),
            target=SubsystemId(of(pair.target, number)),
        )
        for number in range(copies)
        for pair in estate.pairs
    )
    return replace(estate, legs=legs, waves=tuple(waves), checks=tuple(checks), pairs=pairs)


def of(name: str, number: int) -> str:
    """A name in a copy of the estate; a check's ends with that of its wave."""
    return f"{name}-{number}"


def repeated(weekend: Facts, copies: int) -> Facts:
    """The weekend's events once for each copy; the run begins once and never ends.

    The last copy is the one in the plan's own window: what goes on from there has its people.
    """
    first, begun = weekend[0]
    facts: Facts = [(first - (copies - 1) * WEEKEND, begun)]
    for number in range(copies):
        for at, event in weekend[1:-1]:
            names = {
                key: of(str(getattr(event, key)), number)
                for key in ("move", "wave", "check", "subsystem")
                if hasattr(event, key)
            }
            facts.append((at + (number - copies + 1) * WEEKEND, replace(event, **names)))
    return facts
