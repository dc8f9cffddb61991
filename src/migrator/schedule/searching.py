"""The search's questions in the kernel's process: sketch an assignment, anneal a decision.

Called by `serve.py` for the asks `sketch` and `anneal`; the planner (planner/annealing.py) asks
them in turn and does between them what needs no compiler. Work is done in pieces: after each one
`going` is told how far it is and says whether to go on, so a person can end a search and have the
best so far. Pieces are counted in evaluations and never in seconds, so they change no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from migrator.schedule.anneal import (
    COST,
    EVALUATIONS,
    FIGURES_OF_DECISION,
    PLAYED,
    Board,
    Prices,
    anneal,
    settle,
    weigh,
)
from migrator.schedule.anneal_moves import Chance, Decision, Facts, allowed
from migrator.schedule.anneal_sketch import BEST, DONE, Loads, Sketch, begin, sketch
from migrator.schedule.chance import root
from migrator.schedule.compiled import COMPILES
from migrator.schedule.messages import Message, Words
from migrator.schedule.paper import paper
from migrator.schedule.problem import Floats, Ints, Problem

SEARCHES: Final = ("sketch", "anneal")
"""The asks that are answered here."""

PIECES: Final = 200
"""In so many pieces a question is worked off; a piece of the largest one takes about a second."""

SAMPLES_MAX: Final = 10_000
"""Weekends by which one decision may be judged."""

Going = Callable[[int, float], bool]
"""Told how much is done and the best cost so far; False ends the search."""

Arrays = Mapping[str, NDArray[np.generic]]


class Annealed(NamedTuple):
    """The best decision, its figures (columns in anneal.py), and what was spent."""

    row: Ints
    edge: Ints
    judged: Floats
    evaluations: int
    played: int
    ended: bool  # by `going`


class Heat(NamedTuple):
    """From how much worse a change may be to how little, in the cost's own unit."""

    begin: float
    end: float


def answer(question: Message, going: Going) -> Message:
    """The answer to one of `SEARCHES`. ValueError and KeyError for what makes no sense."""
    if not COMPILES:
        raise ValueError("without numba the planner searches by itself")
    arrays = question.arrays
    facts = _facts(arrays)
    seed, total = question.word("seed", int), question.word("evaluations", int)
    heat = Heat(question.word("heat", float), question.word("cold", float))
    if question.word("ask", str) == "sketch":
        wave_of, cost, ended = sketched(
            facts, _loads(arrays), _ints(arrays, "wave_of"), seed, total, heat,
            question.word("stretch", float), going,
        )  # fmt: skip
        return Message({"cost": cost, "ended": ended}, {"wave_of": wave_of})
    samples = question.word("samples", int)
    if not 0 <= samples <= SAMPLES_MAX:
        raise ValueError(f"{samples} weekends are too many to judge a decision by")
    prices = Prices(*(question.word(name, float) for name in Prices._fields))
    found = annealed(
        question.problem(), facts, _ints(arrays, "row"), _ints(arrays, "edge"), prices,
        seed, samples, total, heat, going,
    )  # fmt: skip
    words: Words = {"evaluations": found.evaluations, "played": found.played, "ended": found.ended}
    return Message(words, {"row": found.row, "edge": found.edge, "judged": found.judged})


