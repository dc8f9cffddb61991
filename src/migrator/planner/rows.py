"""The estate for the kernel: the planner's numbers, and what the inventory says of chance.

Called by whoever wants sampled weekends of a plan (search, forecast, benchmarks). It decides
nothing that `problem.py` has not decided; where the kernel is coarser a comment says what is lost.

What the kernel could weigh and no inventory tells stays as if there were none of it:

- Room on the target (`quota`): an estate that does not fit at once is refused (`capacity.py`), and
  nobody tells of hosts that are freed on the old side and made anew, so it can never bind.
- Incidents between a switch and its check: their probability is nobody's to say.
- `commit_after`: a commit is somebody's signature, and when it comes is not planned; an
  irreversible act has an hour of its own and not one after its move's end. The forecast keeps it as
  a limit of its own, so whoever is past it is still among those who go back: too many, never too
  few.
- `switching`: the engine switches each move when it is ready.
- `pilot`, `moves_max`, `pilot_max`, `crowd_max`: who is in which wave is decided before this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from migrator.ids import ShiftId, TeamId
from migrator.inventory.model import Estimate, Inventory, Person, Subsystem
from migrator.plan.minutes import step_minutes, undo_minutes
from migrator.plan.model import Policy, Recipe, RecipeStep, StepKind, Trouble, UndoKind
from migrator.plan.recipes import RECIPE_OF_KIND
from migrator.planner.calendars import GRID_MINUTES, Grid
from migrator.planner.problem import RATE_SCALE, CheckFacts, Problem
from migrator.schedule.problem import (
    NEVER,
    Crew,
    Function,
    Move,
    Rows,
    Rules,
    Spread,
    Stretch,
    spread,
)

_LOOKS: Final = frozenset({StepKind.BASELINE, StepKind.PROBE, StepKind.PROBE_LINKS})
"""Steps that only look, which may be left for later by what runs ahead of the gate."""

SHOCK_SIGMA: Final = 0.1
"""A bad weekend in six takes a tenth longer in everything; runs will teach a better figure."""

DECISION_MINUTES: Final = 5.0
"""What a gate takes people who have expected it."""


def kernel_rows(
    inventory: Inventory,
    problem: Problem,
    policy: Policy,
    recipes: Mapping[str, Recipe],
    *,
    shock_sigma: float = SHOCK_SIGMA,
    gate_minutes: float = DECISION_MINUTES,
) -> Rows:
    """The rows of an estate; move i is the planner's move i."""
    grid = Grid(inventory)
    moving = inventory.moving
    moves = [
        _move(subsystem, i, problem, policy, recipes[RECIPE_OF_KIND[subsystem.kind]], grid)
        for i, subsystem in enumerate(moving)
    ]
    people = _People(inventory, problem.window)
    pools, pool_of = _pools(problem, people)
    estimates = {function.id: function.minutes for function in inventory.functions}
    possible_after = {
        function.id: max(0.0, people.minute(function.possible_after))
        for function in inventory.functions
        if function.possible_after is not None
    }
    ranks = {
        name: rank
        for rank, name in enumerate(sorted(_check_id(c, problem) for c in problem.checks))
    }
    # The engine breaks ties by id, the kernel by number.
    by_id = people_by_id(problem)
    number = {who: place for place, who in enumerate(by_id)}
    functions = []
    for check, pool in zip(problem.checks, pool_of, strict=True):
        if check.function is None:
            (only,) = check.core
            estimate = moving[only].durations["verify"]
        else:
            estimate = estimates[check.function]
        one = spread(estimate.p50, estimate.p80)
        whole = Spread(one.mid * check.quorum, one.sigma)
        earliest = possible_after.get(check.function, 0.0) if check.function else 0.0
        functions.append(
            Function(
                whole,
                tuple(sorted(check.core)),
                pool,
                earliest,
                handlers=tuple(sorted(number[who] for who in check.handlers)),
                quorum=check.quorum,
                rank=ranks[_check_id(check, problem)],
            )
        )
    failed = policy.on.get(Trouble.STEP_FAILED)
    capacity = problem.copy_capacity
    return Rows(
        moves,
        functions,
        [people.team(team) for team in problem.teams],
        pools,
        [(i, j, float(weight)) for i, j, weight in problem.pairs],
        Rules(
            window=float(problem.window * GRID_MINUTES),
            soak=policy.soak_minutes,
            gate_minutes=gate_minutes,
            deciding=tuple(
                (start, end) for start, end, _ in shifts([(1, problem.deciding)], problem.window)
            ),
            wait_for_accepted=problem.wait_for_accepted,
            copy_capacity=NEVER if capacity is None else capacity / RATE_SCALE,
            attempts_max=policy.waves_per_attempt_max,
            stop_after_unwind=policy.after_unwind == "hold",
            unwind_delay=failed.veto_minutes if failed is not None else 0.0,
            shock_sigma=shock_sigma,
        ),
        [people.person(inventory.people.people[who]) for who in by_id],
    )


