"""A new namespace gets its default account from a controller, a moment later than its workloads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.ready import judge
from migrator.platform.kubernetes.ready_kinds import Verdict

NOW = datetime(2023, 10, 14, 3, tzinfo=UTC)
SET: KubeObject = {
    "kind": "StatefulSet",
    "metadata": {"name": "web", "namespace": "space", "generation": 1},
    "spec": {"replicas": 1},
    "status": {"observedGeneration": 1},
}


def verdict(account: str, since: float) -> Verdict:
    """What a look says of a workload whose pods nobody can make for want of an account."""
    said = f'error looking up service account space/{account}: serviceaccount "{account}" not found'
    event: KubeObject = {
        "involvedObject": {"name": "web"},
        "reason": "FailedCreate",
        "message": said,
        "firstTimestamp": (NOW - timedelta(seconds=since)).isoformat(),
        "lastTimestamp": (NOW - timedelta(seconds=1)).isoformat(),
    }
    return judge(SET, (), (event,), now=NOW).verdict


def test_the_default_account_is_waited_for_and_not_for_ever() -> None:
    assert verdict("default", 30) is Verdict.PROGRESSING
    assert verdict("default", 90) is Verdict.FAILED


def test_an_account_that_a_team_forgot_does_not_come_by_itself() -> None:
    assert verdict("robot", 1) is Verdict.FAILED


def deployed(account: str, since: float) -> Verdict:
    """The same of a Deployment, which says it in a condition of its own."""
    said = f'error looking up service account space/{account}: serviceaccount "{account}" not found'
    failure: KubeObject = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": f'pods "web-1-" is forbidden: {said}',
        "lastTransitionTime": (NOW - timedelta(seconds=since)).isoformat(),
    }
    found: KubeObject = {
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "space", "generation": 1},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 1, "conditions": [failure]},
    }
    return judge(found, (), (), now=NOW).verdict


def test_a_deployment_that_waits_for_the_default_account_has_not_failed() -> None:
    assert deployed("default", 30) is Verdict.PROGRESSING
    assert deployed("default", 90) is Verdict.FAILED
    assert deployed("robot", 1) is Verdict.FAILED
