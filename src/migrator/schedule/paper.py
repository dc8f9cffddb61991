"""What a weekend writes on: its answers by move, and the scratch paper of one thread.

Made by `run.py`, written by the kernel's modules, read by whoever asked. Nothing on it is defined
before `weekend.play` has filled it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from migrator.schedule.live import NOTHING_YET, Live, stacked
from migrator.schedule.problem import NEAR, NEAR_END, QUORUM, SEAT_END, Floats, Ints, Problem

(
    START,
    SWITCH,
    FREE,
    VERIFIED,
    END,
    COPIED,
    MINUTES,
    TOGETHER,
    UNDO,
    ASKING,
    TYPICAL,
    LINE,
) = range(12)
"""The columns of `Paper.times`."""

STATE, TURN, WAITS, PLACE, ROOT, ON_CHAIN, UNKNOWN, ROUND = range(8)
"""The columns of `Paper.marks`."""

WAITING: Final = 0
MOVED: Final = 1
RETURNED: Final = 2  # its wave was unwound and given up
BLOCKED: Final = 3  # what it needs is not there, or nothing may begin any more
STRANDED: Final = 4  # no seat, no handler or no quota ever came

READY, AGAIN = range(2)
"""The columns of `Paper.checks`."""

OPENED, ANCHOR, LEFT, TICKS, BECAUSE = range(5)
"""The columns of `Paper.check_marks`."""

(
    COPYING,
    MISSED,
    ATTEMPT,
    FREED,
    STOPPED,
    KNOWN,
    UNDER_WAY,
    QUEUED,
    CARRIED,
    HEAPED,
    PARKED,
    HOUR,
) = range(12)
"""Places in `Paper.counts`: copies in the line, dates missed, attempts so far, returns of quota,
whether nothing may begin any more; whether the real state tells of the try that is played, and
whether its checks are told of too; copies that wait for the line, and which wave was prepared
beside the one before it; who waits for a seat, and who stands aside until the end of one is known;
between which two hours somebody was looked for last."""

QUOTA, FLOOR, CHAINED, NARROW, CLOCK, NOW = range(6)
"""Places in `Paper.level`: what is left of the target; before when nothing begins in this try;
whether somebody asks what waited for what; whether `near` tells of the waves that are played; when
the line is to be looked at again; the moment of the real state, long ago where there is none."""

LEAST, PAST = range(2)
"""The columns of `Paper.turns`."""

WEEKEND, THOUGHT, GIVEN, LATEST = range(4)
"""The rows of `Paper.seats`: of the weekend, of an unwind that is thought through; and of people,
how often each was asked for a check, and for which one last."""

HEAP, JOBS, EVERYBODY, QUEUE, GOING, BLAMED, BACKS, ASIDE = range(8)
"""The rows of `Paper.keys` (the first three) and `Paper.items`."""


class Paper(NamedTuple):
    """Arrays that are written over and over."""

    gates: Floats  # by wave, of its last attempt
    times: Floats  # by move
    marks: Ints  # by move
    back: Floats  # by move: since when its traffic is back; zero outside of an unwind
    checks: Floats  # by function
    check_marks: Ints
    seats: Floats
    asked: Ints  # by function: who had, or has, its check that is open, one by one
    turns: Ints  # by band of handlers, whose turn it is: how often its members were asked at the
    # least, and how many at its beginning were asked more often than that
    keys: Floats
    items: Ints
    near: Ints  # by move from where to where in here are those near it in its wave (`narrow`)
    shift: Ints  # by crew: where somebody was looked for last, which is only where to begin
    line: Floats  # two rows: the ends and the rates of copies
    freed: Floats  # two rows: when quota comes back, and how much
    level: Floats
    counts: Ints
    figures: Floats
    real: Floats  # what has really happened (`live.stacked`), only read


def paper(p: Problem, live: Live = NOTHING_YET) -> Paper:
    """Fresh paper for one thread, for weekends that begin with what has really happened."""
    n, f, seats = len(p.moves), len(p.functions), int(p.crews[-1, SEAT_END])
    quorum = int(max(p.functions[:, QUORUM], default=0))
    near = int((p.ties[:, NEAR_END] - p.ties[:, NEAR]).sum())
    return Paper(
        gates=np.zeros(n + 1),
        times=np.zeros((n, 12)),
        marks=np.zeros((n, 8), dtype=np.int64),
        back=np.zeros(n),
        checks=np.zeros((f, 2)),
        check_marks=np.zeros((f, 5), dtype=np.int64),
        seats=np.zeros((4, seats)),
        asked=np.zeros((f, quorum), dtype=np.int64),
        turns=np.zeros((len(p.bands), 2), dtype=np.int64),
        keys=np.zeros((3, n + f + 1)),
        items=np.zeros((8, n + f + 1), dtype=np.int64),
        near=np.zeros(2 * n + near, dtype=np.int64),
        shift=np.zeros(len(p.crews), dtype=np.int64),
        line=np.zeros((2, 2 * n + 1)),
        freed=np.zeros((2, n + 1)),
        level=np.zeros(6),
        counts=np.zeros(12, dtype=np.int64),
        figures=np.zeros(5),
        real=stacked(live),
    )