def shifts(levels: Iterable[tuple[int, int]], window: int) -> tuple[tuple[float, float, int], ...]:
    """Bit sets of exactly so many as stretches of minutes; the last one has no end."""
    found: list[tuple[float, float, int]] = []
    known = list(levels)
    begun, count = 0, -1
    for tick in range(window + 1):
        now = sum(many for many, bits in known if bits >> tick & 1)
        if now != count:
            if count > 0:
                found.append((begun * GRID_MINUTES, tick * GRID_MINUTES, count))
            begun, count = tick, now
    if count > 0:
        found.append((begun * GRID_MINUTES, NEVER, count))
    return tuple(found)


class _People:
    """Who is there when, to the minute. Beyond the window everybody is, as in the planner."""

    def __init__(self, inventory: Inventory, window: int) -> None:
        self.grid = Grid(inventory)
        self.people = inventory.people
        self.assumed = inventory.assumptions.team_seats
        self.end = float(window * GRID_MINUTES)
        self.stretches = {
            shift.id: (self.minute(shift.start), self.minute(shift.end))
            for shift in inventory.people.shifts
        }

    def minute(self, moment: datetime) -> float:
        """A moment as minutes after the window's start."""
        return self.grid.tick(moment) * GRID_MINUTES

    def team(self, name: TeamId) -> Crew:
        """A team's seats; a team that nobody counted has as many as are assumed."""
        team = next((team for team in self.people.teams if team.id == name), None)
        if team is None:
            return Crew(((0.0, NEVER, max(1, self.assumed)),))
        return self._crew(tuple(team.seats.items()))

    def person(self, person: Person) -> Crew:
        """One person; without shifts always there. Two shifts that overlap are one person still."""
        crew = self._crew([(shift, 1) for shift in person.shifts])
        return Crew(tuple((start, end, 1) for start, end, _ in crew.shifts))

    def pool(self, handlers: Sequence[int]) -> Crew:
        """Several people, by how many are there."""
        known = [self.person(self.people.people[who]) for who in handlers]
        return Crew(_added([shift for crew in known for shift in crew.shifts or _ALWAYS]))

    def _crew(self, seats: Sequence[tuple[ShiftId, int]]) -> Crew:
        """Seats by shift; none at all: no limit."""
        known = [
            (*self.stretches[shift], count) for shift, count in seats if shift in self.stretches
        ]
        if not known:
            return Crew()
        inside = _added([(start, min(end, self.end), count) for start, end, count in known])
        return Crew((*inside, (self.end, NEVER, max([1, *(count for _, _, count in inside)]))))


_ALWAYS: Final = ((-NEVER, NEVER, 1),)


def _added(stretches: Sequence[tuple[float, float, int]]) -> tuple[tuple[float, float, int], ...]:
    """Stretches that may overlap as stretches that do not, with what they add up to."""
    edges = sorted({edge for start, end, _ in stretches for edge in (start, end)})
    found: list[tuple[float, float, int]] = []
    for start, end in pairwise(edges):
        count = sum(many for a, b, many in stretches if a <= start and end <= b)
        if count and found and found[-1][1:] == (start, count):
            found[-1] = (found[-1][0], end, count)
        elif count:
            found.append((start, end, count))
    return tuple(found)


def people_by_id(problem: Problem) -> list[int]:
    """The kernel's people, by their numbers in the planner's problem, in the order of their ids."""
    return sorted(range(len(problem.handlers)), key=lambda who: problem.handlers[who])


def _check_id(check: CheckFacts, problem: Problem) -> str:
    """What orders the checks of a wave in the engine: their id, without the wave's."""
    if check.function is not None:
        return f"{check.function}@"
    (only,) = check.core
    return f"team.{problem.ids[only]}@"


def _pools(problem: Problem, people: _People) -> tuple[list[Crew], list[int]]:
    """A pool for each set of handlers that some check may have, and which one each check has.

    They verify after an unwind, by heads: whoever is in two sets counts in both there.
    """
    pools: list[Crew] = []
    number: dict[tuple[int, ...], int] = {}
    pool_of = []
    for check in problem.checks:
        if check.handlers not in number:
            number[check.handlers] = len(pools)
            # Nobody is waited for where nobody is named.
            pools.append(people.pool(check.handlers) if check.handlers else Crew())
        pool_of.append(number[check.handlers])
    return pools or [Crew()], pool_of


