"""The certificate of a plan: how it was found, how much tries differ, below what no plan can come.

Called by `build.py`. The bound is honest and weak. Two moves of different waves switch at least as
far apart as it takes to end the one, to check it and to bring the other to its switch; a move finds
room for so many others in its own wave and for so many more in each wave beside it; so its heaviest
links may lie in its own wave, the next ones in the next waves, and no arrangement of the whole can
be better than that of each move by itself. It knows nothing of teams, dates or chance.
"""

from __future__ import annotations

from migrator.plan.certificate import Certificate
from migrator.planner.calendars import GRID_MINUTES
from migrator.planner.compiled_search import END_PRICE, TAIL
from migrator.planner.problem import Problem
from migrator.planner.search import Found, hours
from migrator.planner.waves import Limits


def certificate(problem: Problem, limits: Limits, found: Found, inventory: str) -> Certificate:
    """What the plan that was found can show for itself."""
    bound = round(bound_hours(problem, limits), 4)
    searched = found.searched
    if searched is None:
        own = round(hours(problem, found.schedule), 4)
        return Certificate("plain", own, None, None, None, 0, bound, (), 0, inventory)
    objective = (searched.mean + TAIL * searched.tail) / (1 + TAIL) + END_PRICE * searched.end
    return Certificate(
        search="compiled",
        objective_hours=round(objective, 4),
        mean_hours=round(searched.mean, 4),
        tail_hours=round(searched.tail, 4),
        end_hours_p80=round(searched.end, 4),
        weekends=searched.weekends,
        bound_hours=bound,
        restarts_hours=searched.restarts,
        played=searched.played,
        inventory=inventory,
    )


def bound_hours(problem: Problem, limits: Limits) -> float:
    """Exposure in hours that no plan of expected durations is below, whatever its order."""
    if not problem.weight:
        return 0.0
    near: list[list[int]] = [[] for _ in problem.moves]
    for i, j, weight in problem.pairs:
        near[i].append(weight)
        near[j].append(weight)
    apart, wave = _least_apart(problem), _least_wave(problem)
    room = max(limits.moves_max, limits.pilot_moves_max)
    total = 0
    for weights in near:
        weights.sort(reverse=True)
        for rank, weight in enumerate(weights):
            # The own wave has room for `room - 1` others, each distance on for two waves more.
            distance = -(-(rank - (room - 1) + 1) // (2 * room))
            if distance > 0:
                total += weight * (apart + (distance - 1) * wave)
    # Each link was counted at both its ends.
    return total / 2 / problem.weight * GRID_MINUTES / 60


def _least_apart(problem: Problem) -> int:
    """The fewest ticks between switches of different waves: end, check, gate, and up to a switch.

    The earlier one's tail and checks come before the later one's gate, whichever way round.
    """
    after = sorted(
        (move.hands - move.switch + _checks(problem, i), i) for i, move in enumerate(problem.moves)
    )
    ahead = sorted((move.switch, i) for i, move in enumerate(problem.moves))
    return min(
        (late + early for late, i in after[:2] for early, j in ahead[:2] if i != j), default=0
    )


def _least_wave(problem: Problem) -> int:
    """The fewest ticks from a gate to the next: a wave has one move at least."""
    return min(
        (move.hands + _checks(problem, i) for i, move in enumerate(problem.moves)), default=0
    )


def _checks(problem: Problem, i: int) -> int:
    """The longest check without which a move is not verified; people are always there."""
    return max(
        (
            check.minutes
            * (min(check.quorum, len(check.handlers)) if check.handlers else check.quorum)
            for check in (problem.checks[number] for number in problem.checks_of[i])
        ),
        default=0,
    )
