"""Missing rights: exactly those that the server refuses, all at once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from checked_cluster import Checked, a_subject, a_workload, checked_cluster
from migrator.platform.kubernetes.checked import Level
from migrator.platform.kubernetes.checkup_rights import Right, covered, gathered, rights
from migrator.platform.kubernetes.objects import KubeObject


@pytest.fixture
async def cluster() -> AsyncIterator[Checked]:
    async with checked_cluster() as found:
        yield found


async def test_who_may_everything_lacks_nothing(cluster: Checked) -> None:
    (found,) = await rights(cluster.client, (a_subject(a_workload()),))
    assert found.level is Level.OK
    assert found.what == "rights of kubernetes-admin as conductor"


async def test_every_missing_right_is_named_at_once(cluster: Checked) -> None:
    cluster.server.forbidden |= {
        ("patch", "deployments.apps"),
        ("delete", "deployments.apps"),
        ("get", "pods/log"),
        ("list", "nodes"),
    }
    (found,) = await rights(cluster.client, (a_subject(a_workload()),))
    assert found.level is Level.FAILED
    for text in (
        "delete,patch deployments.apps in shop",
        "get pods/log in shop",
        "list nodes in the whole cluster",
    ):
        assert text in found.found
    assert "6 of" in found.found  # the prober's own Deployment is one, too
    assert found.page == "cluster-forbidden"


async def test_the_rights_of_pods_that_look_at_links_are_asked_for_where_they_look(
    cluster: Checked,
) -> None:
    cluster.server.forbidden |= {("patch", "networkpolicies.networking.k8s.io")}
    subjects = (a_subject(a_workload()),)
    (without,) = await rights(cluster.client, subjects)
    assert without.level is Level.OK
    (found,) = await rights(cluster.client, subjects, ("shop",))
    assert found.level is Level.FAILED
    assert "patch networkpolicies.networking.k8s.io migrator-agent in shop" in found.found


async def test_an_account_of_ours_is_asked_for_its_own_rights_alone(cluster: Checked) -> None:
    cluster.server.tokens = {"t": "system:serviceaccount:migrator-system:planner"}
    cluster.server.forbidden.add(("patch", "deployments.apps"))
    from kubernetes_rig import client_for

    client = client_for(cluster.server, {"token": "t"})
    try:
        (found,) = await rights(client, (a_subject(a_workload()),))
    finally:
        await client.close()
    assert (found.level, found.what.rpartition(" ")[2]) == (Level.OK, "planner")


def rule(**parts: list[str]) -> KubeObject:
    found: KubeObject = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
    return {**found, **{key: [*words] for key, words in parts.items()}}


@pytest.mark.parametrize(
    ("right", "says", "holds"),
    [
        (Right("a", "", "pods", "get"), rule(), True),
        (Right("a", "", "pods", "list"), rule(), False),
        (Right("a", "", "pods", "list"), rule(verbs=["*"]), True),
        (Right("a", "apps", "pods", "get"), rule(), False),
        (Right("a", "apps", "pods", "get"), rule(apiGroups=["*"]), True),
        (Right("a", "", "pods/log", "get"), rule(), False),
        (Right("a", "", "pods/log", "get"), rule(resources=["*/log"]), True),
        (Right("a", "", "pods/log", "get"), rule(resources=["*"]), True),
        (Right("a", "", "pods", "get"), rule(resourceNames=["one"]), False),
        (Right("a", "", "pods", "get", "one"), rule(resourceNames=["one"]), True),
        (Right("a", "", "pods", "get", "two"), rule(resourceNames=["one"]), False),
        (Right("a", "", "pods", "get", "two"), rule(), True),
    ],
)
def test_rules_are_read_as_rbac_reads_them(right: Right, says: KubeObject, *, holds: bool) -> None:
    assert covered(right, [says]) is holds


def test_the_verbs_of_one_resource_in_one_place_stand_together() -> None:
    found = gathered([Right("a", "", "pods", v) for v in ("list", "get")])
    assert [str(each) for each in found] == ["get,list pods in a"]
