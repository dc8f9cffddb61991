"""The traffic acts on the fake cluster: fronts that are there for all, and proof through them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from api_faults import Fault
from api_server import running
from kubernetes_rig import client_for
from migrator.errors import MigratorError, PermanentError
from migrator.platform.kubernetes.following import FrontLocks
from migrator.platform.kubernetes.looking import Vantage
from migrator.platform.kubernetes.objects import ChangeSet, map_at
from migrator.platform.kubernetes.slices import NEW, OLD, Mark, is_ours, ready_addresses
from migrator.platform.kubernetes.traffic import Front
from migrator.platform.kubernetes.traffic_acts import TrafficActs
from on_fake_cluster import DataPlane, FakeCluster, a_weekend

MARK = Mark("t1", 1)


@asynccontextmanager
async def acting(world: FakeCluster) -> AsyncIterator[TrafficActs]:
    async def vantages() -> Sequence[Vantage]:
        return (DataPlane(world),)

    async with running(world.server):
        client = client_for(world.server)
        try:
            yield TrafficActs(client, FrontLocks(), vantages, seconds_max=0.2)
        finally:
            await client.close()


def with_pods(world: FakeCluster, name: str) -> None:
    """The pods of a subsystem, as its start would leave them."""
    for each in world.subjects[name].workloads:
        world.server.make(each)


async def test_a_front_leads_to_the_old_side_from_its_first_moment() -> None:
    world = a_weekend("a")
    async with acting(world) as acts:
        await acts.ensure(world.subjects["a"], MARK)
        assert "old" in await acts.prove(world.subjects["a"], OLD)
        assert await acts.sides(world.subjects["a"]) == {"a": OLD}


async def test_a_front_that_is_there_stays_as_it_is() -> None:
    world = a_weekend("a")
    async with acting(world) as acts:
        await acts.ensure(world.subjects["a"], MARK)
        again = await acts.ensure(world.subjects["a"], Mark("another", 2))
        assert again.writes == 0, str(again)


async def test_a_neighbours_front_is_asked_for_once_and_its_own_move_asks_again() -> None:
    world = a_weekend("a")
    subject = world.subjects["a"]
    async with acting(world) as acts:
        await acts.ensure(subject, MARK, again=False)
        before = len(world.server.log)
        assert (await acts.ensure(subject, MARK, again=False)).writes == 0
        assert len(world.server.log) == before
        world.server.remove("Service", subject.namespace, "a")
        assert (await acts.ensure(subject, MARK)).writes > 0


async def test_an_address_that_is_remembered_is_not_asked_for_and_a_gone_one_is_missed() -> None:
    world = a_weekend("a")
    subject = world.subjects["a"]
    async with acting(world) as acts:
        await acts.ensure(subject, MARK)
        seen = await acts.look_of(subject.fronts[0], remembered=True)
        before = len(world.server.log)
        assert await acts.look_of(subject.fronts[0], remembered=True) == seen
        assert len(world.server.log) == before
        world.server.remove("Service", subject.namespace, "a")
        for remembered in (False, True):
            with pytest.raises(PermanentError, match="has no address"):
                await acts.look_of(subject.fronts[0], remembered=remembered)


async def test_a_front_that_is_as_it_was_wanted_is_not_even_written_in_vain() -> None:
    world = a_weekend("a")
    async with acting(world) as acts:
        await acts.ensure(world.subjects["a"], MARK)
        before = len(world.server.writes_seen)
        await acts.ensure(world.subjects["a"], MARK)
        assert len(world.server.writes_seen) == before


async def test_somebody_elses_service_is_not_taken_over() -> None:
    world = a_weekend("a")
    service = next(each for each in world.subjects["a"].objects if each["kind"] == "Service")
    async with acting(world) as acts:
        world.server.make(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "space-a"}}
        )
        world.server.make(service)
        with pytest.raises(PermanentError, match="has a selector that is not ours"):
            await acts.ensure(world.subjects["a"], MARK)


async def test_a_switch_moves_the_traffic_and_says_who_saw_it() -> None:
    world = a_weekend("a")
    subject = world.subjects["a"]
    async with acting(world) as acts:
        await acts.ensure(subject, MARK)
        with_pods(world, "a")
        arrived = await acts.switch(subject, NEW, Mark("t2", 1))
        assert "the fake data plane saw" in arrived.words
        assert await acts.observe(subject, NEW, Mark("t2", 1)) == "done"
        assert await acts.observe(subject, NEW, Mark("t3", 1)) == "unknown"
        back = await acts.switch(subject, OLD, Mark("t4", 1))
        assert "old" in back.words
        assert (arrived.changes.writes, back.changes.writes) == (1, 1), "one write each"


async def test_a_switch_that_no_vantage_point_sees_is_not_done() -> None:
    world = a_weekend("a")
    subject = world.subjects["a"]
    async with acting(world) as acts:
        await acts.ensure(subject, MARK)
        world.open_on_old.clear()  # the write will be taken, and nobody answers
        with pytest.raises(MigratorError, match="space-a/a"):
            await acts.switch(subject, OLD, Mark("t2", 1))


async def test_a_switch_without_a_ready_pod_leaves_the_traffic_where_it_is() -> None:
    world = a_weekend("a")
    subject = world.subjects["a"]
    async with acting(world) as acts:
        await acts.ensure(subject, MARK)
        with pytest.raises(MigratorError, match="no pod behind"):
            await acts.switch(subject, NEW, Mark("t2", 1))
        assert await acts.sides(subject) == {"a": OLD}


async def test_a_final_front_has_its_selector_and_nothing_of_ours() -> None:
    world = a_weekend("a")
    subject = world.subjects["a"]
    async with acting(world) as acts:
        await acts.ensure(subject, MARK)
        with_pods(world, "a")
        await acts.switch(subject, NEW, Mark("t2", 1))
        assert not await acts.is_final(subject)
        await acts.finalise(subject, Mark("t3", 1))
        assert await acts.is_final(subject)
        retired = await acts.retire(subject, Mark("t4", 1))
        assert [str(each) for each in retired] == ["Service/space-a/a-pods deleted"]
        service = world.server.storage.find("", "services", "space-a")
        assert [map_at(each, "spec", "selector") for each in service] == [{"app": "a"}]


async def test_a_front_that_the_server_refuses_leaves_nothing_behind() -> None:
    world = a_weekend("a")
    world.server.faults = [Fault("/services/a?", status=422, times=99, message="port is taken")]
    async with acting(world) as acts:
        with pytest.raises(PermanentError, match="port is taken"):
            await acts.ensure(world.subjects["a"], MARK)
    assert world.left_on_target() == []


async def test_a_fenced_front_refuses_until_it_is_pointed_to_the_old_side() -> None:
    world = a_weekend("a")
    subject = world.subjects["a"]
    traffic_of = subject.fronts[0].front
    async with acting(world) as acts:
        await acts.ensure(subject, MARK)
        assert await acts.refuse(subject, Mark("t2", 1)) == ChangeSet(), "the old side stays open"
        with_pods(world, "a")
        await acts.switch(subject, NEW, Mark("t3", 1))
        shut = await acts.refuse(subject, Mark("t4", 1))
        assert shut.writes == 1
        assert open_addresses(world, traffic_of) == ()
        assert (await acts.refuse(subject, Mark("t4", 1))).writes == 0
        followed = await acts._traffic.follow(traffic_of, Mark("t4", 1))
        assert followed == ChangeSet(), "its pods are ready still, and nobody is let in"
        with pytest.raises(PermanentError, match="epoch"):
            await acts.refuse(subject, Mark("t5", 0))
        await acts.switch(subject, OLD, Mark("t6", 1))
        assert open_addresses(world, traffic_of) != ()


def open_addresses(world: FakeCluster, front: Front) -> tuple[str, ...]:
    """Where a data plane would send new connections."""
    slices = world.server.storage.find("discovery.k8s.io", "endpointslices", front.namespace)
    return ready_addresses(each for each in slices if is_ours(each))
