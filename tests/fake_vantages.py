"""A vantage point in memory: it answers as a test says, by the same contract as the real ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field

from migrator.engine.ports import VantageLost
from migrator.probes.agent import wire

Says = Callable[[wire.Look], str]
"""The word for a look; LOST, SILENT or CUT for what becomes of the vantage point there."""

LOST, SILENT, CUT, GONE = "!lost", "!silent", "!cut", "!gone"


def a_result(name: str, word: str = wire.OK, side: str = "") -> bytes:
    """A line of an agent, as it writes it."""
    found: wire.Result = {
        "id": name,
        "word": word,
        "side": side,
        "oks": int(word == wire.OK),
        "tries": 1,
        "connect_ms": 1.0,
        "total_ms": 2.0,
        "detail": "",
        "source": "127.0.0.1",
        "address": "127.0.0.1",
    }
    return json.dumps(found).encode() + b"\n"


@dataclass
class FakeVantage:
    """Looks at nothing. `says` decides; what was asked is kept in `asked`, try by try."""

    name: str = "fake"
    says: Says = lambda _look: wire.OK
    digest: str = ""  # what it says it runs; empty: what it was asked for
    clock_ahead: float = 0.0
    asked: list[list[str]] = field(default_factory=list)
    closed: int = 0
    left_early: int = 0

    async def look(self, header: bytes, lines: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        said: wire.Header = json.loads(header)
        asked: list[str] = []
        self.asked.append(asked)
        yield b'{"beat": 1, "done": 0, "in_flight": 0, "waiting": 0, "slowed": 0}\n'
        n = 0
        try:
            async for line in lines:
                look: wire.Look = json.loads(line)
                asked.append(look["id"])
                await asyncio.sleep(0)
                word = self.says(look)
                if word == LOST:
                    raise VantageLost("it is gone")
                if word == GONE:
                    raise VantageLost("it has no Python", for_good=True)
                if word == SILENT:
                    await asyncio.Event().wait()
                n += 1
                if word != CUT:
                    yield a_result(look["id"], word)
        except (GeneratorExit, asyncio.CancelledError):
            self.left_early += 1
            raise
        end = {
            "end": True,
            "n": n,
            "digest": self.digest or said["digest"],
            "clock": said["clock"] + self.clock_ahead,
            "seconds": 0.0,
            "python": "3.11.2",
            "slowed": [],
        }
        yield json.dumps(end).encode() + b"\n"

    async def close(self) -> None:
        self.closed += 1
