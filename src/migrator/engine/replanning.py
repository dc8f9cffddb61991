"""The verb replan: another plan for what has not started, while the rest of the run goes on.

Called by `commands`; `plan_anew` by the CLI, which shows what it finds before the verb is given.
A wave has not started while nobody has said go or no-go to its first attempt. What was decided on,
what was begun ahead of a gate, the policy and the recipes stay as they are; every difference that
would touch them is named. The new plan travels by value, in the command and in its event.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal, deciders, may_decide, not_aborted
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run
from migrator.engine.seconds import join
from migrator.engine.states import WaveState
from migrator.plan.itinerary import part_json
from migrator.plan.model import CheckLeg, Itinerary, Leg, Stay, WaveLeg
from migrator.plan.read_back import read_back

PARTS: Final = ("waves", "legs", "checks", "gone", "stays", "assumed")
"""Of a new plan, as the command and the event carry them: tuples of text."""

_OPEN: Final = frozenset({WaveState.PLANNED, WaveState.DECIDING})


@dataclass(frozen=True, slots=True)
class Replan:
    """What a new plan makes of the waves that have not started."""

    plan_digest: str
    waves: tuple[WaveLeg, ...]  # all of them, in their order
    legs: tuple[Leg, ...]  # those that changed or are new
    checks: tuple[CheckLeg, ...]  # likewise
    gone: tuple[str, ...]  # checks that there are no more
    stays: tuple[Stay, ...]  # all
    assumed: tuple[str, ...]  # all

    def texts(self) -> dict[str, tuple[str, ...]]:
        """The parts as canonical JSON texts."""
        return {
            "waves": tuple(map(part_json, self.waves)),
            "legs": tuple(map(part_json, self.legs)),
            "checks": tuple(map(part_json, self.checks)),
            "gone": self.gone,
            "stays": tuple(map(part_json, self.stays)),
            "assumed": self.assumed,
        }

    @classmethod
    def read(cls, plan_digest: str, texts: Mapping[str, tuple[str, ...]]) -> Self:
        """The parts from their texts. KeyError, TypeError or ValueError where they are none."""
        return cls(
            plan_digest,
            tuple(read_back(WaveLeg, text) for text in texts["waves"]),
            tuple(read_back(Leg, text) for text in texts["legs"]),
            tuple(read_back(CheckLeg, text) for text in texts["checks"]),
            tuple(texts["gone"]),
            tuple(read_back(Stay, text) for text in texts["stays"]),
            tuple(texts["assumed"]),
        )

    @property
    def digest(self) -> str:
        """What a second person joins is this very content."""
        parts = [self.plan_digest, *([*texts] for texts in self.texts().values())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def details(self) -> tuple[tuple[str, str], ...]:
        """The parts as a command carries them."""
        texts = ((key, json.dumps(part)) for key, part in self.texts().items())
        return (("plan_digest", self.plan_digest), *texts)


def open_waves(run: Run) -> frozenset[str]:
    """The waves that have not started: nobody has decided on their first attempt."""
    return frozenset(
        wave.id for wave in run.waves.values() if wave.state in _OPEN and wave.attempt == 1
    )


def plan_anew(run: Run, new: Itinerary) -> tuple[Replan, tuple[str, ...]]:
    """What a new plan makes of a run, and every difference for which it is refused."""
    old, free = run.itinerary, open_waves(run)
    waves = tuple(wave for wave in new.waves if wave.id in free or wave.id not in run.waves)
    kept = {check.id: check for check in old.checks}
    ours = {wave.id for wave in waves}
    checks = [check for check in new.checks if check.wave in ours]
    there = {check.id for check in checks}
    replan = Replan(
        plan_digest=new.plan_digest,
        waves=waves,
        legs=tuple(
            new.legs[move]
            for wave in waves
            for move in wave.moves
            if new.legs[move] != old.legs.get(move)
        ),
        checks=tuple(check for check in checks if check != kept.get(check.id)),
        gone=tuple(c.id for c in old.checks if c.wave in free and c.id not in there),
        stays=new.stays,
        assumed=new.assumed,
    )
    return replan, (
        *_elsewhere(old, new),
        *_decided_on(run, new, free),
        *trespasses(run, replan),
    )


def _elsewhere(old: Itinerary, new: Itinerary) -> Iterable[str]:
    """What a new plan may not change at all."""
    for word, was, now in (
        ("it was made from another inventory", old.inventory_digest, new.inventory_digest),
        ("it was made from other links", old.links_digest, new.links_digest),
        ("the window would change", old.window, new.window),
        ("the source would change", old.source, new.source),
        ("the target would change", old.target, new.target),
        ("the policy would change", old.policy, new.policy),
    ):
        if was != now:
            yield f"{word}; it stays as it is until the run has ended"
    used = {leg.recipe for leg in (*old.legs.values(), *new.legs.values())}
    for name in sorted(used):
        if name in old.recipes and new.recipes.get(name, old.recipes[name]) != old.recipes[name]:
            yield f"the recipe {name} is in use and would change"


def _decided_on(run: Run, new: Itinerary, free: frozenset[str]) -> Iterable[str]:
    """Differences in what was decided on already."""
    old = run.itinerary
    legs = {wave.id: wave for wave in new.waves}
    fixed = [wave for wave in old.waves if wave.id not in free]
    for wave in fixed:
        state = run.waves[wave.id].state.value
        if wave.id not in legs:
            yield f"{wave.id} is {state} and is not in the new plan"
            continue
        if legs[wave.id] != wave:
            yield f"{wave.id} is {state} and would be another one"
        for move in wave.moves:
            if new.legs.get(move) != old.legs[move]:
                yield f"{move} of {wave.id}, which is {state}, would be planned otherwise"
        if _checks(old, wave.id) != _checks(new, wave.id):
            yield f"{wave.id} is {state} and would have other checks"
    if [w.id for w in new.waves if w.id in run.waves and w.id not in free] != [w.id for w in fixed]:
        yield f"the order of {', '.join(wave.id for wave in fixed)} would change"


def _checks(itinerary: Itinerary, wave: str) -> tuple[CheckLeg, ...]:
    return tuple(check for check in itinerary.checks if check.wave == wave)


def trespasses(run: Run, replan: Replan) -> tuple[str, ...]:
    """Why a new plan cannot be followed from here; empty where it can."""
    return (*_behind(run), *_touched(run, replan), *_misfits(run, replan))


def _behind(run: Run) -> Iterable[str]:
    """A wave that was decided on stands before all that are open; else one is held too early."""
    free = open_waves(run)
    seen = False
    for leg in run.itinerary.waves:
        seen = seen or leg.id in free
        if seen and leg.id not in free:
            state = run.waves[leg.id].state.value
            yield f"{leg.id} is {state} before the waves in front of it: release or decide it first"


def _touched(run: Run, replan: Replan) -> Iterable[str]:
    """Moves that were begun ahead of their gate stay where they are."""
    free, changed = open_waves(run), {leg.id for leg in replan.legs}
    placed: dict[str, str] = {move: wave.id for wave in replan.waves for move in wave.moves}
    for move, record in run.moves.items():
        if record.wave not in free:
            if move in placed:
                state = run.waves[record.wave].state.value
                yield f"{move} belongs to {record.wave}, which is {state}"
        elif record.touched and (move in changed or placed.get(move) != record.wave):
            begun = ", ".join(name for name, act in record.steps.items() if act.nth)
            yield f"{move} was begun ahead of its gate ({begun}) and would be planned otherwise"


def _misfits(run: Run, replan: Replan) -> Iterable[str]:
    """What does not fit together, or to what the run has pinned."""
    free = open_waves(run)
    for wave in replan.waves:
        if wave.id in run.waves and wave.id not in free:
            yield f"{wave.id} is {run.waves[wave.id].state.value}; it is not planned anew"
    for leg in replan.legs:
        if leg.recipe not in run.itinerary.recipes:
            yield f"{leg.id} wants the recipe {leg.recipe}, which the run's plan does not have"
    legs: dict[str, Leg] = {**run.itinerary.legs, **{leg.id: leg for leg in replan.legs}}
    placed = [(move, wave.id) for wave in replan.waves for move in wave.moves]
    waves = {wave.id for wave in replan.waves}
    fits = (
        len(waves) == len(replan.waves)
        and len({move for move, _ in placed}) == len(placed)
        and all(move in legs and legs[move].wave == wave for move, wave in placed)
        and {leg.id for leg in replan.legs} <= {move for move, _ in placed}
        and {check.wave for check in replan.checks} <= waves
        and {check.wave for check in run.itinerary.checks if check.id in replan.gone} <= free
    )
    if not fits:
        yield "its parts do not fit together; give the command with this version of migrator"


def applied(run: Run, replan: Replan) -> Itinerary:
    """The itinerary as it is once the new plan is followed."""
    old, free = run.itinerary, open_waves(run)
    known: dict[str, Leg] = {**old.legs, **{leg.id: leg for leg in replan.legs}}
    fixed = tuple(wave for wave in old.waves if wave.id not in free)
    waves = (*fixed, *replan.waves)
    anew = {check.id: check for check in replan.checks}
    stay = (check for check in old.checks if check.id not in anew and check.id not in replan.gone)
    return replace(
        old,
        plan_digest=replan.plan_digest,
        waves=waves,
        legs={move: known[move] for wave in waves for move in wave.moves},
        checks=tuple(sorted((*stay, *anew.values()), key=lambda check: check.id)),
        stays=replan.stays,
        assumed=replan.assumed,
    )


def replan(run: Run, command: OperatorCommand, _now: datetime, codes: Mapping[str, str]) -> Effects:
    """Follow another plan from here on, in all that has not started."""
    may_decide(run, command, deciders(run))
    not_aborted(run)
    if not command.reason:
        raise Refusal("a new plan needs a reason; it is listed in the report")
    try:
        texts = {key: tuple(json.loads(command.detail(key))) for key in PARTS}
        made = Replan.read(command.detail("plan_digest"), texts)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Refusal("the new plan cannot be read; give the command with this version") from None
    wrong = trespasses(run, made)
    if wrong:
        raise Refusal("; ".join(wrong))
    if applied(run, made) == run.itinerary:
        raise Refusal("the run follows this plan already")
    joined = join(run, command, codes, "", made.digest)
    if not joined.second:
        return joined.effects
    return [
        *joined.effects,
        ev.Replanned(
            by=command.actor,
            second=joined.second,
            reason=command.reason,
            plan_digest=made.plan_digest,
            **made.texts(),
        ),
    ]
