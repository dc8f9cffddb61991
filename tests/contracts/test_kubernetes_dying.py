"""Dying between any two requests, and starting again: the cluster ends as if nobody had died.

Only on the fake server. Each death is tried twice: before the request went out, and after the
server had done it and before anybody heard. What the store would keep outlives a death, nothing
else does.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import pytest

from kubernetes_rig import Rig, client_for, rigged
from migrator.platform.kubernetes.applying import Applier
from migrator.platform.kubernetes.objects import KubeObject, at, map_at, objects_at, text_at
from migrator.platform.kubernetes.ownership import KUBECTL
from migrator.platform.kubernetes.preimages import PreImages, comparable
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark
from migrator.platform.kubernetes.wire import Answer, Asked, Stream, Transport

pytestmark = pytest.mark.slow


class DeadError(BaseException):
    """The process is no more; nothing may catch this."""


@dataclass
class Mortal:
    """A transport that dies at one request. `heard` tells how many there were."""

    inner: Transport
    dies_at: int
    is_done_first: bool
    heard: int = 0

    @property
    def server(self) -> str:
        return self.inner.server

    async def exchange(self, asked: Asked, seconds: float) -> Answer:
        self.heard += 1
        if self.heard < self.dies_at:
            return await self.inner.exchange(asked, seconds)
        if self.heard == self.dies_at and self.is_done_first:
            await self.inner.exchange(asked, seconds)
        raise DeadError

    def stream(self, asked: Asked, silence: float, /) -> AbstractAsyncContextManager[Stream]:
        return self.inner.stream(asked, silence)

    async def renew(self) -> bool:
        return False

    async def close(self) -> None:
        await self.inner.close()


@dataclass
class World:
    """One server, and what a store kept for one subsystem."""

    rig: Rig
    kept: list[str] = field(default_factory=list)

    def wanted(self) -> list[KubeObject]:
        keys: KubeObject = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "keys", "namespace": self.rig.namespace},
            "stringData": {"password": "new"},
        }
        return [self.rig.deployment(replicas=2), keys, self.rig.config_map(a="1")]

    def furnish(self) -> None:
        """What is there before: a team's settings and keys; no Deployment."""
        assert self.rig.fake is not None
        settings = self.rig.config_map(a="before", b="before")
        keys: KubeObject = {**self.wanted()[1], "stringData": {"password": "old", "user": "old"}}
        for each in (settings, keys):
            meta = map_at(each, "metadata")
            meta["annotations"] = {"team": "theirs"}
            self.rig.fake.make(each, by=KUBECTL)

    async def move(self, client: Client) -> None:
        """Prepare and start, as the acts do."""
        prepare = Applier(client, Mark("prepare-1", 1))
        kept = PreImages.from_json(json.loads(self.kept[0])) if self.kept else None
        images = await prepare.pre_images(self.wanted(), kept)
        if kept is None:
            self.kept.append(json.dumps(images.as_json()))
        await prepare.apply(self.wanted(), images=images, empty=True)
        start = Applier(client, Mark("start-1", 1))
        await start.apply(self.wanted(), images=images, empty=False)

    async def undo(self, client: Client) -> None:
        images = PreImages.from_json(json.loads(self.kept[0]))
        _, remains = await Applier(client, Mark("undo-1", 1)).restore(images)
        assert remains == ()

    def seen(self) -> list[KubeObject]:
        """Everything that is there, with its owners, without what differs from life to life."""
        assert self.rig.fake is not None
        out: list[KubeObject] = []
        for key, found in sorted(self.rig.fake.storage.objects.items()):
            if key[2] == self.rig.namespace:
                owners = sorted(
                    (text_at(row, "manager"), text_at(row, "operation"), str(row["fieldsV1"]))
                    for row in objects_at(found, "metadata", "managedFields")
                )
                plain = json.loads(json.dumps(comparable(found)))
                notes = map_at(plain, "metadata", "annotations")
                for word in ("migrator/uid", "migrator/digest"):
                    notes.pop(word, None)
                if at(plain, "immutable"):
                    plain["data"] = sorted(map_at(plain, "data"))
                out.append({"object": plain, "owners": [list(owner) for owner in owners]})
        text = json.dumps(out).replace(self.rig.namespace, "NAMESPACE")
        again: list[KubeObject] = json.loads(text)
        return again

    def empty(self) -> None:
        """Everything away again, for the next life."""
        assert self.rig.fake is not None
        storage = self.rig.fake.storage
        for key in [key for key in storage.objects if key[2] == self.rig.namespace]:
            storage.drop(key)
        self.kept.clear()
        self.furnish()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with rigged("fake") as rig:
        found = World(rig)
        found.furnish()
        yield found


Act = Callable[[Client], Awaitable[None]]


async def dying(world: World, act: Act, dies_at: int, *, is_done_first: bool) -> bool:
    """One life that ends at a request; tells whether it came so far."""
    assert world.rig.fake is not None
    client = client_for(world.rig.fake)
    client.discovery = world.rig.client.discovery
    mortal = Mortal(client.asker.transport, dies_at, is_done_first)
    client.asker.transport = mortal
    try:
        await act(client)
    except DeadError:
        return True
    finally:
        await client.close()
    return False


@pytest.mark.parametrize("is_done_first", [False, True], ids=["unsent", "unheard"])
async def test_whenever_a_move_dies_the_next_life_ends_it_the_same(
    world: World, is_done_first: bool
) -> None:
    await world.move(world.rig.client)
    expected = world.seen()
    deaths = 0
    for dies_at in range(1, 1000):
        world.empty()
        if not await dying(world, world.move, dies_at, is_done_first=is_done_first):
            break
        deaths += 1
        await world.move(world.rig.client)
        assert world.seen() == expected, f"died at request {dies_at}"
    assert deaths > 15


@pytest.mark.parametrize("is_done_first", [False, True], ids=["unsent", "unheard"])
async def test_whenever_an_undo_dies_the_next_life_leaves_what_was_there(
    world: World, is_done_first: bool
) -> None:
    before = world.seen()
    deaths = 0
    for dies_at in range(1, 1000):
        world.empty()
        await world.move(world.rig.client)
        if not await dying(world, world.undo, dies_at, is_done_first=is_done_first):
            break
        deaths += 1
        await world.undo(world.rig.client)
        assert world.seen() == before, f"died at request {dies_at}"
    assert deaths > 8


@pytest.mark.parametrize("is_done_first", [False, True], ids=["unsent", "unheard"])
async def test_whenever_a_move_dies_it_can_be_undone(world: World, is_done_first: bool) -> None:
    before = world.seen()
    for dies_at in range(1, 1000):
        world.empty()
        if not await dying(world, world.move, dies_at, is_done_first=is_done_first):
            break
        if world.kept:
            await world.undo(world.rig.client)
            assert world.seen() == before, f"died at request {dies_at}"


@pytest.mark.parametrize("is_done_first", [False, True], ids=["unsent", "unheard"])
async def test_whenever_making_anew_dies_the_next_life_leaves_what_was_there(
    world: World, is_done_first: bool
) -> None:
    """Somebody deleted what was there before, and the undo that makes it anew dies."""
    assert world.rig.fake is not None
    before = world.seen()
    deaths = 0
    for dies_at in range(1, 1000):
        world.empty()
        await world.move(world.rig.client)
        world.rig.fake.remove("ConfigMap", world.rig.namespace, "settings")
        if not await dying(world, world.undo, dies_at, is_done_first=is_done_first):
            break
        deaths += 1
        await world.undo(world.rig.client)
        assert world.seen() == before, f"died at request {dies_at}"
    assert deaths > 8
