"""What the guard says and keeps: lines of JSON to the conductor, a bounded part of the output.

Part of the guard's program (`guard.py`), which travels to other hosts: standard library and
Python 3.6 only. A conductor that does not listen must never stop the guard, and a command that
prints without end must never fill its memory.
"""

import json
import os
import re

PROGRESS = re.compile(rb"^migrator: progress +(\d{1,3}) *%? *(.*?)\r?$", re.MULTILINE)
PROGRESS_WORD = b"migrator: progress"
PROGRESS_LINE_MAX = 512
HELD_BACK_MAX = 65_536  # progress that nobody reads is dropped, never waited for


def read_line() -> bytes:
    """One line from the lifeline, unbuffered; empty when the conductor is gone."""
    line = b""
    while not line.endswith(b"\n"):
        # Whole chunks are safe: after the task nothing comes before we have said `ready`.
        data = os.read(0, 65_536)
        if not data:
            return b""
        line += data
    return line


class Voice:
    """Says lines to the conductor. A conductor that does not listen never stops the guard."""

    def __init__(self) -> None:
        self.waiting = b""
        os.set_blocking(1, False)

    def say(self, **words: object) -> None:
        """Queue a line; it begins with a mark, since a login script may print before us."""
        self.waiting += b"\x1e" + json.dumps(words).encode("ascii") + b"\n"
        self.flush()

    def flush(self) -> None:
        """Write what the pipe takes now."""
        while self.waiting:
            try:
                self.waiting = self.waiting[os.write(1, self.waiting) :]
            except BlockingIOError:
                return
            except OSError:
                self.waiting = b""

    def finish(self) -> None:
        """Write the rest, however long the conductor takes to read it."""
        os.set_blocking(1, True)
        self.flush()


class Kept:
    """The head and the tail of an output of any size, in bounded memory."""

    def __init__(self, size_max: int) -> None:
        self.half = max(size_max // 2, 1)
        self.head = bytearray()
        self.tail = b""
        self.left_out = 0
        self.line = b""

    def add(self, chunk: bytes) -> None:
        """Keep what fits, count what does not."""
        room = self.half - len(self.head)
        if room > 0:
            self.head += chunk[:room]
            chunk = chunk[room:]
        both = self.tail + chunk if len(chunk) < self.half else chunk
        before = len(self.tail) + len(chunk)
        self.tail = both[-self.half :]
        self.left_out += before - len(self.tail)

    def progress(self, chunk: bytes) -> "list[tuple[int, str]]":
        """The progress lines that end in this chunk."""
        both = self.line + chunk
        whole, newline, rest = both.rpartition(b"\n")
        self.line = rest[:PROGRESS_LINE_MAX] if newline else both[:PROGRESS_LINE_MAX]
        if not newline or PROGRESS_WORD not in whole:
            return []
        return [
            (min(int(share), 100), text[:PROGRESS_LINE_MAX].decode("utf-8", "replace"))
            for share, text in PROGRESS.findall(whole)[-20:]
        ]
