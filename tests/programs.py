"""Programs that talk to a run's API in tests: a token for anybody, and questions with it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import uvicorn
from httpx2 import Response

from migrator.conductor.clock import wall_now
from migrator.store.tokens import Tokens
from run_with_pages import NAME, Pages

API = "/api/v1"


@dataclass
class Program:
    """One program with one token."""

    pages: Pages
    token: str

    def get(self, path: str, **headers: str) -> Response:
        """Look at something."""
        return self.pages.client.get(API + path, headers={**self.named, **headers})

    def post(self, path: str, body: object, **headers: str) -> Response:
        """Want something done."""
        return self.pages.client.post(API + path, json=body, headers={**self.named, **headers})

    def give(self, verb: str, target: str = "", **more: object) -> Response:
        """Give a verb, with an id of its own unless told."""
        body = {"id": str(uuid.uuid4()), "verb": verb, "target": target, "seen": self.seq, **more}
        return self.post("/commands", body)

    @property
    def named(self) -> dict[str, str]:
        """The header with the token."""
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def seq(self) -> int:
        """The last line that the pages know."""
        return self.pages.seen.run.seq


def a_program(pages: Pages, person: str, only: str = "", label: str = "a test") -> Program:
    """A program with somebody's token."""
    now = wall_now()
    secret, _ = Tokens(pages.store.database, NAME).make(
        person, label, only, now, now + timedelta(hours=1)
    )
    return Program(pages, secret)


@contextmanager
def served(pages: Pages) -> Iterator[str]:
    """The same pages on a real port; the answer is their address. They follow nothing by itself."""
    config = uvicorn.Config(pages.client.app, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        pages.following.hub.close()
        server.should_exit = True
        thread.join(10)
