"""Why a subsystem moves when it does: facts for people, each computed, none remembered.

Called by `migrator explain` and the reports. The plan is decoded again in its written order, and
the neighbouring waves are tried with one evaluation each, so an explanation holds for hand-edited
plans, too. It never says "optimal": it says what one step to either side would change.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from migrator.errors import InputError
from migrator.ids import SubsystemId, WaveId
from migrator.inventory.door import did_you_mean
from migrator.inventory.model import Inventory, Relation, RelationKind
from migrator.links.table import Pair
from migrator.plan.model import Plan, PlannedMove, PlannedWave
from migrator.plan.recipes import RECIPES
from migrator.planner.build import unwind_all_hours
from migrator.planner.calendars import GRID_MINUTES, Grid
from migrator.planner.decode import Schedule, decode
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules, relations_of
from migrator.planner.search import hours
from migrator.planner.standing import Standing, refusal, standing, with_atom_in

NEIGHBOURS_MAX: Final = 5
"""Five neighbours are what a person takes in; `migrator graph --around` shows them all."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A subsystem that shares links. `switch` is None for one that never switches."""

    subsystem: SubsystemId
    links: int
    share: float  # of all link weight that touches the explained subsystem
    wave: WaveId | None
    switch: datetime | None
    split_hours: float | None  # how long the links cross the platforms; None: for good


@dataclass(frozen=True, slots=True)
class Alternative:
    """The subsystem (with all that must go with it) one wave earlier or later.

    `refused` says why that cannot be; then there are no figures. Changes are in hours, negative
    is less. `invalid` says what the change would break although no limit forbids it.
    """

    wave: WaveId
    refused: str | None
    exposure_change_hours: float | None
    end_change_hours: float | None
    unwind_change_hours: float | None  # of undoing everything at the end, P50
    invalid: str | None


