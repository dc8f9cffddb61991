"""What a durable run needs around its loop: lease, desk, a clock that others can read, a way out.

Made by `wiring` for runs that people wait for; a rehearsal needs none of it. It decides nothing
about the run. The first signal to leave lets what is in flight end, the second one cuts it off:
both leave a journal from which the next process goes on. When the lease is lost the loop ends at
once, because another process leads the run then.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final, Protocol

from migrator.conductor.calling import Calling
from migrator.conductor.clock import ScaledClock, wall_now
from migrator.conductor.loop import Conductor
from migrator.engine.decide import decide
from migrator.engine.events import GateDecided, GateLapsed, GateOpened, RunEnded
from migrator.engine.ports import Line, OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import RunState

RENEW_SECONDS: Final = 2.5
"""A quarter of the lease: three renewals may fail before somebody else may lead."""

DESK_SECONDS: Final = 0.02
"""How often the desk is looked at where nothing rings: a tick leads to the next act within 50 ms.

Waking up fifty times a second is all that a conductor at a gate would do."""

RUNG_DESK_SECONDS: Final = 0.25
"""How often it is looked at where a bell rings at once: a sign may be lost."""

BEAT_SECONDS: Final = 0.5
"""A screen that moves more often than twice a second costs more than it shows."""

CLOCK_FACTS: Final = "clock"
"""Where other processes read what run time it is."""

HEAD_KEPT_AT: Final = (GateOpened, GateDecided, GateLapsed, RunEnded)
"""At these lines the journal's head is kept outside the store, too: gates and the end."""

Asked = tuple[tuple[str, str], ...]
"""(person, subject): whom the run waits for, and for what."""


class Leaving(Enum):
    """Why the loop ended, or is about to."""

    NOT = "not"
    ASKED = "asked"  # what is in flight may end
    AT_ONCE = "at once"  # what is in flight is in doubt for the next process
    HELD = "held"  # only a person can go on, and the caller did not want to wait for one


class LedJournal(Protocol):
    """What is needed of a journal beside appending to it."""

    @property
    def codes(self) -> Mapping[str, str]:
        """Digests of single-use codes, as they are now."""

    def take_commands(self) -> tuple[OperatorCommand, ...]:
        """The commands that wait."""

    def data_version(self) -> int:
        """Changes whenever anybody has committed anything. Takes in what rang."""

    def bell(self) -> int | None:
        """A descriptor that can be read from when a command may have come, if there is one."""

    def put_facts(self, key: str, data: object) -> None:
        """Keep facts beside the journal."""

    def renew_lease(self) -> None:
        """Go on leading. Raises JournalError when another process leads."""

    def keep_head(self) -> None:
        """Write the last line's hash down outside the store."""


class Onlooker(Protocol):
    """Somebody who shows the run while it is led. Must neither block nor change it."""

    def on_commit(self, run: Run, lines: Sequence[Line]) -> None:
        """Facts were committed."""

    def on_beat(self, run: Run, now: datetime) -> None:
        """Half a second has passed."""

    def on_leaving(self, why: Leaving) -> None:
        """The loop is about to end, though the run is not over."""


class LiveCodes(Mapping[str, str]):
    """The codes at the moment of asking: `migrator codes` may write new ones at any time."""

    def __init__(self, journal: LedJournal) -> None:
        """Ask this journal."""
        self._journal = journal

    def __getitem__(self, person: str) -> str:
        """The digest of a person's code."""
        return self._journal.codes[person]

    def __iter__(self) -> Iterator[str]:
        """Everybody who has a code."""
        return iter(self._journal.codes)

    def __len__(self) -> int:
        """How many codes there are."""
        return len(self._journal.codes)


