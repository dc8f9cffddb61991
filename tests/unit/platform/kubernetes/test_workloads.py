"""A subsystem's own objects on the fake cluster: prepared, started, stopped, taken away."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from api_server import running
from kubernetes_rig import client_for, wall
from migrator.errors import PermanentError
from migrator.platform.kubernetes.objects import KubeObject, at, name_of, text_at
from migrator.platform.kubernetes.slices import Mark
from migrator.platform.kubernetes.subject import Subject
from migrator.platform.kubernetes.waiting import Cluster
from migrator.platform.kubernetes.workloads import Workloads
from on_fake_cluster import FakeCluster, a_weekend

MARK = Mark("t1", 1)


@dataclass
class Rig:
    world: FakeCluster
    workloads: Workloads
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        return self.world.subjects["a"]

    async def prepared(self, subject: Subject | None = None) -> None:
        await self.workloads.prepare(subject or self.subject, 1, MARK, seconds_max=5)

    async def started(self, subject: Subject | None = None) -> None:
        await self.prepared(subject)
        await self.workloads.start(subject or self.subject, 1, MARK, seconds_max=5)

    def live(self, resource: str, group: str = "") -> list[KubeObject]:
        return list(self.world.server.storage.find(group, resource, self.subject.namespace))


@asynccontextmanager
async def rigged() -> AsyncIterator[Rig]:
    world = a_weekend("a")
    facts: dict[str, object] = {}
    async with running(world.server):
        client = client_for(world.server)
        space: KubeObject = {"name": world.subjects["a"].namespace}
        world.server.make({"apiVersion": "v1", "kind": "Namespace", "metadata": space})
        try:
            async with Cluster(client, now=wall) as cluster:
                workloads = Workloads(client, cluster, facts.__setitem__, facts.get)
                yield Rig(world, workloads, facts)
        finally:
            await client.close()


async def test_what_is_prepared_is_there_and_runs_nothing() -> None:
    async with rigged() as rig:
        await rig.prepared()
        (deployment,) = rig.live("deployments", "apps")
        assert at(deployment, "spec", "replicas") == 0
        assert rig.live("pods") == []
        assert not await rig.workloads.is_ready(rig.subject), "prepared is not started"


async def test_what_was_there_is_kept_before_anything_is_written() -> None:
    async with rigged() as rig:
        wrote_before: dict[str, int] = {}
        rig.workloads = Workloads(
            rig.workloads._client,
            rig.workloads._cluster,
            lambda key, _: wrote_before.update({key: len(rig.world.server.writes_seen)}),
            rig.facts.get,
        )
        await rig.prepared()
        assert wrote_before == {"tokens/a": 0, "pre-images/a/1": 0}


async def test_preparing_again_keeps_the_first_picture() -> None:
    async with rigged() as rig:
        await rig.prepared()
        kept = dict(rig.facts)
        await rig.prepared()
        assert rig.facts == kept


async def test_a_start_ends_when_all_pods_are_ready() -> None:
    async with rigged() as rig:
        await rig.started()
        assert len(rig.live("pods")) == 2
        assert await rig.workloads.is_ready(rig.subject)


async def test_a_start_without_a_picture_of_before_is_refused() -> None:
    async with rigged() as rig:
        with pytest.raises(PermanentError) as refused:
            await rig.workloads.start(rig.subject, 1, MARK, seconds_max=5)
        assert refused.value.reference == "not-prepared"
        assert rig.live("pods") == []


async def test_a_stop_ends_when_no_pod_is_left() -> None:
    async with rigged() as rig:
        await rig.started()
        assert not await rig.workloads.is_stopped(rig.subject.workloads)
        await rig.workloads.stop(rig.subject, 1, MARK, seconds_max=5)
        assert rig.live("pods") == []
        assert await rig.workloads.is_stopped(rig.subject.workloads)


async def test_a_fence_leaves_what_keeps_data_running() -> None:
    async with rigged() as rig:
        keeps = replace(rig.subject, keeps_data=("Deployment/a",))
        await rig.started(keeps)
        stopped = await rig.workloads.fence(keeps, 1, MARK, seconds_max=5)
        assert stopped.pods == ()
        assert len(rig.live("pods")) == 2


async def test_what_keeps_data_runs_from_the_preparation_on() -> None:
    async with rigged() as rig:
        await rig.prepared(replace(rig.subject, keeps_data=("Deployment/a",)))
        assert len(rig.live("pods")) == 2


async def test_what_was_not_there_is_gone_afterwards() -> None:
    async with rigged() as rig:
        await rig.started()
        await rig.workloads.stop(rig.subject, 1, MARK, seconds_max=5)
        _, remains = await rig.workloads.remove(rig.subject, 1, MARK)
        assert remains == ()
        assert rig.live("deployments", "apps") == rig.live("configmaps") == []


async def test_what_another_subsystem_made_is_not_taken_away() -> None:
    async with rigged() as rig:
        await rig.prepared()
        (settings,) = rig.live("configmaps")
        notes = {"metadata": {"annotations": {"migrator/token": "fake.of-another-subsystem"}}}
        rig.world.server.edit(
            "ConfigMap",
            rig.subject.namespace,
            "settings",
            json.loads(json.dumps(notes)),
            "migrator",
        )
        _, remains = await rig.workloads.remove(rig.subject, 1, MARK)
        assert [live["data"] for live in rig.live("configmaps")] == [settings["data"]]
        assert [each.name.kind for each in remains] == ["ConfigMap"]


async def test_what_was_there_is_as_it_was() -> None:
    async with rigged() as rig:
        theirs: KubeObject = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings", "namespace": rig.subject.namespace},
            "data": {"theirs": "kept"},
        }
        rig.world.server.make(theirs)
        await rig.prepared()
        await rig.workloads.remove(rig.subject, 1, MARK)
        (settings,) = rig.live("configmaps")
        assert settings["data"] == {"theirs": "kept"}


async def test_an_attempt_that_wrote_nothing_has_nothing_to_take_back() -> None:
    async with rigged() as rig:
        await rig.started()
        writes = len(rig.world.server.writes_seen)
        stopped = await rig.workloads.stop(rig.subject, 2, MARK, seconds_max=5)
        changes, remains = await rig.workloads.remove(rig.subject, 2, MARK)
        assert (stopped.pods, changes.writes, remains) == ((), 0, ())
        assert len(rig.world.server.writes_seen) == writes
        assert len(rig.live("pods")) == 2


async def test_the_front_is_not_the_moves_to_make_or_to_delete() -> None:
    async with rigged() as rig:
        await rig.started()
        await rig.workloads.remove(rig.subject, 1, MARK)
        assert rig.live("services") == []
        names = {name_of(each).kind for each in rig.subject.objects}
        assert "Service" in names


async def test_everything_that_is_written_carries_token_and_epoch() -> None:
    async with rigged() as rig:
        await rig.started()
        for each in (*rig.live("deployments", "apps"), *rig.live("configmaps")):
            notes = (
                text_at(each, "metadata", "annotations", "migrator/token"),
                text_at(each, "metadata", "annotations", "migrator/epoch"),
            )
            assert notes == ("t1", "1"), name_of(each)
