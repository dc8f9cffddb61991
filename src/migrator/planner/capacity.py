"""Refusals for which no search is needed: what no order of the moves and no set of waves can mend.

Called by `build.py` and `changes.py` before they search. Everything found is reported at once, with
figures, and with the fewest declarations without which it would be no fault. What overruns only
after a search is told by `overrun.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Final

from migrator.errors import Fault, InputError
from migrator.ids import SubsystemId
from migrator.inventory.model import Inventory, Part
from migrator.plan.checks_to_come import eligible_handlers
from migrator.plan.model import Constraints
from migrator.planner.calendars import Grid, team_members
from migrator.planner.infeasible import SIZE_MAX, smallest_relations
from migrator.planner.problem import Problem, target_place
from migrator.planner.rules import Rules, find_rules, relations_of
from migrator.planner.seeds import cut, growth
from migrator.planner.waves import Limits, wave_id

CUTS_MAX: Final = 500
"""Ways to drop pins that are tried: a second at 77 subsystems."""


def refuse_before_search(inventory: Inventory) -> None:
    """Raise InputError for what no order of the moves can mend."""
    for reference, message, hint, faults in (
        (
            "capacity-exceeded",
            "the target cannot hold what is to move",
            "raise the capacity in places.yaml, or let less move (kind: stays)",
            tuple(_too_much_for_target(inventory)),
        ),
        (
            "move-longer-than-window",
            "some moves are longer than the whole window",
            "mend the durations (are the units right?), lengthen the window, or copy ahead of it",
            tuple(_too_long(inventory)),
        ),
        (
            "nobody-to-verify",
            "some functions have nobody who may verify them",
            "train or name handlers, give them a shift in the window, or lower the quorum",
            tuple(_unverifiable(inventory)),
        ),
        (
            "appointment-outside-window",
            "some fixed dates lie outside the window",
            "move the window or the appointment in calendar.yaml",
            tuple(_outside(inventory)),
        ),
    ):
        if faults:
            raise InputError(reference, message, hint=hint, faults=faults)


def refuse_large_atoms(
    inventory: Inventory, rules: Rules, limits: Limits, constraints: Constraints
) -> None:
    """Raise InputError for what must move together and fits into no wave."""
    faults = []
    for number, atom in enumerate(rules.atoms):
        if limits.size[number] > limits.moves_max:
            why = f"{len(atom)} moves must go together, a wave takes {limits.moves_max}"
        elif limits.critical[number] > limits.critical_max:
            why = (
                f"{limits.critical[number]} moves of criticality 5 must go together, "
                f"a wave takes {constraints.critical_moves_per_wave_max}"
            )
        else:
            continue
        faults.append(Fault("relations.yaml", None, "relations", f"{why}: {', '.join(atom)}"))
        faults += [
            Fault(
                "relations.yaml",
                None,
                f"relations[{inventory.relations.index(relation)}]",
                f"{relation.kind.value}: {', '.join(relation.members)} "
                f"({relation.owner}: {relation.reason})",
            )
            for relation in relations_of(atom, inventory.relations)
        ]
    if faults:
        faults += _without_relations(inventory, limits)
        raise InputError(
            "atom-too-large",
            "unplannable: break one of these declarations",
            hint="drop one of the relations named here, or raise --moves-per-wave-max "
            "(constraints in the plan) if a larger wave can be led",
            faults=tuple(faults),
        )


def _without_relations(inventory: Inventory, limits: Limits) -> Iterator[Fault]:
    """The fewest relations without which every group fits into a wave."""
    criticality = {s.id: s.criticality for s in inventory.moving}

    def wrong(other: Inventory) -> bool:
        return any(
            len(atom) > limits.moves_max
            or sum(criticality[name] == 5 for name in atom) > limits.critical_max
            for atom in find_rules(other).atoms
        )

    chosen = smallest_relations(inventory, wrong)
    if chosen is None:
        yield Fault(
            "relations.yaml", None, "relations", f"no {SIZE_MAX} of them are enough to drop"
        )
        return
    what = "this one" if len(chosen) == 1 else f"these {len(chosen)}, and without no fewer,"
    for number in chosen:
        yield Fault(
            "relations.yaml",
            None,
            f"relations[{number}]",
            f"without {what} every group fits into a wave",
        )


def refuse_no_wave_left(problem: Problem, limits: Limits, count: int) -> InputError:
    """The error for pins and forbidden waves that leave some move without a wave."""
    bound = [
        atom
        for atom in range(len(problem.atoms))
        if limits.forbidden[atom] or limits.pinned[atom] is not None
    ]
    faults = [
        Fault("", None, problem.ids[i], _bound(limits, atom))
        for atom in bound
        for i in problem.atoms[atom]
    ]
    freed = _fewest_freed(problem, limits, bound, count)
    if freed:
        names = ", ".join(problem.ids[i] for atom in freed for i in problem.atoms[atom])
        only = "it would be enough to free" if len(freed) == 1 else "the fewest to free are"
        faults.append(Fault("", None, "", f"{only} {names}: then there are waves for all"))
    return InputError(
        "no-wave-fits",
        "the pins and forbidden waves leave a move without a wave, or a wave without a move",
        hint="a pin must suit the limits of its wave, the pilot's too, and the `before` relations;"
        " take one of those named back",
        faults=tuple(faults),
    )


def _fewest_freed(
    problem: Problem, limits: Limits, bound: list[int], count: int
) -> tuple[int, ...]:
    """The fewest atoms without whose pins and forbidden waves there are waves; () beyond three."""
    order, tried = growth(problem), 0
    for size in range(1, SIZE_MAX + 1):
        for chosen in combinations(bound, size):
            tried += 1
            if tried > CUTS_MAX:
                return ()
            free = replace(
                limits,
                forbidden=tuple(
                    frozenset() if atom in chosen else waves
                    for atom, waves in enumerate(limits.forbidden)
                ),
                pinned=tuple(
                    None if atom in chosen else wave for atom, wave in enumerate(limits.pinned)
                ),
            )
            if cut(problem, free, order, count):
                return chosen
    return ()


def _bound(limits: Limits, atom: int) -> str:
    pinned = limits.pinned[atom]
    if pinned is not None:
        pilot = ""
        if pinned == 0 and limits.pilot and atom not in limits.pilot:
            pilot = ", the pilot, which takes only moves of low criticality with few links"
        return f"is pinned to {wave_id(pinned)}{pilot}"
    return (
        f"is forbidden in {', '.join(wave_id(number) for number in sorted(limits.forbidden[atom]))}"
    )


# --- before the search --------------------------------------------------------------------------


def _too_much_for_target(inventory: Inventory) -> Iterator[Fault]:
    place = target_place(inventory)
    if place is None:
        return
    moving = inventory.moving
    for what, unit, wanted, there in (
        ("cpu", "cores", sum(s.cpu for s in moving), place.cpu),
        ("memory_gib", "GiB", sum(s.memory_gib for s in moving), place.memory_gib),
    ):
        if there is not None and wanted > there + 1e-9:
            yield Fault(
                "places.yaml",
                None,
                f"places[{place.id}].capacity.{what}",
                f"{wanted:g} {unit} are needed by {len(moving)} subsystems, {there:g} are there: "
                f"{wanted - there:g} too few",
            )


def _too_long(inventory: Inventory) -> Iterator[Fault]:
    """Durations that no weekend holds: a slip of the unit, as a rule."""
    calendar = inventory.calendar
    window = (calendar.end - calendar.start).total_seconds() / 60
    for subsystem in inventory.moving:
        for key in ("move", "verify"):
            minutes = subsystem.durations[key].p50
            if minutes > window:
                yield Fault(
                    "subsystems.yaml",
                    None,
                    f"subsystems[{subsystem.id}].durations.{key}",
                    f"half of the times it takes more than {minutes / 60:g} h, the window has "
                    f"{window / 60:g} h",
                )
    for function in inventory.functions:
        if function.minutes.p50 > window:
            yield Fault(
                "functions.yaml",
                None,
                f"functions[{function.id}].minutes",
                f"half of the times it takes more than {function.minutes.p50 / 60:g} h, the "
                f"window has {window / 60:g} h",
            )


def _unverifiable(inventory: Inventory) -> Iterator[Fault]:
    people = inventory.people.people
    if not people:
        return  # nobody is named at all: the plan says that anybody may tick
    grid = Grid(inventory)
    moving = {subsystem.id for subsystem in inventory.moving}
    covered: set[SubsystemId] = set()
    for function in inventory.functions:
        core = {name for name, part in function.exercises.items() if part is Part.CORE} & moving
        covered |= core
        if not core:
            continue
        eligible = eligible_handlers(function, people)
        present = [p for p in eligible if grid.duty(p) & ~grid.beyond]
        path = f"functions[{function.id}]"
        if len(eligible) < function.quorum:
            yield Fault(
                "functions.yaml",
                None,
                path,
                f"{len(eligible)} handlers may verify it (competence {function.competence}), "
                f"{function.quorum} must",
            )
        elif len(present) < function.quorum:
            yield Fault(
                "people.yaml",
                None,
                path,
                f"of its {len(eligible)} handlers {len(present)} have a shift in the window, "
                f"{function.quorum} must verify it",
            )
    for team in sorted({s.team for s in inventory.moving if s.id not in covered}):
        members = team_members(inventory, team)
        if members and not any(grid.duty(person) & ~grid.beyond for person in members):
            yield Fault(
                "people.yaml",
                None,
                f"teams[{team}]",
                f"it checks its own subsystems that are in no function, but none of its "
                f"{len(members)} people has a shift in the window",
            )


def _outside(inventory: Inventory) -> Iterator[Fault]:
    calendar = inventory.calendar
    for date in calendar.fixed_dates:
        if date.end <= calendar.start or date.start >= calendar.end:
            yield Fault(
                "calendar.yaml",
                None,
                f"fixed_dates[{date.id}]",
                f"{date.subsystem} with {date.partner}: {date.start:%Y-%m-%d %H:%M} to "
                f"{date.end:%Y-%m-%d %H:%M} is outside the window {calendar.start:%Y-%m-%d %H:%M} "
                f"to {calendar.end:%Y-%m-%d %H:%M}",
            )
