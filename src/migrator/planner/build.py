"""From an inventory and its pairs to the Plan: the planner's entry.

Called by the `plan` command and by everything that needs a plan made. The path reads as a table of
contents: refuse what cannot be planned, turn the estate into numbers, search, write the document.
Pure: the same inventory, pairs, seed and evaluations give the same plan, byte for byte (unless a
person interrupts the search; then the plan says how many evaluations it got).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from migrator.graph.build import DependencyGraph
from migrator.ids import PlaceId
from migrator.inventory.model import Inventory, Kind, Place
from migrator.links.table import LinkTable, Pair
from migrator.plan.itinerary import make_itinerary
from migrator.plan.model import (
    PLAN_SCHEMA_VERSION,
    Constraints,
    Figures,
    Plan,
    PlanInventory,
    Stay,
    Window,
)
from migrator.plan.recipes import DEFAULT_POLICY, RECIPE_OF_KIND, RECIPES
from migrator.plan.unwind_order import critical_minutes, unwind_arcs
from migrator.planner import capacity
from migrator.planner.annealing import waves_before
from migrator.planner.calendars import GRID_MINUTES
from migrator.planner.certificate import certificate
from migrator.planner.checker import violations
from migrator.planner.compiled_search import EVALUATIONS, search_compiled
from migrator.planner.decode import Schedule, decode
from migrator.planner.document import assumed, planned_waves
from migrator.planner.infeasible import Attempt
from migrator.planner.overrun import overrun
from migrator.planner.peers.compare import Ground, peer_sentence
from migrator.planner.problem import Problem, build_problem, source_place, target_place
from migrator.planner.rows import kernel_rows
from migrator.planner.rules import Rules, find_rules
from migrator.planner.search import Found, Progress, default_evaluations, expand, hours, search
from migrator.planner.seeds import cut, growth
from migrator.planner.waves import (
    Limits,
    Pins,
    default_constraints,
    limits,
    wave_count,
    wave_number,
)
from migrator.schedule.problem import arrays
from migrator.schedule.process import Kernel, KernelFailed

TIGHT_SHARE: Final = 0.9
"""A plan of expected durations that fills more than nine tenths of the window has no room for
anything unexpected: fewer and larger waves are tried first."""

Tighten = Callable[[Constraints], Constraints]
"""What people ask of the constraints: forbidden waves, smaller waves, fewer critical moves."""


FEWEST: Final = 60
"""With fewer evaluations there is no search."""

AGAIN: Final = 3
"""A plan that begins from the last one gets a third of the evaluations."""

SMALL_ESTATE: Final = 500
"""Evaluations for each move: what is small is soon found out."""

USUAL_PAIRS: Final = 20_000
"""A thousand subsystems have 15,000 linked pairs; more make each evaluation dearer."""

DECODED_PAIRS: Final = 20_000_000
"""As many pairs are added up in a minute by the decoder."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what the orders that people would take cost with the same decoder.

    `interrupted`: a person ended the search, so the same seed may give another plan next time.
    """

    plan: Plan
    peers: dict[str, Peer]
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Peer:
    """A plan that was not searched for. `valid`: in the window, and every appointment kept."""

    exposure_hours: float
    makespan_hours: float
    valid: bool


def make_plan(  # noqa: PLR0913 - the keyword arguments are the plan's whole input
    inventory: Inventory,
    graph_or_pairs: DependencyGraph | Iterable[Pair],
    *,
    seed: int,
    evaluations: int | None = None,
    name: str,
    on_progress: Progress | None = None,
    constraints: Constraints | None = None,
    moves_per_wave_max: int | None = None,
    pins: Pins | None = None,
    tighten: Tighten | None = None,
    path: str,
    links: LinkTable | None = None,
    kernel: Kernel | None = None,
    last: Pins | None = None,
) -> Plan:
    """The plan for an estate. `path` is the inventory's, as the plan shall name it.

    `evaluations` is how many schedules are tried (None: by the estate's size). `links` gives the
    count and digest of all links; without it the count is that of the pairs and the digest empty.
    `moves_per_wave_max` changes that one limit of the default constraints; `pins` says where
    people want single subsystems (w01 is the first wave); `tighten` changes the constraints,
    given or default, as people asked for. With a `kernel` that compiles, the search plays each
    decision and counts `evaluations` by the ten thousand; without one it decodes, more slowly.
    `last` is in which wave each subsystem was in the plan before: the search begins there, and
    what leaves its wave has to be worth it.
    Raises InputError, naming what binds, where there is no plan.
    """
    return plan_estate(
        inventory,
        graph_or_pairs,
        seed=seed,
        evaluations=evaluations,
        name=name,
        on_progress=on_progress,
        constraints=constraints,
        moves_per_wave_max=moves_per_wave_max,
        pins=pins,
        tighten=tighten,
        path=path,
        links=links,
        kernel=kernel,
        last=last,
    ).plan


def plan_estate(  # noqa: PLR0913 - as make_plan
    inventory: Inventory,
    graph_or_pairs: DependencyGraph | Iterable[Pair],
    *,
    seed: int,
    evaluations: int | None = None,
    name: str,
    on_progress: Progress | None = None,
    constraints: Constraints | None = None,
    moves_per_wave_max: int | None = None,
    pins: Pins | None = None,
    tighten: Tighten | None = None,
    path: str,
    links: LinkTable | None = None,
    kernel: Kernel | None = None,
    last: Pins | None = None,
) -> Planned:
    """As make_plan, with the figures of the peers beside it."""
    pairs = _pairs(graph_or_pairs)
    capacity.refuse_before_search(inventory)
    rules = find_rules(inventory)
    problem = build_problem(inventory, pairs, rules, DEFAULT_POLICY, RECIPES)
    wanted = _Wanted(inventory, problem, rules, constraints, moves_per_wave_max, pins, tighten)
    kept, count = wanted.constraints_and_count()
    numbers = limits(problem, kept, count, pins)
    found = Found([], decode(problem, []), evaluations=0, exposure_max=0, seeds={})
    if problem.ids:
        asked = _Asked(inventory, problem, numbers, count, seed, evaluations, on_progress)
        found = asked.found(kernel, last)
    if not found.schedule.valid:
        raise overrun(
            Attempt(
                inventory,
                problem,
                expand(problem, found.waves),
                found.schedule,
                DEFAULT_POLICY,
                RECIPES,
                kept,
                pins or {},
            )
        )
    waves = expand(problem, found.waves)
    plan = Plan(
        name=name,
        schema_version=PLAN_SCHEMA_VERSION,
        inventory=PlanInventory(
            path=path,
            name=inventory.name,
            digest=inventory.digest,
            links=sum(pair.links for pair in pairs) if links is None else links.count,
            links_digest="" if links is None else links.digest,
        ),
        window=Window(
            inventory.calendar.start, inventory.calendar.end, inventory.calendar.time_zone
        ),
        source=_id(source_place(inventory)),
        target=_id(target_place(inventory)),
        policy=DEFAULT_POLICY,
        recipes={
            recipe: RECIPES[recipe]
            for recipe in sorted({RECIPE_OF_KIND[s.kind] for s in inventory.moving})
        },
        constraints=kept,
        waves=planned_waves(
            inventory,
            problem,
            waves,
            found.schedule,
            pilot=bool(numbers.pilot),
            pinned=pins or (),
        ),
        stays=tuple(
            Stay(s.id, s.reason or "", s.review_date)
            for s in inventory.subsystems
            if s.kind is Kind.STAYS
        ),
        assumed=assumed(inventory, problem),
        figures=_figures(problem, found, seed, 0.0),
    )
    unwind = unwind_all_hours(plan, inventory, pairs, found.schedule, problem)
    shown = certificate(problem, numbers, found, inventory.digest)
    if found.searched is not None and not found.interrupted:
        ground = Ground(inventory, problem, numbers, count)
        shown = replace(shown, peers=peer_sentence(ground, found.schedule))
    plan = replace(plan, figures=_figures(problem, found, seed, unwind), certificate=shown)
    wrong = violations(plan, inventory)
    assert not wrong, f"a finished plan breaks what is hard: {'; '.join(wrong)}"
    return Planned(
        plan,
        {
            name: Peer(
                round(hours(problem, schedule), 4),
                round(schedule.last * GRID_MINUTES / 60, 4),
                schedule.valid,
            )
            for name, schedule in found.seeds.items()
        },
        found.interrupted,
    )


def unwind_all_hours(
    plan: Plan,
    inventory: Inventory,
    pairs: tuple[Pair, ...],
    schedule: Schedule,
    problem: Problem,
) -> float:
    """Undoing everything after the last move: the longest chain in the engine's own order, P50.

    Teams count as unlimited, so it is a lower bound; part 5's turn-back time adds them.
    """
    itinerary = make_itinerary(plan, inventory, pairs, "")
    switched = sorted(problem.ids, key=lambda name: (schedule.switch[problem.index[name]], name))
    arcs = unwind_arcs(problem.ids, switched, itinerary.pairs, itinerary.legs)
    minutes = {
        name: sum(estimate.p50 for estimate in leg.undo_minutes.values())
        for name, leg in itinerary.legs.items()
    }
    return round(critical_minutes(problem.ids, arcs, minutes) / 60, 4)


def _pairs(graph_or_pairs: DependencyGraph | Iterable[Pair]) -> tuple[Pair, ...]:
    if isinstance(graph_or_pairs, DependencyGraph):
        return graph_or_pairs.arcs
    return tuple(sorted(graph_or_pairs, key=lambda pair: (pair.source, pair.target)))


def _id(place: Place | None) -> PlaceId | None:
    return None if place is None else place.id


def _figures(problem: Problem, found: Found, seed: int, unwind: float) -> Figures:
    return Figures(
        exposure_hours=round(hours(problem, found.schedule), 4),
        makespan_hours=round(found.schedule.last * GRID_MINUTES / 60, 4),
        unwind_all_hours=unwind,
        seed=seed,
        evaluations=found.evaluations,
    )


def usual_evaluations(moves: int, pairs: int, kernel: Kernel | None = None) -> int:
    """How many decisions a plan gets when nobody says: fewer where each costs more."""
    if kernel is not None and kernel.can_search:
        dear = EVALUATIONS * USUAL_PAIRS // max(1, pairs)
        return max(FEWEST, min(EVALUATIONS, SMALL_ESTATE * moves, dear))
    return min(default_evaluations(moves), max(FEWEST, DECODED_PAIRS // max(1, pairs)))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is searched for, and with what."""

    inventory: Inventory
    problem: Problem
    limits: Limits
    count: int
    seed: int
    evaluations: int | None
    on_progress: Progress | None

    def found(self, kernel: Kernel | None, last: Pins | None) -> Found:
        """The best plan: by the kernel where it can, else by decoding."""
        problem = self.problem
        if kernel is not None and kernel.can_search and self._worth_it():
            rows = kernel_rows(self.inventory, problem, DEFAULT_POLICY, RECIPES)
            with suppress(KernelFailed):
                return search_compiled(
                    problem, self.limits, self.count, self.seed, self._tries(kernel, last),
                    arrays(*rows), kernel,
                    last=None if last is None else waves_before(problem, self.limits, last),
                    on_progress=self.on_progress,
                )  # fmt: skip
            # What was asked for was meant for a quicker search.
            tries = usual_evaluations(len(problem.ids), len(problem.pairs))
        else:
            tries = self._tries()
        return search(problem, self.limits, self.count, self.seed, tries, self.on_progress)

    def _worth_it(self) -> bool:
        """Tell whether there is anything to search for: links to shorten, or dates to keep."""
        if len(self.problem.atoms) < 2:
            return False
        if self.problem.pairs:
            return True
        waves = cut(self.problem, self.limits, growth(self.problem), self.count)
        return not decode(self.problem, expand(self.problem, waves)).valid

    def _tries(self, kernel: Kernel | None = None, last: Pins | None = None) -> int:
        usual = usual_evaluations(len(self.problem.ids), len(self.problem.pairs), kernel)
        if last is not None:
            usual //= AGAIN  # most of the last plan stays, and somebody is waiting
        return usual if self.evaluations is None else max(1, self.evaluations)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What people asked for, to find the limits and the number of waves."""

    inventory: Inventory
    problem: Problem
    rules: Rules
    given: Constraints | None
    largest: int | None
    pins: Pins | None
    tighten: Tighten | None

    def constraints_and_count(self) -> tuple[Constraints, int]:
        """The limits, and about how many waves: as many as people follow well and the window takes.

        Judged by the greedy order; fewer and larger waves are tried while it overruns.
        """
        problem = self.problem
        largest = self.largest if self.given is None else self.given.moves_per_wave_max
        count = wave_count(len(problem.ids))
        if largest is not None:
            count = max(count, -(-len(problem.ids) // max(1, largest)))
        pinned = [wave_number(wave) or 0 for wave in (self.pins or {}).values()]
        least = max(pinned, default=0) + 1
        count = max(count, least)
        best: tuple[int, Constraints, int] | None = None
        while True:
            kept = self.given or default_constraints(problem, count, largest)
            kept = kept if self.tighten is None else self.tighten(kept)
            numbers = limits(problem, kept, count, self.pins)
            if best is None:
                capacity.refuse_large_atoms(self.inventory, self.rules, numbers, kept)
            waves = cut(problem, numbers, growth(problem), count)
            if problem.ids and not waves:
                raise capacity.refuse_no_wave_left(problem, numbers, count)
            schedule = decode(problem, expand(problem, waves))
            if best is None or schedule.last < best[0]:
                best = schedule.last, kept, count
            if schedule.last <= TIGHT_SHARE * problem.window:
                return kept, count
            fewer = min(count - 1, round(0.85 * count))
            # More waves than asked for: the limits, not the number, hold them apart.
            if fewer < least or len(waves) > count:
                return best[1], best[2]
            count = fewer
