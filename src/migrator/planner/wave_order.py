"""Exact help for orders: where to put the gates, and in which order the waves go.

Called by the search, by the seeds and by whoever compares orders of other makes on equal terms.
Both questions are answered by dynamic programming over one guess of exposure: a wave lasts as long
as its most loaded team and a check, its inner links are split for a third of that, and what crosses
a gate is split for half of the waves on either side. The guess only steers; a plan's figures come
from the decoder or the kernel. No chance, no clock, and nothing hard is ever given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves, atom_weights, cut
from migrator.planner.waves import SHORTFALL_TICKS, Limits

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

SUBSETS_OF_MAX: Final = 16
"""All orders of sixteen waves are 65,536 subsets, some tens of milliseconds; each wave more
doubles that. Longer rows of waves are put in order piece by piece."""

PIECE: Final = 12
"""How many waves of a longer row are put in order at a time; the pieces overlap by half."""

ROUNDS_MAX: Final = 20
"""The order gets better in each round, and two or three are usual."""


def gates(problem: Problem, limits: Limits, order: Sequence[int], count: int) -> Waves:
    """An order of atoms cut into `count` waves at the best gates, every limit kept.

    The order stays as it is, but for the pilot: who may be in it is taken from where it stands, a
    few first. Where no such cut keeps the limits (pins, forbidden waves, little room), the order
    is first bent as `seeds.cut` does. Empty where that finds nothing either.
    """
    best: tuple[float, Waves] | None = None
    for tried in _with_pilots(limits, order):
        found = _Gates(problem, limits, tried).place(count)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    if best is not None:
        return best[1]
    bent = cut(problem, limits, order, count)
    found = None
    if bent:
        flat = [atom for wave in bent for atom in wave]
        found = _Gates(problem, limits, flat).place(len(bent))
    return bent if found is None else found[1]


def reorder(problem: Problem, limits: Limits, waves: Waves) -> Waves:
    """The same waves in the order of the least exposure that limits and `before` allow.

    Exact (in the guess) up to `SUBSETS_OF_MAX` waves. More are put in order by the best exchanges
    of single waves and reversals, then exactly in overlapping pieces until nothing changes.
    """
    if len(waves) < 3:
        return waves
    row = _Row(problem, limits, waves)
    if len(waves) <= SUBSETS_OF_MAX:
        return [waves[k] for k in row.piece(list(range(len(waves))), 0, len(waves))]
    order = row.exchanged(list(range(len(waves))))
    for _ in range(ROUNDS_MAX):
        before = list(order)
        for first in range(0, len(order) - PIECE // 2, PIECE // 2):
            order = row.piece(order, first, min(first + PIECE, len(order)))
        if order == before:
            break
    return [waves[k] for k in order]


def guess(problem: Problem, limits: Limits, waves: Waves) -> float:
    """The guessed exposure of waves, in ticks times weight; for comparing waves with waves."""
    row = _Row(problem, limits, waves)
    inner = float(np.sum(np.diag(row.between) * row.length)) / 3
    return inner + row.cost(list(range(len(waves))))


def lengths(problem: Problem, waves: Waves) -> Floats:
    """How long each wave is guessed to last, in ticks."""
    work, seats, after = _loads(problem)
    totals = np.stack([work[wave].sum(axis=0) for wave in waves])
    found: Floats = np.ceil(totals / seats).max(axis=1) + after
    return found


def _loads(problem: Problem) -> tuple[Floats, Floats, float]:
    """Seat time by atom and team, the seats of each team, and a usual check."""
    work = np.zeros((len(problem.atoms), max(1, len(problem.teams))))
    for i, facts in enumerate(problem.moves):
        work[problem.atom_of[i], facts.team] += facts.hands
    seats = [float(max(many for many, _ in groups)) for groups in problem.seats]
    checks = sorted(check.minutes for check in problem.checks)
    return work, np.array(seats or [1.0]), float(checks[len(checks) // 2]) if checks else 0.0


def _with_pilots(limits: Limits, order: Sequence[int]) -> list[list[int]]:
    """The order with the first few of those who may be in the pilot in front."""
    if not limits.pilot:
        return [list(order)]
    found = []
    front: list[int] = []
    size = 0
    for atom in order:
        if atom not in limits.pilot or not limits.may(atom, 0):
            continue
        size += limits.size[atom]
        if size > limits.pilot_moves_max:
            break
        front.append(atom)
        chosen = set(front)
        found.append([*front, *(each for each in order if each not in chosen)])
    # One, half of them, or all that fit: each is reckoned anew, and more gave no other plan.
    return [found[k] for k in sorted({0, len(found) // 2, len(found) - 1})] if found else [[*order]]


class _Gates:
    """One order, and what a wave from one place of it to another would cost."""

    def __init__(self, problem: Problem, limits: Limits, order: Sequence[int]) -> None:
        """Reckon every possible wave once; column l is a wave of l + 1 atoms."""
        self.limits, self.order = limits, list(order)
        n = len(self.order)
        size = np.array([limits.size[atom] for atom in self.order], dtype=np.int64)
        critical = np.array([limits.critical[atom] for atom in self.order], dtype=np.int64)
        room = max(limits.moves_max, limits.pilot_moves_max)
        longest = _longest(size, room)
        self.sizes = _sums(size, longest)
        self.fits = _sums(critical, longest) <= limits.critical_max
        self.fits &= np.arange(n)[:, None] + np.arange(longest)[None, :] < n
        self.cost = _costs(problem, self.order, longest)
        self.small = SHORTFALL_TICKS * max(1, problem.weight)

    def place(self, count: int) -> tuple[float, Waves] | None:
        """The cheapest cut into exactly `count` waves, with its cost; None where there is none."""
        n, longest = self.cost.shape
        best = np.full(n + 1, np.inf)
        best[0] = 0.0
        came = np.zeros((count, n + 1), dtype=np.int64)
        for k in range(count):
            allowed = self.fits & (self.sizes <= self.limits.room(k)) & self._may(k)
            wanted = self.limits.shortfall(k, 0)
            costs = self.cost + self.small * np.maximum(0, wanted - self.sizes)
            reached = np.where(allowed, best[:n, None] + costs, np.inf)
            best = np.full(n + 1, np.inf)
            for length in range(min(longest, n)):
                ends = slice(length + 1, n + 1)
                through = reached[: n - length, length]
                better = through < best[ends]
                best[ends] = np.where(better, through, best[ends])
                came[k, ends] = np.where(better, np.arange(n - length), came[k, ends])
        if not np.isfinite(best[n]):
            return None
        waves: Waves = []
        end = n
        for k in reversed(range(count)):
            start = int(came[k, end])
            waves.append(self.order[start:end])
            end = start
        return float(best[n]), waves[::-1]

    def _may(self, wave: int) -> Flags:
        """Whether everybody of a stretch may be in a wave of this number."""
        barred = [int(not self.limits.may(atom, wave)) for atom in self.order]
        free: Flags = _sums(np.array(barred, dtype=np.int64), self.fits.shape[1]) == 0
        return free


def _longest(size: Whole, room: int) -> int:
    """How many atoms a wave may have at most."""
    total = np.concatenate([[0], np.cumsum(size)])
    ends = np.searchsorted(total, total[:-1] + room, side="right") - 1
    return max(1, int((ends - np.arange(len(size))).max(initial=1)))


def _sums(values: Whole, longest: int) -> Whole:
    """The sums of stretches: row where it begins, column l for l + 1 places."""
    padded = np.concatenate([values, np.zeros(longest, dtype=values.dtype)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, longest)[: len(values)]
    return np.cumsum(windows, axis=1)


def _costs(problem: Problem, order: Sequence[int], longest: int) -> Floats:
    """What a wave costs: its part of what crosses its two gates, and its inner links."""
    n = len(order)
    place = {atom: k for k, atom in enumerate(order)}
    near = atom_weights(problem)
    # back[k, d]: the weight from place k to the place d before it.
    back = np.zeros((n, longest))
    crossing = np.zeros(n + 1)
    for k, atom in enumerate(order):
        for other, weight in near[atom].items():
            distance = k - place[other]
            crossing[k + 1] += weight if distance < 0 else -weight
            if 0 < distance < longest:
                back[k, distance] = weight
    crossing = np.cumsum(crossing)
    reach = np.cumsum(back, axis=1)
    work, seats, after = _loads(problem)
    load = np.zeros((n, work.shape[1]))
    inner = np.zeros(n)
    cost = np.zeros((n, longest))
    ordered = work[list(order)] if n else work
    for length in range(min(longest, n)):
        last = np.arange(length, n)
        first = last - length
        load[first] += ordered[last]
        inner[first] += reach[last, length]
        lasts = np.ceil(load[first] / seats).max(axis=1) + after
        split = (crossing[first] + crossing[last + 1]) / 2 + inner[first] / 3
        cost[first, length] = lasts * split
    return cost


class _Row:
    """Waves as blocks in a row: the weight between them, how long they last, who may be where."""

    def __init__(self, problem: Problem, limits: Limits, waves: Waves) -> None:
        """Reckon once what does not depend on the order."""
        count = len(waves)
        home = {atom: k for k, wave in enumerate(waves) for atom in wave}
        self.between = np.zeros((count, count))
        for atom, near in enumerate(atom_weights(problem)):
            for other, weight in near.items():
                self.between[home[atom], home[other]] += weight
        self.between[np.diag_indices(count)] /= 2
        self.length = lengths(problem, waves)
        size = [sum(limits.size[atom] for atom in wave) for wave in waves]
        self.may = np.array(
            [
                [
                    size[k] <= limits.room(at) and all(limits.may(atom, at) for atom in wave)
                    for at in range(count)
                ]
                for k, wave in enumerate(waves)
            ]
        )
        self.firsts = [
            {home[first] for atom in wave for first in problem.atom_before[atom]} - {k}
            for k, wave in enumerate(waves)
        ]

    def cost(self, order: Sequence[int]) -> float:
        """The guessed exposure of what crosses gates."""
        rows = self.between[np.ix_(order, order)].copy()
        np.fill_diagonal(rows, 0.0)
        ahead, behind = np.triu(rows).sum(axis=1), np.tril(rows).sum(axis=1)
        crossing = np.cumsum(ahead - behind)
        length = self.length[list(order)]
        return float(np.sum(crossing[:-1] * (length[:-1] + length[1:])) / 2)

    def allowed(self, order: Sequence[int]) -> bool:
        """Tell whether everybody may be where he is and comes after whom he needs."""
        done: set[int] = set()
        for at, k in enumerate(order):
            if not self.may[k, at] or not self.firsts[k] <= done:
                return False
            done.add(k)
        return True

    def exchanged(self, order: list[int]) -> list[int]:
        """The best of moving one wave or turning a stretch round, again and again."""
        now = self.cost(order)
        for _ in range(ROUNDS_MAX):
            best, found = now, order
            for first in range(len(order)):
                for last in range(first + 1, len(order)):
                    stretch = order[first : last + 1]
                    for turned in (
                        stretch[::-1],
                        [*stretch[1:], stretch[0]],
                        [stretch[-1], *stretch[:-1]],
                    ):
                        tried = [*order[:first], *turned, *order[last + 1 :]]
                        cost = self.cost(tried)
                        if cost < best - 1e-9 and self.allowed(tried):
                            best, found = cost, tried
            if found == order:
                break
            order, now = found, best
        return order

    def piece(self, order: list[int], first: int, last: int) -> list[int]:
        """The order with one stretch of it put in its best order, by all its subsets."""
        inside = order[first:last]
        count = len(inside)
        rows = self.between[np.ix_(inside, inside)].copy()
        np.fill_diagonal(rows, 0.0)
        left = self.between[np.ix_(inside, order[:first])].sum(axis=1)
        right = self.between[np.ix_(inside, order[last:])].sum(axis=1)
        base = float(self.between[np.ix_(order[:first], order[first:])].sum())
        crossing = _subset_cuts(rows, rows.sum(axis=1) + right - left, base)
        needs = [
            sum(1 << inside.index(each) for each in self.firsts[k] if each in inside)
            for k in inside
        ]
        subsets = np.arange(1 << count)
        members = np.array([subset.bit_count() for subset in range(1 << count)])
        best = np.full(1 << count, np.inf)
        best[0] = 0.0
        last_in = np.zeros(1 << count, dtype=np.int64)
        by_size = np.split(np.argsort(members, kind="stable"), np.cumsum(np.bincount(members))[:-1])
        for size in range(count):
            known = by_size[size]
            known = known[np.isfinite(best[known])]
            for b, k in enumerate(inside):
                if not self.may[k, first + size]:
                    continue
                from_ = known[(known >> b & 1 == 0) & (known & needs[b] == needs[b])]
                to = from_ | 1 << b
                cost = best[from_] + (crossing[from_] + crossing[to]) / 2 * self.length[k]
                better = cost < best[to]
                best[to[better]] = cost[better]
                last_in[to[better]] = b
        subset = len(subsets) - 1
        if not np.isfinite(best[subset]):
            return order
        found = []
        while subset:
            b = int(last_in[subset])
            found.append(inside[b])
            subset &= ~(1 << b)
        result = [*order[:first], *found[::-1], *order[last:]]
        # What is as good stays as it was, so that an order does not go round in circles.
        return result if self.cost(result) < self.cost(order) - 1e-9 else order


def _subset_cuts(rows: Floats, degree: Floats, base: float) -> Floats:
    """By subset of a stretch: what is split once it has moved, whoever else stands still."""
    cuts = np.array([base])
    for h in range(len(rows)):
        bound = np.zeros(1)
        for other in range(h):
            bound = np.concatenate([bound, bound + rows[h, other]])
        cuts = np.concatenate([cuts, cuts + degree[h] - 2 * bound])
    return cuts