def _move(
    subsystem: Subsystem, i: int, problem: Problem, policy: Policy, recipe: Recipe, grid: Grid
) -> Move:
    facts = problem.moves[i]
    minutes = step_minutes(subsystem, recipe, policy.soak_minutes)
    length, parts, opening, behind = _parts(recipe, policy, minutes)
    move = subsystem.durations["move"]
    unwind, back_share, early_share = _unwind(subsystem, recipe, policy)
    careful, before_switch = _cut(recipe, policy, minutes)
    atom = problem.atom_of[i]
    return Move(
        move=Spread(length, spread(move.p50, move.p80).sigma),
        shares=parts,
        opening=opening,
        behind=behind,
        unwind=unwind,
        back_share=back_share,
        early_share=early_share,
        failure=subsystem.failure_probability,
        team=facts.team,
        group=atom if len(problem.atoms[atom]) > 1 else None,
        crowd=0 if subsystem.criticality == 5 else -1,
        before=facts.before,
        copy_rate=facts.copy_rate / RATE_SCALE,
        careful_cut=careful,
        blackouts=_blackouts(subsystem, grid),
        fixed=_fixed(subsystem, grid, before_switch),
    )


def _parts(
    recipe: Recipe, policy: Policy, minutes: Mapping[str, Estimate]
) -> tuple[float, tuple[float, float, float, float, float], float, bool]:
    """P50 of a move, and its parts: preparing, copying, leading up to the cut, cut, and tail; what
    is opened with a seat before the copy, or while it runs (the baseline, as recipes have it); and
    whether the copy may not begin before the gate.

    What runs ahead of the gate after the copy counts as preparing: the line is asked a little late.
    """
    parts = [0.0] * 6
    copied = all(step.kind is not StepKind.COPY for step in recipe.steps)
    behind = cut = switched = False
    for step in recipe.steps:
        length = minutes[step.key].p50
        if step.kind is StepKind.DRAIN:
            length = min(length, policy.drain_minutes_max)  # then it is fenced
        if step.kind is StepKind.COPY:
            behind = behind or step.kind not in policy.ahead_of_gate
            parts[1] += length
            copied = True
            continue
        if step.kind in policy.ahead_of_gate:
            parts[0] += length
            continue
        # Only what looks may be left for later by what runs ahead of the gate.
        behind = behind or (not copied and step.kind not in _LOOKS)
        cut = cut or step.kind in (StepKind.QUIESCE, StepKind.SWITCH)
        parts[4 if switched else 3 if cut else 2 if copied else 5] += length
        switched = switched or step.kind is StepKind.SWITCH
        if step.kind is StepKind.PROBE_LINKS:
            break
    length = sum(parts)
    prepare, copy, lead, cutting, tail, opening = (part / (length or 1.0) for part in parts)
    return length, (prepare, copy, lead, cutting, tail), opening, behind


def _cut(recipe: Recipe, policy: Policy, minutes: Mapping[str, Estimate]) -> tuple[float, float]:
    """How long the cut is taken to last when a blackout is near, and its P50 before the switch."""
    careful = before = 0.0
    for step in _between(recipe.steps, policy):
        careful += minutes[step.key].p80
        if step.kind is not StepKind.SWITCH:
            before += minutes[step.key].p50
    return careful, before


def _between(steps: Sequence[RecipeStep], policy: Policy) -> Iterable[RecipeStep]:
    """The steps of the cut, the switch among them."""
    begun = False
    for step in steps:
        if step.kind in policy.ahead_of_gate:
            continue
        begun = begun or step.kind in (StepKind.QUIESCE, StepKind.SWITCH)
        if begun:
            yield step
        if step.kind is StepKind.SWITCH:
            return


def _unwind(subsystem: Subsystem, recipe: Recipe, policy: Policy) -> tuple[Spread, float, float]:
    """The undo of a move; until when its traffic is back; and its part before there was a cut."""
    minutes = undo_minutes(subsystem, recipe)
    whole = sum(each.p50 for each in minutes.values())
    back = early = 0.0
    first = next(iter(_between(recipe.steps, policy)), None)
    steps = recipe.steps if first is None else recipe.steps[: recipe.steps.index(first)]
    before = {name for step in steps for name in step.undo}
    served = False
    for undo in recipe.unwind:
        back += 0.0 if served else minutes[undo.key].p50
        served = served or undo.kind is UndoKind.SWITCH_BACK
        early += minutes[undo.key].p50 if undo.key in before else 0.0
    estimate = subsystem.durations["unwind"]
    sigma = spread(estimate.p50, estimate.p80).sigma
    return Spread(whole, sigma), back / (whole or 1.0), early / (whole or 1.0)


def _blackouts(subsystem: Subsystem, grid: Grid) -> tuple[Stretch, ...]:
    return tuple(
        (grid.tick(slot.start) * GRID_MINUTES, grid.tick(slot.end) * GRID_MINUTES)
        for slot in grid.calendar.blackouts
        if not slot.subsystems or subsystem.id in slot.subsystems
    )


def _fixed(subsystem: Subsystem, grid: Grid, before_switch: float) -> Stretch:
    """When the cut may begin, for the switch itself to begin inside the appointment."""
    first, last = -NEVER, NEVER
    for date in grid.calendar.fixed_dates:
        if date.subsystem == subsystem.id:
            first = max(first, grid.tick(date.start) * GRID_MINUTES - before_switch)
            last = min(last, grid.tick(date.end) * GRID_MINUTES - before_switch)
    return first, last
