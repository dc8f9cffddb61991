"""Looks that are no connection: each blocks in a thread, and the loop hears when it is done.

Made when the first such look comes. Threads are few and never waited for at the end: the process
ends under them.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import NamedTuple

from migrator.probes.agent.job import Job
from migrator.probes.agent.polling import IN, Poller
from migrator.probes.agent.session import BREAKS, broke
from migrator.probes.agent.watch import now
from migrator.probes.checks.talk import Finding, Talk

THREADS_MAX = 8


class Done(NamedTuple):
    """One look that a thread finished."""

    job: Job
    tries: int
    finding: Finding
    began: float
    ended: float


class Alone:
    """The threads of one loop."""

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._asked: SimpleQueue[tuple[Job, int, Talk]] = SimpleQueue()
        self._done: SimpleQueue[Done] = SimpleQueue()
        self._threads = 0
        self._wake_out = self.wake = -1

    def begin(self, job: Job, talk: Talk) -> None:
        """Hand a look to a thread."""
        if self.wake < 0:
            self.wake, self._wake_out = os.pipe()
            os.set_blocking(self.wake, False)
            self._poller.register(self.wake, IN)
        self._asked.put((job, job.tries, talk))
        if self._threads < THREADS_MAX:
            self._threads += 1
            threading.Thread(target=self._work, daemon=True).start()

    def done(self) -> list[Done]:
        """What was finished since."""
        with suppress(BlockingIOError):
            os.read(self.wake, 4096)
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        return found

    def _work(self) -> None:
        while True:
            job, tries, talk = self._asked.get()
            began = now()
            try:
                finding = talk.alone(job.seconds)
            except (*BREAKS, OSError) as error:
                finding = broke(error)
            self._done.put(Done(job, tries, finding, began, now()))
            os.write(self._wake_out, b".")
