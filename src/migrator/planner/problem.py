"""The estate as plain numbers: what the decoder reads, and nothing else.

Built once per plan by `build.py` and `explain.py`; read by `decode.py`, `search.py`, `waves.py`
and `capacity.py`. Times are ticks of five minutes after the window's start; calendars are bit sets
(calendars.py). Nothing here decides anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migrator.ids import FunctionId, PersonId, SubsystemId, TeamId
from migrator.inventory.model import (
    Estimate,
    Inventory,
    Part,
    Person,
    Place,
    Subsystem,
)
from migrator.links.table import Pair
from migrator.plan.checks_to_come import eligible_handlers
from migrator.plan.minutes import step_minutes
from migrator.plan.model import Policy, Recipe, StepKind
from migrator.plan.recipes import RECIPE_OF_KIND
from migrator.planner.calendars import (
    ALWAYS,
    GRID_MINUTES,
    Grid,
    deciding_bits,
    team_members,
    team_seats,
    ticks_up,
)
from migrator.planner.rules import Rules

RATE_SCALE: Final = 1000
"""Copy rates are integers, thousandths of a GiB per hour: sums must not depend on their order."""


@dataclass(frozen=True, slots=True)
class MoveFacts:
    """One move in ticks. Offsets count from the start of the hands-on part (which takes a seat)."""

    team: int
    ahead: int  # before the copy, ahead of the gate; no seat
    copy: int  # ahead of the gate; takes bandwidth, no seat
    copy_rate: int  # thousandths of GiB per hour, 0: nothing to limit
    after_copy: int  # further steps that may run ahead of the gate
    hands_copy: int | None  # where the copy starts when it may not run ahead of the gate
    hands_copy_end: int
    cut_from: int  # quiesce (or switch, where nothing is quiesced) starts
    switch: int  # the switch is done: the switch instant
    hands: int  # probe-links is done: the seat is free
    allowed: int  # bit s: the hands-on part may start at s
    fixed: tuple[int, int] | None  # first and last tick at which the switch may be done
    criticality: int
    before: tuple[int, ...]  # moves that switch first


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """A function, or a subsystem in no function, to be verified.

    `handlers` is empty where nobody is named: then anybody may, and nobody is waited for.
    """

    function: FunctionId | None  # None: its owner team's own check
    core: frozenset[int]
    minutes: int  # ticks
    handlers: tuple[int, ...]
    quorum: int
    earliest: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything the decoder needs. Index i is a moving subsystem everywhere."""

    ids: tuple[SubsystemId, ...]
    index: Mapping[SubsystemId, int]
    moves: tuple[MoveFacts, ...]
    atoms: tuple[tuple[int, ...], ...]
    atom_of: tuple[int, ...]
    atom_before: tuple[frozenset[int], ...]  # atoms whose wave may not be later
    atom_after: tuple[frozenset[int], ...]
    checks: tuple[CheckFacts, ...]
    checks_of: tuple[
        tuple[int, ...], ...
    ]  # by move: checks of which it is a core part; at least one
    pairs: tuple[tuple[int, int, int], ...]  # i < j, both move: integer weight
    arcs: tuple[tuple[int, int, int], ...]  # the same with directions: source, target, weight
    weight: int  # the sum of the pairs' weights
    teams: tuple[TeamId, ...]
    seats: tuple[tuple[tuple[int, int], ...], ...]  # by team: (seats, bits of exactly so many)
    handlers: tuple[PersonId, ...]
    on_duty: tuple[int, ...]
    deciding: int  # bits when somebody who may decide is there
    soak: int
    copy_capacity: int | None  # thousandths of GiB per hour
    wait_for_accepted: bool
    window: int  # ticks


