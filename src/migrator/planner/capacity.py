"""When there is no plan: which resource binds, with figures, and what would help.

Called by `build.py`, before the search for what no search can mend, and after it for a plan that
overruns. Everything found is reported at once. What would help is computed with the decoder, one
evaluation per remedy, and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from migrator.errors import Fault, InputError
from migrator.ids import SubsystemId
from migrator.inventory.model import Inventory, Part
from migrator.plan.itinerary import eligible_handlers
from migrator.plan.model import Constraints
from migrator.planner.calendars import ALWAYS, GRID_MINUTES, Grid, team_members
from migrator.planner.decode import Schedule, decode
from migrator.planner.problem import RATE_SCALE, Problem, target_place
from migrator.planner.rules import Rules, relations_of
from migrator.planner.waves import Limits, wave_id

REMEDIES_SHOWN_MAX: Final = 5
"""More than five pieces of advice are none."""


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
        raise InputError(
            "atom-too-large",
            "unplannable: break one of these declarations",
            hint="drop one of the relations named here, or raise --moves-per-wave-max "
            "(constraints in the plan) if a larger wave can be led",
            faults=tuple(faults),
        )


def refuse_no_wave_left(problem: Problem, limits: Limits) -> InputError:
    """The error for pins and forbidden waves that leave some move without a wave."""
    bound = [
        atom
        for atom in range(len(problem.atoms))
        if limits.forbidden[atom] or limits.pinned[atom] is not None
    ]
    return InputError(
        "no-wave-fits",
        "the pins and forbidden waves leave a move without a wave, or a wave without a move",
        hint="a pin must suit the limits of its wave, the pilot's too, and the `before` relations;"
        " take one of those named back",
        faults=tuple(
            Fault("", None, problem.ids[i], _bound(limits, atom))
            for atom in bound
            for i in problem.atoms[atom]
        ),
    )


def _bound(limits: Limits, atom: int) -> str:
    pinned = limits.pinned[atom]
    if pinned is not None:
        return f"is pinned to {wave_id(pinned)}"
    return (
        f"is forbidden in {', '.join(wave_id(number) for number in sorted(limits.forbidden[atom]))}"
    )


def overrun(
    inventory: Inventory, problem: Problem, waves: Sequence[Sequence[int]], schedule: Schedule
) -> InputError:
    """The error for a plan that is longer than the window, or breaks appointments."""
    if schedule.missed:
        return _missed(inventory, problem, schedule)
    grid = Grid(inventory)
    late = [i for i, end in enumerate(schedule.end) if end > problem.window]
    faults = [
        Fault("calendar.yaml", None, "calendar.window", line) for line in _loads(inventory, problem)
    ]
    remedies = []
    for remedy in _remedies(problem):
        helped = decode(remedy.problem, waves)
        gain = schedule.last - helped.last
        if gain > 0 and not helped.missed:
            remedies.append((-gain, remedy.text, helped.late))
    remedies.sort()
    faults += [
        Fault(
            "people.yaml",
            None,
            "",
            f"{text}: ends {_hours(-gain)} h earlier"
            + (", inside the window" if left == 0 else f", still {_hours(left)} h too late"),
        )
        for gain, text, left in remedies[:REMEDIES_SHOWN_MAX]
    ]
    return InputError(
        "window-too-short",
        f"the best plan found needs {_hours(schedule.last)} h, the window has "
        f"{_hours(problem.window)} h: {_hours(schedule.late)} h too short; "
        f"{len(late)} of {len(problem.ids)} moves would end after {grid.moment(problem.window)}",
        hint="lengthen the window in calendar.yaml, let fewer subsystems move, or do what is "
        "listed; the figures are this plan's with that one change and nothing else",
        faults=tuple(faults),
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


# --- after the search ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Remedy:
    text: str
    problem: Problem


def _remedies(problem: Problem) -> Iterator[_Remedy]:
    """Single changes of the estate that might help, each as a problem of its own."""
    for number, team in enumerate(problem.teams):
        seats = list(problem.seats)
        seats[number] = tuple((n + 1, bits) for n, bits in seats[number])
        yield _Remedy(
            f"one more seat for team {team} in its shifts", replace(problem, seats=tuple(seats))
        )
        most = max(n for n, _ in problem.seats[number])
        if len(problem.seats[number]) > 1 or problem.seats[number][0][1] != ALWAYS:
            seats[number] = ((most, ALWAYS),)
            yield _Remedy(
                f"team {team} with {most} seats in every hour of the window",
                replace(problem, seats=tuple(seats)),
            )
    if any(check.handlers for check in problem.checks):
        yield _Remedy(
            "all handlers on duty in every hour of the window",
            replace(problem, on_duty=tuple(ALWAYS for _ in problem.on_duty)),
        )
        for number, check in enumerate(problem.checks):
            if check.handlers:
                checks = list(problem.checks)
                checks[number] = replace(check, handlers=())
                yield _Remedy(
                    f"handlers enough for function {check.function} in every shift",
                    replace(problem, checks=tuple(checks)),
                )
    if problem.copy_capacity is not None:
        yield _Remedy(
            "twice the copy bandwidth of the target place",
            replace(problem, copy_capacity=2 * problem.copy_capacity),
        )
    if problem.deciding != ALWAYS:
        yield _Remedy(
            "somebody who decides on duty in every hour of the window",
            replace(problem, deciding=ALWAYS),
        )
    yield _Remedy(
        "no blackouts",
        replace(
            problem,
            moves=tuple(
                move if move.fixed is not None else replace(move, allowed=ALWAYS)
                for move in problem.moves
            ),
        ),
    )


def _loads(inventory: Inventory, problem: Problem) -> Iterator[str]:
    """The teams whose work fills most of their seats, and the line."""
    inside = ~(ALWAYS << problem.window)
    rows = []
    for number, team in enumerate(problem.teams):
        there = sum(n * (bits & inside).bit_count() for n, bits in problem.seats[number])
        work = sum(move.hands for move in problem.moves if move.team == number)
        rows.append((work / max(1, there), work, there, team))
    rows.sort(key=lambda row: (-row[0], row[3]))
    for share, work, there, team in rows[:3]:
        yield (
            f"team {team}: {_hours(work)} h of hands-on work for {_hours(there)} seat hours in "
            f"the window ({share:.0%})"
        )
    if problem.copy_capacity:
        volume = sum(s.copy_gib for s in inventory.moving)
        needed = volume / (problem.copy_capacity / RATE_SCALE)
        yield f"copies: {volume:g} GiB take at least {needed:.1f} h of the line"


def _missed(inventory: Inventory, problem: Problem, schedule: Schedule) -> InputError:
    grid = Grid(inventory)
    faults = tuple(
        Fault(
            "calendar.yaml",
            None,
            "fixed_dates",
            f"{problem.ids[i]} must have switched by {grid.moment(facts.fixed[1]):%Y-%m-%d %H:%M}; "
            f"the best plan found switches it at {grid.moment(schedule.switch[i]):%Y-%m-%d %H:%M}",
        )
        for i, facts in enumerate(problem.moves)
        if facts.fixed is not None and not facts.allowed >> schedule.start[i] & 1
    )
    return InputError(
        "appointment-missed",
        f"no plan was found that keeps every appointment ({len(faults)} broken)",
        hint="widen the appointment, move blackouts away from it, or take the `before` relations "
        "away that must switch first",
        faults=faults,
    )


def _hours(ticks: int) -> str:
    return f"{ticks * GRID_MINUTES / 60:.1f}"
