"""Lists and watches when a server forgets, dies or says no: nothing is lost in silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api_faults import Fault
from api_server import ApiServer
from kubernetes_rig import Rig, rigged
from migrator.errors import PermanentError
from migrator.platform.kubernetes.discovery import CONFIG_MAPS
from migrator.platform.kubernetes.objects import map_at, texts_at
from migrator.platform.kubernetes.watch import Happened, Scope, Seen, Watch


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged("fake") as found:
        yield found


@pytest.fixture
def server(rig: Rig) -> ApiServer:
    assert rig.fake is not None
    return rig.fake


async def no_pause(_seconds: float) -> None:
    """Wait for nothing, but let the others run."""
    await asyncio.sleep(0)


@asynccontextmanager
async def watching(rig: Rig, told: list[Seen] | None = None) -> AsyncIterator[Watch]:
    """A watch of the namespace's config maps, running."""
    heard = told if told is not None else []
    watch = Watch(rig.client, CONFIG_MAPS, Scope(rig.namespace), told=heard.append, sleep=no_pause)
    running_ = asyncio.create_task(watch.run())
    try:
        assert await watch.until(lambda w: bool(w.version), 5)
        yield watch
    finally:
        running_.cancel()
        await asyncio.gather(running_, return_exceptions=True)


async def test_a_long_list_comes_in_pages_and_whole(rig: Rig, server: ApiServer) -> None:
    for number in range(1201):
        server.make(rig.config_map(f"c{number:04}"))
    found = await rig.client.list_all(CONFIG_MAPS, rig.namespace)
    assert len({str(item["metadata"]) for item in found.items}) == 1201
    assert sum(line.query.get("limit") == "500" for line in server.log) == 3


async def test_a_list_that_grew_too_old_between_pages_is_begun_anew(
    rig: Rig, server: ApiServer
) -> None:
    for number in range(600):
        server.make(rig.config_map(f"c{number:04}"))
    server.faults.append(Fault("continue=", 410, reason="Expired"))
    found = await rig.client.list_all(CONFIG_MAPS, rig.namespace)
    assert len(found.items) == 600


async def test_what_changed_while_the_server_forgot_is_told_after_a_new_list(
    rig: Rig, server: ApiServer
) -> None:
    server.make(rig.config_map("stays"))
    server.make(rig.config_map("goes"))
    told: list[Seen] = []
    async with watching(rig, told) as watch:
        server.faults.append(Fault("watch=true", 503, times=3))
        port = server.port
        await server.crash()
        server.remove("ConfigMap", rig.namespace, "goes")
        server.make(rig.config_map("comes"))
        server.storage.compact()
        await server.start()
        assert server.port == port
        assert await watch.until(lambda w: w.get("comes") is not None, 5)
        assert watch.get("goes") is None
        assert watch.lists == 2
    words = [(seen.happened, seen.name.name) for seen in told[2:]]
    assert words == [(Happened.GONE, "goes"), (Happened.THERE, "comes")]


async def test_a_watch_outlives_a_crash_without_reading_the_list_again(
    rig: Rig, server: ApiServer
) -> None:
    async with watching(rig) as watch:
        await server.crash()
        server.make(rig.config_map("meanwhile"))
        await server.start()
        assert await watch.until(lambda w: w.get("meanwhile") is not None, 5)
        assert watch.lists == 1
        assert watch.trouble is None


async def test_bookmarks_keep_a_quiet_watch_young(rig: Rig, server: ApiServer) -> None:
    server.bookmark_seconds = 0.01
    async with watching(rig) as watch:
        # What happens to other kinds makes versions that this watch never sees an event of.
        for number in range(3):
            server.make({**rig.service(f"s{number}")})
        assert await watch.until(lambda w: w.version == str(server.storage.version), 5)
        assert (watch.lists, len(watch.objects)) == (1, 0)


async def test_without_bookmarks_a_forgotten_version_costs_one_list(
    rig: Rig, server: ApiServer
) -> None:
    async with watching(rig) as watch:
        server.storage.compact()
        await server.crash()
        await server.start()
        server.make(rig.config_map("late"))
        assert await watch.until(lambda w: w.get("late") is not None, 5)
        assert watch.lists == 2


async def test_a_version_that_was_refused_is_not_asked_for_again(
    rig: Rig, server: ApiServer
) -> None:
    server.faults.append(Fault("watch=true", 410, reason="Expired"))
    async with watching(rig) as watch:
        assert await watch.until(lambda w: w.lists == 2, 5)
        server.make(rig.config_map("late"))
        assert await watch.until(lambda w: w.get("late") is not None, 5)
        assert watch.lists == 2


async def test_a_watch_that_may_not_look_says_so_instead_of_waiting(
    rig: Rig, server: ApiServer
) -> None:
    server.forbidden.add(("get", "configmaps"))
    watch = Watch(rig.client, CONFIG_MAPS, Scope(rig.namespace))
    with pytest.raises(PermanentError) as told:
        await watch.run()
    assert told.value.reference == "cluster-forbidden"


async def test_a_watch_keeps_only_what_is_needed(rig: Rig) -> None:
    await rig.client.apply(rig.config_map(a="1"))
    async with watching(rig) as watch:
        kept = watch.get("settings")
        assert kept is not None
        assert "managedFields" not in map_at(kept, "metadata")
        assert texts_at(kept, "data") == {"a": "1"}


async def test_waiting_for_what_never_comes_ends(rig: Rig) -> None:
    async with watching(rig) as watch:
        assert not await watch.until(lambda w: w.get("never") is not None, 0.01)
