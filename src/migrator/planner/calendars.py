"""Calendars as bit sets: when somebody is there, when a team has seats, when a gate can be decided.

Called by the other modules of the planner. Bit t of an int says something about tick t; negative
ints go on for ever, so that what is beyond the window counts as open: the decoder always comes to
an end, and a plan that is too long says by how much. Nothing here decides anything.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from migrator.ids import ShiftId, TeamId
from migrator.inventory.model import Inventory, Person, Role
from migrator.inventory.times import at_offset, zone

GRID_MINUTES: Final = 5
"""Finer than any estimate and coarse enough for a person to read aloud."""

ALWAYS: Final = -1
"""Every bit set: at all times."""


class Grid:
    """The window as ticks, and the calendars in it as bit sets."""

    def __init__(self, inventory: Inventory) -> None:
        """Keep the window and the shifts."""
        calendar = inventory.calendar
        # Two times of one named zone are subtracted by the wall clock; in UTC never.
        self.start = calendar.start.astimezone(UTC)
        self.calendar = calendar
        self.zone = zone(calendar.time_zone)
        self.window = math.floor(self.tick(calendar.end))
        self.beyond = ALWAYS << self.window
        self.shifts: dict[ShiftId, int] = {
            shift.id: self.inside(shift.start, shift.end) for shift in inventory.people.shifts
        }

    def tick(self, moment: datetime) -> float:
        """Where a moment lies, in ticks after the window's start."""
        return _minutes(moment.astimezone(UTC) - self.start) / GRID_MINUTES

    def moment(self, tick: int) -> datetime:
        """The moment of a tick, as the clocks of the window's zone show it."""
        return at_offset(self.start + timedelta(minutes=tick * GRID_MINUTES), self.zone)

    def inside(self, start: datetime, end: datetime) -> int:
        """The bits of the whole ticks of the window that lie in a stretch."""
        first = max(0, math.ceil(self.tick(start)))
        last = min(self.window, math.floor(self.tick(end)))
        return 0 if last <= first else (1 << last) - (1 << first)

    def duty(self, person: Person) -> int:
        """When somebody is there; a person without shifts always is."""
        if not person.shifts:
            return ALWAYS
        bits = self.beyond
        for shift in person.shifts:
            bits |= self.shifts.get(shift, 0)
        return bits


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / 60


def ticks_up(minutes: float) -> int:
    """Whole ticks that hold so many minutes; a hair above a tick's edge is rounding, not time."""
    return max(0, math.ceil(minutes / GRID_MINUTES - 1e-9))


def team_members(inventory: Inventory, team: TeamId) -> tuple[Person, ...]:
    """Who checks what belongs to a team and to no function."""
    return tuple(person for person in inventory.people.people if person.team == team)


def deciders(inventory: Inventory) -> tuple[Person, ...]:
    """Who may say go, in the order of their ids."""
    return tuple(p for p in inventory.people.people if Role.DECISION_MAKER in p.roles)


def deciding_bits(inventory: Inventory, grid: Grid) -> int:
    """When a gate can be decided on; always, where nobody is named or nobody is on a shift."""
    bits = 0
    for person in deciders(inventory):
        bits |= grid.duty(person)
    if not bits & ~grid.beyond:
        return ALWAYS
    return bits


def team_seats(inventory: Inventory, team_id: TeamId, grid: Grid) -> tuple[tuple[int, int], ...]:
    """When exactly so many seats of a team are there; overlapping shifts add up."""
    team = next((team for team in inventory.people.teams if team.id == team_id), None)
    if team is None:
        return ((max(1, inventory.assumptions.team_seats), ALWAYS),)
    at_least: list[int] = []  # at_least[n]: bits of n + 1 seats or more
    for shift, seats in sorted(team.seats.items()):
        bits = grid.shifts.get(shift, 0)
        for _ in range(seats):
            for level in range(len(at_least) - 1, -1, -1):
                if level + 1 == len(at_least):
                    at_least.append(0)
                at_least[level + 1] |= at_least[level] & bits
            if not at_least:
                at_least.append(0)
            at_least[0] |= bits
    # Beyond the window the largest crew is taken to go on, so that the overrun can be told.
    at_least = [bits | grid.beyond for bits in at_least if bits] or [grid.beyond]
    return tuple(
        (n + 1, bits & ~(at_least[n + 1] if n + 1 < len(at_least) else 0))
        for n, bits in enumerate(at_least)
        if bits & ~(at_least[n + 1] if n + 1 < len(at_least) else 0)
    )
