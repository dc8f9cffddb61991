"""`check --cluster` on a real server: a sound account, one without rights, and a bad namespace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cluster.fenced import Installed, World, a_subject, installing
from cluster.lab.parts import Lab
from cluster.reach import Cluster
from migrator.platform.kubernetes.checked import Level, Looked
from migrator.platform.kubernetes.checkup import check_up
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.subject import Subject

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def installed(lab: Lab, cluster: Cluster) -> Iterator[Installed]:  # noqa: ARG001 - never elsewhere
    with installing(cluster, namespaces=2) as made:
        yield made


@pytest.fixture
def world(lab: Lab, installed: Installed) -> World:
    return World(lab, installed.cluster, installed.free[0], "checkup")


async def checked(world: World, account: str, *subjects: Subject) -> dict[str, Looked]:
    async with world.acting_as(account) as client:
        wanted = subjects or (a_subject(world.namespace),)
        found = await check_up(client, wanted, now=lambda: datetime.now(UTC))
    order = (Level.WARNING, Level.UNKNOWN, Level.FAILED)  # the worst of one kind is kept
    return {
        each.what.split(" of ")[0]: each for level in order for each in found if each.level is level
    }


@pytest.mark.parametrize("account", ["conductor", "applier", "traffic", "planner", "rehearser"])
async def test_each_account_has_all_the_rights_that_its_part_needs(
    world: World, account: str
) -> None:
    assert "rights" not in await checked(world, account)


async def test_with_what_rights_prints_nothing_fails_and_the_fence_holds(world: World) -> None:
    found = await checked(world, "conductor")
    assert [each for each in found.values() if each.level is Level.FAILED] == []
    assert "fence" not in found


async def test_an_account_without_rights_is_told_every_one_of_them(world: World) -> None:
    found = await checked(world, "default")
    rights = found["rights"]
    assert rights.level is Level.FAILED
    for text in (
        f"create,delete,get,list,patch,update,watch deployments.apps in {world.namespace}",
        f"get pods/log in {world.namespace}",
        f"delete,get,patch,update secrets password in {world.namespace}",
        "get,list nodes in the whole cluster",
        "create pods/proxy in migrator-system",
    ):
        assert text in rights.found
    assert found["nodes"].level is Level.UNKNOWN
    assert found["fence"].found.startswith("migrator-marks: nobody knows")


async def test_everything_that_would_go_wrong_in_a_namespace_is_found_at_once(
    world: World, installed: Installed
) -> None:
    place = installed.free[1]
    installed.cluster.apply(
        place,
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "small"},
            "spec": {"hard": {"pods": "1", "requests.cpu": "100m"}},
        },
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": "range"},
            "spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}}]},
        },
    )
    hook = {
        "name": "guard.migrator.invalid",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "failurePolicy": "Fail",
        "clientConfig": {"service": {"namespace": place, "name": "gone"}},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place}},
        "rules": [
            {"apiGroups": ["apps"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
        ],
    }
    webhook = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": f"guard-{place}"},
        "webhooks": [hook],
    }
    label = "pod-security.kubernetes.io/enforce=restricted"
    installed.cluster.kubectl("label", "namespace", place, label)
    installed.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(webhook))
    try:
        found = await checked(world, "", a_bad_subject(place))
    finally:
        installed.cluster.kubectl("delete", "validatingwebhookconfiguration", f"guard-{place}")
    assert {what for what, each in found.items() if each.level is Level.FAILED} == {
        "quotas",
        "limit ranges",
        "webhooks",
        "namespaces",
        "kinds",
        "storage classes",
        "image pull secrets",
        "nodes",
    }
    assert "pods needs 2, 1 is left" in found["quotas"].found
    assert "Theirs in theirs.se/v1 is not served" in found["kinds"].found


def a_bad_subject(place: str) -> Subject:
    """A subsystem with one of each fault that a cluster can have with it."""
    container: KubeObject = {
        "name": "web",
        "image": "registry.invalid/web:1",
        "resources": {"requests": {"cpu": "400", "memory": "1Gi"}},
    }
    pod: KubeObject = {"containers": [container], "imagePullSecrets": [{"name": "registry"}]}

    def an_object(version: str, kind: str, spec: KubeObject) -> KubeObject:
        meta: KubeObject = {"name": "web", "namespace": place}
        return {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}

    return Subject(
        "bad",
        place,
        (
            an_object("apps/v1", "Deployment", {"replicas": 2, "template": {"spec": pod}}),
            an_object("v1", "PersistentVolumeClaim", {"storageClassName": "fast"}),
            an_object("theirs.se/v1", "Theirs", {}),
        ),
    )
