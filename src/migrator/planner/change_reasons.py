"""Who is in another wave than before, and why: each change of a new plan taken back by itself.

Called by `changes.py`. A request is its own reason; for all else one evaluation says what would be
if that subsystem were in its old wave. Nothing is guessed: where nothing forces a change, the hours
of exposure that it saves stand there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.ids import SubsystemId, WaveId
from migrator.planner.calendars import GRID_MINUTES
from migrator.planner.change_basis import Basis
from migrator.planner.decode import Schedule, decode
from migrator.planner.least_change import Begun, Changed
from migrator.planner.problem import Problem
from migrator.planner.search import hours
from migrator.planner.standing import Standing, refusal, with_atom_in


@dataclass(frozen=True, slots=True)
class Moved:
    """A subsystem that is in another wave now. `before` None: it was in no wave."""

    subsystem: SubsystemId
    before: WaveId | None
    after: WaveId
    why: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """The new plan, to try each change taken back."""

    basis: Basis
    stands: Standing
    found: Changed
    home: Sequence[int]
    begun: Begun

    def all(self) -> tuple[Moved, ...]:
        """Everybody who is in another wave than before, in the new plan's order."""
        problem, ids = self.stands.problem, self.stands.ids
        was = {m.subsystem: wave.id for wave in self.basis.plan.waves for m in wave.moves}
        return tuple(
            Moved(problem.ids[i], was.get(problem.ids[i]), ids[number], self.why(i, number))
            for number, wave in enumerate(self.found.waves)
            for i in wave
            if self.home[i] != number
        )

    def why(self, i: int, here: int) -> str:
        """What would be if it were in its old wave: one evaluation, unless that is forbidden."""
        problem, home = self.stands.problem, self.home[i]
        name, atom = problem.ids[i], problem.atom_of[i]
        if home < 0:
            known = any(m.subsystem == name for wave in self.basis.plan.waves for m in wave.moves)
            return "its wave is no more" if known else "the plan did not have it"
        asked = self.asked(atom, here, home)
        if asked is not None:
            return asked
        back = with_atom_in(problem, self.found.waves, atom, home)
        why = refusal(self.stands, back, atom, home)
        if why is not None:
            return f"else {why}"
        schedule = decode(problem, back, self.begun.schedule, self.begun.waves)
        if schedule.late:
            return f"else the plan would end {_span(schedule.late)} after the window"
        if schedule.missed:
            return f"else {_missed(problem, schedule)} would miss an appointment"
        more = hours(problem, schedule) - hours(problem, self.found.schedule)
        return f"in its old wave exposure would be {more:+.2f} h"

    def asked(self, atom: int, here: int, home: int) -> str | None:
        """The request that put it here, or drove it away; None where none did."""
        problem, ids, requests = self.stands.problem, self.stands.ids, self.basis.requests
        for name in (problem.ids[i] for i in problem.atoms[atom]):
            wave, place = requests.pins.get(name, (None, None))
            if place is not None and wave is not None and self.stands.limits.pinned[atom] == here:
                return f"asked for: {place.path}"
            at = requests.forbidden.get(name, {}).get(ids[home])
            if at is not None:
                return f"asked for: {at.path}"
        return None


def _missed(problem: Problem, schedule: Schedule) -> str:
    """Who would switch too late for a fixed date."""
    return (
        ", ".join(
            problem.ids[i]
            for i, facts in enumerate(problem.moves)
            if facts.fixed is not None and schedule.switch[i] > facts.fixed[1]
        )
        or "somebody"
    )


def gone(basis: Basis, problem: Problem) -> tuple[str, ...]:
    """Who was in the plan and does not move any more."""
    known = basis.inventory.by_id
    return tuple(
        f"{move.subsystem} does not move any more: "
        + ("it stays" if move.subsystem in known else "the inventory does not have it")
        for wave in basis.plan.waves
        for move in wave.moves
        if move.subsystem not in problem.index
    )


def _span(ticks: int) -> str:
    minutes = ticks * GRID_MINUTES
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
