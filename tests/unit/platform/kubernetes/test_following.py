"""The follower on the fake cluster: what it copies, what it leaves alone, what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from api_server import running
from kubernetes_rig import client_for
from migrator.errors import PermanentError
from migrator.platform.kubernetes.following import Follower, FrontLocks
from migrator.platform.kubernetes.objects import KubeObject, text_at
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import NEW, Mark, ready_addresses, side_of
from migrator.platform.kubernetes.traffic import Front, OwnedSlice
from migrator.platform.kubernetes.traffic_acts import TrafficActs
from on_fake_cluster import FakeCluster, a_weekend

MARK = Mark("act", 2)


@dataclass
class Rig:
    world: FakeCluster
    client: Client
    locks: FrontLocks = field(default_factory=FrontLocks)
    troubles: list[str] = field(default_factory=list)
    epoch: int = 2

    @property
    def front(self) -> Front:
        return self.world.subjects["a"].fronts[0].front

    def follower(self) -> Follower:
        return Follower(
            self.client,
            [self.front],
            self.locks,
            mark=lambda: Mark("beside", self.epoch),
            trouble=self.troubles.append,
        )

    async def fronted(self) -> None:
        """The front is there and points to the old side; the pods are there."""

        async def nowhere() -> tuple[()]:
            return ()

        subject = self.world.subjects["a"]
        await TrafficActs(self.client, self.locks, nowhere).ensure(subject, MARK)
        for each in subject.workloads:
            self.world.server.make(each)

    async def switched(self) -> None:
        """And its traffic is on the new side."""
        await self.fronted()
        traffic = OwnedSlice(self.client)
        await traffic.point(self.front, await traffic.pods(self.front), MARK)

    def slice(self) -> KubeObject:
        name = f"{self.front.service}-migrator"
        key = ("discovery.k8s.io", "endpointslices", self.front.namespace, name)
        return self.world.server.storage.objects[key]

    def addresses(self) -> set[str]:
        return set(ready_addresses([self.slice()]))

    def pods(self) -> set[str]:
        found = self.world.server.storage.find("", "pods", self.front.namespace)
        return {text_at(pod, "status", "podIP") for pod in found}

    def replace_a_pod(self) -> None:
        pod = next(iter(self.world.server.storage.find("", "pods", self.front.namespace)))
        self.world.server.remove("Pod", self.front.namespace, text_at(pod, "metadata", "name"))


@asynccontextmanager
async def rigged() -> AsyncIterator[Rig]:
    world = a_weekend("a")
    async with running(world.server):
        client = client_for(world.server)
        try:
            yield Rig(world, client)
        finally:
            await client.close()


@asynccontextmanager
async def following(rig: Rig) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(rig.follower().run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - the fake server tells nobody
            await asyncio.sleep(0.005)


async def test_a_pod_that_is_replaced_is_followed() -> None:
    async with rigged() as rig:
        await rig.switched()
        async with following(rig):
            before = rig.pods()
            rig.replace_a_pod()
            assert rig.pods() != before
            await until(lambda: rig.addresses() == rig.pods())
        assert rig.troubles == []


async def test_what_changed_while_nobody_followed_is_caught_up_with() -> None:
    async with rigged() as rig:
        await rig.switched()
        rig.replace_a_pod()
        async with following(rig):
            await until(lambda: rig.addresses() == rig.pods())


async def test_the_acts_own_token_stays_on_what_was_followed() -> None:
    async with rigged() as rig:
        await rig.switched()
        rig.epoch = 3
        async with following(rig):
            rig.replace_a_pod()
            await until(lambda: rig.addresses() == rig.pods())
        notes = (
            text_at(rig.slice(), "metadata", "annotations", "migrator/token"),
            text_at(rig.slice(), "metadata", "annotations", "migrator/epoch"),
        )
        assert notes == ("act", "3")


async def test_traffic_on_the_old_side_is_left_there() -> None:
    async with rigged() as rig:
        await rig.fronted()
        before = rig.slice()
        follower = rig.follower()
        task = asyncio.create_task(follower.run())
        rig.replace_a_pod()
        await until(lambda: any(line.query.get("watch") for line in rig.world.server.log))
        rig.replace_a_pod()
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (follower.writes, rig.slice()) == (0, before)


async def test_a_slice_is_never_emptied() -> None:
    async with rigged() as rig:
        await rig.switched()
        before = rig.addresses()
        async with following(rig):
            rig.world.server.remove("Deployment", rig.front.namespace, "a")
            await asyncio.sleep(0.05)
        assert rig.addresses() == before
        assert side_of(rig.slice()) == NEW


async def test_whoever_was_displaced_follows_no_more() -> None:
    async with rigged() as rig:
        await rig.switched()
        rig.epoch = 1
        with pytest.raises(ExceptionGroup) as ended:
            async with asyncio.timeout(5):
                await rig.follower().run()
        (error,) = ended.value.exceptions
        assert isinstance(error, PermanentError)
        assert error.reference == "epoch-passed"


async def test_trouble_is_told_once_and_does_not_end_it() -> None:
    async with rigged() as rig:
        await rig.switched()
        rig.world.server.forbidden = {("update", "endpointslices.discovery.k8s.io")}
        async with following(rig) as task:
            rig.replace_a_pod()
            await until(lambda: bool(rig.troubles))
            rig.replace_a_pod()
            rig.world.server.forbidden = set()
            rig.replace_a_pod()
            await until(lambda: rig.addresses() == rig.pods())
            assert not task.done()
        assert len(rig.troubles) == len(set(rig.troubles))
        assert "is not followed" in rig.troubles[0]


async def test_an_act_and_the_follower_take_turns() -> None:
    async with rigged() as rig:
        await rig.switched()
        async with following(rig):
            async with rig.locks.of(rig.front):
                rig.replace_a_pod()
                await asyncio.sleep(0.05)
                assert rig.addresses() != rig.pods(), "it wrote while an act held the front"
            await until(lambda: rig.addresses() == rig.pods())