@dataclass(slots=True)
class Attendant:
    """Attends one conductor. `asked` says for whom time stands still (None: for nobody).

    Without `waits_for_people` the loop ends where only a person can go on.
    """

    conductor: Conductor
    journal: LedJournal
    clock: ScaledClock
    speed: float
    asked: Callable[[Run], Asked] | None = None
    onlooker: Onlooker | None = None
    waits_for_people: bool = True
    calling: Calling | None = None
    leaving: Leaving = Leaving.NOT
    still_for: Asked = ()
    _loop: asyncio.Task[Run] | None = field(default=None)

    async def attend(self) -> Run:
        """Conduct the run until it ends or is left."""
        self.conductor.before_waiting = self._before_waiting
        self.conductor.listeners.append(self._keep_heads)
        if self.onlooker is not None:
            self.conductor.listeners.append(self.onlooker.on_commit)
        self.conductor.codes = LiveCodes(self.journal)
        self._tell_time()
        self._loop = asyncio.create_task(self.conductor.conduct(), name="conductor")
        helpers = [
            asyncio.create_task(self._lead(), name="lease"),
            asyncio.create_task(self._watch_desk(), name="desk"),
            asyncio.create_task(self._beat(), name="beat"),
        ]
        if self.calling is not None:
            looking = self.calling.keep_looking(self.conductor.run, self.clock.now)
            helpers.append(asyncio.create_task(looking, name="calling"))
        with self._signals():
            try:
                await asyncio.wait([self._loop, *helpers], return_when=asyncio.FIRST_COMPLETED)
                for helper in helpers:
                    if helper.done():
                        helper.result()  # a helper ends only by an error, and that ends the loop
            finally:
                await _end([self._loop, *helpers])
        if not self._loop.cancelled():
            self._loop.result()
        return self.conductor.run

    def leave(self) -> None:
        """Let what is in flight end, and go; asked a second time, go at once."""
        if self.leaving is Leaving.NOT:
            self._leave(Leaving.ASKED)
        elif self._loop is not None:
            self._leave(Leaving.AT_ONCE)
            self._loop.cancel()

    def _leave(self, why: Leaving) -> None:
        self.leaving = why
        self.conductor.stopping = True
        self.clock.stand_still(still=False)  # or what is in flight would never end
        self.conductor.changed.set()
        if self.onlooker is not None:
            self.onlooker.on_leaving(why)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C and a service manager's wish mean: leave. Only the main thread can hear them."""
        loop = asyncio.get_running_loop()
        heard = (signal.SIGINT, signal.SIGTERM)
        with contextlib.suppress(ValueError, RuntimeError):
            for each in heard:
                loop.add_signal_handler(each, self.leave)
        try:
            yield
        finally:
            for each in heard:
                loop.remove_signal_handler(each)

    def _before_waiting(self, run: Run) -> None:
        """Called before each wait: stand still for somebody, or leave where only people go on."""
        if run.state is RunState.ENDED:
            self.conductor.changed.set()  # what lies on the desk is answered, and nothing awaited
        if self.leaving is not Leaving.NOT:
            return
        asked = self.asked(run) if self.asked is not None else ()
        self.clock.stand_still(still=bool(asked))
        if asked != self.still_for:
            self.still_for = asked
            self._tell_time()
        if not self.waits_for_people and not asked and self._stranded(run):
            self._leave(Leaving.HELD)

    def _stranded(self, run: Run) -> bool:
        """Tell whether nothing will happen any more until somebody gives a command."""
        return not self.conductor.busy and decide(run, self.clock.now()).wake_at is None

    def _keep_heads(self, _run: Run, lines: Sequence[Line]) -> None:
        if any(isinstance(line.event, HEAD_KEPT_AT) for line in lines):
            self.journal.keep_head()

    def _tell_time(self) -> None:
        """Keep the reading of the run's clock, so that other processes can show it."""
        self.journal.put_facts(
            CLOCK_FACTS,
            {
                "run_time": self.clock.now().isoformat(),
                "wall": wall_now().isoformat(),
                "speed": self.speed,
                "still_for": [list(pair) for pair in self.still_for],
            },
        )

    async def _lead(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            self.journal.renew_lease()
            self._tell_time()

    async def _watch_desk(self) -> None:
        """Wake the loop as soon as a command lies on the desk."""
        seen = -1
        bell = _Bell(self.journal)
        try:
            while True:
                bell.listen()  # before the look: what is put there after it rings
                version = self.journal.data_version()
                if version != seen:
                    seen = version
                    if self.journal.take_commands():
                        self.conductor.changed.set()
                await bell.rings()
        finally:
            bell.leave()

    async def _beat(self) -> None:
        while True:
            if self.onlooker is not None:
                self.onlooker.on_beat(self.conductor.run, self.clock.now())
            await asyncio.sleep(BEAT_SECONDS)


class _Bell:
    """Sleeps until the desk should be looked at again."""

    def __init__(self, journal: LedJournal) -> None:
        """Listen to whatever bell the journal has at the time."""
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._heard: int | None = None
        self._rang = asyncio.Event()

    def listen(self) -> None:
        """Hear the bell that there is now: where a server was away, another connection listens."""
        bell = self._journal.bell()
        if bell != self._heard:
            self.leave()
            if bell is not None:
                self._loop.add_reader(bell, self._rang.set)
            self._heard = bell

    async def rings(self) -> None:
        """Come back when it rang, and at the latest when a look is due."""
        longest = DESK_SECONDS if self._heard is None else RUNG_DESK_SECONDS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest):
                await self._rang.wait()
        self._rang.clear()

    def leave(self) -> None:
        """Listen no more."""
        if self._heard is not None:
            self._loop.remove_reader(self._heard)
            self._heard = None


async def _end(tasks: list[asyncio.Task[Run] | asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
