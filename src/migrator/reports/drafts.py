"""Stories while they are being told: what `teller.py` fills in line by line, then freezes.

Used by the teller only. A draft has the same parts as its story in `story.py`; `told` makes the
frozen one. Nothing here interprets an event.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime

from migrator.engine.events import LinksJudged, UnwindBegun, WaveHeld, WaveStuck
from migrator.engine.ports import Line
from migrator.plan.bridges import Bridge, too_many
from migrator.plan.model import Itinerary, Leg, WaveLeg
from migrator.reports.story import (
    ActStory,
    AttemptStory,
    Carried,
    CheckStory,
    Decision,
    MoveStory,
    TickStory,
    TroubleStory,
    UnwindStory,
)


@dataclass(slots=True)
class ActDraft:
    """One try of a step or an undo; never started where a human skipped it unseen."""

    move: str
    name: str
    undo: bool
    attempt: int
    nth: int
    seq: int
    started: datetime | None
    ended: datetime | None = None
    outcome: str = ""
    detail: str = ""
    changes: tuple[str, ...] = ()
    doubted: bool = False
    resolved: str = ""

    def told(self, fallback: datetime) -> ActStory:
        """The frozen act; one that never began is placed at `fallback`."""
        return ActStory(
            move=self.move,
            name=self.name,
            undo=self.undo,
            attempt=self.attempt,
            nth=self.nth,
            seq=self.seq,
            started=self.started or fallback,
            ended=self.ended,
            outcome=self.outcome,
            detail=self.detail,
            changes=self.changes,
            doubted=self.doubted,
            resolved=self.resolved,
        )


def _acts(drafts: list[ActDraft], fallback: datetime) -> tuple[ActStory, ...]:
    return tuple(draft.told(fallback) for draft in drafts)


@dataclass(slots=True)
class MoveDraft:
    """A move's way through an attempt."""

    acts: list[ActDraft] = field(default_factory=list)
    switched: datetime | None = None
    switched_back: datetime | None = None
    returned: datetime | None = None
    remains: tuple[str, ...] = ()
    looks: list[LinksJudged] = field(default_factory=list)

    def told(self, leg: Leg, attempt: int) -> MoveStory:
        """The frozen move."""
        acts = _acts(self.acts, leg.planned_start)
        ends = [act.ended for act in acts if act.ended is not None]
        return MoveStory(
            leg=leg,
            attempt=attempt,
            acts=acts,
            started=min((act.started for act in acts if act.nth), default=None),
            switched=self.switched,
            switched_back=self.switched_back,
            returned=self.returned,
            remains=self.remains,
            looks=tuple(self.looks),
            ended=self.returned or max(ends, default=None),
        )


@dataclass(slots=True)
class CheckDraft:
    """A check in an attempt."""

    attempt: int
    opened: datetime
    ended: datetime | None = None
    outcome: str = "open"
    overridden: bool = False
    ticks: list[TickStory] = field(default_factory=list)

    def say(self, line: Line, person: str, verdict: str, *, simulated: bool, note: bool) -> None:
        """Add what somebody said."""
        self.ticks.append(
            TickStory(person, verdict, line.at, line.seq, simulated, note, withdrawn=False)
        )
        if verdict == "does_not_work":
            self.outcome, self.ended = "refused", line.at

    def withdraw(self, person: str) -> None:
        """Take a person's last verdict back; it stays readable."""
        for at in range(len(self.ticks) - 1, -1, -1):
            if self.ticks[at].person == person:
                self.ticks[at] = dataclasses.replace(self.ticks[at], withdrawn=True)
                self.outcome, self.ended = "open", None
                return


@dataclass(slots=True)
class UnwindDraft:
    """An unwind under way."""

    at: datetime
    seq: int
    by: str
    cause: str
    moves: tuple[str, ...]
    reasons: tuple[str, ...]
    partial: bool
    carried: Carried | None = None
    widened: bool = False
    acts: list[ActDraft] = field(default_factory=list)
    returned: list[tuple[str, datetime]] = field(default_factory=list)
    ended: datetime | None = None

    def widen(self, event: UnwindBegun) -> None:
        """Take further moves into the same unwind; the last word on the bridges counts."""
        pairs = zip(event.moves, event.reasons, strict=True)
        new = [(move, reason) for move, reason in pairs if move not in self.moves]
        self.moves = (*self.moves, *(move for move, _ in new))
        self.reasons = (*self.reasons, *(reason for _, reason in new))
        self.partial = False if len(new) == len(event.moves) else self.partial
        self.carried = carried(event)
        self.widened = self.widened or bool(event.widened)

    def told(self) -> UnwindStory:
        """The frozen unwind."""
        return UnwindStory(
            at=self.at,
            seq=self.seq,
            by=self.by,
            cause=self.cause,
            moves=self.moves,
            reasons=self.reasons,
            partial=self.partial,
            acts=_acts(self.acts, self.at),
            returned=tuple(self.returned),
            ended=self.ended,
            carried=self.carried,
            widened=self.widened,
        )


def carried(event: UnwindBegun) -> Carried | None:
    """What the event says about bridges; None where it says nothing."""
    if event.calls_per_hour is None:
        return None
    bridges = tuple(bridge for each in event.bridges if (bridge := Bridge.read(each)) is not None)
    most = event.calls_per_hour_max
    return Carried(event.calls_per_hour, most, too_many(event.calls_per_hour, most), bridges)


