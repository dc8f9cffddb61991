"""Kinds that need an order, a sleep of their own or mercy, on the fake server and on a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api_definitions import learn
from kubernetes_rig import SERVERS, Rig, rigged
from migrator.errors import PermanentError
from migrator.platform.kubernetes.applying import Applier
from migrator.platform.kubernetes.discovery import DEPLOYMENTS, Discovery
from migrator.platform.kubernetes.objects import ChangeWord, KubeObject, at, map_at, uid_of
from migrator.platform.kubernetes.slices import Mark
from migrator.platform.kubernetes.wire import MERGE, Asked


@pytest.fixture(params=SERVERS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with rigged(request.param) as found:
        if found.fake is not None:
            learn(found.fake)
            found.client.discovery = Discovery(found.client.asker.send, again_seconds_min=0)
        yield found


def applier(rig: Rig, act: str = "prepare-1") -> Applier:
    return Applier(rig.client, Mark(act, 1))


def pods(*, restart: str = "Always") -> KubeObject:
    return {
        "metadata": {"labels": {"app": "web"}},
        "spec": {
            "containers": [{"name": "web", "image": "registry.invalid/web:1"}],
            "restartPolicy": restart,
        },
    }


def of_kind(rig: Rig, api_version: str, kind: str, spec: KubeObject) -> KubeObject:
    meta: KubeObject = {"name": "web", "namespace": rig.namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, "spec": spec}


def workloads(rig: Rig) -> list[KubeObject]:
    job: KubeObject = {"template": pods(restart="Never")}
    nightly: KubeObject = {"schedule": "0 3 * * *", "jobTemplate": {"spec": job}}
    chosen: KubeObject = {"selector": {"matchLabels": {"app": "web"}}, "template": pods()}
    return [
        of_kind(rig, "batch/v1", "CronJob", nightly),
        of_kind(rig, "batch/v1", "Job", job),
        of_kind(rig, "apps/v1", "DaemonSet", chosen),
    ]


async def live(rig: Rig, wanted: KubeObject) -> KubeObject | None:
    resource = await rig.client.discovery.of(wanted)
    return await rig.client.get(resource, rig.namespace, "web")


async def test_every_workload_sleeps_until_it_is_woken(rig: Rig) -> None:
    wanted = workloads(rig)
    images = await applier(rig).pre_images(wanted)
    await applier(rig).apply(wanted, images=images, empty=True)
    nightly, job, everywhere = [await live(rig, each) for each in wanted]
    assert (at(nightly, "spec", "suspend"), at(job, "spec", "suspend")) == (True, True)
    assert at(everywhere, "spec", "template", "spec", "nodeSelector") == {"migrator/asleep": "true"}
    again = await applier(rig, "prepare-2").apply(wanted, images=images, empty=True)
    assert again.writes == 0
    await applier(rig, "start-1").apply(wanted, images=images, empty=False)
    nightly, job, everywhere = [await live(rig, each) for each in wanted]
    assert not at(nightly, "spec", "suspend")
    assert not at(job, "spec", "suspend")
    assert at(everywhere, "spec", "template", "spec", "nodeSelector") is None
    gone, remains = await applier(rig, "undo-1").restore(images)
    assert (gone.counts()[ChangeWord.DELETED], remains) == (3, ())


async def test_what_defines_comes_first_and_stays_when_the_rest_goes(rig: Rig) -> None:
    group = f"{rig.namespace}.example.org"
    schema: KubeObject = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    widgets: KubeObject = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }
    space: KubeObject = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": f"{rig.namespace}-own"},
    }
    claim = of_kind(
        rig,
        "v1",
        "PersistentVolumeClaim",
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    )
    map_at(claim, "metadata")["namespace"] = f"{rig.namespace}-own"
    widget = of_kind(rig, f"{group}/v1", "Widget", {"size": 1})
    wanted = [widget, claim, widgets, space]
    try:
        images = await applier(rig).pre_images(wanted)
        made = await applier(rig).apply(wanted, images=images, empty=True)
        assert [change.name.kind for change in made] == [
            "Namespace",
            "CustomResourceDefinition",
            "PersistentVolumeClaim",
            "Widget",
        ]
        assert made.counts()[ChangeWord.CREATED] == 4
        again = await applier(rig, "prepare-2").apply(wanted, images=images, empty=True)
        assert again.writes == 0
        restored, remains = await applier(rig, "undo-1").restore(images)
        assert [str(change) for change in restored if change.word is ChangeWord.DELETED] == [
            f"Widget/{rig.namespace}/web deleted"
        ]
        assert [str(each.name) for each in remains] == [
            f"CustomResourceDefinition/widgets.{group}",
            f"Namespace/{rig.namespace}-own",
            f"PersistentVolumeClaim/{rig.namespace}-own/web",
        ]
    finally:
        for each in (widgets, space):
            resource = await rig.client.discovery.of(each)
            name = str(at(each, "metadata", "name"))
            found = await rig.client.get(resource, "", name)
            await rig.client.delete(resource, "", name, uid=uid_of(found or {}))


async def test_replicas_that_an_autoscaler_chose_are_left_to_it(rig: Rig) -> None:
    wanted = [rig.deployment(replicas=2)]
    images = await applier(rig).pre_images(wanted)
    await applier(rig).apply(wanted, images=images, empty=False)
    if rig.fake is not None:
        pytest.skip("the fake serves no subresource scale")
    target = DEPLOYMENTS.target("patch", rig.namespace, "web")
    path = DEPLOYMENTS.path(rig.namespace, "web", "scale")
    body: KubeObject = {"spec": {"replicas": 5}}
    query = (("fieldManager", "kube-controller-manager"),)
    await rig.client.asker.send(Asked("PATCH", path, target, query, body=body, content_type=MERGE))
    again = await applier(rig, "start-2").apply(wanted, images=images, empty=False)
    assert at(await rig.get(DEPLOYMENTS, "web"), "spec", "replicas") == 5
    assert again.writes <= 1
    await applier(rig, "stop-1").apply(wanted, images=images, empty=True)
    assert at(await rig.get(DEPLOYMENTS, "web"), "spec", "replicas") == 0


def fixed(rig: Rig) -> list[tuple[KubeObject, KubeObject]]:
    """Objects, and the same with something that their kind never lets change."""
    run = pods(restart="Never")
    again = pods(restart="Never")
    container = map_at(again, "spec", "containers", 0)
    container["env"] = [{"name": "PASSWORD", "value": "never-shown"}]
    chosen: KubeObject = {"selector": {"matchLabels": {"app": "web"}}, "template": pods()}
    claim: KubeObject = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    role: KubeObject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "one"}
    binding = of_kind(rig, "rbac.authorization.k8s.io/v1", "RoleBinding", {})
    del binding["spec"]
    kept = of_kind(rig, "v1", "ConfigMap", {})
    del kept["spec"]
    return [
        (
            of_kind(rig, "batch/v1", "Job", {"suspend": True, "template": run}),
            of_kind(rig, "batch/v1", "Job", {"suspend": True, "template": again}),
        ),
        (
            of_kind(rig, "apps/v1", "StatefulSet", {**chosen, "replicas": 0, "serviceName": "a"}),
            of_kind(rig, "apps/v1", "StatefulSet", {**chosen, "replicas": 0, "serviceName": "b"}),
        ),
        (
            of_kind(rig, "v1", "PersistentVolumeClaim", {**claim, "storageClassName": "a"}),
            of_kind(rig, "v1", "PersistentVolumeClaim", {**claim, "storageClassName": "b"}),
        ),
        ({**binding, "roleRef": role}, {**binding, "roleRef": {**role, "name": "two"}}),
        (
            {**kept, "immutable": True, "data": {"a": "1"}},
            {**kept, "immutable": True, "data": {"a": "2"}},
        ),
    ]


async def test_every_kind_says_in_words_of_its_own_that_something_cannot_change(rig: Rig) -> None:
    if rig.fake is not None:
        pytest.skip("the fake has the words of one kind only")
    for before, after in fixed(rig):
        await rig.client.apply(before)
        with pytest.raises(PermanentError) as told:
            await rig.client.apply(after, dry_run=True, force=True)
        assert told.value.reference == "cluster-immutable", told.value.message
        assert "never-shown" not in told.value.message
