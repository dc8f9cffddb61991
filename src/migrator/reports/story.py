"""The story of a run as frozen data: what every report, screen and export of `reports/` reads.

`teller.py` makes it from journal lines. It holds facts and codes (the engine's own words), never
sentences: those are made where the language is known. No defaults that hide a missing fact: what
has not happened is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from migrator.engine.events import LinksJudged, RunStarted
from migrator.engine.run import Run
from migrator.plan.bridges import Bridge
from migrator.plan.model import CheckLeg, Itinerary, Leg, WaveLeg


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the simulated world counted; a real world keeps none."""

    both_live_seconds: float
    rows_lost: int
    effects_doubled: int
    violations: tuple[str, ...]


class LedgerFacts(Protocol):
    """What any ledger says, whoever kept it."""

    @property
    def both_live_seconds(self) -> float:
        """For how long both sides of a subsystem were live, added up."""
        ...

    @property
    def rows_lost(self) -> int:
        """Rows that were written and are nowhere."""
        ...

    @property
    def effects_doubled(self) -> int:
        """Acts that took effect more than once."""
        ...

    @property
    def violations(self) -> Sequence[str]:
        """Broken promises, in words."""
        ...


@dataclass(frozen=True, slots=True)
class ActStory:
    """One try of a step or an undo. `ended` is None while it goes on."""

    move: str
    name: str  # a StepKind's or an UndoKind's value
    undo: bool
    attempt: int
    nth: int
    seq: int
    started: datetime
    ended: datetime | None
    outcome: str  # done, failed, timed_out; empty while it goes on
    detail: str
    changes: tuple[str, ...]
    doubted: bool  # the conductor died while it ran, and the world was asked
    resolved: str  # what a human made of it: retry, skip, force-done, abandon; or empty


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided, or what the declared policy did because nobody had.

    `what` is go, no-go, lapsed, postpone, release, veto, override-asked, override, retry, skip,
    force-done, abandon, commit, again (a new attempt), pause, resume, abort, version, extend, sign,
    waive or record.
    """

    what: str
    at: datetime
    seq: int
    wave: str  # empty where the run as a whole is meant
    attempt: int
    subject: str
    by: str
    second: str  # the second person of an override
    reason: str
    until: datetime | None
    simulated: bool
    asserted: bool  # nobody checked who it was
    seen: str = ""  # the digest of what `migrator gate` had shown
    dry_run: str = ""  # of an amendment: passed, none_declared or practice; empty: not known


@dataclass(frozen=True, slots=True)
class TickStory:
    """A handler's verdict; words.WRONG_SIDE in its place where the old side was looked at."""

    person: str
    verdict: str
    at: datetime
    seq: int
    simulated: bool
    note: bool  # a note is kept outside the journal
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class CheckStory:
    """One check in one attempt. `outcome` is passed, refused, void or open."""

    leg: CheckLeg
    attempt: int
    opened: datetime
    ended: datetime | None
    outcome: str
    ticks: tuple[TickStory, ...]
    overridden: bool


@dataclass(frozen=True, slots=True)
class MoveStory:
    """One subsystem's way through one attempt of its wave."""

    leg: Leg
    attempt: int
    acts: tuple[ActStory, ...]  # in the order they began
    started: datetime | None
    switched: datetime | None
    switched_back: datetime | None
    returned: datetime | None
    remains: tuple[str, ...]
    looks: tuple[LinksJudged, ...]  # in order; the last one of a kind counts
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Carried:
    """What an unwind leaves to the bridges, as it was journalled with its beginning."""

    calls_per_hour: float
    calls_per_hour_max: float | None
    overloaded: bool | None
    heaviest: tuple[Bridge, ...]  # of those that it opens again


@dataclass(frozen=True, slots=True)
class UnwindStory:
    """What was taken back, why each move, and in which order it came home."""

    at: datetime
    seq: int
    by: str
    cause: str
    moves: tuple[str, ...]
    reasons: tuple[str, ...]
    partial: bool
    acts: tuple[ActStory, ...]
    returned: tuple[tuple[str, datetime], ...]  # in the order of their return
    ended: datetime | None
    carried: Carried | None = None  # None: nobody counted calls, or an older version began it
    widened: bool = False  # all of the wave went for the bridges' sake


