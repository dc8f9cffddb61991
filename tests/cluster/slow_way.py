"""A slow way to the lab's API server: a relay of this process that holds every piece back.

Whoever uses its kubeconfig meets the same server with the same certificate, later: each piece of
data, in either direction, arrives after the delay. Nothing is lost, and order is kept. It listens
on the server's own address, which the certificate is made out to.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from cluster.lab.parts import Lab

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextmanager
def slow_way(lab: Lab, seconds: float, folder: Path) -> Iterator[Path]:
    """A kubeconfig whose server answers so many seconds later, each way."""
    config = yaml.safe_load(lab.kubeconfig.read_text("utf-8"))
    cluster = config["clusters"][0]["cluster"]
    there = urlsplit(cluster["server"])
    assert there.hostname is not None
    relay = _Relay((there.hostname, there.port or 443), seconds)
    with relay.running() as port:
        cluster["server"] = f"https://{there.hostname}:{port}"
        path = folder / "slow.kubeconfig"
        path.write_text(json.dumps(config), "utf-8")
        yield path


class _Relay:
    def __init__(self, there: tuple[str, int], seconds: float) -> None:
        self._there, self._seconds = there, seconds
        self._port = 0
        self._ready, self._ends = threading.Event(), threading.Event()

    @contextmanager
    def running(self) -> Iterator[int]:
        thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        thread.start()
        assert self._ready.wait(10), "the relay does not listen"
        try:
            yield self._port
        finally:
            self._ends.set()
            thread.join(10)

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, self._there[0], 0)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await asyncio.to_thread(self._ends.wait)
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _serve(self, *here: *Stream) -> None:
        try:
            there = await asyncio.open_connection(*self._there)
        except OSError:
            here[1].transport.abort()
            return
        try:  # a relay that ends while it carries is no news
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._carry(here[0], there[1]))
                tasks.create_task(self._carry(there[0], here[1]))
        except asyncio.CancelledError:
            here[1].transport.abort()
        finally:
            for writer in (here[1], there[1]):
                writer.close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Each piece leaves as long after it came as the way takes; many may be on it at once."""
        loop = asyncio.get_running_loop()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                due, piece = await on_the_way.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not piece:
                    if target.can_write_eof():
                        target.write_eof()
                    else:
                        target.close()
                    return
                target.write(piece)
                await target.drain()

        async def leave() -> None:
            piece = b"begin"
            while piece:
                try:
                    piece = await source.read(65536)
                except ConnectionError:
                    piece = b""
                on_the_way.put_nowait((loop.time() + self._seconds, piece))

        with suppress(OSError):
            await asyncio.gather(leave(), arrive())
