"""The estate as arrays: what the kernel and its plain twin read, and how rows become arrays.

Filled by the planner's and the forecast's adapters through `arrays`; read by every other module of
the package. Times are minutes after the window's start, in floats. Nothing here decides anything,
and nothing is judged: whoever makes the rows has refused what cannot be.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from migrator.schedule.laying import groups_of, lay_crews, lay_handlers, near_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEVER: Final = math.inf

AT_ONCE: Final = 0
"""Each move switches when it is ready."""
BY_GROUP: Final = 1
"""The moves of a group switch together, when the last of them is ready."""
BY_WAVE: Final = 2
"""All moves of a wave switch together, when the last of them is ready."""

_Z80: Final = 0.8416212335729143
"""The 80 % quantile of the standard normal distribution."""
_SIGMA_MAX: Final = 1.5
"""A P80 of more than 3.5 times the P50 is taken as that: the tail would fill the weekend."""


class Spread(NamedTuple):
    """A log-normal duration: its P50 in minutes, and the deviation of its logarithm."""

    mid: float
    sigma: float


NOTHING: Final = Spread(0.0, 0.0)


def spread(p50: float, p80: float) -> Spread:
    """The log-normal with this P50 and P80."""
    if p50 <= 0:
        return NOTHING
    return Spread(p50, min(math.log(max(p80, p50) / p50) / _Z80, _SIGMA_MAX))


Stretch = tuple[float, float]
"""From a minute (included) to a minute (not included)."""


@dataclass(frozen=True, slots=True)
class Move:
    """One subsystem's way over.

    `shares` are the parts of `move`: preparing and copying, ahead of the gate and without a seat;
    then with a seat of the team: leading up to the cut, the cut until the switch, the tail. An
    `opening` is a sixth part that needs a seat and no copy: with one, the seat is taken as soon as
    the move is prepared, and kept while the copy still runs. A copy that has not begun when its
    gate opens then comes after the opening, and so does one that may not begin before (`behind`).
    """

    move: Spread
    shares: tuple[float, float, float, float, float] = (0.0, 0.0, 0.5, 0.3, 0.2)
    opening: float = 0.0
    behind: bool = False
    unwind: Spread = NOTHING
    back_share: float = 1.0  # of the undo, until its traffic is back
    early_share: float = 1.0  # of the undo, where it had not switched yet
    failure: float = 0.0  # the probability that it has to be taken back, seen at its switch
    team: int = 0
    group: int | None = None  # None: a group of its own
    crowd: int = -1  # of a crowd at most so many are in one wave; -1: of none
    pilot: bool = True  # may be in the first wave
    before: tuple[int, ...] = ()  # moves that switch first
    copy_rate: float = 0.0  # of the line's capacity; 0: nothing to limit
    quota: float = 0.0  # what it takes of the target from its start on
    frees: float = 0.0  # what comes back once it is accepted and its hosts are made anew
    careful_cut: float = 0.0  # minutes that its cut is taken to last when a blackout is near
    blackouts: tuple[Stretch, ...] = ()  # its cut touches none of them
    fixed: Stretch = (-math.inf, math.inf)  # when its cut may begin
    incident: float = 0.0  # the probability that it needs a handler between switch and check
    commit_after: float = math.inf  # minutes after its end until nothing can be taken back


@dataclass(frozen=True, slots=True)
class Function:
    """A check in each wave that has a core part of it. `verify` is for the whole quorum.

    Where `handlers` are named, so many as the `quorum` verify it one after the other, each for his
    part of the time and once only: of those who are there and free whoever was asked least, of
    several the lowest number. Of several checks that wait the one of the lowest `rank` comes first.
    Where nobody is named, and after an unwind, one of the pool does all of it.
    """

    verify: Spread
    core: tuple[int, ...]
    pool: int = 0
    possible_after: float = 0.0
    handlers: tuple[int, ...] = ()
    quorum: int = 1
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Crew:
    """A team's seats, or a pool of handlers: (from, to, how many), sorted, apart; none: no limit.

    Somebody who has begun finishes, whatever the clock says; nobody begins while nobody is there.
    """

    shifts: tuple[tuple[float, float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for the whole weekend."""

    window: float = 3600.0
    soak: float = 0.0
    gate_minutes: float = 0.0  # what a decision takes
    deciding: tuple[Stretch, ...] = ()  # when it may be taken; none: always
    wait_for_accepted: bool = False  # else the next gate waits for verified moves only
    switching: int = AT_ONCE
    copy_capacity: float = math.inf
    quota: float = math.inf
    reimage_minutes: float = 0.0
    crowd_max: tuple[int, ...] = ()  # by crowd: how many of it one wave takes
    moves_max: int = 1 << 30  # in one wave
    pilot_max: int = 0  # in the first wave; 0: there is no pilot
    attempts_max: int = 1  # of a wave; then it is given up, and with it who needs it
    stop_after_unwind: bool = False  # after a wave was given up no other one begins
    unwind_delay: float = 0.0  # from a failure to the first undo
    unwind_seats: bool = True  # undos take their team's seats
    shock_sigma: float = 0.0  # one factor on all durations of a weekend
    incident: Spread = NOTHING


