"""The judge: what the world outside says about a run, held against what its journal says.

Reads the ledger of effects, the journal and the words that people gave, when all is over. Nothing
here believes the journal: an effect counts when it is in the ledger, and a side is live when the
order of effects made it so. Every sentence it finds is a broken promise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from interruptions.ledger import Effect
from interruptions.ledger_platform import NO_EFFECT
from migrator.engine import events as ev
from migrator.engine.ports import Line, OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import CheckState
from migrator.plan.model import Itinerary

Key = tuple[str, str]

_OPENS: Final = {
    "stateful": {"grant": "new", "grant-source": "old"},
    "stateless": {"start": "new", "start-source": "old"},
}
_CLOSES: Final = {
    "stateful": {"fence": "old", "fence-target": "new"},
    "stateless": {"fence": "old", "stop-target": "new"},
}
_TRAFFIC: Final = {"switch": "new", "switch-back": "old"}


@dataclass(slots=True)
class Side:
    """A subsystem as the effects left it: which sides would take work, and where users are."""

    stateless: bool
    open: set[str] = field(default_factory=lambda: {"old"})
    traffic: str = "old"


def broken_promises(
    effects: Sequence[Effect],
    lines: Sequence[Line],
    given: Mapping[str, OperatorCommand],
    itinerary: Itinerary,
) -> list[str]:
    """Everything that must never have happened, in words; empty when all was kept."""
    return [
        *doubled(effects),
        *lost(effects, lines),
        *unheard_words(lines, given),
        *both_live(effects, itinerary),
    ]


def doubled(effects: Iterable[Effect]) -> list[str]:
    """Acts that took effect twice under one token."""
    times = Counter((e.token, e.move, e.act) for e in effects if not e.refused)
    return [
        f"{move}/{act} took effect {count} times"
        for (_, move, act), count in times.items()
        if count > 1
    ]


def lost(effects: Sequence[Effect], lines: Iterable[Line]) -> list[str]:
    """Acts that are done for the journal and not in the world, and the reverse."""
    happened = {effect.token for effect in effects if not effect.refused}
    intended: set[str] = set()
    token_of: dict[Key, str] = {}
    done: set[str] = set()
    said = []
    for line in lines:
        event = line.event
        if isinstance(event, ev.StepStarted | ev.UndoStarted):
            key = _key(event)
            token_of[key] = event.token
            intended.add(event.token)
        elif isinstance(event, ev.StepEnded | ev.UndoEnded | ev.StepSettled | ev.UndoSettled):
            key = _key(event)
            if event.outcome == "done" and key[1] not in NO_EFFECT:
                done.add(token_of[key])
                if token_of[key] not in happened:
                    said.append(f"line {line.seq}: {'/'.join(key)} is done, and never happened")
    said += [
        f"{e.move}/{e.act} happened, and nobody had intended it"
        for e in effects
        if e.token not in intended
    ]
    said += [
        f"{e.move}/{e.act} happened, and is not done for the journal"
        for e in effects
        if not e.refused and e.token in intended and e.token not in done
    ]
    return said


def _key(event: object) -> Key:
    move = getattr(event, "move", "")
    return move, getattr(event, "step", "") or getattr(event, "undo", "")


def unheard_words(lines: Sequence[Line], given: Mapping[str, OperatorCommand]) -> list[str]:
    """Words that the store took and the run never answered, or answered twice."""
    answers = Counter(
        line.event.command
        for line in lines
        if isinstance(line.event, ev.CommandTaken | ev.CommandRefused)
    )
    said = [f"{word} was answered {answers[word]} times" for word in given if answers[word] != 1]
    ticks = Counter(
        (line.event.check, line.event.person, line.event.attempt)
        for line in lines
        if isinstance(line.event, ev.TickGiven)
    )
    return said + [f"{tick} counts {number} times" for tick, number in ticks.items() if number > 1]


def both_live(effects: Iterable[Effect], itinerary: Itinerary) -> list[str]:
    """Moments at which both sides would have taken work, or users stood before a closed door."""
    sides = {move: Side(leg.recipe == "stateless") for move, leg in itinerary.legs.items()}
    said = []
    for effect in effects:
        if effect.refused:
            continue
        side = sides[effect.move]
        change(side, effect.act)
        where = f"{effect.move} after {effect.act}"
        if side.stateless:
            if side.traffic not in side.open:
                said.append(f"{where}: users are on the {side.traffic} side, which is closed")
        elif len(side.open) > 1:
            said.append(f"{where}: both sides are live")
    return said


def change(side: Side, act: str) -> None:
    """Let an effect change a side."""
    kind = "stateless" if side.stateless else "stateful"
    if act in _OPENS[kind]:
        side.open.add(_OPENS[kind][act])
    if act in _CLOSES[kind]:
        side.open.discard(_CLOSES[kind][act])
    side.traffic = _TRAFFIC.get(act, side.traffic)


def end_state(run: Run, effects: Iterable[Effect]) -> dict[str, object]:
    """What must be the same however often the process died."""
    sides = {move: Side(leg.recipe == "stateless") for move, leg in run.itinerary.legs.items()}
    for effect in effects:
        if not effect.refused:
            change(sides[effect.move], effect.act)
    return {
        "outcome": run.outcome,
        "waves": {w.id: (w.state.value, w.attempt) for w in run.waves.values()},
        "authority": {move: side.value for move, side in run.authority.items()},
        "returned": sorted(move.id for move in run.moves.values() if move.returned),
        # Which of the others were open when their wave was taken back is chance.
        "passed": sorted(c.id for c in run.checks.values() if c.state is CheckState.PASSED),
        "traffic": {move: side.traffic for move, side in sides.items()},
        "open": {move: sorted(side.open) for move, side in sides.items()},
    }
