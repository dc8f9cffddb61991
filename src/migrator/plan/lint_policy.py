"""Does the policy make sense, and do the constraints? What a person may write there, and what not.

Called by `lint.py`. The file's door already refuses wrong words and negative durations; they are
looked at again here, because a plan may also come from a program. A policy decides what the engine
does by itself, at an hour when nobody may be there to stop it, so nonsense in it is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from migrator.inventory.duration import format_minutes
from migrator.inventory.model import Inventory
from migrator.inventory.yaml_text import DataPath
from migrator.plan.disturbance import RED_AFTER_MINUTES_MAX
from migrator.plan.findings import Finding, error, warning
from migrator.plan.foresight import WEEKENDS_MAX
from migrator.plan.model import Act, Plan, Policy, Reaction, StepKind, Trouble
from migrator.plan.seal import SUBJECTS
from migrator.plan.verifying import PRESENCES, REOPENS

DRAIN_MINUTES_MAX: Final = 10.0
"""A drain is for requests that were on their way. A side that serves longer than this without
authority is live in all but name; longer connections are for the fence to end."""

HARMLESS: Final = frozenset({StepKind.PREPARE, StepKind.BASELINE, StepKind.COPY})
"""The steps that leave both sides as they are for their users; only they may precede a decision."""

QUANTILE_MIN: Final = 0.5
"""Below it the run would more likely than not be late."""

DECISION_MINUTES_MAX: Final = 12 * 60.0
"""Whoever takes a night to decide whether to turn back has decided to go on."""

WEEKENDS_MIN: Final = 100
"""The P95 of fewer is the fifth worst, at best."""

_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "after_unwind": ("continue", "hold"),
    "next_wave_when": ("verified", "accepted"),
}
_WAITING: Final = frozenset({Trouble.UNANSWERED, Trouble.STALLED})
_POLICY: DataPath = ("policy",)


def lint_policy(plan: Plan) -> Iterator[Finding]:
    """Everything in the policy that is nonsense or unsafe."""
    policy = plan.policy
    for trouble in Trouble:
        path = (*_POLICY, "on", trouble.value)
        reaction = policy.on.get(trouble)
        if reaction is None:
            message = f"nothing is said about '{trouble.value}'"
            yield error("policy", path, message, "say what the engine does about it")
        else:
            yield from _reaction(trouble, reaction, path)
    yield from _limits(policy)
    yield from _words(policy)
    yield from _forecast(policy)
    yield from _verifying(policy)
    yield from _disturbances(policy)
    for number, kind in enumerate(policy.ahead_of_gate):
        if kind not in HARMLESS:
            path = (*_POLICY, "ahead_of_gate", number)
            message = f"'{kind.value}' must not run before the wave's gate is passed"
            hint = "only prepare, baseline and copy leave the old side as it is"
            yield error("ahead-of-gate", path, message, hint)


def _reaction(trouble: Trouble, reaction: Reaction, path: DataPath) -> Iterator[Finding]:
    for key, minutes in (("veto", reaction.veto_minutes), ("after", reaction.after_minutes)):
        if minutes < 0:
            message = f"{minutes:g} minutes are no duration"
            yield error("policy", (*path, key), message, "write 0m or more")
    if reaction.retries < 0:
        message = f"{reaction.retries} retries are no number of retries"
        yield error("policy", (*path, "retries"), message, "write 0 or more")
    if reaction.scope not in {"wave", "move"}:
        message = f"'{reaction.scope}' is no scope"
        yield error("policy", (*path, "scope"), message, "write wave or move")
    if trouble in _WAITING and reaction.after_minutes == 0:
        message = f"'{trouble.value}' after no time at all would always be true"
        yield error("policy", (*path, "after"), message, "give it some time, such as 30m")
    if trouble is Trouble.UNDO_FAILED and reaction.act is not Act.HOLD:
        message = "an undo that failed cannot be answered by undoing"
        yield error("policy", (*path, "act"), message, "write hold: a person is needed")
    if reaction.act is Act.HOLD_THEN_UNWIND and reaction.veto_minutes == 0:
        message = "without a veto period nobody can stop this unwind; it is the same as 'unwind'"
        hint = "write a veto period, or write unwind if that is meant"
        yield warning("no-veto", (*path, "veto"), message, hint)


def _limits(policy: Policy) -> Iterator[Finding]:
    path = (*_POLICY, "limits")
    if policy.soak_minutes < 0:
        message = f"a soak of {policy.soak_minutes:g} minutes is no duration"
        yield error("policy", (*path, "soak"), message, "write 0m or more")
    if policy.soak_minutes == 0:
        message = "without a soak a wave is accepted before anybody has watched it"
        yield warning("no-soak", (*path, "soak"), message, "write a soak, such as 30m")
    if not 0 < policy.drain_minutes_max <= DRAIN_MINUTES_MAX:
        message = f"a drain of {policy.drain_minutes_max:g} minutes"
        most = format_minutes(DRAIN_MINUTES_MAX)
        hint = f"write more than 0 and at most {most}: the fence ends what lasts longer"
        yield error("drain-too-long", (*path, "drain"), message, hint)
    if policy.step_minutes_max <= 0:
        message = f"a step limit of {policy.step_minutes_max:g} minutes ends every step at once"
        yield error("policy", (*path, "step"), message, "write a limit such as 2h")
    if policy.gate_deadline_minutes <= 0:
        message = f"a gate with {policy.gate_deadline_minutes:g} minutes to answer"
        here = (*_POLICY, "gates", "deadline")
        yield error("policy", here, message, "write a deadline such as 1h")
    if policy.waves_per_attempt_max < 1:
        here = (*_POLICY, "waves_per_attempt_max")
        message = "no wave may be attempted at all"
        yield error("policy", here, message, "write 1 or more")


def _forecast(policy: Policy) -> Iterator[Finding]:
    path, rules = (*_POLICY, "forecast"), policy.forecast
    shares = {"fits_min": rules.fits_min, "forward_first_min": rules.forward_first_min}
    for key, share in shares.items():
        if not 0 <= share <= 1:
            message = f"{share:g} is no share of the weekends"
            yield error("policy", (*path, key), message, "write 0 to 1, such as 0.8")
    if not QUANTILE_MIN <= rules.quantile < 1:
        message = f"the quantile {rules.quantile:g} of when all would be back"
        hint = "write 0.5 or more, and less than 1: nothing is certain"
        yield error("policy", (*path, "quantile"), message, hint)
    if not 0 <= rules.decision_minutes <= DECISION_MINUTES_MAX:
        message = f"people who take {rules.decision_minutes:g} minutes to decide"
        most = format_minutes(DECISION_MINUTES_MAX)
        yield error("policy", (*path, "decision"), message, f"write 0m to {most}, such as 15m")
    if not WEEKENDS_MIN <= rules.weekends <= WEEKENDS_MAX:
        message = f"a forecast of {rules.weekends} weekends"
        hint = f"write {WEEKENDS_MIN} to {WEEKENDS_MAX}: fewer say nothing of one in twenty"
        yield error("policy", (*path, "weekends"), message, hint)
    if rules.hold and rules.forward_first_min == 0:
        message = "a run that holds below a share of 0 never holds"
        hint = "write a share such as 0.5, or leave 'hold' out"
        yield warning("never-holds", (*path, "forward_first_min"), message, hint)


def _words(policy: Policy) -> Iterator[Finding]:
    if policy.gate_default not in {"no-go", "wait"}:
        message = f"an unanswered gate may not become '{policy.gate_default}'"
        hint = "write no-go or wait: silence is never consent"
        yield error("gate-default", (*_POLICY, "gates", "default"), message, hint)
    given = {"after_unwind": policy.after_unwind, "next_wave_when": policy.next_wave_when}
    for key, word in given.items():
        if word not in _WORDS[key]:
            message, hint = f"'{word}' has no meaning here", f"write {' or '.join(_WORDS[key])}"
            yield error("policy", (*_POLICY, key), message, hint)
    path = (*_POLICY, "approval_lapses_when")
    for number, word in enumerate(policy.approval_lapses_when):
        if word not in SUBJECTS:
            message, hint = f"'{word}' is nothing that is sealed", f"known: {', '.join(SUBJECTS)}"
            yield error("policy", (*path, number), message, hint)
    for word in ("plan", "inventory"):
        if word not in policy.approval_lapses_when:
            message = f"an approval that outlives another {word} approves nothing"
            yield error("approval-too-broad", path, message, f"put '{word}' back")


def lint_constraints(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    """Limits that no wave could keep, and limits on things that do not exist."""
    limits = plan.constraints
    path: DataPath = ("constraints",)
    if limits.moves_per_wave_max < 1:
        message = f"waves of at most {limits.moves_per_wave_max} moves"
        yield error("constraints", (*path, "moves_per_wave_max"), message, "write 1 or more")
    if limits.critical_moves_per_wave_max < 0:
        message = f"at most {limits.critical_moves_per_wave_max} critical moves"
        here = (*path, "critical_moves_per_wave_max")
        yield error("constraints", here, message, "write 0 or more")
    if not 1 <= limits.pilot_criticality_max <= 5:
        message = f"criticality {limits.pilot_criticality_max} does not exist"
        yield error("constraints", (*path, "pilot_criticality_max"), message, "write 1 to 5")
    waves = {wave.id for wave in plan.waves}
    for subsystem, forbidden in limits.forbidden_waves.items():
        here = (*path, "forbidden_waves", subsystem)
        if subsystem not in inventory.by_id:
            message = f"the inventory has no subsystem '{subsystem}'"
            yield error("constraints", here, message, "name an existing one, or remove the line")
        for number, wave in enumerate(forbidden):
            if wave not in waves:
                message = f"the plan has no wave '{wave}'"
                hint = f"its waves are {', '.join(sorted(waves))}"
                yield error("constraints", (*here, number), message, hint)


def _disturbances(policy: Policy) -> Iterator[Finding]:
    path, limits = (*_POLICY, "disturbances"), policy.disturbances
    most = format_minutes(RED_AFTER_MINUTES_MAX)
    if not 0 < limits.red_after_minutes <= RED_AFTER_MINUTES_MAX:
        message = f"a disturbance that is red after {limits.red_after_minutes:g} minutes"
        hint = f"write more than 0m, and {most} at most: the rest of a weekend is no clock"
        yield error("policy", (*path, "red_after"), message, hint)
    if not 0 <= limits.warn_share <= 1:
        message = f"{limits.warn_share:g} is no share of a disturbance's time"
        yield error("policy", (*path, "warn_share"), message, "write 0 to 1, such as 0.5")
    if limits.warn_minutes < 0:
        message = f"{limits.warn_minutes:g} minutes are no duration"
        yield error("policy", (*path, "warn_before"), message, "write 0m or more")


def _verifying(policy: Policy) -> Iterator[Finding]:
    path, rules = (*_POLICY, "verifying"), policy.verifying
    for key, words, given in (
        ("reopen", REOPENS, rules.reopen),
        ("presence", PRESENCES, rules.presence),
    ):
        if given not in words:
            message = f"'{given}' is no word for it"
            yield error("policy", (*path, key), message, f"write {' or '.join(words)}")
    for key, minutes in (
        ("withdraw", rules.withdraw_minutes),
        ("remind", rules.remind_minutes),
        ("absent", rules.absent_minutes),
    ):
        if minutes < 0:
            message = f"{minutes:g} minutes are no duration"
            yield error("policy", (*path, key), message, "write 0m or more")
    patience = policy.on.get(Trouble.UNANSWERED)
    if patience is not None and 0 < patience.after_minutes <= rules.remind_minutes:
        message = "a check would be called to mind before anybody could answer it"
        hint = "write less than what 'unanswered' waits for, or 0m for no reminder"
        yield warning("remind-at-once", (*path, "remind"), message, hint)
