"""How a question arrives: uvicorn's protocol, with an end to patience.

`serving.py` uses it. A server that waits for ever for the end of a question's head, or keeps as
much of it as somebody likes to send, can be stopped by one stranger with a few thousand
connections, or with one. A body has its own limits, in `shield.py` and `app.py`.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS_MAX: Final = 15.0
"""For the handshake's end, the first line and all headers: also over a bad telephone network."""
HEAD_BYTES_MAX: Final = 64 * 1024
"""Browsers send some hundred bytes, and cookies a few thousand at most."""


class Arriving(HttpToolsProtocol):
    """A connection whose next question must begin and be said in time."""

    head_seconds = HEAD_SECONDS_MAX
    _limit: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._head_is_there()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A question begins, the first one or a later one."""
        super().on_message_begin()
        self._head_bytes = 0
        if self._limit is None:
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        """The head is there; the rest is the application's."""
        self._head_is_there()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Some of a question came."""
        super().data_received(data)
        if self._limit is None:
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self.transport.abort()

    def _wait_for_head(self) -> None:
        self._limit = self.loop.call_later(self.head_seconds, self._too_late)

    def _head_is_there(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _too_late(self) -> None:
        self._limit = None
        self.transport.abort()