@dataclass(slots=True)
class TroubleDraft:
    """A failure that has not ended yet."""

    wave: str
    attempt: int
    at: datetime
    seq: int
    kind: str
    subject: str
    cause: str
    moves: tuple[str, ...]
    unwind_at: datetime | None
    decisions: list[Decision] = field(default_factory=list)
    unwind: UnwindDraft | None = None
    result: str = "open"
    result_at: datetime | None = None

    def concerns(self, decision: Decision) -> bool:
        """Tell whether a decision is about this trouble: its own subject, or its whole wave."""
        return decision.subject in {self.subject, self.wave} or (
            self.subject == self.wave and decision.wave == self.wave
        )

    def told(self) -> TroubleStory:
        """The frozen trouble."""
        return TroubleStory(
            wave=self.wave,
            attempt=self.attempt,
            at=self.at,
            seq=self.seq,
            kind=self.kind,
            subject=self.subject,
            cause=self.cause,
            moves=self.moves,
            unwind_at=self.unwind_at,
            decisions=tuple(self.decisions),
            unwind=self.unwind.told() if self.unwind is not None else None,
            result=self.result,
            result_at=self.result_at,
        )


@dataclass(slots=True)
class AttemptDraft:
    """An attempt of a wave, as far as it is known."""

    number: int
    gate_opened: datetime | None = None
    gate: list[Decision] = field(default_factory=list)
    started: datetime | None = None  # the first step
    verified: datetime | None = None
    ended: datetime | None = None
    outcome: str = ""
    because: str = ""
    moves: dict[str, MoveDraft] = field(default_factory=dict)
    checks: dict[str, CheckDraft] = field(default_factory=dict)
    troubles: list[TroubleDraft] = field(default_factory=list)

    def held(self, at: datetime, seq: int, event: WaveHeld) -> None:
        """Trouble begins: the wave stands still."""
        self.troubles.append(
            TroubleDraft(
                wave=event.wave,
                attempt=event.attempt,
                at=at,
                seq=seq,
                kind=event.trouble,
                subject=event.subject,
                cause=event.cause,
                moves=event.moves,
                unwind_at=event.unwind_at,
            )
        )

    def unwind_begun(self, at: datetime, seq: int, event: UnwindBegun) -> None:
        """An unwind begins: told under the first open trouble, or as one of its own."""
        if not self.open():
            self.troubles.append(
                TroubleDraft(
                    wave=event.wave,
                    attempt=event.attempt,
                    at=at,
                    seq=seq,
                    kind="unwind",
                    subject=event.wave,
                    cause=event.cause,
                    moves=event.moves,
                    unwind_at=at,
                )
            )
        first = self.open()[0]
        if first.unwind is not None:
            first.unwind.widen(event)
            return
        first.unwind = UnwindDraft(
            at,
            seq,
            event.by,
            event.cause,
            event.moves,
            event.reasons,
            event.partial,
            carried(event),
            bool(event.widened),
        )

    def stuck(self, at: datetime, seq: int, event: WaveStuck) -> None:
        """An undo failed for good."""
        self.troubles.append(
            TroubleDraft(
                wave=event.wave,
                attempt=self.number,
                at=at,
                seq=seq,
                kind="undo_failed",
                subject=event.subject,
                cause=event.cause,
                moves=(),
                unwind_at=None,
                result="stuck",
            )
        )

    def unstuck(self, at: datetime) -> None:
        """A human resolved what was stuck."""
        for trouble in self.troubles:
            if trouble.result == "stuck":
                trouble.result, trouble.result_at = "unstuck", at

    def settle(self, at: datetime, result: str, subject: str = "") -> None:
        """End the open troubles; with a subject, only those about it."""
        for trouble in self.open():
            if subject and trouble.subject != subject:
                continue
            trouble.result, trouble.result_at = result, at
            if trouble.unwind is not None:
                trouble.unwind.ended = at

    def wave_returned(self, at: datetime) -> None:
        """All of the wave is back."""
        self.settle(at, "returned")
        self.outcome, self.ended = "returned", at

    def closed(self, at: datetime, outcome: str, because: str) -> None:
        """The attempt ends before it began: declined or blocked."""
        self.outcome, self.because, self.ended = outcome, because, at

    def open(self) -> list[TroubleDraft]:
        """The troubles that have not ended, a stuck undo included."""
        return [t for t in self.troubles if t.result in {"open", "stuck"}]

    def unwinding(self) -> list[UnwindDraft]:
        """The unwind under way, if any."""
        found = [t.unwind for t in self.open() if t.unwind is not None]
        return found[:1]

    def told(self, itinerary: Itinerary, wave: WaveLeg) -> AttemptStory:
        """The frozen attempt; moves in the plan's order, checks in theirs."""
        go = next((decision.at for decision in self.gate if decision.what == "go"), None)
        ahead = self.started is not None and (go is None or self.started < go)
        return AttemptStory(
            number=self.number,
            gate_opened=self.gate_opened,
            decisions=tuple(self.gate),
            prepared=self.started if ahead else None,
            started=go,
            verified=self.verified,
            ended=self.ended,
            outcome=self.outcome,
            because=self.because,
            moves=tuple(
                self.moves[move].told(itinerary.legs[move], self.number)
                for move in wave.moves
                if move in self.moves
            ),
            checks=tuple(
                CheckStory(
                    leg=leg,
                    attempt=draft.attempt,
                    opened=draft.opened,
                    ended=draft.ended,
                    outcome=draft.outcome,
                    ticks=tuple(draft.ticks),
                    overridden=draft.overridden,
                )
                for leg in itinerary.checks
                for draft in [self.checks.get(leg.id)]
                if draft is not None
            ),
            troubles=tuple(trouble.told() for trouble in self.troubles),
        )
