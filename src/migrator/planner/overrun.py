"""A plan that overruns or breaks appointments: what binds by the hour, and what would make it fit.

Called by `build.py` and `changes.py` after their search. It names the resource that binds and its
queue by the hour, single changes of the estate with what each gains, the fewest declarations to
drop, and the handlers by shift that would do. Each figure is an evaluation of the very waves that
were found, never a guess; the words say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from migrator.errors import Fault, InputError
from migrator.ids import TeamId
from migrator.inventory.model import Inventory
from migrator.planner.calendars import ALWAYS, Grid
from migrator.planner.decode import decode
from migrator.planner.infeasible import (
    Attempt,
    Dropped,
    bisect,
    fewest_to_drop,
    handlers_that_would_do,
)
from migrator.planner.infeasible import span as _hours
from migrator.planner.load import full_seats, waiting_checks, waiting_gates
from migrator.planner.problem import RATE_SCALE, Problem

SEATS_MAX: Final = 64
"""More moves at once than that no team leads."""

DROPPED_SHOWN_MAX: Final = 8
"""Nobody drops more than that in one night."""

REMEDIES_SHOWN_MAX: Final = 5
"""More than five pieces of advice are none."""


def overrun(attempt: Attempt) -> InputError:
    """The error for a plan that is longer than the window, or breaks appointments."""
    inventory, problem, schedule = attempt.inventory, attempt.problem, attempt.schedule
    if schedule.missed:
        return _missed(attempt)
    grid = Grid(inventory)
    late = [i for i, end in enumerate(schedule.end) if end > problem.window]
    faults = [
        Fault("calendar.yaml", None, "calendar.window", line) for line in _loads(inventory, problem)
    ]
    remedies = []
    for remedy in _remedies(problem):
        helped = decode(remedy.problem, attempt.waves)
        gain = schedule.last - helped.last
        if gain > 0 and not helped.missed:
            remedies.append((-gain, remedy.text, helped.late, remedy))
    remedies.sort(key=lambda row: row[:3])
    if remedies:
        faults += _binding(attempt, remedies[0][3])
    faults += [
        Fault(
            "people.yaml",
            None,
            "",
            f"{text}: ends {_hours(-gain)} h earlier"
            + (", inside the window" if left == 0 else f", still {_hours(left)} h too late"),
        )
        for gain, text, left, _ in remedies[:REMEDIES_SHOWN_MAX]
    ]
    if remedies and remedies[0][3].team is not None:
        faults += _more_seats(attempt, remedies[0][3].team)
    faults += _more_handlers(attempt)
    faults += _to_drop(fewest_to_drop(attempt))
    return InputError(
        "window-too-short",
        f"the best plan found needs {_hours(schedule.last)} h, the window has "
        f"{_hours(problem.window)} h: {_hours(schedule.late)} h too short; "
        f"{len(late)} of {len(problem.ids)} moves would end after {grid.moment(problem.window)}",
        hint="lengthen the window in calendar.yaml, let fewer subsystems move, or do what is "
        "listed; the figures are this plan's with that one change and nothing else",
        faults=tuple(faults),
    )


def _binding(attempt: Attempt, best: _Remedy) -> Iterator[Fault]:
    """The resource whose relief gains most, with its hours."""
    problem, schedule = attempt.problem, attempt.schedule
    grid = Grid(attempt.inventory)
    lines: list[str] = []
    if best.team is not None:
        lines = [full_seats(grid, problem, schedule, best.team)]
    elif best.checks is not None:
        mine = replace(
            problem, checks=tuple(problem.checks[number] for number in sorted(best.checks))
        )
        lines = [waiting_checks(grid, mine, schedule, attempt.waves, best.what)]
    elif best.gates:
        lines = list(waiting_gates(grid, problem, schedule))
    yield Fault("people.yaml", None, "", f"what binds most: {best.what}")
    for line in lines:
        if line:
            yield Fault("people.yaml", None, "", line)


def _more_seats(attempt: Attempt, team: TeamId) -> Iterator[Fault]:
    """How many more seats in its shifts would do, found by bisection; or that no number does."""
    problem = attempt.problem
    number = problem.teams.index(team)

    def fits(more: int) -> bool:
        seats = list(problem.seats)
        seats[number] = tuple((n + more, bits) for n, bits in seats[number])
        return decode(replace(problem, seats=tuple(seats)), attempt.waves).valid

    if fits(SEATS_MAX):
        line = f"{bisect(fits, SEATS_MAX)} more seats for team {team} in its shifts make it fit"
    else:
        line = f"no number of seats for team {team} in its shifts makes it fit by itself"
    yield Fault("people.yaml", None, f"teams[{team}]", line)


def _more_handlers(attempt: Attempt) -> Iterator[Fault]:
    """How many more handlers by shift would do, where handlers bind."""
    more = handlers_that_would_do(attempt)
    if more is None:
        return
    if more.needed is None:
        yield Fault(
            "people.yaml",
            None,
            "",
            "no number of handlers makes it fit: with enough of them at any hour it ends "
            f"{_hours(more.late)} h too late",
        )
        return
    for competence, shift, count in more.needed:
        yield Fault(
            "people.yaml",
            None,
            f"shifts[{shift}]",
            f"{count} more with the competence {competence} (of what makes it fit: "
            f'--what-if "+{count} handlers {competence} {shift}")',
        )


def _to_drop(dropped: Dropped) -> Iterator[Fault]:
    """The fewest declarations to drop, each with its place."""
    if dropped.declarations is None:
        yield Fault("relations.yaml", None, "", "it would not fit without any declaration, either")
        return
    count = len(dropped.declarations)
    if count > DROPPED_SHOWN_MAX:
        line = f"it fits without {count} of the declarations; {dropped.tried} tries found no fewer"
        yield Fault("relations.yaml", None, "", line)
        return
    how = (
        "nothing smaller makes these waves fit"
        if dropped.smallest
        else "a small set, perhaps not the smallest"
    )
    for one in dropped.declarations:
        what = "this one" if count == 1 else f"these {count}"
        yield Fault(
            one.fault.file,
            one.fault.line,
            one.fault.path,
            f"it fits without {what} ({how}): {one.fault.message}",
        )


@dataclass(frozen=True, slots=True)
class _Remedy:
    """A single change of the estate; `what` names the resource that it relieves."""

    text: str
    problem: Problem
    what: str
    team: TeamId | None = None
    checks: frozenset[int] | None = None
    gates: bool = False


def _remedies(problem: Problem) -> Iterator[_Remedy]:
    """Single changes of the estate that might help, each as a problem of its own."""
    for number, team in enumerate(problem.teams):
        seats = list(problem.seats)
        seats[number] = tuple((n + 1, bits) for n, bits in seats[number])
        yield _Remedy(
            f"one more seat for team {team} in its shifts",
            replace(problem, seats=tuple(seats)),
            f"the seats of team {team}",
            team=team,
        )
        most = max(n for n, _ in problem.seats[number])
        if len(problem.seats[number]) > 1 or problem.seats[number][0][1] != ALWAYS:
            seats[number] = ((most, ALWAYS),)
            yield _Remedy(
                f"team {team} with {most} seats in every hour of the window",
                replace(problem, seats=tuple(seats)),
                f"the seats of team {team}",
                team=team,
            )
    if any(check.handlers for check in problem.checks):
        yield _Remedy(
            "all handlers on duty in every hour of the window",
            replace(problem, on_duty=tuple(ALWAYS for _ in problem.on_duty)),
            "the handlers' shifts",
            checks=frozenset(n for n, check in enumerate(problem.checks) if check.handlers),
        )
        for number, check in enumerate(problem.checks):
            if check.handlers:
                checks = list(problem.checks)
                checks[number] = replace(check, handlers=())
                yield _Remedy(
                    f"handlers enough for function {check.function} in every shift",
                    replace(problem, checks=tuple(checks)),
                    f"the handlers of function {check.function}",
                    checks=frozenset({number}),
                )
    for number, check in enumerate(problem.checks):
        if check.earliest:
            checks = list(problem.checks)
            checks[number] = replace(check, earliest=0)
            yield _Remedy(
                f"function {check.function} verified as soon as it has moved (possible_after)",
                replace(problem, checks=tuple(checks)),
                f"the first hour at which function {check.function} can be verified",
            )
    if problem.copy_capacity is not None:
        yield _Remedy(
            "twice the copy bandwidth of the target place",
            replace(problem, copy_capacity=2 * problem.copy_capacity),
            "the line over which copies go",
        )
    if problem.deciding != ALWAYS:
        yield _Remedy(
            "somebody who decides on duty in every hour of the window",
            replace(problem, deciding=ALWAYS),
            "the shifts of those who decide",
            gates=True,
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
        "the blackouts",
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


def _missed(attempt: Attempt) -> InputError:
    problem, schedule = attempt.problem, attempt.schedule
    grid = Grid(attempt.inventory)
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
        faults=(*faults, *_to_drop(fewest_to_drop(attempt))),
    )
