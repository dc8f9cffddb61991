"""No plan fits: the fewest declarations to drop, and the handlers by shift that would do.

Called by `capacity.py` with the best that was found. Everything is asked of the decoder, with the
very waves that were found: this plan without that declaration, this plan with that many more
people. So what is said is true of these waves; another order might need less, and the words say
which of the two they mean. The number of evaluations is limited, whatever there is to try.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from migrator.errors import Fault
from migrator.ids import FunctionId, ShiftId, SubsystemId, WaveId
from migrator.inventory.model import Inventory
from migrator.plan.model import Constraints, Policy, Recipe
from migrator.planner.calendars import GRID_MINUTES, Grid
from migrator.planner.decode import Schedule, decode
from migrator.planner.least_change import Begun, least_change
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from migrator.planner.standing import stand
from migrator.planner.what_if import more_handlers

SIZE_MAX: Final = 3
"""Sets of four are many thousands, and nobody drops four declarations in one night."""

EVALUATIONS_MAX: Final = 3000
WORK_MAX: Final = 120_000
"""Decodes times moves: some seconds at any size."""

MENDING: Final = 40
"""Evaluations for mending the waves once a declaration is dropped: it only helps if somebody may
then be elsewhere."""

HANDLERS_MAX: Final = 64
"""More in one shift is another organisation."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The best that was found and does not fit, and the rules under which it was found."""

    inventory: Inventory
    problem: Problem
    waves: Sequence[Sequence[int]]
    schedule: Schedule
    policy: Policy
    recipes: Mapping[str, Recipe]
    constraints: Constraints
    pins: Mapping[SubsystemId, WaveId]

    @property
    def evaluations_max(self) -> int:
        """How much may be tried."""
        return max(100, min(EVALUATIONS_MAX, WORK_MAX // max(1, len(self.problem.ids))))


@dataclass(frozen=True, slots=True)
class Declaration:
    """Something that a person said and could take back."""

    kind: str  # relation, blackout, fixed date, first hour, pin, forbidden wave
    key: int | str
    fault: Fault  # where it stands, and what it says


@dataclass(frozen=True, slots=True)
class Dropped:
    """What to drop so that the rest fits. `smallest`: every smaller set was tried, and none does.

    `declarations` None: even without all of them nothing fits.
    """

    declarations: tuple[Declaration, ...] | None
    smallest: bool
    tried: int


@dataclass(frozen=True, slots=True)
class MoreHandlers:
    """How many more by competence and shift; None where no number of them would do."""

    needed: tuple[tuple[str, ShiftId, int], ...] | None
    late: int  # ticks after the window with so many, or with as many as one likes


# --- declarations --------------------------------------------------------------------------------


def declarations(attempt: Attempt) -> tuple[Declaration, ...]:
    """Everything declared that may stand in the way, in the order of the files."""
    inventory = attempt.inventory
    calendar, moving = inventory.calendar, {s.id for s in inventory.moving}
    found = [
        Declaration(
            "relation",
            n,
            Fault(
                "relations.yaml",
                None,
                f"relations[{n}]",
                f"{relation.kind.value} {', '.join(relation.members)} "
                f"({relation.owner}: {relation.reason})",
            ),
        )
        for n, relation in enumerate(inventory.relations)
        if len(moving.intersection(relation.members)) > 1
    ]
    found += [
        Declaration(
            "blackout",
            slot.id,
            Fault("calendar.yaml", None, f"blackouts[{slot.id}]", slot.reason),
        )
        for slot in calendar.blackouts
    ]
    found += [
        Declaration(
            "fixed date",
            date.id,
            Fault(
                "calendar.yaml",
                None,
                f"fixed_dates[{date.id}]",
                f"{date.subsystem} with {date.partner}, {date.start:%a %H:%M} to "
                f"{date.end:%a %H:%M}",
            ),
        )
        for date in calendar.fixed_dates
        if date.subsystem in moving
    ]
    found += [
        Declaration(
            "first hour",
            function.id,
            Fault(
                "functions.yaml",
                None,
                f"functions[{function.id}].possible_after",
                f"it can be verified only after {function.possible_after:%a %H:%M}",
            ),
        )
        for function in inventory.functions
        if function.possible_after is not None and moving.intersection(function.exercises)
    ]
    found += [
        Declaration("pin", name, Fault("the plan", None, name, f"is pinned to {wave}"))
        for name, wave in sorted(attempt.pins.items())
        if name in moving
    ]
    found += [
        Declaration(
            "forbidden wave",
            name,
            Fault("the plan", None, name, f"is forbidden in {', '.join(at)}"),
        )
        for name, at in sorted(attempt.constraints.forbidden_waves.items())
        if name in moving
    ]
    return tuple(found)


def fewest_to_drop(attempt: Attempt) -> Dropped:
    """The smallest set of declarations without which these waves fit; a greedy one beyond three."""
    there = declarations(attempt)
    tries = _Tries(attempt, there)
    mending = min(MENDING, attempt.evaluations_max // 8)
    if not tries.fits(frozenset(range(len(there))), mending):
        return Dropped(None, smallest=True, tried=tries.spent)
    for size in range(1, SIZE_MAX + 1):
        for chosen in combinations(range(len(there)), size):
            if tries.spent >= attempt.evaluations_max:
                return _greedy(tries, there)
            # Waves are mended for single declarations only: for pairs one decode has to do.
            if tries.fits(frozenset(chosen), mending if size == 1 else 0):
                kept = tuple(there[n] for n in chosen)
                return Dropped(kept, smallest=True, tried=tries.spent)
    return _greedy(tries, there)


def smallest_relations(
    inventory: Inventory, wrong: Callable[[Inventory], bool]
) -> tuple[int, ...] | None:
    """The fewest relations without which something is right; None where more than three it takes.

    For what can be told without the decoder, such as a group that is larger than any wave.
    """
    tried = 0
    for size in range(1, SIZE_MAX + 1):
        for chosen in combinations(range(len(inventory.relations)), size):
            tried += 1
            if tried > EVALUATIONS_MAX:
                return None
            rest = tuple(r for n, r in enumerate(inventory.relations) if n not in chosen)
            if not wrong(replace(inventory, relations=rest)):
                return chosen
    return None


def _greedy(tries: _Tries, there: Sequence[Declaration]) -> Dropped:
    """Keep back half of them, quarters, ... single ones, while the rest still does.

    Small, but not always the smallest; and as small as the limit of tries allows.
    """
    dropped = list(range(len(there)))
    until = tries.spent + tries.attempt.evaluations_max // 2
    size = len(dropped) // 2
    while size:
        start = 0
        while start < len(dropped) and tries.spent < until:
            rest = [*dropped[:start], *dropped[start + size :]]
            if tries.fits(frozenset(rest), 0):
                dropped = rest
            else:
                start += size
        size //= 2
    return Dropped(tuple(there[n] for n in dropped), smallest=False, tried=tries.spent)


class _Tries:
    """Asks the decoder about the found waves under fewer declarations."""

    def __init__(self, attempt: Attempt, there: Sequence[Declaration]) -> None:
        self.attempt, self.there, self.spent = attempt, there, 0

    def fits(self, dropped: frozenset[int], mending: int) -> bool:
        """Tell whether the waves fit without these, as they are or a little mended."""
        attempt = self.attempt
        gone = {(self.there[n].kind, self.there[n].key) for n in dropped}
        problem = _problem(attempt, _without(attempt.inventory, gone))
        waves = [[problem.index[attempt.problem.ids[i]] for i in w] for w in attempt.waves if w]
        self.spent += 1
        if decode(problem, waves).valid:
            return True
        if not mending:
            return False
        constraints = replace(
            attempt.constraints,
            forbidden_waves={
                name: at
                for name, at in attempt.constraints.forbidden_waves.items()
                if ("forbidden wave", name) not in gone
            },
        )
        pins = {n: wave for n, wave in attempt.pins.items() if ("pin", n) not in gone}
        ids = [WaveId(f"w{number + 1:02d}") for number in range(len(waves))]
        stands = stand(problem, ids, waves, constraints, pins, pilot=False)
        home = [0] * len(problem.ids)
        for number, wave in enumerate(waves):
            for i in wave:
                home[i] = number
        found = least_change(stands, home, Begun(0, None), seed=1, evaluations=mending)
        self.spent += found.evaluations
        return found.whole


def _without(inventory: Inventory, gone: set[tuple[str, int | str]]) -> Inventory:
    calendar = inventory.calendar
    return replace(
        inventory,
        functions=tuple(
            replace(f, possible_after=None) if ("first hour", f.id) in gone else f
            for f in inventory.functions
        ),
        relations=tuple(
            r for n, r in enumerate(inventory.relations) if ("relation", n) not in gone
        ),
        calendar=replace(
            calendar,
            blackouts=tuple(s for s in calendar.blackouts if ("blackout", s.id) not in gone),
            fixed_dates=tuple(d for d in calendar.fixed_dates if ("fixed date", d.id) not in gone),
        ),
    )


def _problem(attempt: Attempt, inventory: Inventory) -> Problem:
    """The estate as numbers; without links, for they decide nothing about what fits."""
    return build_problem(inventory, (), find_rules(inventory), attempt.policy, attempt.recipes)


# --- handlers ------------------------------------------------------------------------------------


def handlers_that_would_do(attempt: Attempt) -> MoreHandlers | None:
    """The fewest more handlers by shift with whom these waves fit, found by bisection.

    None where handlers are not what binds: with as many as one likes the plan ends no earlier.
    """
    late = attempt.schedule.late
    binding = list(_binding_competences(attempt))
    if not binding:
        return None
    names = {check.function for check in attempt.problem.checks}
    wanted = {f.id for f in attempt.inventory.functions if f.competence in binding} & names
    plenty = _enough(attempt.problem, wanted)
    best = decode(plenty, attempt.waves)
    if not best.valid:
        return None if best.late >= late else MoreHandlers(None, best.late)
    grid = Grid(attempt.inventory)
    shifts = [s.id for s in attempt.inventory.people.shifts if grid.shifts[s.id]]
    places = [(competence, shift) for competence in binding for shift in shifts]
    counts = dict.fromkeys(places, HANDLERS_MAX)
    if not places or _late(attempt, counts):
        return MoreHandlers(None, best.late)
    least = bisect(lambda n: _late(attempt, dict.fromkeys(places, n)) == 0, HANDLERS_MAX)
    counts = dict.fromkeys(places, least)
    for place in places:
        counts[place] = bisect(
            lambda n, place=place: _late(attempt, {**counts, place: n}) == 0,  # type: ignore[misc]
            counts[place],
        )
    needed = tuple((competence, shift, n) for (competence, shift), n in counts.items() if n)
    return MoreHandlers(needed, _late(attempt, counts))


def _binding_competences(attempt: Attempt) -> Iterator[str]:
    """Those whose functions, with handlers enough, would let these waves end earlier.

    If none does by itself, all that have handlers together: two may hold up one wave.
    """
    problem = attempt.problem
    competences = sorted({f.competence for f in attempt.inventory.functions})
    staffed = {check.function for check in problem.checks if check.handlers}
    last = attempt.schedule.last
    found = []
    together: set[str] = set()
    for competence in competences:
        mine = {f.id for f in attempt.inventory.functions if f.competence == competence} & staffed
        if mine:
            together.add(competence)
            if decode(_enough(problem, mine), attempt.waves).last < last:
                found.append(competence)
    everything = decode(_enough(problem, staffed), attempt.waves)
    alone = decode(
        _enough(
            problem, {f.id for f in attempt.inventory.functions if f.competence in found} & staffed
        ),
        attempt.waves,
    )
    if everything.last < alone.last and not alone.valid:
        yield from sorted(together)
    else:
        yield from found


def _enough(problem: Problem, functions: Collection[FunctionId | None]) -> Problem:
    """The estate with handlers enough for some functions at any hour."""
    return replace(
        problem,
        checks=tuple(
            replace(check, handlers=())
            if check.function is not None and check.function in functions
            else check
            for check in problem.checks
        ),
    )


def _late(attempt: Attempt, counts: Mapping[tuple[str, ShiftId], int]) -> int:
    """By how many ticks these waves end after the window with so many more handlers."""
    inventory = attempt.inventory
    for (competence, shift), count in counts.items():
        inventory = more_handlers(inventory, competence, count, shift)
    schedule = decode(_problem(attempt, inventory), attempt.waves)
    return schedule.late + schedule.missed


def bisect(does: Callable[[int], bool], most: int) -> int:
    """The smallest number that does, if every larger one does as well; `most` is known to."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if does(middle):
            high = middle
        else:
            low = middle + 1
    return high


def span(ticks: int) -> str:
    """Ticks as hours, with one decimal."""
    return f"{ticks * GRID_MINUTES / 60:.1f}"
