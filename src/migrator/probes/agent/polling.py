"""Which of many connections have something: epoll where there is one, else what the system has.

Used by the loop only. Both ways speak of the same two events, and always report a broken other end.
"""

from __future__ import annotations

import select
import selectors
from typing import Protocol

IN, OUT = 1, 4
"""The numbers of EPOLLIN and EPOLLOUT, and of the same two events without epoll."""

BROKEN = 8 | 16
"""EPOLLERR and EPOLLHUP: reported whether asked for or not."""


class Poller(Protocol):
    """What the loop asks of either."""

    def register(self, fd: int, eventmask: int, /) -> None:
        """Watch for these events."""

    def modify(self, fd: int, eventmask: int, /) -> None:
        """Watch for these events instead."""

    def unregister(self, fd: int, /) -> None:
        """Watch no longer."""

    def poll(self, seconds: float, /) -> list[tuple[int, int]]:
        """What happened, as file descriptor and mask."""

    def close(self) -> None:
        """Let go of it."""


class Selected:
    """The same four calls on top of `selectors`, for systems without epoll."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def register(self, fd: int, mask: int) -> None:
        """Watch for these events. Without a mask nothing is watched: writing will find it out."""
        wanted = (selectors.EVENT_READ if mask & IN else 0) | (
            selectors.EVENT_WRITE if mask & OUT else 0
        )
        if wanted:
            self._selector.register(fd, wanted)

    def modify(self, fd: int, mask: int) -> None:
        """Watch for these events instead."""
        self.unregister(fd)
        self.register(fd, mask)

    def unregister(self, fd: int) -> None:
        """Watch no longer."""
        if fd in self._selector.get_map():
            self._selector.unregister(fd)

    def poll(self, seconds: float) -> list[tuple[int, int]]:
        """What happened, as file descriptor and mask."""
        return [
            (
                key.fd,
                (IN if mask & selectors.EVENT_READ else 0)
                | (OUT if mask & selectors.EVENT_WRITE else 0),
            )
            for key, mask in self._selector.select(seconds)
        ]

    def close(self) -> None:
        """Let go of it."""
        self._selector.close()


def a_poller() -> Poller:
    """The best that this system has."""
    return select.epoll() if hasattr(select, "epoll") else Selected()
