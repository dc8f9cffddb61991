"""Deletes that mark first, on the fake server; that marks keep others out is the lab's matter."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api_writes import RefusedError, Write
from kubernetes_rig import Rig, rigged
from migrator.errors import PermanentError
from migrator.platform.kubernetes.discovery import CONFIG_MAPS
from migrator.platform.kubernetes.errors import Outdated
from migrator.platform.kubernetes.in_epoch import (
    TRIES_MAX,
    delete_as_read,
    delete_whatever_version,
    marked_first,
)
from migrator.platform.kubernetes.objects import ChangeWord, KubeObject, map_at
from migrator.platform.kubernetes.slices import EPOCH, TOKEN, Mark, mark_of

NOW = Mark("now", 2)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged("fake") as found:
        yield found


async def written(rig: Rig, epoch: int | None) -> KubeObject:
    found = rig.config_map(a="1")
    if epoch is not None:
        notes: KubeObject = {TOKEN: "then", EPOCH: str(epoch)}
        found["metadata"] = {**map_at(found, "metadata"), "annotations": notes}
    return (await rig.client.create(found)).object


async def test_what_an_earlier_epoch_wrote_is_marked_and_then_deleted(rig: Rig) -> None:
    live = await written(rig, 1)
    assert rig.fake is not None
    rig.fake.log.clear()
    done = await delete_as_read(rig.client, CONFIG_MAPS, live, NOW)
    assert done.change.word is ChangeWord.DELETED
    assert [line.method for line in rig.fake.writes_seen] == ["PATCH", "DELETE"]


@pytest.mark.parametrize("epoch", [2, None])
async def test_what_needs_no_mark_is_deleted_by_one_write(rig: Rig, epoch: int | None) -> None:
    live = await written(rig, epoch)
    assert rig.fake is not None
    rig.fake.log.clear()
    await delete_as_read(rig.client, CONFIG_MAPS, live, NOW)
    assert [line.method for line in rig.fake.writes_seen] == ["DELETE"]


async def test_the_mark_is_ours_afterwards(rig: Rig) -> None:
    live = await written(rig, 1)
    assert mark_of(await marked_first(rig.client, CONFIG_MAPS, live, NOW)) == NOW


async def test_what_a_later_epoch_wrote_is_left_alone(rig: Rig) -> None:
    live = await written(rig, 3)
    with pytest.raises(PermanentError, match="written in epoch 3") as failed:
        await delete_as_read(rig.client, CONFIG_MAPS, live, NOW)
    assert failed.value.reference == "epoch-passed"
    await rig.get(CONFIG_MAPS, "settings")


@pytest.mark.parametrize("epoch", [1, 2])
async def test_what_has_changed_since_it_was_read_is_not_deleted(rig: Rig, epoch: int) -> None:
    live = await written(rig, epoch)
    await rig.edited_by_another(CONFIG_MAPS, "settings", {"data": {"a": "2"}})
    with pytest.raises(Outdated):
        await delete_as_read(rig.client, CONFIG_MAPS, live, NOW)
    await rig.get(CONFIG_MAPS, "settings")


async def test_a_controller_that_writes_in_between_is_met_again(rig: Rig) -> None:
    live = await written(rig, 1)
    await rig.edited_by_another(CONFIG_MAPS, "settings", {"data": {"a": "2"}})
    done = await delete_whatever_version(rig.client, CONFIG_MAPS, live, NOW)
    assert done.word is ChangeWord.DELETED


async def test_a_successor_of_the_same_name_is_left_alone(rig: Rig) -> None:
    live = await written(rig, 1)
    assert rig.fake is not None
    rig.fake.remove("ConfigMap", rig.namespace, "settings")
    assert (await delete_whatever_version(rig.client, CONFIG_MAPS, live, NOW)).word is (
        ChangeWord.UNCHANGED
    )
    await written(rig, 1)
    assert (await delete_whatever_version(rig.client, CONFIG_MAPS, live, NOW)).word is (
        ChangeWord.UNCHANGED
    )
    await rig.get(CONFIG_MAPS, "settings")


async def test_it_gives_up_on_what_changes_all_the_time(rig: Rig) -> None:
    live = await written(rig, 1)
    assert rig.fake is not None
    tries: list[str] = []

    def busy(write: Write, _made: KubeObject) -> None:
        tries.append(write.name)
        raise RefusedError(409, "Conflict", "the object has been modified")

    rig.fake.writes.admit.append(busy)
    with pytest.raises(Outdated, match="changes faster"):
        await delete_whatever_version(rig.client, CONFIG_MAPS, live, NOW)
    assert len(tries) == TRIES_MAX
