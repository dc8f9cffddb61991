"""What would leave room to turn back: each remedy is tried, and its figures are the kernel's own.

Called by `migrator forecast` for a plan whose P80 end lies behind D*, the latest end that leaves
room to go back. Nothing here changes a plan; a remedy is a sentence and what it would give.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from migrator.forecast import turn_back
from migrator.forecast.chance import OVER, P80, at_share
from migrator.schedule.problem import Crew, Ints, Move, Rows, arrays
from migrator.wiring.forecast_estate import FIRST, Estate, Player, curve_times, moved_at_once

TRIES: Final = 400
"""Weekends for each remedy: enough to tell hours apart, and half a dozen are tried."""

SIGNED_AFTER_MINUTES: Final = 30.0
"""From the acceptance of a wave to its signed commit, where waves are made final one by one."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing that would help, and what it would give."""

    what: str
    end_p80: datetime | None  # None: fewer weekends than that come to an end
    plan_by: datetime | None  # D* with it; None: there is none, or it is not what to keep
    latest: datetime | None  # the turn-back time with it; None: never too late
    enough: bool  # the P80 end would lie before what to keep, or it is never too late


@dataclass(frozen=True, slots=True)
class _Trial:
    what: str
    rows: Rows
    order: Ints
    wave_at: Ints
    signed: bool = False  # waves are made final one by one


def remedies(estate: Estate, kernel: Player, seed: int) -> tuple[Remedy, ...]:
    """Each remedy tried; those that change nothing are told as well, so that nobody tries them."""
    return tuple(_tried(estate, trial, kernel, seed) for trial in _trials(estate))


def _trials(estate: Estate) -> Iterator[_Trial]:
    rows, order, wave_at = estate.rows, estate.order, estate.wave_at
    twice = [_doubled(crew) for crew in rows.teams]
    pools = [_doubled(crew) for crew in rows.pools]
    yield _Trial(
        "twice the engineers and handlers for going back",
        rows._replace(teams=twice, pools=pools), order, wave_at,
    )  # fmt: skip
    signed = [replace(move, commit_after=SIGNED_AFTER_MINUTES) for move in rows.moves]
    yield _Trial(
        f"each wave made final {SIGNED_AFTER_MINUTES:g} minutes after it was accepted",
        rows._replace(moves=signed), order, wave_at, signed=True,
    )  # fmt: skip
    if any(move.shares[1] > 0 for move in rows.moves):
        copied = [_copied(move) for move in rows.moves]
        yield _Trial(
            "all data copied before the window", rows._replace(moves=copied), order, wave_at
        )
    if len(wave_at) > 2:
        last = estate.plan.waves[-1]
        yield _Trial(
            f"without the last wave ({last.id}, {len(last.moves)} moves)",
            *_without(rows, order, int(wave_at[-2])), wave_at[:-1],
        )  # fmt: skip


def _without(rows: Rows, order: Ints, kept: int) -> tuple[Rows, Ints]:
    """The first `kept` moves of the order alone, numbered anew."""
    number = {int(i): k for k, i in enumerate(sorted(int(i) for i in order[:kept]))}
    moves = [
        replace(rows.moves[i], before=tuple(number[j] for j in rows.moves[i].before if j in number))
        for i in number
    ]
    functions = [
        replace(function, core=tuple(number[i] for i in function.core if i in number))
        for function in rows.functions
        if any(i in number for i in function.core)
    ]
    pairs = [
        (number[i], number[j], weight) for i, j, weight in rows.pairs if i in number and j in number
    ]
    fewer = rows._replace(moves=moves, functions=functions, pairs=pairs)
    return fewer, np.array([number[int(i)] for i in order[:kept]], dtype=np.int64)


def _doubled(crew: Crew) -> Crew:
    return Crew(tuple((start, end, 2 * count) for start, end, count in crew.shifts))


def _copied(move: Move) -> Move:
    """The move without its copy: shorter, and its other parts as long as they were."""
    prepare, copy, lead, cut, tail = move.shares
    rest = 1.0 - copy
    if rest <= 0.0:
        return move
    return replace(
        move,
        move=move.move._replace(mid=move.move.mid * rest),
        shares=(prepare / rest, 0.0, lead / rest, cut / rest, tail / rest),
        opening=move.opening / rest,
        copy_rate=0.0,
    )


def _tried(estate: Estate, trial: _Trial, kernel: Player, seed: int) -> Remedy:
    window, policy, dial = trial.rows.rules.window, estate.plan.policy.forecast, estate.dial
    p, times = arrays(*trial.rows), np.array(curve_times(window))
    figures, _, _ = kernel.weekends(p, trial.order, trial.wave_at, seed, TRIES, first=FIRST)
    back = kernel.turn_backs(
        p, trial.order, trial.wave_at, seed, TRIES, times, policy.decision_minutes, first=FIRST
    )
    one_wave = np.array([0, len(trial.order)], dtype=np.int64)
    whole = kernel.turn_backs(
        arrays(*moved_at_once(trial.rows, trial.order)), trial.order, one_wave, seed, TRIES,
        times, policy.decision_minutes, first=FIRST,
    )  # fmt: skip
    asked = turn_back.Question(
        tuple(times.tolist()), window, policy.decision_minutes, policy.quantile
    )
    ends = [at_share(back[:, k], policy.quantile) for k in range(len(times))]
    unsafe: Sequence[tuple[float, float]] = turn_back.unsafe_stretches(asked.times, ends, window)
    latest = unsafe[0][0] if unsafe else math.inf
    end = at_share(figures[:, OVER], P80)
    # What is signed final never goes back, so there the turn-back time itself is what to keep.
    by = math.inf if trial.signed else turn_back.plan_by(whole, asked)
    room = latest if trial.signed else by
    return Remedy(
        what=trial.what,
        end_p80=dial.moment(end),
        plan_by=dial.moment(by),
        latest=dial.moment(latest),
        enough=not unsafe or (math.isfinite(room) and end <= room),
    )