(
    MID,
    SIGMA,
    PREPARE,
    COPY,
    LEAD,
    CUT,
    TAIL,
    UNDO_MID,
    UNDO_SIGMA,
    BACK,
    EARLY,
    FAILURE,
    RATE,
    NEED,
    FREES,
    CAREFUL,
    FIXED_FROM,
    FIXED_TO,
    INCIDENT,
    COMMIT_AFTER,
    OPENING,
    BEHIND,
) = range(22)
"""The columns of `Problem.moves`."""

(
    TEAM,
    GROUP,
    CROWD,
    PILOT,
    BEFORE,
    BEFORE_END,
    AFTER,
    AFTER_END,
    NEAR,
    NEAR_END,
    EXERCISE,
    EXERCISE_END,
    BLACKOUT,
    BLACKOUT_END,
) = range(14)
"""The columns of `Problem.ties`; two with and without _END are a range of `lists`, for blackouts of
`stretches`."""

VERIFY_MID, VERIFY_SIGMA, POSSIBLE_AFTER, QUORUM, RANK, PART_MID = range(6)
"""The columns of `Problem.functions`."""

BANDS, BY_RANK = range(2)
"""The columns of `Problem.handlers`: from where on the bands of the function's handlers stand, one
for each of the stretches between `hours`, below zero where nobody is named; and, which is not about
the row's own function, the function of the rank that is the row's number."""

MEMBER, MEMBER_END = range(2)
"""The columns of `Problem.bands`: a range of `lists`, of people."""

SHIFT, SHIFT_END, SEAT, SEAT_END = range(4)
"""The columns of `Problem.crews`: ranges of `stretches`, and of the seats of all crews."""

FROM, TO, COUNT = range(3)
"""The columns of `Problem.stretches`."""

(
    WINDOW,
    SOAK,
    GATE_MINUTES,
    WAIT_FOR_ACCEPTED,
    SWITCHING,
    COPY_CAPACITY,
    QUOTA,
    REIMAGE,
    MOVES_MAX,
    PILOT_MAX,
    ATTEMPTS_MAX,
    STOP_AFTER_UNWIND,
    UNWIND_DELAY,
    UNWIND_SEATS,
    SHOCK_SIGMA,
    INCIDENT_MID,
    INCIDENT_SIGMA,
    PEOPLE,
) = range(18)
"""The places in `Problem.rules`; the last one: how many crews of one person there are."""


class Problem(NamedTuple):
    """Everything as a few arrays: handing many to compiled code costs more than what it does."""

    moves: Floats  # by move
    ties: Ints  # by move
    functions: Floats
    pools: Ints  # by function: the crew of its handlers
    handlers: Ints  # by function: who may verify it
    bands: Ints  # of people who may verify the same and are there at the same hours
    hours: Floats  # when somebody's shift begins or ends
    crews: Ints  # the teams, the pools, then people one by one, last those who decide
    stretches: Floats
    lists: Ints
    pairs: Ints  # two columns
    weights: Floats  # by pair
    crowd_max: Ints
    rules: Floats


Pairs = Iterable[tuple[int, int, float]]


class Rows(NamedTuple):
    """What `arrays` takes, in its order."""

    moves: Sequence[Move]
    functions: Sequence[Function]
    teams: Sequence[Crew]
    pools: Sequence[Crew]
    pairs: Pairs
    rules: Rules
    people: Sequence[Crew] = ()


