"""A weekend in the middle: what has really happened, as rows and as arrays.

Built by whoever folds a run (`wiring/`), read by the kernel (`resume.py`) and its plain twin. Times
are minutes after the window's start, like all the kernel's; a time that is not known, because it
has not come, is endless. What happened keeps its real time, for ever. A fact counts for the try of
its wave that is under way: once that wave goes back, its moves are as if nothing had begun.

What is said of a moment, `now`:

- What runs and has not ended takes at least as long as it has taken already: its log-normal is cut
  off there (`chance.longer`). Only the part of a move that is running is drawn like that; the parts
  to come are what they would have been, for a step that hangs tells little about the next.
- What has not begun does not begin before `now`, nor before its wave's `not_before`.
- A switch that is done cannot fail any more; a failure that is known already is an `unwind_at`.
- A wave that is going back: everything of it that has started and is not yet back (what is back
  has no times any more) takes its drawn undo from `now`, then the wave is tried again or given up
  by the rules. An undo half done begins anew, which is coarse and not kind.
- Seats and handlers are taken by whatever runs, and by nothing else. Who is known to be absent does
  not belong in the problem's shifts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from migrator.schedule.problem import NEVER, Floats

(
    PREPARING,
    PREPARED,
    COPYING,
    COPIED,
    STARTED,
    OPENED,
    LED,
    CUTTING,
    READY,
    SWITCHED,
    FREED,
    VERIFIED,
    ENDED,
    COMMITTED,
    INCIDENT_FROM,
    INCIDENT_TO,
    INCIDENT,
    FATE,
) = range(18)
"""The columns of `Live.moves`."""

CHECK_OPENED, CHECK_BEGUN, CHECK_PASSED = range(3)
"""The columns of `Live.checks`."""

GATE, TRIES, UNWIND_AT, BACK_AT, NOT_BEFORE = range(5)
"""The columns of `Live.waves`."""

CHECK, PERSON, SINCE, TICKED = range(4)
"""The columns of `Live.ticks`."""

NOW, STOPPED, MISSED, TICKS, GIVEN = range(5)
"""The places in `Live.clock`; the last two only where all is one array."""


class Live(NamedTuple):
    """The real state as a few arrays; without rows: nothing has happened."""

    clock: Floats
    moves: Floats  # by move
    checks: Floats  # by function, of the wave that is under way
    waves: Floats  # by wave
    ticks: Floats  # of the checks of the wave that is under way, in the order of their beginning
    given: Floats  # by person: how many other checks each was given so far; no rows: none


NOTHING_YET: Final = Live(
    np.array([-math.inf, 0.0, 0.0]), np.zeros((0, 18)), np.zeros((0, 3)), np.zeros((0, 5)),
    np.zeros((0, 4)), np.zeros(0),
)  # fmt: skip
"""Before the weekend."""


def stacked(live: Live) -> Floats:
    """The same as one array, for compiled code: the moves, the checks, the waves, who was given
    which check, who was given how many, and the clock with how many rows the last two have.

    Each array that is handed from function to function costs, whether it is looked at or not.
    """
    if len(live.moves) == 0:
        return np.zeros((0, 18))
    clock = np.array([[*live.clock, len(live.ticks), len(live.given)]])
    parts = (live.moves, live.checks, live.waves, live.ticks, live.given.reshape(-1, 1), clock)
    found = np.full((sum(len(part) for part in parts), 18), math.inf)
    row = 0
    for part in parts:
        found[row : row + len(part), : part.shape[1]] = part
        row += len(part)
    return found


@dataclass(frozen=True, slots=True)
class RealMove:
    """How far a move has come, in the order in which it happens.

    Whoever knows a later time and not an earlier one may leave the earlier one out.
    """

    preparing: float = NEVER
    prepared: float = NEVER
    copying: float = NEVER
    copied: float = NEVER
    started: float = NEVER  # it took its seat
    opened: float = NEVER  # what needs a seat and no copy is done
    led: float = NEVER  # what leads up to the cut is done
    cutting: float = NEVER
    ready: float = NEVER  # to switch; later than that only where others switch with it
    switched: float = NEVER
    freed: float = NEVER  # its tail is over, and with it the seat
    verified: float = NEVER
    ended: float = NEVER  # accepted
    committed: float = NEVER
    incident_from: float = NEVER  # a handler took it up
    incident_to: float = NEVER
    incident: bool = False  # there is one
    fate: int = 0  # paper.WAITING; MOVED once its wave is verified, RETURNED for good


@dataclass(frozen=True, slots=True)
class RealCheck:
    """How far a check of the wave under way has come."""

    opened: float = NEVER
    begun: float = NEVER  # the first handler of the quorum has it
    passed: float = NEVER


@dataclass(frozen=True, slots=True)
class RealTick:
    """Somebody who was given a check of the wave under way: function and person by their numbers.

    Where this is not told of a check that has begun, somebody without a name has it.
    """

    check: int
    person: int
    since: float
    ticked: float = NEVER


@dataclass(frozen=True, slots=True)
class RealWave:
    """Where a wave stands."""

    gate: float = NEVER  # it was said to go, in the try that is under way
    tries: int = 0  # that were taken back
    unwind_at: float = NEVER  # the try under way goes back, at this minute or since
    back_at: float = NEVER  # the last try was back
    not_before: float = -NEVER  # it is held, or all is paused: when that is expected to end


def live(
    now: float,
    moves: Sequence[RealMove],
    checks: Sequence[RealCheck],
    waves: Sequence[RealWave],
    *,
    stopped: bool = False,
    missed: int = 0,
    ticks: Sequence[RealTick] = (),
    given: Sequence[int] = (),
) -> Live:
    """Lay rows out as arrays: every move, every function, every wave in the decision's order.

    `given`: by person, in the order of the rows, or nothing; needed where there are `ticks`.

    `stopped`: nothing more may begin; `missed`: the fixed dates that earlier tries did not keep.
    """
    known = np.array([_filled(move) for move in moves], dtype=np.float64).reshape(len(moves), 18)
    return Live(
        np.array([now, stopped, missed], dtype=np.float64),
        known,
        np.array([astuple(each) for each in checks], dtype=np.float64).reshape(len(checks), 3),
        np.array([astuple(each) for each in waves], dtype=np.float64).reshape(len(waves), 5),
        np.array(
            [astuple(each) for each in sorted(ticks, key=lambda tick: tick.since)], dtype=np.float64
        ).reshape(len(ticks), 4),
        np.array(given, dtype=np.float64),
    )


def _filled(move: RealMove) -> list[float]:
    """The times of a move, none later than one that comes after it.

    An opening may end after the copy, so their order is left alone, as is what has no order.
    """
    times = [float(each) for each in astuple(move)]
    for chain in (
        (STARTED, OPENED, LED, CUTTING, READY, SWITCHED, FREED, VERIFIED, ENDED),
        (COPYING, COPIED, LED),
        (PREPARED, STARTED),
        (PREPARING, PREPARED, COPYING),
    ):
        for one, following in reversed(list(pairwise(chain))):
            if math.isinf(times[one]):
                times[one] = times[following]
    return times
