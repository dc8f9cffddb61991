"""Green, yellow or red: each subsystem, each wave and the whole, from what is open. Pure.

A subsystem is as bad as the worst that is open about it; a wave, as the worst about itself or one
of its subsystems; the whole, as the worst of all. What is open only ever makes things worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from migrator.incidents.model import Disturbance, Level


@dataclass(frozen=True, slots=True)
class Levels:
    """How everything stands. What is not named in a table is green."""

    whole: Level
    waves: Mapping[str, Level]
    subsystems: Mapping[str, Level]

    def of_wave(self, wave: str) -> Level:
        """How a wave stands."""
        return self.waves.get(wave, Level.GREEN)

    def of_subsystem(self, subsystem: str) -> Level:
        """How a subsystem stands."""
        return self.subsystems.get(subsystem, Level.GREEN)


def levels(disturbances: Iterable[Disturbance]) -> Levels:
    """How everything stands under these disturbances; closed ones change nothing."""
    whole = Level.GREEN
    waves: dict[str, Level] = {}
    subsystems: dict[str, Level] = {}
    for each in disturbances:
        if not each.open:
            continue
        whole = worse(whole, each.level)
        if each.wave:
            waves[each.wave] = worse(waves.get(each.wave, Level.GREEN), each.level)
        if each.subsystem:
            before = subsystems.get(each.subsystem, Level.GREEN)
            subsystems[each.subsystem] = worse(before, each.level)
    return Levels(whole, waves, subsystems)


def worse(one: Level, other: Level) -> Level:
    """The worse of two."""
    return one if one.rank >= other.rank else other