def annealed(
    p: Problem,
    facts: Facts,
    row: Ints,
    edge: Ints,
    prices: Prices,
    seed: int,
    samples: int,
    evaluations: int,
    heat: Heat,
    going: Going,
) -> Annealed:
    """Anneal from a decision for so many evaluations; one of them judges where it begins."""
    b = _board(p, row, edge, samples, _chance(seed, 1))
    if not allowed(facts, b.tried):
        raise ValueError("the decision to begin with breaks a limit")
    w = paper(p)
    b.judged[2] = np.inf
    weigh(p, facts, w, b, prices, seed, samples, np.inf)
    settle(b, samples)
    piece = max(1, evaluations // PIECES)
    ended = False
    while b.counts[EVALUATIONS] < evaluations and len(row) > 1:
        before = int(b.counts[EVALUATIONS])
        until = min(evaluations, before + piece)
        anneal(p, facts, w, b, prices, seed, samples, heat.begin, heat.end, evaluations, until)
        ended = not going(int(b.counts[EVALUATIONS]), float(b.judged[2, COST]))
        if ended or b.counts[EVALUATIONS] == before:
            break  # a person's word, or limits that let nothing change
    return Annealed(
        b.best.row.copy(), b.best.edge.copy(), b.judged[2].copy(),
        int(b.counts[EVALUATIONS]), int(b.counts[PLAYED]), ended,
    )  # fmt: skip


def sketched(
    facts: Facts,
    loads: Loads,
    wave_of: Ints,
    seed: int,
    steps: int,
    heat: Heat,
    stretch: float,
    going: Going,
) -> tuple[Ints, float, bool]:
    """The best assignment of atoms to the same waves, its guessed cost, and who ended it."""
    waves, teams = len(facts.room), len(loads.seats)
    s = Sketch(
        wave_of=wave_of.copy(),
        best=wave_of.copy(),
        size=np.zeros(waves, dtype=np.int64),
        critical=np.zeros(waves, dtype=np.int64),
        load=np.zeros((waves, teams)),
        length=np.zeros(waves),
        gap=np.zeros(waves),
        floor=np.zeros(waves),
        cut=np.zeros(waves),
        inner=np.zeros(waves),
        bound=np.zeros(waves),
        costs=np.zeros(3),
        counts=np.zeros(2, dtype=np.int64),
        chance=_chance(seed, 2),
    )
    begin(facts, loads, s, stretch)
    scale = max(float(s.costs[BEST]), 1e-9)
    ended = False
    while s.counts[DONE] < steps and waves > 1:
        until = min(steps, int(s.counts[DONE]) + max(1, steps // PIECES))
        sketch(facts, loads, s, heat.begin * scale, heat.end * scale, steps, until)
        ended = not going(int(s.counts[DONE]), float(s.costs[BEST]))
        if ended:
            break
    return s.best.copy(), float(s.costs[BEST]), ended


def warm(p: Problem) -> None:
    """Compile the search once, with the smallest estate there is: two moves, each an atom."""
    two, three = np.array([0, 1], dtype=np.int64), np.array([0, 1, 2], dtype=np.int64)
    none, ones = np.zeros(3, dtype=np.int64), np.ones(2, dtype=np.int64)
    facts = Facts(
        atom_at=three, members=two, size=ones, critical=two * 0,
        may=np.ones((2, 2), dtype=np.int64),
        first_at=none, firsts=two[:0], then_at=none, thens=two[:0],
        near_at=three, near=two[::-1].copy(), near_weight=np.ones(2),
        room=ones * 2, wanted=ones, critical_max=ones[:1], home=-ones,
    )  # fmt: skip
    loads = Loads(
        work=np.ones((2, 1)), seats=np.ones(1), after=np.ones(1),
        fixed=two[:0], fixed_to=np.zeros(0), floors=two[:0], floor_from=np.zeros(0),
        small=np.ones(1), missed=np.ones(1),
    )  # fmt: skip
    heat = Heat(0.01, 0.001)
    prices = Prices(1.0, 0.25, 0.01, 0.1, 0.001, 0.0)
    annealed(p, facts, two, three, prices, 1, 1, 2, heat, lambda _done, _best: True)
    sketched(facts, loads, two, 1, 10, heat, 1.0, lambda _done, _best: True)


def _board(p: Problem, row: Ints, edge: Ints, samples: int, chance: Chance) -> Board:
    return Board(
        now=_decision(row, edge),
        tried=_decision(row, edge),
        best=_decision(row, edge),
        order=np.zeros(len(p.moves), dtype=np.int64),
        wave_at=np.zeros(len(edge), dtype=np.int64),
        figures=np.zeros(samples + 8),
        seen=np.zeros((2, max(1, samples))),
        ends=np.zeros(max(1, samples)),
        judged=np.zeros((3, FIGURES_OF_DECISION)),
        items=np.zeros(max(1, samples), dtype=np.int64),
        chance=chance,
        counts=np.zeros(4, dtype=np.int64),
    )


def _decision(row: Ints, edge: Ints) -> Decision:
    return Decision(row.copy(), edge.copy(), np.zeros_like(row), np.zeros_like(row))


def _chance(seed: int, stage: int) -> Chance:
    return np.array([root(seed, stage)], dtype=np.uint64)


def _facts(arrays: Arrays) -> Facts:
    """The facts among the arrays, refused where compiled code would read beyond them."""
    values = {
        name: _floats(arrays, name) if name == "near_weight" else _ints(arrays, name)
        for name in Facts._fields
    }
    facts = Facts(**values)  # type: ignore[arg-type]  # each has its own kind
    count = len(facts.size)
    for edges, ends in (
        (facts.atom_at, facts.members),
        (facts.first_at, facts.firsts),
        (facts.then_at, facts.thens),
        (facts.near_at, facts.near),
    ):
        if len(edges) != count + 1 or edges[0] != 0 or edges[-1] != len(ends):
            raise ValueError("the ranges of the atoms do not fit")
        if np.any(np.diff(edges) < 0):
            raise ValueError("a range of an atom ends before it begins")
    for ends in (facts.firsts, facts.thens, facts.near):
        if len(ends) and not 0 <= ends.min() <= ends.max() < count:
            raise ValueError("there is no such atom")
    if facts.may.shape != (count, len(facts.room)) or len(facts.near_weight) != len(facts.near):
        raise ValueError("the limits do not fit the atoms and waves")
    return facts


def _loads(arrays: Arrays) -> Loads:
    whole = ("fixed", "floors")
    values = {
        name: _ints(arrays, name) if name in whole else _floats(arrays, name)
        for name in Loads._fields
    }
    return Loads(**values)  # type: ignore[arg-type]  # each has its own kind


def _ints(arrays: Arrays, name: str) -> Ints:
    return np.ascontiguousarray(arrays[name].astype(np.int64))


def _floats(arrays: Arrays, name: str) -> Floats:
    return np.ascontiguousarray(arrays[name].astype(np.float64))
