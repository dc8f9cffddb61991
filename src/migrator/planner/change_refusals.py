"""Requests that a plan that stands cannot keep: what has started, merges too large, no near plan.

Called by `changes.py`, before its search and after it. Each request is named as it was typed, with
what stands in its way.
"""

from __future__ import annotations

from migrator.errors import Fault, InputError
from migrator.ids import WaveId
from migrator.plan.recipes import RECIPES
from migrator.planner.change_basis import Basis
from migrator.planner.infeasible import Attempt
from migrator.planner.least_change import Changed
from migrator.planner.overrun import overrun
from migrator.planner.problem import Problem
from migrator.planner.requests import TYPED, Place
from migrator.planner.reshape import Shape
from migrator.planner.standing import Standing, refusal


def refuse_started(basis: Basis) -> None:
    """Whatever has started stays, whoever asks."""
    started = basis.started
    if started is None:
        return
    fixed = {wave.id: wave for wave in basis.plan.waves[: started.waves]}
    wave_of = {m.subsystem: wave.id for wave in basis.plan.waves for m in wave.moves}
    asked: list[tuple[Place, WaveId]] = []
    for name, (wave, place) in basis.requests.pins.items():
        if wave_of.get(name) != wave:
            asked += [(place, at) for at in (wave_of.get(name), wave) if at in fixed]
    for name, forbidden in basis.requests.forbidden.items():
        asked += [
            (place, wave)
            for wave, place in forbidden.items()
            if wave in fixed and wave_of.get(name) == wave
        ]
    for waves, place in basis.requests.merges:
        asked += [(place, wave) for wave in waves if wave in fixed]
    asked += [(split.place, split.wave) for split in basis.requests.splits if split.wave in fixed]
    if asked:
        raise InputError(
            "started-stays",
            "what has started is not planned anew",
            hint="ask for something of the waves that have not started, or unwind first",
            faults=tuple(
                place.fault(f"{wave} {started.why.get(wave, 'has started')}")
                for place, wave in dict.fromkeys(asked)
            ),
        )


def refuse_large_merges(basis: Basis, problem: Problem, shape: Shape, stands: Standing) -> None:
    """A merged wave that is too large would be emptied again at once, which nobody asked for."""
    faults = []
    for waves, place in basis.requests.merges:
        number = shape.ids.index(shape.now[waves[0]])
        moves = shape.waves[number]
        critical = sum(problem.moves[i].criticality == 5 for i in moves)
        limits, names = stands.limits, " and ".join(waves)
        if number == 0 and stands.pilot:
            faults.append(place.fault(f"{waves[0]} is the pilot, which goes by itself"))
        elif len(moves) > limits.moves_max:
            faults.append(
                place.fault(
                    f"{names} have {len(moves)} moves, a wave may have {limits.moves_max} "
                    "(--moves-per-wave-max)"
                )
            )
        elif critical > limits.critical_max:
            faults.append(
                place.fault(
                    f"{names} have {critical} moves of criticality 5, a wave may have "
                    f"{limits.critical_max} (--critical-per-wave-max)"
                )
            )
    if faults:
        raise InputError(
            "merge-too-large",
            "a merged wave would break the limits of a wave",
            hint="raise the limit named, if a wave of that size can be led; or merge others",
            faults=tuple(faults),
        )


def unfit(basis: Basis, stands: Standing, found: Changed) -> InputError:
    """No near plan: who still cannot be where they are put, or by how much it is late."""
    if not found.cost[0]:
        plan, requests = basis.plan, basis.requests
        return overrun(
            Attempt(
                basis.inventory,
                stands.problem,
                found.waves,
                found.schedule,
                plan.policy,
                {**RECIPES, **plan.recipes},
                requests.tighten(plan.constraints),
                requests.wave_of_pin(),
            )
        )
    faults = []
    for atom, members in enumerate(stands.problem.atoms):
        there = next(n for n, wave in enumerate(found.waves) if members[0] in wave)
        why = refusal(stands, found.waves, atom, there)
        if why:
            names = ", ".join(stands.problem.ids[i] for i in members)
            faults.append(Fault(TYPED, None, f"{names} in {stands.ids[there]}", why))
    return InputError(
        "no-near-plan",
        "no plan was found near the one that stands that keeps everything asked for",
        hint="take one of the requests back, raise a limit, or search anew with --keep PLAN, "
        "which may move everybody",
        faults=tuple(faults),
    )
