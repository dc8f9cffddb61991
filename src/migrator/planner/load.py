"""Work against capacity by hour, of a plan that does not fit: where it stands in a queue.

Called by `capacity.py` for the resource that binds. Seats and gates are read from the decoder's
schedule; for handlers and the line the work that comes up in an hour is held against the people and
the line of that hour, and what is left over waits for the next. Figures only, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from migrator.ids import TeamId
from migrator.planner.calendars import ALWAYS, GRID_MINUTES, Grid
from migrator.planner.decode import Schedule
from migrator.planner.problem import Problem

HOUR: Final = 60 // GRID_MINUTES
STRETCHES_MAX: Final = 4
"""The longest ones; more of them in one line nobody reads."""


def full_seats(grid: Grid, problem: Problem, schedule: Schedule, team: TeamId) -> str:
    """When every seat of a team is taken, and when it has none."""
    number = problem.teams.index(team)
    used = [0] * problem.window
    for i, facts in enumerate(problem.moves):
        if facts.team == number:
            for tick in range(schedule.start[i], schedule.start[i] + facts.hands):
                if tick < problem.window:
                    used[tick] += 1
    seats = [
        sum(n for n, bits in problem.seats[number] if bits >> tick & 1)
        for tick in range(problem.window)
    ]
    full = _told(grid, lambda tick: bool(used[tick] and used[tick] >= seats[tick]), problem.window)
    none = _told(grid, lambda tick: not seats[tick], problem.window)
    lines = [f"team {team} has all its seats taken {full}" if full else ""]
    lines.append(f"team {team} has no seats {none}" if none else "")
    return "; ".join(line for line in lines if line)


def waiting_checks(
    grid: Grid, problem: Problem, schedule: Schedule, waves: Iterable[Sequence[int]], what: str
) -> str:
    """When work waits for the handlers of some functions, in hours of checks that come up.

    `what` names the handlers. Every check counts its quorum; a handler is counted once.
    """
    comes = [0] * (problem.window // HOUR + 1)
    able: set[int] = set()
    for wave in waves:
        inside = set(wave)
        for check in problem.checks:
            core = check.core & inside
            if not core or not check.handlers:
                continue
            able.update(check.handlers)
            ready = max(check.earliest, *[schedule.free[i] for i in core])
            if ready < problem.window:
                comes[ready // HOUR] += check.minutes * check.quorum
    there = [
        sum(
            problem.on_duty[handler] >> tick & 1
            for handler in able
            for tick in range(hour * HOUR, (hour + 1) * HOUR)
        )
        for hour in range(len(comes))
    ]
    left, backlog = 0, []
    for wanted, capacity in zip(comes, there, strict=True):
        left = max(0, left + wanted - capacity)
        backlog.append(left)
    when = _told(grid, lambda tick: backlog[tick // HOUR] > 0, problem.window)
    if not when:
        return ""
    return f"work waits for {what} {when}, at most {max(backlog) / HOUR:.1f} hours of it"


def waiting_gates(grid: Grid, problem: Problem, schedule: Schedule) -> Iterator[str]:
    """Gates that wait for somebody who may decide."""
    if problem.deciding == ALWAYS:
        return
    absent = ~problem.deciding
    for gate in schedule.gates[1:]:
        since = gate
        while since > 0 and absent >> (since - 1) & 1:
            since -= 1
        if since < gate:
            yield (
                f"nobody who decides is there {_clock(grid, since)} to {_clock(grid, gate)}, "
                "and a gate waits for that"
            )


def _told(grid: Grid, busy: Callable[[int], bool], window: int) -> str:
    """The longest stretches of ticks for which something is so, in their order."""
    stretches: list[tuple[int, int]] = []
    begun: int | None = None
    for tick in range(window + 1):
        now = tick < window and busy(tick)
        if now and begun is None:
            begun = tick
        elif not now and begun is not None:
            stretches.append((begun, tick))
            begun = None
    longest = sorted(stretches, key=lambda s: (s[0] - s[1], s[0]))[:STRETCHES_MAX]
    told = [f"{_clock(grid, start)} to {_clock(grid, end)}" for start, end in sorted(longest)]
    more = len(stretches) - len(longest)
    tail = f" and {more} shorter times" if more else ""
    return ", ".join(told) + tail


def _clock(grid: Grid, tick: int) -> str:
    return f"{grid.moment(tick):%a %H:%M}"