@dataclass(frozen=True, slots=True)
class TroubleStory:
    """A failure: cause, decisions, what was undone, and how it ended.

    `result` is returned, part_returned, released, stuck, unstuck or open.
    """

    wave: str
    attempt: int
    at: datetime
    seq: int
    kind: str  # a Trouble's value, operator, or unwind (at once, nothing was held before)
    subject: str
    cause: str
    moves: tuple[str, ...]
    unwind_at: datetime | None
    decisions: tuple[Decision, ...]
    unwind: UnwindStory | None
    result: str
    result_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptStory:
    """One attempt of a wave. `outcome` is a WaveState's value."""

    number: int
    gate_opened: datetime | None
    decisions: tuple[Decision, ...]  # of its gate
    prepared: datetime | None  # the first step, where it ran ahead of the gate
    started: datetime | None  # with the gate's go
    verified: datetime | None
    ended: datetime | None
    outcome: str
    because: str  # why it was declined or blocked
    moves: tuple[MoveStory, ...]
    checks: tuple[CheckStory, ...]
    troubles: tuple[TroubleStory, ...]


@dataclass(frozen=True, slots=True)
class WaveStory:
    """One wave with all its attempts."""

    leg: WaveLeg
    planned_start: datetime
    planned_end: datetime
    attempts: tuple[AttemptStory, ...]
    outcome: str
    committed: datetime | None

    @property
    def started(self) -> datetime | None:
        """When its first attempt began."""
        return next((a.started for a in self.attempts if a.started is not None), None)

    @property
    def ended(self) -> datetime | None:
        """When its last attempt ended."""
        return self.attempts[-1].ended


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waited too long, and what the engine said about it."""

    wave: str
    subject: str
    waits_for: str
    on_whom: str
    since: datetime
    at: datetime
    mend: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A verb that was early, late or not allowed, and the answer it got."""

    at: datetime
    seq: int
    verb: str
    target: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures of the first screen."""

    planned: int
    moved: int  # subsystems whose authority is on the new side at the end
    returned: int  # subsystems that were taken back and not moved again
    blocked: int  # subsystems of waves that were blocked or declined
    stuck: int
    checks: int
    checks_passed: int
    handlers: int  # distinct persons whose verdict stands
    retries: int  # tries of a step or undo after the first
    links_looked_at: int
    links_regressed: int  # at the last look of each move that stays moved


@dataclass(frozen=True, slots=True)
class StoryBook:
    """Everything that a report of one run tells."""

    itinerary: Itinerary
    started: RunStarted
    run: Run
    begin: datetime
    end: datetime  # of the last line
    outcome: str  # completed, with_exceptions, returned, stuck; or running, paused, aborting
    waves: tuple[WaveStory, ...]
    exceptions: tuple[Decision, ...]
    decisions: tuple[Decision, ...]  # all of them, in order
    waits: tuple[Waiting, ...]
    refusals: tuple[Refusal, ...]
    remains: tuple[tuple[str, tuple[str, ...]], ...]  # subsystem -> what is left on the target
    counts: Counts
    lines: int
    head: str
    ledger: Ledger | None
    # Line of a verdict -> what came along and lies apart: note, picture; whether it was erased.
    apart: Mapping[int, Mapping[str, bool]] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Tell whether the run is over."""
        return bool(self.run.outcome)

    @property
    def troubles(self) -> tuple[TroubleStory, ...]:
        """Every failure of the run, in order."""
        found = [t for w in self.waves for a in w.attempts for t in a.troubles]
        return tuple(sorted(found, key=lambda trouble: trouble.seq))


def ledger_of(facts: LedgerFacts | None) -> Ledger | None:
    """The part of a world's ledger that a report tells."""
    if facts is None:
        return None
    return Ledger(
        float(facts.both_live_seconds),
        facts.rows_lost,
        facts.effects_doubled,
        tuple(facts.violations),
    )
