"""The fence and the rights on a real server: what is refused, what passes, and what must go on.

An administrator's part (accounts, roles, policies) is exactly what `migrator rights` prints; the
tests then act as the accounts themselves. Only in the lab: nobody's own cluster gets policies.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cluster.fenced import Installed, World, a_subject, in_namespace, installing
from cluster.lab.machine import LabFailed
from cluster.lab.parts import Lab
from cluster.reach import Cluster
from cluster.workloads import a_deployment
from migrator.errors import PermanentError
from migrator.platform.kubernetes.admission import EpochFence
from migrator.platform.kubernetes.admission_policies import ANCHOR, POLICIES
from migrator.platform.kubernetes.discovery import CONFIG_MAPS, DEPLOYMENTS
from migrator.platform.kubernetes.in_epoch import (
    delete_as_read,
    delete_whatever_version,
    marked_first,
)
from migrator.platform.kubernetes.objects import ChangeWord, KubeObject, uid_of, version_of
from migrator.platform.kubernetes.policy_shape import SYSTEM_NAMESPACE
from migrator.platform.kubernetes.rights import LABEL
from migrator.platform.kubernetes.slices import EPOCH, TOKEN, Mark

pytestmark = pytest.mark.cluster

WORLDS = 12
"""Each test moves into a namespace of its own."""


@pytest.fixture(scope="module")
def installed(lab: Lab, cluster: Cluster) -> Iterator[Installed]:  # noqa: ARG001 - never elsewhere
    """Applied once: the server takes seconds to judge by a policy."""
    with installing(cluster, WORLDS) as made:
        yield made


@pytest.fixture
def world(lab: Lab, installed: Installed) -> World:
    """One of the namespaces, for a run of its own."""
    namespace = installed.free.pop()
    run = namespace.removeprefix("migrator-test-")
    return World(lab, installed.cluster, namespace, run)


def test_the_server_finds_nothing_wrong_in_the_policies(world: World) -> None:
    words = ["get", "validatingadmissionpolicies", "-l", LABEL, "-o", "json"]
    found = json.loads(world.cluster.kubectl(*words))["items"]
    judged = {p["metadata"]["name"]: p["status"]["typeChecking"] for p in found}
    assert judged == {name: {} for name in POLICIES if name != ANCHOR}


async def test_a_lower_epoch_is_refused_and_the_same_and_a_higher_one_pass(world: World) -> None:
    async with world.acting_as("conductor") as client:
        await world.fence(client).raise_to(3)

        with pytest.raises(PermanentError, match=r"is in epoch 3; this write is of epoch 2"):
            await client.apply(world.settings(2))
        assert (await client.apply(world.settings(3))).change.word is ChangeWord.CREATED
        assert (await client.apply(world.settings(4))).change.word is ChangeWord.CONFIGURED
        with pytest.raises(PermanentError, match="migrator-epoch"):
            await client.apply(world.settings(2))


async def test_a_write_without_a_mark_is_refused(world: World) -> None:
    async with world.acting_as("conductor") as client:
        with pytest.raises(PermanentError, match="carries the annotations"):
            await client.create(world.settings(None))


async def test_once_the_epoch_is_raised_the_epoch_before_is_kept_out(world: World) -> None:
    async with world.acting_as("conductor") as client:
        fence = world.fence(client)
        for epoch in range(1, 6):
            await fence.raise_to(epoch)
            with pytest.raises(PermanentError, match="migrator-epoch"):
                await client.create(world.settings(epoch - 1))
            # What changes nothing needs no fence: it may even carry an earlier mark.
            await client.create(world.settings(epoch - 1), dry_run=True)
            await client.create(world.settings(None), dry_run=True)


async def test_a_process_that_was_left_behind_learns_it_and_lowers_nothing(world: World) -> None:
    async with world.acting_as("conductor") as client:
        await world.fence(client).raise_to(5)
        with pytest.raises(PermanentError, match="in epoch 5"):
            await world.fence(client).raise_to(4)
        found = await client.get(CONFIG_MAPS, SYSTEM_NAMESPACE, world.fence(client).parameter_name)
        assert found is not None
        data = found["data"]
        assert isinstance(data, dict)
        lowered = {**found, "data": {**data, "epoch": "4"}}
        with pytest.raises(PermanentError, match=r"never falls|in epoch 5"):
            await client.replace(lowered)
    async with world.acting_as("") as admin:
        with pytest.raises(PermanentError, match="never falls"):
            await admin.replace(lowered)


async def test_a_process_that_was_left_behind_deletes_nothing_that_its_successor_holds(
    world: World,
) -> None:
    async with world.acting_as("conductor") as client:
        fence = world.fence(client)
        await fence.raise_to(1)
        seen = (await client.create(world.settings(1))).object
        await fence.raise_to(2)

        name = (CONFIG_MAPS, world.namespace, "settings")
        # What nobody has touched since is still marked by the one that is left behind.
        with pytest.raises(PermanentError, match="of epoch 1"):
            await client.delete(*name, uid=uid_of(seen), version=version_of(seen))
        now = await marked_first(client, CONFIG_MAPS, seen, Mark("t2", 2))
        # What it read before is not there any more, and without a version it is not heard.
        with pytest.raises(PermanentError, match=r"precondition|modified"):
            await client.delete(*name, uid=uid_of(seen), version=version_of(seen))
        with pytest.raises(PermanentError, match="names the version"):
            await client.delete(*name, uid=uid_of(seen))
        assert (await delete_as_read(client, CONFIG_MAPS, now, Mark("t2", 2))).change.word is (
            ChangeWord.DELETED
        )


async def test_the_leader_deletes_what_an_earlier_epoch_wrote(world: World) -> None:
    async with world.acting_as("conductor") as client:
        fence = world.fence(client)
        await fence.raise_to(1)
        seen = (await client.create(world.settings(1))).object
        await fence.raise_to(2)
        done = await delete_whatever_version(client, CONFIG_MAPS, seen, Mark("t2", 2))
        assert done.word is ChangeWord.DELETED


async def test_an_object_is_put_back_as_it_was_by_the_leader_alone(world: World) -> None:
    world.cluster.apply(world.namespace, json.loads(json.dumps(world.settings(None, a="theirs"))))
    async with world.acting_as("conductor") as client:
        fence = world.fence(client)
        await fence.raise_to(1)
        live = (await client.apply(world.settings(1, a="ours"), force=True)).object
        await fence.raise_to(2)

        def before(found: KubeObject) -> KubeObject:
            plain = world.settings(None, a="theirs")
            meta: KubeObject = {
                "name": "settings",
                "namespace": world.namespace,
                "resourceVersion": version_of(found),
                "uid": uid_of(found),
            }
            return {**plain, "metadata": meta}

        with pytest.raises(PermanentError, match="of epoch 1"):
            await client.replace(before(live))
        held = await marked_first(client, CONFIG_MAPS, live, Mark("t2", 2))
        back = (await client.replace(before(held))).object
        assert back["data"] == {"a": "theirs"}
        # Giving the fields back to their managers changes nothing else, and passes.
        rows: KubeObject = {"metadata": {"managedFields": [{}]}}
        await client.merge(CONFIG_MAPS, world.namespace, "settings", rows, version=version_of(back))
        now = await client.get(CONFIG_MAPS, world.namespace, "settings")
        else_: KubeObject = {"data": {"a": "else"}}
        name = (CONFIG_MAPS, world.namespace, "settings")
        with pytest.raises(PermanentError, match="carries the annotations"):
            await client.merge(*name, else_, version=version_of(now or {}))


async def test_two_runs_do_not_hold_one_namespace_and_one_after_the_other_may(
    world: World,
) -> None:
    async with world.acting_as("conductor") as client:
        first = world.fence(client)
        await first.raise_to(7)
        second = EpochFence(client, f"{world.run}-again", [world.namespace])
        with pytest.raises(PermanentError, match=f"run {world.run} holds {world.namespace}"):
            await second.raise_to(1)
        await first.release(7)
        await second.raise_to(1)
        assert (await client.apply(world.settings(1))).change.word is ChangeWord.CREATED


async def test_the_freeze_keeps_people_out_and_lets_the_cluster_work(world: World) -> None:
    web = a_deployment("web", world.cluster.image, replicas=1)
    world.cluster.apply(world.namespace, web)
    async with world.acting_as("conductor") as client:
        fence = world.fence(client)
        await fence.raise_to(1)
        await fence.freeze(1, [world.namespace])

        with pytest.raises(LabFailed, match="is frozen while run"):
            in_namespace(world, "create", "configmap", "mine")
        with pytest.raises(LabFailed, match="is frozen while run"):
            in_namespace(world, "scale", "deployment/web", "--replicas=2")
        with pytest.raises(LabFailed, match="is frozen while run"):
            world.cluster.kubectl("delete", "namespace", world.namespace)
        with pytest.raises(LabFailed, match="is frozen while run"):
            in_namespace(world, "create", "configmap", "mine", "--dry-run=server")
        async with world.acting_as("rehearser") as rehearser:
            await rehearser.apply(world.settings(1), dry_run=True)
        world.cluster.kubectl("create", "configmap", "mine", "-n", "default")
        world.cluster.kubectl("delete", "configmap", "mine", "-n", "default")

        # What belongs to the whole cluster has no namespace, and is nobody's move.
        world.cluster.kubectl("create", "priorityclass", world.run, "--value=1")
        world.cluster.kubectl("delete", "priorityclass", world.run)

        # Scaling by us is carried out by the cluster's own controllers, scheduler and node.
        change: KubeObject = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "web",
                "namespace": world.namespace,
                "annotations": {TOKEN: "t1", EPOCH: "1"},
            },
            "spec": {"replicas": 3},
        }
        live = await client.get(DEPLOYMENTS, world.namespace, "web")
        await client.merge(
            DEPLOYMENTS, world.namespace, "web", change, version=version_of(live or {})
        )
        in_namespace(world, "rollout", "status", "deployment/web", "--timeout=90s")

        await fence.freeze(1, [world.namespace], operators=["admin"])
        in_namespace(world, "create", "configmap", "mine")
        await fence.freeze(1, [world.namespace])
        with pytest.raises(LabFailed, match="is frozen while run"):
            in_namespace(world, "delete", "configmap", "mine")
        await fence.thaw(1)
        in_namespace(world, "delete", "configmap", "mine")


async def test_the_rehearser_writes_nothing_but_dry_runs(world: World) -> None:
    async with world.acting_as("rehearser") as client:
        with pytest.raises(PermanentError, match="rehearses"):
            await client.apply(world.settings(1))
        tried = await client.apply(world.settings(1), dry_run=True)
        assert tried.dry_run
        web = a_subject(world.namespace).objects[2]
        await client.apply(web, dry_run=True)
        with pytest.raises(PermanentError, match="rehearses"):
            await client.apply(web)
        assert await client.get(CONFIG_MAPS, world.namespace, "settings") is None


async def test_a_fence_says_what_of_it_is_missing(world: World, installed: Installed) -> None:
    async with world.acting_as("") as admin:
        faults = (await world.fence(admin).installed()).faults
        assert [fault.partition(":")[0] for fault in faults] == [
            "the policy migrator-epoch does not fence admin"
        ]
    async with world.acting_as("conductor") as client:
        fence = world.fence(client)
        assert (await fence.installed()).holds
        world.cluster.kubectl("delete", "validatingadmissionpolicybinding", "migrator-epoch")
        try:
            assert (await fence.installed()).faults == (
                "the policy migrator-epoch is not in force: its binding is not there",
            )
        finally:
            installed.apply()
        # Put back, it works again: the anchor has kept the server reading parameters.
        await fence.raise_to(1)
