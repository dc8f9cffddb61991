"""Which moves an unwind takes, and in which order: a set and a partial order, in plain Python.

Called by `engine/unwind.py` and by `forecast` (which hands the arcs to the compiled kernel), so
that the tool never promises another unwind than the one it would carry out. Pure.

The set is the closure over hard relations only (architecture.md 5.7): moves bound by `with`, and
moves that a `before` relation allowed only because this one had switched. Links alone never widen
it: a link that the unwind cuts becomes a bridge again. The order is the reverse of what happened
between linked or related moves; moves that share neither run in parallel.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from migrator.plan.model import Leg, PairLeg

ASKED_FOR: Final = "asked for"
"""The reason of whoever somebody or a failure named."""


def unwind_set(
    legs: Mapping[str, Leg],
    wanted: Iterable[str],
    touched: Callable[[str], bool],
) -> dict[str, str]:
    """The moves to take back, each with the reason why it is a member.

    `wanted` are the moves that somebody or a failure asked for; `touched` tells whether anything
    of a move was begun (and is not committed): what was never begun needs no undo. The answer is
    in the order in which members were found.
    """
    reasons: dict[str, str] = {}
    queue: list[str] = []
    for move in wanted:
        if touched(move) and move not in reasons:
            reasons[move] = ASKED_FOR
            queue.append(move)
    successors: dict[str, list[str]] = {}
    for leg in legs.values():
        for earlier in leg.after:
            successors.setdefault(earlier, []).append(leg.id)
    while queue:
        move = queue.pop(0)
        for mate in legs[move].together:
            if mate not in reasons and touched(mate):
                reasons[mate] = f"moves together with {move}"
                queue.append(mate)
        for later in sorted(successors.get(move, ())):
            if later not in reasons and touched(later):
                reasons[later] = f"was moved because {move} had moved before it"
                queue.append(later)
    return reasons


def unwind_arcs(
    members: Collection[str],
    switched: Sequence[str],
    pairs: Iterable[PairLeg],
    legs: Mapping[str, Leg],
) -> dict[str, tuple[str, ...]]:
    """For each member, the members whose traffic must be back before its own undo begins.

    `switched` lists moves in the order in which they switched. A member that never switched has
    changed nothing that others rely on, so it neither waits nor is waited for.
    """
    position = {move: at for at, move in enumerate(switched)}
    waits: dict[str, set[str]] = {move: set() for move in members}

    def connect(one: str, other: str) -> None:
        if one == other or one not in waits or other not in waits:
            return
        if one not in position or other not in position:
            return
        earlier, later = sorted((one, other), key=position.__getitem__)
        waits[earlier].add(later)

    for pair in pairs:
        connect(pair.source, pair.target)
    for move in members:
        for mate in legs[move].together:
            connect(move, mate)
        for earlier in legs[move].after:
            connect(move, earlier)
    return {move: tuple(sorted(later)) for move, later in waits.items()}


def critical_minutes(
    members: Collection[str],
    arcs: Mapping[str, tuple[str, ...]],
    minutes: Mapping[str, float],
) -> float:
    """The longest chain of undo durations in the partial order, with teams unlimited (minutes)."""
    # Arcs follow the switch order, so they form no cycle; members without arcs come first, and a
    # member is computed once everything that it waits for is.
    done: dict[str, float] = {}
    left = sorted(members)
    while left:
        later = []
        for move in left:
            if all(other in done for other in arcs.get(move, ())):
                start = max((done[other] for other in arcs.get(move, ())), default=0.0)
                done[move] = start + minutes[move]
            else:
                later.append(move)
        assert len(later) < len(left), "the unwind arcs form a cycle"
        left = later
    return max(done.values(), default=0.0)