def arrays(
    moves: Sequence[Move],
    functions: Sequence[Function] = (),
    teams: Sequence[Crew] = (Crew(),),
    pools: Sequence[Crew] = (Crew(),),
    pairs: Pairs = (),
    rules: Rules | None = None,
    people: Sequence[Crew] = (),
) -> Problem:
    """Lay rows out as arrays."""
    rules = rules or Rules()
    known = sorted(pairs)
    lists: list[int] = []
    stretches: list[tuple[float, float, float]] = []
    after: list[list[int]] = [[] for _ in moves]
    exercised: list[list[int]] = [[] for _ in moves]
    for i, move in enumerate(moves):
        for first in move.before:
            after[first].append(i)
    for f, function in enumerate(functions):
        for i in function.core:
            exercised[i].append(f)
    named = [move.group for move in moves]
    near = near_of([move.before for move in moves], named, known)
    groups = groups_of(named)
    ties = []
    for i, move in enumerate(moves):
        row = [move.team, groups[i], move.crowd, int(move.pilot)]
        for ends in (sorted(move.before), after[i], near[i], exercised[i]):
            row += [len(lists), len(lists) + len(ends)]
            lists += ends
        row += [len(stretches), len(stretches) + len(move.blackouts)]
        stretches += [(start, end, 0.0) for start, end in sorted(move.blackouts)]
        ties.append(row)
    # By crew: how many jobs could ever be done at the same time.
    jobs = Counter(move.team for move in moves)
    jobs.update(len(teams) + function.pool for function in functions)
    for move, mine in zip(moves, exercised, strict=True):
        if move.incident > 0 and mine:
            jobs[len(teams) + functions[mine[0]].pool] += 1
    crews = lay_crews(
        [crew.shifts for crew in (*teams, *pools)],
        [person.shifts for person in people],
        tuple((start, end, 1) for start, end in rules.deciding),
        jobs,
        stretches,
    )
    by_rank = sorted(range(len(functions)), key=lambda f: (functions[f].rank, f))
    ranks = np.argsort(by_rank)
    parts = [function.verify.mid / function.quorum for function in functions]
    whom = [function.handlers for function in functions]
    handlers = lay_handlers(whom, by_rank, [person.shifts for person in people], lists)
    return Problem(
        moves=_table([_numbers(move, rules) for move in moves], 22),
        ties=np.array(ties, dtype=np.int64).reshape(len(moves), 14),
        functions=_table(
            [
                (*each.verify, each.possible_after, each.quorum, rank, part)
                for each, rank, part in zip(functions, ranks, parts, strict=True)
            ],
            6,
        ),
        pools=_ints(len(teams) + function.pool for function in functions),
        handlers=np.array(handlers.rows, dtype=np.int64).reshape(len(functions), 2),
        bands=np.array(handlers.bands, dtype=np.int64).reshape(len(handlers.bands), 2),
        hours=np.array(handlers.hours, dtype=np.float64),
        crews=np.array(crews, dtype=np.int64),
        stretches=_table(stretches, 3),
        lists=_ints(lists),
        pairs=np.array([pair[:2] for pair in known], dtype=np.int64).reshape(len(known), 2),
        weights=np.array([pair[2] for pair in known], dtype=np.float64),
        crowd_max=_ints(rules.crowd_max),
        rules=_rules(rules, len(people)),
    )


def _numbers(move: Move, rules: Rules) -> tuple[float, ...]:
    return (
        *move.move,
        *move.shares,
        *move.unwind,
        move.back_share,
        move.early_share,
        move.failure,
        # A copy that needs more than all of the line takes all of it.
        min(move.copy_rate, rules.copy_capacity),
        move.quota,
        move.frees,
        move.careful_cut,
        *move.fixed,
        move.incident,
        move.commit_after,
        move.opening,
        move.behind,
    )


def _rules(rules: Rules, people: int) -> Floats:
    return np.array(
        [
            rules.window,
            rules.soak,
            rules.gate_minutes,
            rules.wait_for_accepted,
            rules.switching,
            rules.copy_capacity,
            rules.quota,
            rules.reimage_minutes,
            rules.moves_max,
            rules.pilot_max,
            rules.attempts_max,
            rules.stop_after_unwind,
            rules.unwind_delay,
            rules.unwind_seats,
            rules.shock_sigma,
            *rules.incident,
            people,
        ],
        dtype=np.float64,
    )


def _table(rows: Sequence[Sequence[float]], columns: int) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(len(rows), columns)


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)
