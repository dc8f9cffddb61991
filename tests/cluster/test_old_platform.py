"""The old platform that the weekends in the lab use, without the lab: fences, names and bridges."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cluster.old_platform import Control, Listener, Name
from cluster.small_server import call

HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port


class World:
    """One old system under its old name, and something that stands for the cluster's front."""

    def __init__(self) -> None:
        self.old, self.new, self.name = free_port(), free_port(), free_port()
        self.listener = Listener("web", self.old)
        self.named = Name(self.name, (HOST, self.old), (HOST, self.new))
        self.control = Control({"web": self.listener}, {"web": self.named})

    async def says(self, method: str, path: str) -> object:
        return await self.control._do(method, path, "a-token")

    async def heard(self) -> str:
        """What somebody hears who calls the old name."""
        return await asyncio.to_thread(call, (HOST, self.name))


@asynccontextmanager
async def a_world() -> AsyncIterator[World]:
    world = World()

    async def front(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nside=new")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(front, HOST, world.new):
        await world.named.start()
        await world.listener.start()
        yield world
        await world.listener.fence()
        assert world.named.server is not None
        world.named.server.close()


async def test_an_old_name_leads_to_the_front_while_its_bridge_is_open_and_only_then() -> None:
    async with a_world() as world:
        assert await world.heard() == "old"
        for _ in range(2):  # the same act may come twice
            await world.says("POST", "web/open-bridge")
            assert await world.heard() == "new"
        await world.says("POST", "web/close-bridge")
        assert await world.heard() == "old"


async def test_a_fenced_system_refuses_until_it_is_started_again() -> None:
    async with a_world() as world:
        await world.says("POST", "web/fence")
        assert await asyncio.to_thread(call, (HOST, world.old)) == "refused"
        assert await world.heard() in {"reset", "closed"}
        await world.says("POST", "web/start-source")
        await world.says("POST", "web/start-source")
        assert await world.heard() == "old"


async def test_what_an_observer_sees_is_what_the_plan_waits_for() -> None:
    async with a_world() as world:
        seen = await world.says("POST", "web/open-bridge")
        assert isinstance(seen, dict)
        assert (seen["state"], seen["bridge"]) == ("open", "open")
        seen = await world.says("GET", "web")
        assert isinstance(seen, dict)
        assert (seen["state"], seen["bridge"]) == ("open", "open")
        assert await world.says("GET", "nobody") is None


async def test_a_token_takes_effect_once() -> None:
    async with a_world() as world:
        await world.says("POST", "web/fence")
        await world.says("POST", "web/fence")
        assert world.control.effects == ["a-token web/fence"]
