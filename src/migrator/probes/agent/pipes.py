"""A loop's two pipes to its dispatcher: lines with looks in, lines with results out.

Neither end ever waits for the other: what cannot be written yet is kept, and while much is kept or
much is waiting nothing more is read. That the dispatcher is gone shows on the outgoing pipe.
"""

from __future__ import annotations

import os
from collections import deque

from migrator.probes.agent.polling import IN, OUT, Poller

LINES_MAX = 1_024
READ_BYTES = 64 * 1024
WRITE_BYTES = 64 * 1024
UNWRITTEN_BYTES_MAX = 1024 * 1024


class Pipes:
    """Both pipes of one loop."""

    def __init__(self, poller: Poller, lines_in: int, lines_out: int) -> None:
        self._poller = poller
        self._in, self._out = lines_in, lines_out
        os.set_blocking(lines_in, False)
        os.set_blocking(lines_out, False)
        poller.register(lines_in, IN)
        poller.register(lines_out, 0)
        self._reading, self._writing = True, False
        self._rest = b""
        self._unwritten = b""
        self.lines: deque[bytes] = deque()
        self.results: list[str] = []
        self.ended = False  # no more lines will come
        self.deserted = False  # nobody reads what is written

    @property
    def crowded(self) -> bool:
        """Tell whether so much waits to be written that nothing new should begin."""
        return len(self._unwritten) > UNWRITTEN_BYTES_MAX

    @property
    def empty(self) -> bool:
        """Tell whether everything came in and everything went out."""
        return self.ended and not (self.lines or self.results or self._unwritten)

    def event(self, fd: int, mask: int) -> bool:
        """Something happened on one of the pipes; False where it is none of them."""
        if fd == self._in:
            self._read()
        elif fd == self._out:
            self.deserted = self.deserted or bool(mask & ~OUT)
        else:
            return False
        return True

    def write(self) -> None:
        """Write as much of the results as goes."""
        if self.results:
            self._unwritten += "".join(self.results).encode()
            self.results.clear()
        while self._unwritten:
            try:
                written = os.write(self._out, self._unwritten[:WRITE_BYTES])
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                self.deserted = True
                return
            self._unwritten = self._unwritten[written:]
        if bool(self._unwritten) != self._writing:
            self._writing = not self._writing
            self._poller.modify(self._out, OUT if self._writing else 0)

    def want(self, more: bool) -> None:  # noqa: FBT001 - want(more=...) says the same
        """Read on only while more can be used."""
        wanted = more and len(self.lines) < LINES_MAX
        if self.ended or wanted == self._reading:
            return
        self._reading = wanted
        # Unregistered and not only masked: a closed pipe is reported whatever the mask.
        if wanted:
            self._poller.register(self._in, IN)
        else:
            self._poller.unregister(self._in)

    def _read(self) -> None:
        try:
            data = os.read(self._in, READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        if not data:
            self.ended = True
            self._poller.unregister(self._in)
            return
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        self.lines.extend(lines)
