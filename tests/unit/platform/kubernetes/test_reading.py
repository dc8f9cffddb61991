"""Many objects are read with few requests, and Secrets one by one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api_faults import Fault
from api_server import ApiServer
from kubernetes_rig import Rig, rigged
from migrator.errors import PermanentError
from migrator.platform.kubernetes.objects import KubeObject, text_at
from migrator.platform.kubernetes.reading import LISTED_MIN, read_all


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged("fake") as found:
        yield found


def fake(rig: Rig) -> ApiServer:
    assert rig.fake is not None
    return rig.fake


def many(rig: Rig) -> list[KubeObject]:
    """As many as make a list worth while; every second one is there, and one that nobody wants."""
    wanted = [rig.config_map(f"c-{number:02}", a="1") for number in range(LISTED_MIN)]
    for each in (*wanted[::2], rig.config_map("unwanted")):
        fake(rig).make(each)
    return wanted


def names(found: list[KubeObject | None]) -> list[str]:
    return [text_at(each, "metadata", "name") for each in found]


def asked(rig: Rig) -> list[str]:
    """What was asked for, without discovery."""
    return [line.path.rpartition("/")[2] for line in fake(rig).log if "namespaces" in line.path]


async def test_many_of_a_kind_are_one_list_and_stand_in_their_order(rig: Rig) -> None:
    wanted = many(rig)
    found = await read_all(rig.client, wanted[::-1])
    assert [each.wanted for each in found] == wanted[::-1]
    there = [each.live is not None for each in found]
    assert there == [number % 2 == 0 for number in range(LISTED_MIN)][::-1]
    assert names([each.live for each in found if each.live]) == [
        f"c-{number:02}" for number in range(LISTED_MIN - 2, -1, -2)
    ]
    assert asked(rig) == ["configmaps"]


async def test_a_few_are_read_one_by_one(rig: Rig) -> None:
    wanted = many(rig)[: LISTED_MIN - 1]
    await read_all(rig.client, wanted)
    assert asked(rig) == [text_at(each, "metadata", "name") for each in wanted]


async def test_secrets_are_never_listed(rig: Rig) -> None:
    wanted: list[KubeObject] = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"s-{number}", "namespace": rig.namespace},
        }
        for number in range(LISTED_MIN)
    ]
    await read_all(rig.client, wanted)
    assert len(asked(rig)) == LISTED_MIN
    assert "secrets" not in asked(rig)


async def test_whoever_may_not_list_reads_one_by_one(rig: Rig) -> None:
    fake(rig).faults.append(Fault("configmaps?limit", 403, message="no", reason="Forbidden"))
    wanted = many(rig)
    found = await read_all(rig.client, wanted)
    assert sum(each.live is not None for each in found) == LISTED_MIN // 2


async def test_any_other_refusal_is_told(rig: Rig) -> None:
    fake(rig).faults.append(Fault("configmaps?limit", 400, message="no", reason="BadRequest"))
    with pytest.raises(PermanentError):
        await read_all(rig.client, many(rig))


async def test_an_object_of_the_whole_cluster_is_found_whatever_namespace_it_says(rig: Rig) -> None:
    space: KubeObject = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": rig.namespace, "namespace": "by-mistake"},
    }
    [found] = await read_all(rig.client, [space])
    assert text_at(found.live, "metadata", "name") == rig.namespace
