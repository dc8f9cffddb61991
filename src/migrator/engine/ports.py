"""What the engine's conductor needs from the world: small protocols that adapters fit.

Implemented by `store/` (Journal), `conductor/clock.py` (Clock), `platform/` (Platform), `probes/`
and `platform/kubernetes/` (Vantage) and, in rehearsals, by the simulated ones; those of one kind
pass one contract suite (tests/contracts/).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from migrator.engine.events import Event, ForecastMade, LinksJudged, StepStarted, UndoStarted
from migrator.engine.run import Run
from migrator.plan.model import Itinerary


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact on its way into the journal: when (run time), who, what."""

    at: datetime
    actor: str  # a person's id, "engine", "conductor" or "simulated:<person>"
    event: Event


@dataclass(frozen=True, slots=True)
class Line:
    """A journalled fact: one row of `journal(run, seq, at, epoch, actor, kind, ...)`."""

    seq: int  # 1 for the first line
    at: datetime
    epoch: int
    actor: str
    event: Event
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class OperatorCommand:
    """A verb that somebody wants: a row with a unique id, and what the actor had seen.

    `target` is a run, wave, `move/step`, check or gate, as the verb needs it; `details` holds the
    verb's own words (verdict, second person, until ...).
    """

    id: str
    verb: str
    actor: str
    asserted: bool  # True: nobody checked who it is
    target: str
    reason: str
    saw: int
    details: tuple[tuple[str, str], ...] = ()

    def detail(self, key: str) -> str:
        """The verb's word for `key`; empty when it was not given."""
        return dict(self.details).get(key, "")


class Clock(Protocol):
    """Run time, and waiting for it. Only `conductor/clock.py` looks at a watch."""

    def now(self) -> datetime:
        """Run time, zone-aware."""
        ...

    async def sleep(self, minutes: float, key: str) -> None:
        """Come back after `minutes` of run time; ties are broken by `key`."""
        ...


@dataclass(frozen=True, slots=True)
class ActResult:
    """What a platform says about an act.

    `outcome` is done or failed (the conductor adds timed_out). `authority` is the side that the
    act gave authority to ("old", "none", "new"), or None where it moved none. `judged` is what a
    look at the links found. `remains` lists what an undo left on the target on purpose, `lost`
    what a bring-back could not prove to have brought back.
    """

    outcome: str
    detail: str = ""
    changes: tuple[str, ...] = ()
    authority: str | None = None
    judged: LinksJudged | None = None
    remains: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class Platform(Protocol):
    """Where workloads live: performs the typed acts, and tells the truth about doubtful ones.

    Every act may come twice with the same token and must then take effect once.
    """

    async def perform(self, intent: StepStarted | UndoStarted) -> ActResult:
        """Do the act. Raises TransientError or PermanentError."""
        ...

    async def observe(self, intent: StepStarted | UndoStarted) -> ActResult:
        """Say whether the act took effect: outcome done, not_done or unknown."""
        ...


class VantageLost(Exception):
    """A vantage point could not be asked, or not to the end; `reason` is for a person.

    `for_good` says that another try would meet the same: a host key that nobody knows, no Python.
    Whoever looks through a vantage point turns this into links that are unproved.
    """

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        """Keep the reason apart from whether it passes."""
        super().__init__(reason)
        self.reason = reason
        self.for_good = for_good


class Vantage(Protocol):
    """A place from which links are looked at: lines to an agent in, its lines out.

    `header` and each of `lines` is one line of JSON with its end (`probes/agent/wire.py`). Lines
    are taken as the agent takes them, and what comes back waits until it is taken. A place that is
    asked in parts gives an end line for each. Leaving early ends the looks.
    """

    @property
    def name(self) -> str:
        """How a person is told of it."""
        ...

    def look(self, header: bytes, lines: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Look at everything. Raises VantageLost, also when what came was cut."""
        ...

    async def close(self) -> None:
        """Let go of what is kept between batches: a connection, a folder."""
        ...


class Forecaster(Protocol):
    """Says what is to be expected of a run, beside it: it is asked after every event.

    It may be slow and it may fail; nobody waits for it. It is asked one thing at a time.
    """

    async def ask(self, knows: int, now: datetime) -> ForecastMade:
        """The forecast of the run as it stands after line `knows`, at run time `now`.

        Raises MigratorError where there is none.
        """
        ...

    async def close(self) -> None:
        """Let go of whatever computes."""
        ...


class Notifier(Protocol):
    """Calls people for what waits for them, beside the run. Nobody waits for it.

    `trouble` says why nobody is called just now; empty where all is well.
    """

    trouble: str

    def look(self, run: Run, now: datetime) -> None:
        """Take note of what waits at run time `now`. Neither blocks nor changes the run."""
        ...

    def close(self) -> None:
        """Stop calling. Comes back soon, whatever hangs."""
        ...


class Journal(Protocol):
    """The store of one run. Every append is conditional on the epoch in the same transaction."""

    def append(self, entries: Sequence[Entry]) -> tuple[Line, ...]:
        """Add facts durably, all or none. Raises JournalError when the epoch has passed."""
        ...

    def lines(self, after: int = 0) -> Iterable[Line]:
        """The lines after `after`, in order."""
        ...

    def take_commands(self) -> tuple[OperatorCommand, ...]:
        """The commands that wait for an answer, oldest first."""
        ...

    def itinerary(self) -> Itinerary:
        """The pinned itinerary of the run."""
        ...
