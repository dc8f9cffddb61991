"""What each account may do on a real server, asked of the server itself: a table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.fenced import Installed, installing
from cluster.lab.machine import LabFailed
from cluster.lab.parts import Lab
from cluster.reach import Cluster
from migrator.platform.kubernetes.grants import ACCOUNTS
from migrator.platform.kubernetes.policy_shape import SYSTEM_NAMESPACE

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def installed(lab: Lab, cluster: Cluster) -> Iterator[Installed]:  # noqa: ARG001 - never elsewhere
    with installing(cluster, namespaces=1) as made:
        yield made


HERE, ELSEWHERE, SYSTEM = "here", "default", SYSTEM_NAMESPACE
MAY: list[tuple[str, str, str, str]] = [
    ("planner", "list", "deployments.apps", HERE),
    ("planner", "list", "nodes", ""),
    ("applier", "patch", "deployments.apps", HERE),
    ("applier", "get", "secrets/password", HERE),
    ("applier", "get", "pods/log", HERE),
    ("traffic", "update", "endpointslices.discovery.k8s.io", HERE),
    ("traffic", "delete", "endpoints", HERE),
    ("prober", "create", "pods/proxy", SYSTEM),
    ("prober", "create", "deployments.apps", SYSTEM),
    ("conductor", "create", "configmaps", SYSTEM),
    ("conductor", "patch", "deployments.apps", HERE),
    ("conductor", "create", "pods/proxy", SYSTEM),
    ("rehearser", "patch", "deployments.apps", HERE),
]
MAY_NOT: list[tuple[str, str, str, str]] = [
    *((account, "get", "secrets", ELSEWHERE) for account in ACCOUNTS),
    *((account, "list", "secrets", HERE) for account in ACCOUNTS),
    *((account, "get", "secrets/another", HERE) for account in ACCOUNTS),
    *((account, "create", "pods/exec", HERE) for account in ACCOUNTS),
    *((account, "create", "pods/exec", SYSTEM) for account in ACCOUNTS),
    *((account, "create", "serviceaccounts/token", SYSTEM) for account in ACCOUNTS),
    *((account, "delete", "namespaces", "") for account in ACCOUNTS),
    *((account, "patch", "clusterroles.rbac.authorization.k8s.io", "") for account in ACCOUNTS),
    *(
        (
            account,
            "update",
            "validatingadmissionpolicies.admissionregistration.k8s.io",
            "",
        )
        for account in ACCOUNTS
    ),
    *((account, "patch", "deployments.apps", ELSEWHERE) for account in ACCOUNTS),
    ("planner", "patch", "deployments.apps", HERE),
    ("planner", "get", "secrets/password", HERE),
    ("applier", "update", "endpointslices.discovery.k8s.io", HERE),
    ("applier", "create", "configmaps", SYSTEM),
    ("traffic", "patch", "deployments.apps", HERE),
    ("prober", "patch", "deployments.apps", HERE),
    ("rehearser", "create", "pods/proxy", SYSTEM),
    ("rehearser", "create", "configmaps", SYSTEM),
]


def test_each_account_may_do_its_work_and_nothing_beside(installed: Installed) -> None:
    def may(account: str, verb: str, resource: str, place: str) -> bool:
        who = f"--as=system:serviceaccount:{SYSTEM_NAMESPACE}:{account}"
        name = installed.free[0] if place == HERE else place
        where = ["-n", name] if name else []
        words, subresource = [resource], ""
        if "/" in resource and resource.split("/", maxsplit=1)[0] != "secrets":
            resource, subresource = resource.split("/")
            words = [resource, f"--subresource={subresource}"]
        try:
            said = installed.cluster.kubectl("auth", "can-i", verb, *words, *where, who)
        except LabFailed:
            return False
        return said.strip().endswith("yes")

    assert [row for row in MAY if not may(*row)] == []
    assert [row for row in MAY_NOT if may(*row)] == []
