"""What changed in a policy is told limit by limit; the rest of a diff is in test_diff.py."""

from __future__ import annotations

from dataclasses import replace

from migrator.plan.diff_policy import policy_changes
from migrator.plan.disturbance import DisturbanceLimits
from migrator.plan.recipes import DEFAULT_POLICY
from migrator.plan.verifying import Verifying


def test_the_same_policy_has_not_changed() -> None:
    assert list(policy_changes(DEFAULT_POLICY, DEFAULT_POLICY)) == []


def test_a_group_is_told_by_the_limits_that_are_others() -> None:
    now = replace(
        DEFAULT_POLICY,
        soak_minutes=DEFAULT_POLICY.soak_minutes + 15,
        verifying=Verifying(presence="required"),
        disturbances=DisturbanceLimits(warn_minutes=30),
    )
    told = dict(policy_changes(DEFAULT_POLICY, now))
    assert set(told) == {"soak_minutes", "verifying.presence", "disturbances.warn_minutes"}
    assert told["disturbances.warn_minutes"] == "policy disturbances.warn_minutes 15m -> 30m"