@dataclass(frozen=True, slots=True)
class CheckedBy:
    """Who verifies it: a function's handlers, or its own team (`function` is None)."""

    function: str | None
    name: str
    quorum: int
    eligible: int  # 0: nobody is named, anybody may


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a subsystem moves when it does; `because` are sentences in English."""

    subsystem: SubsystemId
    name: str
    wave: WaveId
    wave_name: str
    place: int  # its wave is the nth
    waves: int
    pilot: bool
    gate: datetime
    start: datetime
    switch: datetime
    end: datetime
    because: tuple[str, ...]
    together: tuple[SubsystemId, ...]
    relations: tuple[Relation, ...]
    neighbours: tuple[Neighbour, ...]
    earlier: Alternative | None  # None: it is in the first wave
    later: Alternative | None  # None: it is in the last wave
    checks: tuple[CheckedBy, ...]
    assumed: tuple[str, ...]


def explain(
    plan: Plan, inventory: Inventory, pairs: Sequence[Pair], subsystem: SubsystemId
) -> Explanation:
    """Explain one placement. InputError where the plan does not move the subsystem."""
    number, wave, move = _find(plan, inventory, subsystem)
    problem = build_problem(
        inventory, tuple(pairs), find_rules(inventory), plan.policy, {**RECIPES, **plan.recipes}
    )
    stands = standing(plan, problem)
    schedule = decode(problem, stands.waves)
    me = problem.index[subsystem]
    atom = problem.atoms[problem.atom_of[me]]
    trial = _Trial(plan, inventory, tuple(pairs), stands, schedule)
    return Explanation(
        subsystem=subsystem,
        name=inventory.by_id[subsystem].name,
        wave=wave.id,
        wave_name=wave.name,
        place=number + 1,
        waves=len(plan.waves),
        pilot=wave.pilot,
        gate=wave.gate.at,
        start=move.start,
        switch=move.switch,
        end=move.end,
        because=(
            *_why_this_wave(plan, inventory, problem, wave, me),
            _why_this_hour(inventory, problem, schedule, (number, me), move),
        ),
        together=tuple(problem.ids[i] for i in atom if i != me),
        relations=tuple(
            r
            for r in relations_of([problem.ids[i] for i in atom], inventory.relations)
            if len(atom) > 1
        )
        + tuple(
            r
            for r in inventory.relations
            if r.kind is RelationKind.BEFORE and subsystem in r.members
        ),
        neighbours=_neighbours(plan, pairs, subsystem),
        earlier=trial.put(atom, number, number - 1) if number else None,
        later=trial.put(atom, number, number + 1) if number + 1 < len(plan.waves) else None,
        checks=_checks(inventory, problem, me),
        assumed=tuple(line for line in plan.assumed if line.startswith(f"{subsystem}: ")),
    )


def with_moves_in(plan: Plan, moves: Collection[SubsystemId], there: WaveId) -> Plan:
    """The plan with the lines of some moves in another wave, for whoever plays it by its order.

    Their hours stay as written; nobody is shown this plan.
    """
    gone = [move for wave in plan.waves for move in wave.moves if move.subsystem in moves]
    return replace(
        plan,
        waves=tuple(
            replace(
                wave,
                moves=(
                    *(move for move in wave.moves if move.subsystem not in moves),
                    *(gone if wave.id == there else ()),
                ),
            )
            for wave in plan.waves
        ),
    )


def _find(
    plan: Plan, inventory: Inventory, subsystem: SubsystemId
) -> tuple[int, PlannedWave, PlannedMove]:
    for number, wave in enumerate(plan.waves):
        for move in wave.moves:
            if move.subsystem == subsystem and subsystem in inventory.by_id:
                return number, wave, move
    known = inventory.by_id.get(subsystem)
    if known is None:
        near = did_you_mean(subsystem, [s.id for s in inventory.subsystems])
        raise InputError(
            "unknown-subsystem",
            f"there is no subsystem {subsystem}{near}",
            hint="subsystems are named by their ids, as in the plan",
        )
    if known.moves:
        message = f"the plan does not move {subsystem}, although its inventory says that it moves"
        hint = "the plan was edited or made earlier: `migrator lint` names the difference"
    else:
        reason = f": {known.reason}" if known.reason else ""
        message = f"{subsystem} does not move, its kind is {known.kind.value}{reason}"
        hint = (
            "only what moves has a place in the plan; change its kind in the inventory to move it"
        )
    raise InputError("not-in-plan", message, hint=hint)


def _why_this_wave(
    plan: Plan, inventory: Inventory, problem: Problem, wave: PlannedWave, me: int
) -> list[str]:
    found = [
        f"its switch has an appointment with {date.partner}: "
        f"{date.start:%a %H:%M} to {date.end:%a %H:%M} ({date.id})"
        for date in inventory.calendar.fixed_dates
        if date.subsystem == problem.ids[me]
    ]
    members = problem.atoms[problem.atom_of[me]]
    pinned = next(m for m in wave.moves if m.subsystem == problem.ids[me]).pinned
    if pinned:
        found.append("a person pinned it to this wave")
    if wave.pilot:
        found.append(
            "the pilot has only moves of criticality "
            f"{plan.constraints.pilot_criticality_max} or less with few links, and it is one"
        )
    if len(members) > 1:
        others = ", ".join(problem.ids[i] for i in members if i != me)
        found.append(f"declared relations bind it to {others}: they go in one wave")
    facts = problem.moves[me]
    if facts.before:
        firsts = ", ".join(problem.ids[i] for i in facts.before)
        found.append(f"{firsts} must switch before it")
    seconds = [i for i, other in enumerate(problem.moves) if me in other.before]
    if seconds:
        found.append(f"it must switch before {', '.join(problem.ids[i] for i in seconds)}")
    if not found:
        found.append("no declaration asks for this wave; its links and the limits put it here")
    return found


def _why_this_hour(
    inventory: Inventory,
    problem: Problem,
    schedule: Schedule,
    at: tuple[int, int],
    move: PlannedMove,
) -> str:
    """What keeps its hands-on part from starting at the gate."""
    number, me = at
    facts, gate, start = problem.moves[me], schedule.gates[number], schedule.start[me]
    grid = Grid(inventory)
    if grid.moment(start) != move.start:
        return (
            "its times are not the planner's own: in this order it could start at "
            f"{grid.moment(start):%a %H:%M}"
        )
    if start == gate:
        return "it starts as soon as the gate is open"
    waits = [f"{_span(start - gate)} after the gate"]
    if schedule.copied[me] > gate:
        waits.append(f"its copy is there at {grid.moment(schedule.copied[me]):%a %H:%M}")
    waits += [
        f"{problem.ids[first]} switches first"
        for first in facts.before
        if schedule.switch[first] - facts.cut_from > gate
    ]
    if not facts.allowed >> gate & 1:
        waits.append("an earlier start would lead into a blackout, or miss its appointment")
    ready = max(gate, schedule.copied[me])
    if start > ready and facts.allowed >> ready & 1 and len(waits) < 3:
        waits.append(f"the seats of team {problem.teams[facts.team]} are taken or not there yet")
    return "it starts " + "; ".join(waits)


def _neighbours(plan: Plan, pairs: Sequence[Pair], subsystem: SubsystemId) -> tuple[Neighbour, ...]:
    where = {m.subsystem: (wave.id, m.switch) for wave in plan.waves for m in wave.moves}
    links: dict[SubsystemId, int] = {}
    weight: dict[SubsystemId, int] = {}
    for pair in pairs:
        if subsystem in (pair.source, pair.target):
            other = pair.target if pair.source == subsystem else pair.source
            links[other] = links.get(other, 0) + pair.links
            weight[other] = weight.get(other, 0) + pair.weight
    total = max(1, sum(weight.values()))
    mine = where[subsystem][1]
    found = []
    for other in sorted(links, key=lambda name: (-weight[name], name))[:NEIGHBOURS_MAX]:
        wave, switch = where.get(other, (None, None))
        apart = None if switch is None else abs((switch - mine).total_seconds()) / 3600
        found.append(Neighbour(other, links[other], weight[other] / total, wave, switch, apart))
    return tuple(found)


def _checks(inventory: Inventory, problem: Problem, me: int) -> tuple[CheckedBy, ...]:
    names = {function.id: function.name for function in inventory.functions}
    found = []
    for number in problem.checks_of[me]:
        check = problem.checks[number]
        name = "the team's own check"
        if check.function is not None:
            name = names[check.function].get("en", check.function)
        found.append(CheckedBy(check.function, name, check.quorum, len(check.handlers)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Trial:
    """The plan as it is, to try one change at a time."""

    plan: Plan
    inventory: Inventory
    pairs: tuple[Pair, ...]
    stands: Standing
    schedule: Schedule

    def put(self, atom: tuple[int, ...], here: int, there: int) -> Alternative:
        """One evaluation with the atom in a neighbouring wave, or why that cannot be."""
        problem, wave = self.stands.problem, self.plan.waves[there].id
        number = problem.atom_of[atom[0]]
        changed = with_atom_in(problem, self.stands.waves, number, there)
        refused = refusal(self.stands, changed, number, there)
        if refused is None and not changed[here]:
            refused = f"{self.plan.waves[here].id} would be empty"
        if refused is not None:
            return Alternative(wave, refused, None, None, None, None)
        new = decode(problem, changed, self.schedule, min(here, there))
        invalid = None
        if new.late > self.schedule.late:
            invalid = f"the plan would end {_span(new.late)} after the window"
        elif new.missed > self.schedule.missed:
            invalid = "an appointment would be broken"
        return Alternative(
            wave,
            None,
            round(hours(problem, new) - hours(problem, self.schedule), 4),
            round((new.last - self.schedule.last) * GRID_MINUTES / 60, 4),
            round(self.unwind(new) - self.unwind(self.schedule), 4),
            invalid,
        )

    def unwind(self, schedule: Schedule) -> float:
        """How long undoing everything at the end would take, in the engine's order."""
        problem = self.stands.problem
        return unwind_all_hours(self.plan, self.inventory, self.pairs, schedule, problem)


def _span(ticks: int) -> str:
    minutes = ticks * GRID_MINUTES
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
