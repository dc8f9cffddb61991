"""A policy decides at hours when nobody is there; nonsense in it is an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.ids import SubsystemId, WaveId
from migrator.plan.disturbance import DisturbanceLimits
from migrator.plan.findings import Severity
from migrator.plan.foresight import Foresight
from migrator.plan.lint_policy import lint_constraints, lint_policy
from migrator.plan.model import Act, Constraints, Reaction, StepKind, Trouble
from migrator.plan.recipes import DEFAULT_POLICY
from migrator.plan.verifying import Verifying
from small_plan import a_plan, an_inventory


def told(**changes: object) -> list[tuple[str, str]]:
    policy = replace(DEFAULT_POLICY, **changes)  # type: ignore[arg-type]  # a test's own data
    return [(f.rule, f.place) for f in lint_policy(a_plan(policy=policy))]


def reacting(trouble: Trouble, reaction: Reaction) -> list[tuple[str, str]]:
    return told(on={**DEFAULT_POLICY.on, trouble: reaction})


def test_the_default_policy_holds() -> None:
    assert told() == []


CALM = "policy.disturbances"


@pytest.mark.parametrize(
    ("field", "value", "rule", "place"),
    [
        ("gate_default", "go", "gate-default", "policy.gates.default"),
        ("gate_deadline_minutes", 0.0, "policy", "policy.gates.deadline"),
        ("soak_minutes", -1.0, "policy", "policy.limits.soak"),
        ("soak_minutes", 0.0, "no-soak", "policy.limits.soak"),
        ("drain_minutes_max", 0.0, "drain-too-long", "policy.limits.drain"),
        ("drain_minutes_max", 10.5, "drain-too-long", "policy.limits.drain"),
        ("step_minutes_max", 0.0, "policy", "policy.limits.step"),
        ("waves_per_attempt_max", 0, "policy", "policy.waves_per_attempt_max"),
        ("after_unwind", "stop", "policy", "policy.after_unwind"),
        ("next_wave_when", "switched", "policy", "policy.next_wave_when"),
        ("ahead_of_gate", (StepKind.FENCE,), "ahead-of-gate", "policy.ahead_of_gate[0]"),
        ("ahead_of_gate", (StepKind.START,), "ahead-of-gate", "policy.ahead_of_gate[0]"),
        (
            "approval_lapses_when",
            ("plan", "inventory", "weather"),
            "policy",
            "policy.approval_lapses_when[2]",
        ),
        (
            "approval_lapses_when",
            ("inventory",),
            "approval-too-broad",
            "policy.approval_lapses_when",
        ),
        ("forecast", Foresight(fits_min=1.2), "policy", "policy.forecast.fits_min"),
        (
            "forecast",
            Foresight(forward_first_min=-0.1),
            "policy",
            "policy.forecast.forward_first_min",
        ),
        ("forecast", Foresight(quantile=1.0), "policy", "policy.forecast.quantile"),
        ("forecast", Foresight(quantile=0.2), "policy", "policy.forecast.quantile"),
        ("forecast", Foresight(decision_minutes=721), "policy", "policy.forecast.decision"),
        ("forecast", Foresight(weekends=99), "policy", "policy.forecast.weekends"),
        ("forecast", Foresight(weekends=100_001), "policy", "policy.forecast.weekends"),
        ("disturbances", DisturbanceLimits(red_after_minutes=0), "policy", f"{CALM}.red_after"),
        ("disturbances", DisturbanceLimits(red_after_minutes=1441), "policy", f"{CALM}.red_after"),
        ("disturbances", DisturbanceLimits(warn_share=1.5), "policy", f"{CALM}.warn_share"),
        ("disturbances", DisturbanceLimits(warn_minutes=-1), "policy", f"{CALM}.warn_before"),
        ("verifying", Verifying(reopen="all"), "policy", "policy.verifying.reopen"),
        ("verifying", Verifying(presence="maybe"), "policy", "policy.verifying.presence"),
        ("verifying", Verifying(withdraw_minutes=-1), "policy", "policy.verifying.withdraw"),
        ("verifying", Verifying(remind_minutes=-1), "policy", "policy.verifying.remind"),
        ("verifying", Verifying(absent_minutes=-1), "policy", "policy.verifying.absent"),
        ("verifying", Verifying(remind_minutes=45), "remind-at-once", "policy.verifying.remind"),
        (
            "forecast",
            Foresight(hold=True, forward_first_min=0),
            "never-holds",
            "policy.forecast.forward_first_min",
        ),
    ],
)
def test_nonsense_is_named_at_its_place(field: str, value: object, rule: str, place: str) -> None:
    assert told(**{field: value}) == [(rule, place)]


def test_the_longest_drain_is_still_allowed() -> None:
    assert told(drain_minutes_max=10.0) == []


def test_a_trouble_without_an_answer_is_told() -> None:
    on = {k: v for k, v in DEFAULT_POLICY.on.items() if k is not Trouble.STALLED}
    assert told(on=on) == [("policy", "policy.on.stalled")]


@pytest.mark.parametrize(
    ("trouble", "reaction", "places"),
    [
        (Trouble.SOAK, Reaction(Act.HOLD, veto_minutes=-1), ["policy.on.soak.veto"]),
        (Trouble.SOAK, Reaction(Act.HOLD, after_minutes=-1), ["policy.on.soak.after"]),
        (Trouble.SOAK, Reaction(Act.HOLD, retries=-1), ["policy.on.soak.retries"]),
        (Trouble.SOAK, Reaction(Act.HOLD, scope="run"), ["policy.on.soak.scope"]),
        (Trouble.STALLED, Reaction(Act.HOLD), ["policy.on.stalled.after"]),
        (Trouble.UNDO_FAILED, Reaction(Act.UNWIND), ["policy.on.undo_failed.act"]),
        (Trouble.SOAK, Reaction(Act.HOLD_THEN_UNWIND), ["policy.on.soak.veto"]),
    ],
)
def test_a_reaction_that_makes_no_sense_is_told(
    trouble: Trouble, reaction: Reaction, places: list[str]
) -> None:
    assert [place for _, place in reacting(trouble, reaction)] == places


def test_an_unwind_that_nobody_can_veto_is_only_a_warning() -> None:
    policy = replace(
        DEFAULT_POLICY, on={**DEFAULT_POLICY.on, Trouble.SOAK: Reaction(Act.HOLD_THEN_UNWIND)}
    )
    (finding,) = lint_policy(a_plan(policy=policy))
    assert finding.severity is Severity.WARNING


def limits(**changes: object) -> list[str]:
    kept = Constraints(3, 1, 3, {})
    constraints = replace(kept, **changes)  # type: ignore[arg-type]  # a test's own data
    plan = a_plan(constraints=constraints)
    return [f.place for f in lint_constraints(plan, an_inventory())]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("moves_per_wave_max", 0),
        ("critical_moves_per_wave_max", -1),
        ("pilot_criticality_max", 0),
        ("pilot_criticality_max", 6),
    ],
)
def test_a_limit_that_no_wave_could_keep_is_told(field: str, value: int) -> None:
    assert limits(**{field: value}) == [f"constraints.{field}"]


def test_constraints_that_hold_are_silent() -> None:
    assert limits(forbidden_waves={SubsystemId("web"): (WaveId("w2"),)}) == []


def test_a_forbidden_wave_of_something_unknown_is_told() -> None:
    forbidden = {SubsystemId("wep"): (WaveId("w2"),), SubsystemId("web"): (WaveId("w9"),)}
    assert limits(forbidden_waves=forbidden) == [
        "constraints.forbidden_waves.wep",
        "constraints.forbidden_waves.web[0]",
    ]
