"""A checked plan file as a Plan: the nested parts of the file become the model's frozen data.

Called by `text.py` after `schema.py` found nothing wrong. Nothing is judged here and nothing is
lost: what the writer wrote comes back equal.
"""

from __future__ import annotations

from typing import TypeVar

from migrator.ids import PersonId, PlaceId, SubsystemId, TeamId, WaveId
from migrator.plan import schema
from migrator.plan.assemble_means import means
from migrator.plan.certificate import Certificate
from migrator.plan.disturbance import DisturbanceLimits
from migrator.plan.foresight import Foresight
from migrator.plan.model import (
    Act,
    Constraints,
    Figures,
    Plan,
    PlanInventory,
    PlannedGate,
    PlannedMove,
    PlannedWave,
    Policy,
    Reaction,
    Recipe,
    RecipeStep,
    RecipeUndo,
    Stay,
    StepKind,
    Trouble,
    UndoKind,
    Window,
)
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.plan.schema_verifying import DisturbancesPart, VerifyingPart
from migrator.plan.verifying import Verifying

T = TypeVar("T")


def assemble(file: schema.PlanFile) -> Plan:
    """The file's parts as the model; what a policy leaves out is the default policy's."""
    return Plan(
        name=file.name,
        schema_version=file.schema_version,
        inventory=PlanInventory(
            path=file.inventory.path,
            name=file.inventory.name,
            digest=file.inventory.digest,
            links=file.inventory.links,
            links_digest=file.inventory.links_digest,
        ),
        window=Window(file.window.start, file.window.end, file.window.time_zone),
        source=None if file.source is None else PlaceId(file.source),
        target=None if file.target is None else PlaceId(file.target),
        policy=_policy(file.policy),
        recipes=(
            dict(RECIPES)
            if file.recipes is None
            else {name: _recipe(name, recipe) for name, recipe in file.recipes.items()}
        ),
        constraints=_constraints(file.constraints),
        waves=tuple(_wave(wave) for wave in file.waves),
        stays=tuple(
            Stay(SubsystemId(stay.subsystem), stay.reason, stay.review_date) for stay in file.stays
        ),
        assumed=tuple(file.assumed),
        figures=Figures(
            exposure_hours=file.figures.exposure_hours,
            makespan_hours=file.figures.makespan_hours,
            unwind_all_hours=file.figures.unwind_all_hours,
            seed=file.figures.seed,
            evaluations=file.figures.evaluations,
        ),
        certificate=None if file.certificate is None else _certificate(file.certificate),
    )


def _constraints(part: schema.ConstraintsPart) -> Constraints:
    return Constraints(
        moves_per_wave_max=part.moves_per_wave_max,
        critical_moves_per_wave_max=part.critical_moves_per_wave_max,
        pilot_criticality_max=part.pilot_criticality_max,
        forbidden_waves={
            SubsystemId(subsystem): tuple(WaveId(wave) for wave in waves)
            for subsystem, waves in part.forbidden_waves.items()
        },
    )


def _wave(part: schema.WavePart) -> PlannedWave:
    return PlannedWave(
        id=WaveId(part.id),
        name=part.name,
        pilot=part.pilot,
        gate=PlannedGate(part.gate.at, tuple(PersonId(who) for who in part.gate.deciders)),
        lead=None if part.lead is None else PersonId(part.lead),
        moves=tuple(
            PlannedMove(
                subsystem=SubsystemId(move.subsystem),
                recipe=move.recipe,
                team=TeamId(move.team),
                start=move.start,
                switch=move.switch,
                end=move.end,
                pinned=move.pinned,
            )
            for move in part.moves
        ),
    )


def _recipe(name: str, part: schema.RecipePart) -> Recipe:
    return Recipe(
        name=name,
        steps=_recipe_steps(part.steps),
        unwind=tuple(
            RecipeUndo(UndoKind(undo.kind), undo.share, undo.name or "", undo.limit, means(undo))
            for undo in part.unwind
        ),
        commit=_recipe_steps(part.commit),
    )


