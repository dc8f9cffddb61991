"""Names become addresses: each name once, in threads, within a time limit of its own.

Used by the dispatcher. The system's resolver blocks, and for minutes where its servers are dead, so
it is asked in threads that are left behind when they are late; the rest of the batch goes on.
"""

from __future__ import annotations

import os
import socket
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import NamedTuple

from migrator.probes.agent.ranges import packed_of
from migrator.probes.agent.watch import now

THREADS_MAX, HANGING_MAX = 16, 64
"""Threads that ask, and threads at all, those among them that are written off and still hang."""

SECONDS = 5.0
KNOWN_MAX = 20_000
ADDRESSES_MAX = 16

Ask = Callable[[str], list[str]]


class Answer(NamedTuple):
    """What a name resolved to: addresses as text, or what went wrong."""

    addresses: list[str]
    fault: str


def ask_system(name: str) -> list[str]:
    """The addresses that the system's resolver gives, in its order."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))[:ADDRESSES_MAX]


class Names:
    """The names of one batch. `wake` becomes readable when an answer came."""

    def __init__(self, ask: Ask = ask_system, seconds: float = SECONDS) -> None:
        self.wake, self._wake_out = os.pipe()
        os.set_blocking(self.wake, False)
        # A thread that hangs keeps this object, and with it the pipe that it will still write to.
        weakref.finalize(self, close_both, self.wake, self._wake_out)
        self._ask, self._seconds = ask, seconds
        self._known: dict[str, Answer] = {}
        self._parked: dict[str, list[bytes]] = {}
        self._since: dict[str, float] = {}
        self._asked: SimpleQueue[str] = SimpleQueue()
        self._answers: SimpleQueue[tuple[str, Answer]] = SimpleQueue()
        self._threads = 0
        self._all: list[threading.Thread] = []
        self.parked = 0

    def answer(self, name: str) -> Answer | None:
        """What is known of a name by now."""
        return self._known.get(name)

    def park(self, name: str, line: bytes) -> None:
        """Keep a line until its name is known."""
        self.parked += 1
        if name in self._parked:
            self._parked[name].append(line)
            return
        self._parked[name] = [line]
        self._asked.put(name)
        self._staff()

    def come(self) -> list[tuple[bytes, Answer]]:
        """The lines whose names are known since, or will not be known in time."""
        with suppress(BlockingIOError):
            os.read(self.wake, 4096)
        found = []
        while not self._answers.empty():
            name, answer = self._answers.get()
            found += self._answered(name, answer)
        late = now() - self._seconds
        for name in [name for name, began in list(self._since.items()) if began < late]:
            # The thread hangs in the resolver. It is written off, and another may take its place.
            if self._since.pop(name, None) is not None:
                self._threads -= 1
                fault = f"no answer from the resolver in {self._seconds:g} s"
                found += self._answered(name, Answer([], fault))
                self._staff()
        return found

    def abandon(self) -> list[bytes]:
        """All lines that still wait: the batch's time is over."""
        lines = [line for waiting in self._parked.values() for line in waiting]
        self._parked.clear()
        self.parked = 0
        return lines

    def close(self) -> None:
        """No more is asked. Threads that hang do so until the process ends."""
        for _ in range(THREADS_MAX):
            self._asked.put("")

    def _staff(self) -> None:
        """Have enough threads, as long as not too many hang."""
        self._all = [thread for thread in self._all if thread.is_alive()]
        if self._threads < THREADS_MAX and len(self._all) < HANGING_MAX:
            self._threads += 1
            thread = threading.Thread(target=self._work, daemon=True)
            self._all.append(thread)
            thread.start()

    def _answered(self, name: str, answer: Answer) -> list[tuple[bytes, Answer]]:
        lines = self._parked.pop(name, None)
        if lines is None:
            return []
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[name] = answer
        self.parked -= len(lines)
        return [(line, answer) for line in lines]

    def _work(self) -> None:
        while True:
            name = self._asked.get()
            if not name:
                return
            self._since[name] = now()
            try:
                addresses = [a for a in self._ask(name) if _is_address(a)]
                answer = Answer(addresses, "" if addresses else "the name has no address")
            except (OSError, UnicodeError) as error:
                answer = Answer([], str(getattr(error, "strerror", None) or error).lower())
            written_off = self._since.pop(name, None) is None
            self._answers.put((name, answer))
            os.write(self._wake_out, b".")
            if written_off:
                return


def close_both(one: int, other: int) -> None:
    """Close a pipe."""
    os.close(one)
    os.close(other)


def _is_address(text: str) -> bool:
    try:
        packed_of(text)
    except (OSError, ValueError):
        return False
    return True
