"""The tests' API server in a thread of its own, for what is not asyncio: commands and processes.

The server's state may be looked at from the test at any time; it is changed through `call`, which
runs a function on the server's loop.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from api_server import ApiServer
from migrator.inventory.yaml_text import Plain

Answer = TypeVar("Answer")


@dataclass
class ThreadedServer:
    """A server that listens while the test's own thread does something else."""

    server: ApiServer
    loop: asyncio.AbstractEventLoop

    def call(self, work: Callable[[], Answer]) -> Answer:
        """Run a function where the server's state is changed."""

        async def run() -> Answer:
            return work()

        return self.wait(run())

    def wait(self, work: Awaitable[Answer]) -> Answer:
        """Run a coroutine (`server.crash()`) there and wait for its end."""

        async def run() -> Answer:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def kubeconfig(self, file: Path, context: str = "fake", token: str = "") -> Path:
        """Write a kubeconfig that leads here."""
        user: dict[str, Plain] = {"token": token} if token else {}
        config: dict[str, Plain] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": "fake", "cluster": {"server": self.server.address}}],
            "users": [{"name": "fake", "user": user}],
            "contexts": [{"name": context, "context": {"cluster": "fake", "user": "fake"}}],
        }
        file.write_text(json.dumps(config), encoding="utf-8")
        return file


@contextmanager
def threaded(server: ApiServer | None = None) -> Iterator[ThreadedServer]:
    """A server in a thread, gone afterwards."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="api-server", daemon=True)
    thread.start()
    found = ThreadedServer(server or ApiServer(), loop)
    try:
        found.wait(found.server.start())
        yield found
    finally:
        found.wait(found.server.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