def _recipe_steps(parts: list[schema.RecipeStepPart]) -> tuple[RecipeStep, ...]:
    return tuple(
        RecipeStep(
            StepKind(part.kind),
            part.share,
            tuple(part.undo),
            part.name or "",
            part.looks,
            part.limit,
            means(part),
        )
        for part in parts
    )


def _policy(part: schema.PolicyPart) -> Policy:
    default, limits, gates = DEFAULT_POLICY, part.limits, part.gates
    return Policy(
        on={
            trouble: _reaction(getattr(part.on, trouble.value), default.on[trouble])
            for trouble in Trouble
        },
        soak_minutes=_given(limits.soak, default.soak_minutes),
        drain_minutes_max=_given(limits.drain, default.drain_minutes_max),
        step_minutes_max=_given(limits.step, default.step_minutes_max),
        gate_default=_given(gates.default, default.gate_default),
        gate_deadline_minutes=_given(gates.deadline, default.gate_deadline_minutes),
        after_unwind=_given(part.after_unwind, default.after_unwind),
        next_wave_when=_given(part.next_wave_when, default.next_wave_when),
        ahead_of_gate=(
            default.ahead_of_gate
            if part.ahead_of_gate is None
            else tuple(StepKind(kind) for kind in part.ahead_of_gate)
        ),
        waves_per_attempt_max=_given(part.waves_per_attempt_max, default.waves_per_attempt_max),
        approval_lapses_when=(
            default.approval_lapses_when
            if part.approval_lapses_when is None
            else tuple(part.approval_lapses_when)
        ),
        forecast=_foresight(part.forecast, default.forecast),
        verifying=_verifying(part.verifying, default.verifying),
        disturbances=_disturbances(part.disturbances, default.disturbances),
    )


def _certificate(part: schema.CertificatePart) -> Certificate:
    return Certificate(
        search=part.search,
        objective_hours=part.objective_hours,
        mean_hours=part.mean_hours,
        tail_hours=part.tail_hours,
        end_hours_p80=part.end_hours_p80,
        weekends=part.weekends,
        bound_hours=part.bound_hours,
        restarts_hours=tuple(part.restarts_hours),
        played=part.played,
        inventory=part.inventory,
        peers=part.peers,
    )


def _foresight(part: schema.ForecastPart, default: Foresight) -> Foresight:
    return Foresight(
        fits_min=_given(part.fits_min, default.fits_min),
        forward_first_min=_given(part.forward_first_min, default.forward_first_min),
        hold=_given(part.hold, default.hold),
        binding=_given(part.binding, default.binding),
        decision_minutes=_given(part.decision, default.decision_minutes),
        quantile=_given(part.quantile, default.quantile),
        weekends=_given(part.weekends, default.weekends),
    )


def _verifying(part: VerifyingPart, default: Verifying) -> Verifying:
    return Verifying(
        reopen=_given(part.reopen, default.reopen),
        withdraw_minutes=_given(part.withdraw, default.withdraw_minutes),
        remind_minutes=_given(part.remind, default.remind_minutes),
        presence=_given(part.presence, default.presence),
        absent_minutes=_given(part.absent, default.absent_minutes),
        pictures=_given(part.pictures, default.pictures),
    )


def _disturbances(part: DisturbancesPart, default: DisturbanceLimits) -> DisturbanceLimits:
    return DisturbanceLimits(
        red_after_minutes=_given(part.red_after, default.red_after_minutes),
        warn_share=_given(part.warn_share, default.warn_share),
        warn_minutes=_given(part.warn_before, default.warn_minutes),
    )


def _reaction(part: schema.ReactionPart, default: Reaction) -> Reaction:
    """A reaction; a bare `act` keeps the default's times, so no veto period is lost by brevity."""
    return Reaction(
        act=default.act if part.act is None else Act(part.act),
        veto_minutes=_given(part.veto, default.veto_minutes),
        after_minutes=_given(part.after, default.after_minutes),
        retries=_given(part.retries, default.retries),
        scope=_given(part.scope, default.scope),
    )


def _given(value: T | None, default: T) -> T:
    return default if value is None else value