def build_problem(
    inventory: Inventory,
    pairs: Sequence[Pair],
    rules: Rules,
    policy: Policy,
    recipes: Mapping[str, Recipe],
) -> Problem:
    """Turn the estate into numbers; everything that can be refused was refused before."""
    moving = inventory.moving
    index = {subsystem.id: i for i, subsystem in enumerate(moving)}
    grid = Grid(inventory)
    teams = tuple(sorted({subsystem.team for subsystem in moving}))
    team_index = {team: i for i, team in enumerate(teams)}
    before = _before(rules, index)
    moves = tuple(
        _move(
            subsystem, team_index, recipes[RECIPE_OF_KIND[subsystem.kind]], policy, grid, before[i]
        )
        for i, subsystem in enumerate(moving)
    )
    atoms = tuple(tuple(index[name] for name in atom) for atom in rules.atoms)
    atom_of = [0] * len(moving)
    for number, atom in enumerate(atoms):
        for i in atom:
            atom_of[i] = number
    earlier: list[set[int]] = [set() for _ in atoms]
    later: list[set[int]] = [set() for _ in atoms]
    for i, firsts in enumerate(before):
        for first in firsts:
            if atom_of[first] != atom_of[i]:
                earlier[atom_of[i]].add(atom_of[first])
                later[atom_of[first]].add(atom_of[i])
    checks, handlers = _checks(inventory, index, grid)
    checks_of: list[list[int]] = [[] for _ in moving]
    for number, check in enumerate(checks):
        for i in sorted(check.core):
            checks_of[i].append(number)
    both = _undirected(pairs, index)
    place = target_place(inventory)
    rate = place.copy_gib_per_hour if place is not None else None
    return Problem(
        ids=tuple(index),
        index=index,
        moves=moves,
        atoms=atoms,
        atom_of=tuple(atom_of),
        atom_before=tuple(frozenset(group) for group in earlier),
        atom_after=tuple(frozenset(group) for group in later),
        checks=checks,
        checks_of=tuple(tuple(numbers) for numbers in checks_of),
        pairs=both,
        arcs=tuple(
            (index[pair.source], index[pair.target], pair.weight)
            for pair in pairs
            if pair.source in index and pair.target in index
        ),
        weight=sum(weight for _, _, weight in both),
        teams=teams,
        seats=tuple(team_seats(inventory, team, grid) for team in teams),
        handlers=tuple(person.id for person in handlers),
        on_duty=tuple(grid.duty(person) for person in handlers),
        deciding=deciding_bits(inventory, grid),
        soak=ticks_up(policy.soak_minutes),
        copy_capacity=None if rate is None else round(rate * RATE_SCALE),
        wait_for_accepted=policy.next_wave_when == "accepted",
        window=grid.window,
    )


# --- moves ---------------------------------------------------------------------------------------


def ahead_kinds(recipe: Recipe, policy: Policy) -> tuple[StepKind, ...]:
    """The steps of a recipe that may run before the gate, in their order."""
    return tuple(step.kind for step in recipe.steps if step.kind in policy.ahead_of_gate)


def copy_rate(subsystem: Subsystem, minutes: Mapping[str, Estimate]) -> int:
    """What a copy needs of the line, in thousandths of GiB per hour."""
    copying = minutes.get(StepKind.COPY)
    if copying is None or copying.p50 <= 0 or subsystem.copy_gib <= 0:
        return 0
    return math.ceil(subsystem.copy_gib * 60 / copying.p50 * RATE_SCALE)


def _move(
    subsystem: Subsystem,
    team_index: Mapping[TeamId, int],
    recipe: Recipe,
    policy: Policy,
    grid: Grid,
    before: tuple[int, ...],
) -> MoveFacts:
    minutes = step_minutes(subsystem, recipe, policy.soak_minutes)
    ahead = ahead_kinds(recipe, policy)
    pre, post, copying = 0.0, 0.0, 0.0
    for kind in ahead:
        if kind is StepKind.COPY:
            copying = minutes[kind].p50
        elif copying:
            post += minutes[kind].p50
        else:
            pre += minutes[kind].p50
    at: dict[StepKind, tuple[float, float]] = {}
    now = cut_p80 = 0.0
    for step in recipe.steps:
        if step.kind in ahead:
            continue
        at[step.kind] = (now, now + minutes[step.key].p50)
        now += minutes[step.key].p50
        if StepKind.SWITCH not in at or step.kind is StepKind.SWITCH:
            begun = step.kind in (StepKind.QUIESCE, StepKind.SWITCH) or StepKind.QUIESCE in at
            cut_p80 += minutes[step.key].p80 if begun else 0.0
        if step.kind is StepKind.PROBE_LINKS:
            break
    cut = _Cut(
        start=at.get(StepKind.QUIESCE, at[StepKind.SWITCH])[0],
        p80=cut_p80,
        switch_start=at[StepKind.SWITCH][0],
        switch_end=at[StepKind.SWITCH][1],
    )
    hands_copy = at.get(StepKind.COPY)
    allowed, fixed = _allowed(grid, subsystem, cut)
    return MoveFacts(
        team=team_index[subsystem.team],
        ahead=ticks_up(pre),
        copy=ticks_up(copying),
        copy_rate=copy_rate(subsystem, minutes),
        after_copy=ticks_up(post),
        hands_copy=None if hands_copy is None else math.floor(hands_copy[0] / GRID_MINUTES),
        hands_copy_end=0 if hands_copy is None else ticks_up(hands_copy[1]),
        cut_from=math.floor(cut.start / GRID_MINUTES),
        switch=ticks_up(cut.switch_end),
        hands=ticks_up(at[StepKind.PROBE_LINKS][1]),
        allowed=allowed,
        fixed=fixed,
        criticality=subsystem.criticality,
        before=before,
    )


