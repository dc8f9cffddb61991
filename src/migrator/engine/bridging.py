"""What an unwind leaves to the bridges: its figures, and when a part is too much for them.

Called by `unwind`, `troubles` and `steering`, and by the preview. An unwind that is due is never
kept from beginning by what is reckoned here: the old side is the one that works. Only how much of
a wave goes back may follow from it, or that an operator is asked to say that it is wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from migrator.engine.events import UnwindBegun
from migrator.engine.run import Run
from migrator.engine.states import Side
from migrator.plan.bridges import Load, bridges, crossing, too_many
from migrator.plan.model import WaveLeg
from migrator.plan.unwind_order import unwind_set

BRIDGES_NAMED_MAX: Final = 5
"""How many of the bridges that an unwind opens again its event names."""


def load_after(run: Run, members: Collection[str]) -> Load:
    """What the bridges carry once these are back, and what stays of their waves has arrived.

    Whatever is going back already counts as back, too. What stays goes on to the new side: a
    figure without it would be too low for a wave of which half has not switched yet.
    """
    new = {move for move, side in run.authority.items() if side is Side.NEW}
    leaving = {move.id for move in run.moves.values() if move.unwinding}
    back = leaving.union(members)
    # What may not move without them stays where it is, also where nothing of it was begun.
    bound = unwind_set(run.itinerary.legs, sorted(back), lambda _move: True)
    after, onward = new - back, new - leaving
    for leg in run.itinerary.waves:
        if back.isdisjoint(leg.moves):
            continue
        onward.update(staying(run, leg, leaving))
        rest = staying(run, leg, back)
        if any(run.moves[move].touched for move in rest):
            after.update(move for move in rest if move not in bound)
    pairs = run.itinerary.pairs
    return Load(
        now=crossing(pairs, new),
        onward=crossing(pairs, onward),
        after=crossing(pairs, after),
        cut=bridges(pairs, members, after),
        calls_per_hour_max=run.itinerary.bridge_calls_per_hour,
    )


def staying(run: Run, leg: WaveLeg, back: Collection[str]) -> tuple[str, ...]:
    """Those of a wave that neither are back nor go back with these."""
    return tuple(
        move
        for move in leg.moves
        if move not in back and not run.moves[move].unwinding and not run.moves[move].returned
    )


def wave_left_in_part(run: Run, wanted: Collection[str], back: Collection[str]) -> WaveLeg | None:
    """The wave that somebody asks for a part of, where some of it that was begun stays."""
    for leg in run.itinerary.waves:
        if not set(leg.moves).isdisjoint(wanted) and not set(leg.moves).isdisjoint(back):
            rest = staying(run, leg, back)
            if any(run.moves[move].touched for move in rest):
                return leg
    return None


def widened(run: Run, part: Mapping[str, str], whole: Mapping[str, str]) -> str:
    """Why all of a wave goes back though a part was wanted; empty where the part may go alone.

    Where the whole wave would overload the bridges as well, the part goes: the smaller unwind.
    """
    alone = load_after(run, part)
    if not alone.overloads:
        return ""
    together = load_after(run, whole)
    if together.overloads or together.overloaded is None:
        return ""
    return f"without the rest of the wave {carried(alone)}"


def carried(found: Load) -> str:
    """What bridges would be asked for, and what they carry, in words."""
    asked, limit = found.after.calls_per_hour, found.calls_per_hour_max
    if asked is None:
        return "nobody knows how many calls the bridges would carry"
    most = "" if limit is None else f" of the {limit:.0f} that they can"
    return f"bridges would carry {asked:.0f} calls per hour{most}"


def figures(event: UnwindBegun) -> str:
    """What an unwind that was begun leaves to the bridges, in words; empty where nobody said."""
    return told(event.calls_per_hour, event.calls_per_hour_max, event.bridges)


def told(calls_per_hour: float | None, most: float | None, opened: Collection[str]) -> str:
    """What bridges carry afterwards, and the heaviest that is opened again, in words.

    Empty where it is not known, and where no bridge is opened and nobody said what they can.
    """
    if calls_per_hour is None or (most is None and not opened):
        return ""
    limit = "" if most is None else f" of the {most:.0f} that they can"
    words = f"bridges then carry {calls_per_hour:.0f} calls per hour{limit}"
    if too_many(calls_per_hour, most):
        words += ": TOO MANY"
    heaviest = next(iter(opened), "")
    return f"{words} (the heaviest again: {heaviest})" if heaviest else words
