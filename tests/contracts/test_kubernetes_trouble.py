"""What the client does when an API server refuses, is slow, forgets, loses an answer or dies.

No real server does these on demand, so they are held on the fake one only. Waiting is recorded, not
waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from api_faults import Fault
from api_schemas import custom_kind
from api_server import ApiServer
from kubernetes_rig import Rig, rigged
from migrator.errors import TransientError
from migrator.platform.kubernetes.asking import Asker, Patience
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.connecting import user_agent
from migrator.platform.kubernetes.discovery import (
    CONFIG_MAPS,
    ENDPOINT_SLICES,
    Discovery,
)
from migrator.platform.kubernetes.objects import ChangeWord, texts_at
from migrator.platform.kubernetes.rest import Client


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged("fake") as found:
        yield found


@pytest.fixture
def server(rig: Rig) -> ApiServer:
    assert rig.fake is not None
    return rig.fake


class Pauses(list[float]):
    """Every pause that somebody asked for, none of them waited for."""

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)
        await asyncio.sleep(0)


def impatient(rig: Rig, pauses: Pauses, **patience: float) -> Client:
    """The same way to the server, with pauses that are written down instead."""
    old = rig.client.asker
    return Client(
        Asker(
            old.transport,
            bucket=old.bucket,
            patience=Patience(**{"seconds_max": 3600, **patience}),  # type: ignore[arg-type]  # tries_max is whole
            sleep=pauses.sleep,
        )
    )


# Too many requests


async def test_a_server_that_has_too_many_requests_is_waited_for_as_long_as_it_asks(
    rig: Rig, server: ApiServer
) -> None:
    busy = {"Retry-After": "7", "X-Kubernetes-PF-PriorityLevel-UID": "level-1"}
    server.faults.append(Fault("PATCH", 429, times=2, headers=busy))
    pauses = Pauses()
    done = await impatient(rig, pauses).apply(rig.config_map(a="1"))
    assert done.change.word is ChangeWord.CREATED
    assert pauses == [7.0, 7.0]


async def test_even_a_create_is_repeated_after_too_many_requests_since_it_was_not_read(
    rig: Rig, server: ApiServer
) -> None:
    server.faults.append(Fault("POST", 429, headers={"Retry-After": "1"}))
    pauses = Pauses()
    done = await impatient(rig, pauses).create(rig.config_map(a="1"))
    assert done.change.word is ChangeWord.CREATED
    assert pauses == [1.0]


async def test_patience_ends_and_the_full_queue_is_named(rig: Rig, server: ApiServer) -> None:
    busy = {"Retry-After": "1", "X-Kubernetes-PF-PriorityLevel-UID": "level-1"}
    server.faults.append(Fault("GET", 429, times=99, headers=busy))
    with pytest.raises(TransientError, match="priority level level-1") as told:
        await impatient(rig, Pauses(), tries_max=4).get(CONFIG_MAPS, rig.namespace, "settings")
    assert told.value.reference == "cluster-busy"
    assert server.faults[0].times == 95


async def test_the_speed_is_halved_by_every_refusal(rig: Rig, server: ApiServer) -> None:
    rig.client.asker.bucket = Bucket(40)
    server.faults.append(Fault("GET", 429, times=2, headers={"Retry-After": "0"}))
    await rig.client.get(CONFIG_MAPS, rig.namespace, "settings")
    assert 10 <= rig.client.asker.bucket.rate_per_second < 12


# Faults of the server


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_passing_fault_is_tried_again(rig: Rig, server: ApiServer, status: int) -> None:
    server.faults.append(Fault("PATCH", status, times=2))
    assert (await rig.client.apply(rig.config_map())).change.word is ChangeWord.CREATED


async def test_a_fault_of_etcd_is_tried_again_and_another_one_is_not(
    rig: Rig, server: ApiServer
) -> None:
    server.faults.append(Fault("GET", 500, message="etcdserver: leader changed"))
    assert await rig.client.get(CONFIG_MAPS, rig.namespace, "settings") is None
    server.faults[:] = [Fault("GET", 500, times=9, message="nil pointer")]
    with pytest.raises(TransientError, match="nil pointer") as told:
        await rig.client.get(CONFIG_MAPS, rig.namespace, "settings")
    assert told.value.reference == "cluster-failing"
    assert server.faults[0].times == 8


async def test_a_lost_answer_of_an_apply_is_asked_for_again(rig: Rig, server: ApiServer) -> None:
    server.faults.append(Fault("PATCH", after=True))
    await rig.client.apply(rig.config_map(a="1"))
    assert texts_at(await rig.get(CONFIG_MAPS, "settings"), "data") == {"a": "1"}
    assert [line.method for line in server.writes_seen] == ["PATCH", "PATCH"]


async def test_a_lost_answer_of_a_replacement_is_left_to_its_caller(
    rig: Rig, server: ApiServer
) -> None:
    await rig.client.create(rig.endpoints("10.0.0.1"))
    seen = await rig.get(ENDPOINT_SLICES, "web-migrator")
    server.faults.append(Fault("PUT", after=True))
    with pytest.raises(TransientError) as told:
        await rig.client.replace({**seen, "endpoints": []})
    assert told.value.reference == "cluster-answer-lost"
    assert [line.method for line in server.writes_seen] == ["POST", "PUT"]


async def test_a_slow_server_is_not_waited_for_without_end(rig: Rig, server: ApiServer) -> None:
    server.faults.append(Fault("GET", times=9, latency_seconds=5))
    client = impatient(rig, Pauses(), try_seconds_max=0.2, tries_max=3)
    with pytest.raises(TransientError) as told:
        await client.get(CONFIG_MAPS, rig.namespace, "settings")
    assert told.value.reference == "cluster-answer-lost"
    assert server.faults[0].times == 6


async def test_a_server_that_is_away_is_named_and_found_again(rig: Rig, server: ApiServer) -> None:
    await rig.client.apply(rig.config_map(a="1"))
    await server.crash()
    with pytest.raises(TransientError, match="nothing was begun") as told:
        await impatient(rig, Pauses(), tries_max=3).apply(rig.config_map(a="2"), before={})
    assert told.value.reference == "cluster-unreachable"
    await server.start()
    assert (await rig.client.apply(rig.config_map(a="2"))).change.word is ChangeWord.CONFIGURED


async def test_warnings_are_findings_of_the_write_each_once(rig: Rig, server: ApiServer) -> None:
    server.warnings += ['"policy/v0" is deprecated', "too loose", "too loose"]
    done = await rig.client.apply(rig.config_map())
    assert done.warnings == ('"policy/v0" is deprecated', "too loose")


async def test_each_waves_writes_are_told_apart_in_the_audit_log(
    rig: Rig, server: ApiServer
) -> None:
    await rig.client.signed(user_agent("helgen", "våg 2")).apply(rig.config_map())
    assert server.writes_seen[0].agent.endswith(" run/helgen wave/v-g-2")


# Discovery


async def test_the_old_way_of_discovery_tells_the_same(rig: Rig, server: ApiServer) -> None:
    new = await rig.client.discovery.all()
    server.old_discovery = True
    old = await Discovery(rig.client.asker.send).all()
    assert old == new


async def test_a_kind_that_was_defined_a_moment_ago_is_found(rig: Rig, server: ApiServer) -> None:
    found = Discovery(rig.client.asker.send, again_seconds_min=0)
    await found.all()
    server.kinds.append(custom_kind("example.org", "v1", "Widget", "widgets"))
    assert (await found.kind("example.org/v1", "Widget")).plural == "widgets"


async def test_many_who_ask_at_once_make_one_reading(rig: Rig, server: ApiServer) -> None:
    kinds = [("apps/v1", "Deployment"), ("v1", "Secret"), ("v1", "Service")] * 5
    await asyncio.gather(*(rig.client.discovery.kind(*kind) for kind in kinds))
    assert sorted(line.path for line in server.log) == ["/api", "/apis"]