@dataclass(frozen=True, slots=True)
class _Cut:
    """The minutes of a move in which users notice, after the start of its hands-on part."""

    start: float  # of quiesce, or of the switch where nothing is quiesced
    p80: float  # a careful length from there to the end of the switch
    switch_start: float
    switch_end: float


def _allowed(grid: Grid, subsystem: Subsystem, cut: _Cut) -> tuple[int, tuple[int, int] | None]:
    """When the hands-on part may start, for the sake of blackouts and appointments."""
    allowed = ALWAYS
    for slot in grid.calendar.blackouts:
        if slot.subsystems and subsystem.id not in slot.subsystems:
            continue
        # The cut must be over, by its P80, when the slot opens, or begin when it has closed: the
        # engine judges by the same P80.
        longest = max(cut.start + cut.p80, cut.switch_end)
        last_good = math.floor(grid.tick(slot.start) - longest / GRID_MINUTES + 1e-9)
        next_good = math.ceil(grid.tick(slot.end) - cut.start / GRID_MINUTES - 1e-9)
        if next_good > max(0, last_good + 1):
            allowed &= ~((1 << next_good) - (1 << max(0, last_good + 1)))
    fixed: tuple[int, int] | None = None
    switch = ticks_up(cut.switch_end)
    for date in grid.calendar.fixed_dates:
        if date.subsystem != subsystem.id:
            continue
        first = max(0, math.ceil(grid.tick(date.start) - cut.switch_start / GRID_MINUTES - 1e-9))
        last = math.floor(grid.tick(date.end) + 1e-9) - switch
        allowed &= (1 << max(first, last + 1)) - (1 << first) if last >= 0 else 0
        before = fixed or (0, last + switch)
        fixed = (max(before[0], first + switch), min(before[1], last + switch))
    return allowed, fixed


def _before(rules: Rules, index: Mapping[SubsystemId, int]) -> list[tuple[int, ...]]:
    firsts: list[list[int]] = [[] for _ in index]
    for first, second in rules.before:
        firsts[index[second]].append(index[first])
    return [tuple(sorted(group)) for group in firsts]


# --- links, checks, people -----------------------------------------------------------------------


def _undirected(
    pairs: Iterable[Pair], index: Mapping[SubsystemId, int]
) -> tuple[tuple[int, int, int], ...]:
    """Both directions of a pair added up. What never moves has no switch instant and is left out:
    its links are split from the neighbour's switch on in every plan alike.
    """
    weights: dict[tuple[int, int], int] = {}
    for pair in pairs:
        if pair.source in index and pair.target in index:
            i, j = sorted((index[pair.source], index[pair.target]))
            if i != j:
                weights[i, j] = weights.get((i, j), 0) + pair.weight
    return tuple((i, j, weight) for (i, j), weight in sorted(weights.items()) if weight)


def _checks(
    inventory: Inventory, index: Mapping[SubsystemId, int], grid: Grid
) -> tuple[tuple[CheckFacts, ...], tuple[Person, ...]]:
    """The checks there may be: every function with a core part that moves, and the teams' own."""
    people = inventory.people.people
    number = {person.id: i for i, person in enumerate(people)}
    checks = []
    covered: set[int] = set()
    for function in inventory.functions:
        core = {
            index[name]
            for name, part in function.exercises.items()
            if part is Part.CORE and name in index
        }
        if not core:
            continue  # a check opens when core moves are switched; none of them moves
        covered |= core
        after = function.possible_after
        checks.append(
            CheckFacts(
                function=function.id,
                core=frozenset(core),
                minutes=ticks_up(function.minutes.p50),
                handlers=tuple(number[p.id] for p in eligible_handlers(function, people)),
                quorum=function.quorum,
                earliest=0 if after is None else max(0, math.ceil(grid.tick(after))),
            )
        )
    for i, subsystem in enumerate(inventory.moving):
        if i not in covered:
            checks.append(
                CheckFacts(
                    function=None,
                    core=frozenset({i}),
                    minutes=ticks_up(subsystem.durations["verify"].p50),
                    handlers=tuple(number[p.id] for p in team_members(inventory, subsystem.team)),
                    quorum=1,
                    earliest=0,
                )
            )
    return tuple(checks), people


def source_place(inventory: Inventory) -> Place | None:
    """The first old place by id; None where the estate names none."""
    return next((place for place in inventory.places if place.side == "old"), None)


def target_place(inventory: Inventory) -> Place | None:
    """The first new place by id; None where the estate names none."""
    return next((place for place in inventory.places if place.side == "new"), None)
