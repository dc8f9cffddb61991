"""One stream for everybody: what changed is written once, and each reader follows at its own pace.

`following.py` publishes, `stream.py` reads. A frame is encoded once and put on a ring; a reader has
a cursor and nothing else, so one that never reads costs nobody anything: it falls behind, and is
told to load the page anew. One future wakes all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

FRAMES_MAX: Final = 1024
"""Frames that are kept: at most four a second, so some four minutes."""

RESET: Final = b"event: reset\ndata: {}\n\n"
"""Said to a reader whose place is no longer on the ring: what it shows may be old."""


class Hub:
    """A ring of frames, numbered from 1 on in this process."""

    def __init__(self, frames_max: int = FRAMES_MAX) -> None:
        """Nothing is published yet."""
        self._frames: deque[bytes] = deque(maxlen=frames_max)
        self._count = 0
        self._news: asyncio.Future[None] | None = None
        self.closed = False

    @property
    def cursor(self) -> int:
        """The number of the last frame."""
        return self._count

    def publish(self, frame: bytes) -> None:
        """Put a frame on the ring and wake everybody."""
        self._frames.append(frame)
        self._count += 1
        self.wake()

    def close(self) -> None:
        """End every stream: a server waits for its streams before it ends."""
        self.closed = True
        self.wake()

    def since(self, cursor: int) -> tuple[bytes, int]:
        """What was published after a cursor, and the cursor after that."""
        missed = self._count - cursor
        if missed <= 0:
            return b"", self._count
        if missed > len(self._frames):
            return RESET, self._count
        frames = list(self._frames)[-missed:]
        return b"".join(frames), self._count

    async def wait(self) -> None:
        """Wait until something is published or all is over."""
        if self.closed:
            return
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        # Without the shield, one reader that leaves would cancel everybody's future.
        await asyncio.shield(self._news)

    def wake(self) -> None:
        """Make every reader look up."""
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)
