"""What manifests name and the cluster must have, on a fake cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from checked_cluster import Checked, a_subject, a_workload, an_object, checked_cluster, told
from migrator.platform.kubernetes.checked import Level
from migrator.platform.kubernetes.checkup_names import kinds, pull_secrets, storage_classes
from migrator.platform.kubernetes.objects import KubeObject


@pytest.fixture
async def cluster() -> AsyncIterator[Checked]:
    async with checked_cluster() as found:
        found.make("Namespace", "shop")
        yield found


def a_claim(name: str, **spec: object) -> KubeObject:
    return an_object("PersistentVolumeClaim", name, "shop", spec=spec)


def of_kind(version: str, kind: str) -> KubeObject:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": "shop"}}


async def test_kinds_that_nobody_serves_or_defines_are_named_all_at_once(
    cluster: Checked,
) -> None:
    defined = of_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    defined["spec"] = {"group": "own.se", "names": {"kind": "Own"}}
    shop = a_subject(
        defined,
        of_kind("own.se/v1", "Own"),
        of_kind("theirs.se/v1", "Theirs"),
        of_kind("apps/v1beta1", "Deployment"),
        a_workload(),
    )
    assert told(await kinds(cluster.client, (shop,))) == [
        (
            Level.FAILED,
            (
                "Deployment in apps/v1beta1 is not served (Deployment/shop/x and others); "
                "it is served as apps/v1"
            ),
        ),
        (Level.FAILED, "Theirs in theirs.se/v1 is not served (Theirs/shop/x and others)"),
    ]


async def test_a_storage_class_that_is_not_there_and_a_missing_default_are_named(
    cluster: Checked,
) -> None:
    cluster.make("StorageClass", "slow")
    templates = {"volumeClaimTemplates": [{"spec": {"storageClassName": "quick"}}]}
    shop = a_subject(
        a_claim("a", storageClassName="slow"),
        a_claim("b", storageClassName="fast"),
        a_claim("c"),
        a_claim("d", storageClassName=""),
        a_claim("e", volumeName="by-hand", storageClassName="any"),
        an_object("StatefulSet", "db", "shop", spec=templates),
    )
    assert told(await storage_classes(cluster.client, (shop,))) == [
        (Level.FAILED, "PersistentVolumeClaim/shop/b names fast; there are: slow"),
        (
            Level.FAILED,
            "PersistentVolumeClaim/shop/c leaves the class to the cluster, which has no default",
        ),
        (Level.FAILED, "StatefulSet/shop/db names quick; there are: slow"),
    ]


async def test_a_default_class_is_enough_for_who_names_none(cluster: Checked) -> None:
    note = {"storageclass.kubernetes.io/is-default-class": "true"}
    cluster.make("StorageClass", "slow", annotations=note)
    found = await storage_classes(cluster.client, (a_subject(a_claim("c")),))
    assert [each.level for each in found] == [Level.OK]


async def test_a_pull_secret_is_looked_for_where_no_manifest_brings_it(cluster: Checked) -> None:
    named = [{"name": "ours"}, {"name": "theirs"}, {"name": "nobodys"}]
    cluster.make("Secret", "theirs", "shop")
    shop = a_subject(a_workload(imagePullSecrets=named), an_object("Secret", "ours", "shop"))
    assert told(await pull_secrets(cluster.client, (shop,))) == [
        (Level.FAILED, "shop/nobodys is not there")
    ]


async def test_a_pull_secret_that_we_may_not_see_is_unknown(cluster: Checked) -> None:
    cluster.server.forbidden.add(("get", "secrets"))
    account = an_object("ServiceAccount", "a", "shop", imagePullSecrets=[{"name": "theirs"}])
    (found,) = await pull_secrets(cluster.client, (a_subject(account),))
    assert found.level is Level.UNKNOWN
    assert "kubectl get secret theirs -n shop" in found.mend
