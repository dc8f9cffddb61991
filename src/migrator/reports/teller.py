"""Journal lines -> StoryBook: one pass that keeps what the fold forgets.

Called by the CLI's report and by tests. The fold knows where a run stands; a report also tells the
attempts that were given up, the tries that failed and who said what. So this file walks the same
lines, keeps every attempt, and takes the end state from the fold itself: nothing that the engine
decides is decided again here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from migrator.engine import events as ev
from migrator.engine.fold import fold
from migrator.engine.ports import Line
from migrator.errors import JournalError
from migrator.plan.model import Itinerary, WaveLeg
from migrator.reports.drafts import (
    ActDraft,
    AttemptDraft,
    CheckDraft,
    MoveDraft,
)
from migrator.reports.endings import count, exceptions_of, outcome_of, remains_of
from migrator.reports.spoken import spoken
from migrator.reports.story import (
    Decision,
    LedgerFacts,
    Refusal,
    StoryBook,
    Waiting,
    WaveStory,
    ledger_of,
)
from migrator.reports.words import WRONG_SIDE

_Said = ev.TickGiven | ev.WrongSideSeen | ev.DefectRaised
SIMULATED = "simulated:"
"""How the journal names a person whom the rehearsal plays."""


def tell(
    itinerary: Itinerary, lines: Sequence[Line], ledger: LedgerFacts | None = None
) -> StoryBook:
    """The story of a run. Raises JournalError where there is no run to tell of."""
    run = fold(itinerary, ((line.at, line.event) for line in lines))
    if run.started is None:
        raise JournalError(
            "journal-empty",
            "the journal holds no run: its first line is missing",
            hint="`migrator journal verify RUN` names the first bad line; restore an export",
        )
    first, itinerary = itinerary, run.itinerary  # as it was planned last
    teller = _Teller(itinerary, {wave.id: [AttemptDraft(1)] for wave in first.waves})
    for line in lines:
        teller.take(line)
    waves = tuple(teller.wave(leg, run.waves[leg.id].state.value) for leg in itinerary.waves)
    decisions = tuple(teller.decisions)
    return StoryBook(
        itinerary=itinerary,
        started=run.started,
        run=run,
        begin=lines[0].at,
        end=lines[-1].at,
        outcome=outcome_of(run),
        waves=waves,
        exceptions=exceptions_of(decisions),
        decisions=decisions,
        waits=tuple(teller.waits),
        refusals=tuple(teller.refusals),
        remains=remains_of(run),
        counts=count(run, waves),
        lines=len(lines),
        head=lines[-1].hash,
        ledger=ledger_of(ledger),
    )


@dataclass(slots=True)
class _Teller:
    """What has been heard so far."""

    itinerary: Itinerary
    attempts: dict[str, list[AttemptDraft]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    waits: list[Waiting] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    committed: dict[str, datetime] = field(default_factory=dict)
    asserted: dict[str, bool] = field(default_factory=dict)  # by person, of their last verb
    simulated: set[str] = field(default_factory=set)  # persons whom the program played
    started: ev.RunStarted | None = None

    def __post_init__(self) -> None:
        for wave in self.itinerary.waves:
            self.attempts.setdefault(wave.id, [AttemptDraft(1)])

    def take(self, line: Line) -> None:
        """Hear one line; kinds that tell nothing of their own are passed over."""
        event = line.event
        match event:
            case ev.StepStarted() | ev.UndoStarted():
                self._act_started(line, event)
            case ev.StepEnded() | ev.UndoEnded():
                self._act_ended(line, event)
            case ev.StepDoubted() | ev.UndoDoubted():
                self._act(event).doubted = True
            case ev.StepSettled() | ev.UndoSettled():
                act = self._act(event)
                act.ended, act.outcome, act.detail = line.at, event.outcome, event.detail
                self._switching(line, act)
            case ev.StepResolved() | ev.UndoResolved():
                self._resolved(line, event)
            case ev.LinksJudged():
                self._move(event.move, event.attempt).looks.append(event)
            case ev.MoveReturned():
                self._move_returned(line, event)
            case _:
                takers = (self._take_gate, self._take_wave, self._take_check)
                if not any(taker(line) for taker in takers):
                    self._take_run(line)

    def wave(self, leg: WaveLeg, outcome: str) -> WaveStory:
        """One wave as it stands now."""
        drafts = self.attempts[leg.id]
        drafts[-1].outcome = outcome
        moves = [self.itinerary.legs[move] for move in leg.moves]
        return WaveStory(
            leg=leg,
            planned_start=min((m.planned_start for m in moves), default=leg.gate_at),
            planned_end=max((m.planned_end for m in moves), default=leg.gate_at),
            attempts=tuple(draft.told(self.itinerary, leg) for draft in drafts),
            outcome=outcome,
            committed=self.committed.get(leg.id),
        )

    # --- where something belongs ----------------------------------------------------------------

    def _current(self, wave: str) -> AttemptDraft:
        return self.attempts[wave][-1]

    def _move(self, move: str, attempt: int) -> MoveDraft:
        leg = self.itinerary.legs[move]
        drafts = self.attempts[leg.wave]
        draft = next((d for d in drafts if d.number == attempt), drafts[-1])
        return draft.moves.setdefault(move, MoveDraft())

    def _act(
        self,
        event: ev.StepEnded | ev.StepDoubted | ev.StepSettled | ev.StepResolved
        | ev.UndoEnded | ev.UndoDoubted | ev.UndoSettled | ev.UndoResolved,
    ) -> ActDraft:  # fmt: skip
        undo = isinstance(event, ev.UndoEnded | ev.UndoDoubted | ev.UndoSettled | ev.UndoResolved)
        name = event.undo if undo else event.step  # type: ignore[union-attr] # told apart above
        acts = self._move(event.move, event.attempt).acts
        found = next((a for a in reversed(acts) if a.name == name and a.undo is undo), None)
        if found is None:  # a human spoke of an act that was never started (skip it)
            found = ActDraft(event.move, name, undo, event.attempt, 0, 0, None)
            acts.append(found)
        return found

    # --- steps and undos ------------------------------------------------------------------------

    def _act_started(self, line: Line, event: ev.StepStarted | ev.UndoStarted) -> None:
        undo = isinstance(event, ev.UndoStarted)
        name = event.undo if isinstance(event, ev.UndoStarted) else event.step
        draft = ActDraft(event.move, name, undo, event.attempt, event.nth, line.seq, line.at)
        move = self._move(event.move, event.attempt)
        move.acts.append(draft)
        wave = self._current(self._wave_of(event.move))
        if undo:
            for trouble in wave.unwinding():
                trouble.acts.append(draft)
        elif wave.started is None:
            wave.started = line.at

    def _wave_of(self, move: str) -> str:
        return self.itinerary.legs[move].wave

    def _act_ended(self, line: Line, event: ev.StepEnded | ev.UndoEnded) -> None:
        act = self._act(event)
        act.ended, act.outcome, act.detail = line.at, event.outcome, event.detail
        act.changes = event.changes
        self._switching(line, act)

    def _switching(self, line: Line, act: ActDraft) -> None:
        if act.outcome != "done":
            return
        move = self._move(act.move, act.attempt)
        if act.name == "switch":
            move.switched = line.at
        elif act.name == "switch-back":
            move.switched_back = line.at

    def _resolved(self, line: Line, event: ev.StepResolved | ev.UndoResolved) -> None:
        act = self._act(event)
        act.resolved = event.how
        wave = self._wave_of(event.move)
        subject = f"{event.move}/{act.name}"
        self._decide(line, event.how, wave, subject, event.by, event.reason)

    def _move_returned(self, line: Line, event: ev.MoveReturned) -> None:
        move = self._move(event.move, event.attempt)
        move.returned, move.remains = line.at, event.remains
        for unwind in self._current(self._wave_of(event.move)).unwinding():
            unwind.returned.append((event.move, line.at))

    # --- waves ----------------------------------------------------------------------------------

    def _take_gate(self, line: Line) -> bool:
        event = line.event
        match event:
            case ev.GateOpened():
                self._current(event.wave).gate_opened = line.at
            case ev.GateDecided():
                self._gate(line, "go", event)
            case ev.GateLapsed():
                what = "lapsed" if event.by == "policy" else "no-go"
                self._gate(line, what, event)
                self._current(event.wave).closed(line.at, "declined", event.reason)
            case ev.GatePostponed():
                self._gate(line, "postpone", event, event.until)
            case _:
                return False
        return True

    def _take_wave(self, line: Line) -> bool:  # noqa: PLR0912, C901 - one branch for each kind
        event = line.event
        match event:
            case ev.AttemptOpened():
                last = self._current(event.wave)
                last.outcome = last.outcome or "returned"
                self.attempts[event.wave].append(AttemptDraft(event.attempt))
                self._decide(line, "again", event.wave, event.wave, event.by, "")
            case ev.WaveHeld():
                self._current(event.wave).held(line.at, line.seq, event)
            case ev.HoldReleased():
                subject = event.subject or event.wave
                self._decide(line, "release", event.wave, subject, event.by, event.reason)
                self._current(event.wave).settle(line.at, "released", event.subject)
            case ev.OverrideGiven():
                self._decide(
                    line, "override", event.wave, event.subject, event.by, event.reason,
                    second=event.second,
                )  # fmt: skip
                check = self._current(event.wave).checks.get(event.subject)
                if check is not None:
                    check.overridden = True
            case ev.UnwindBegun():
                self._current(event.wave).unwind_begun(line.at, line.seq, event)
            case ev.PartReturned():
                self._current(event.wave).settle(line.at, "part_returned")
            case ev.WaveReturned():
                self._current(event.wave).wave_returned(line.at)
            case ev.WaveStuck():
                self._current(event.wave).stuck(line.at, line.seq, event)
            case ev.WaveUnstuck():
                self._current(event.wave).unstuck(line.at)
            case ev.WaveBlocked():
                self._current(event.wave).closed(line.at, "blocked", event.because)
            case ev.WaveVerified():
                self._current(event.wave).verified = line.at
            case ev.WaveAccepted():
                self._current(event.wave).ended = line.at
            case ev.WaveCommitted():
                self.committed[event.wave] = line.at
            case _:
                return False
        return True

    def _gate(
        self, line: Line, what: str, event: ev.GateDecided | ev.GateLapsed | ev.GatePostponed,
        until: datetime | None = None,
    ) -> None:  # fmt: skip
        decision = self._decide(
            line, what, event.wave, event.wave, event.by, event.reason, until, seen=event.seen
        )
        self._current(event.wave).gate.append(decision)

    # --- checks ---------------------------------------------------------------------------------

    def _take_check(self, line: Line) -> bool:
        event = line.event
        match event:
            case ev.CheckOpened():
                attempt = self._current(event.check.rsplit("@", 1)[1])
                known = attempt.checks.get(event.check)
                if known is None or known.outcome == "void":
                    attempt.checks[event.check] = CheckDraft(event.attempt, line.at)
                else:  # a later move made its verdicts old: they are told, and others wanted
                    known.outcome, known.ended = "open", None
            case ev.TickGiven():
                self._ticked(line, event, event.person, event.verdict)
            case ev.WrongSideSeen():
                self._ticked(line, event, event.person, WRONG_SIDE)
            case ev.DefectRaised():
                self._ticked(line, event, event.by, "does_not_work")
            case ev.TickWithdrawn():
                self._check(event.check).withdraw(event.person)
            case ev.CheckPassed():
                check = self._check(event.check)
                check.outcome, check.ended = "passed", line.at
            case ev.CheckVoided():
                check = self._check(event.check)
                check.outcome, check.ended = "void", line.at
            case _:
                return False
        return True

    def _check(self, check: str) -> CheckDraft:
        return self._current(check.rsplit("@", 1)[1]).checks[check]

    def _ticked(self, line: Line, event: _Said, person: str, verdict: str) -> None:
        note = not isinstance(event, ev.DefectRaised) and bool(event.note_digest)
        simulated = self._played(line, person)
        self._check(event.check).say(line, person, verdict, simulated=simulated, note=note)

    # --- the run --------------------------------------------------------------------------------

    def _take_run(self, line: Line) -> None:
        event = line.event
        match event:
            case ev.RunStarted():
                self.started = event
            case ev.CommandTaken():
                self.asserted[event.by] = event.asserted
                if line.actor.startswith(SIMULATED):
                    self.simulated.add(event.by)
            case ev.CommandRefused():
                self.refusals.append(
                    Refusal(line.at, line.seq, event.verb, event.target, event.by, event.why)
                )
            case ev.Stalled():
                self.waits.append(
                    Waiting(
                        event.wave, event.subject, event.waits_for, event.on_whom, event.since,
                        line.at, event.mend,
                    )
                )  # fmt: skip
            case _:
                said = spoken(event, self.itinerary)
                if said is not None:
                    by = said.by or line.actor
                    self._decide(
                        line, said.what, said.wave, said.subject, by, said.reason, said.until,
                        second=said.second, dry_run=said.dry_run,
                    )  # fmt: skip

    def _played(self, line: Line, who: str) -> bool:
        """Tell whether the program played this person: in virtual time it plays all but a few."""
        person = who.removeprefix(SIMULATED)
        if who.startswith(SIMULATED) or line.actor.startswith(SIMULATED):
            return True
        virtual = self.started is not None and self.started.mode == "virtual"
        absent = virtual and self.started is not None and person not in self.started.play
        return person in self.simulated or absent

    def _decide(  # noqa: PLR0913 - a decision has as many parts as it has
        self, line: Line, what: str, wave: str, subject: str, by: str, reason: str,
        until: datetime | None = None, *, second: str = "", seen: str = "", dry_run: str = "",
    ) -> Decision:  # fmt: skip
        person = by.removeprefix(SIMULATED)
        decision = Decision(
            what=what,
            at=line.at,
            seq=line.seq,
            wave=wave,
            attempt=self._current(wave).number if wave else 0,
            subject=subject,
            by=person,
            second=second.removeprefix(SIMULATED),
            reason=reason,
            until=until,
            simulated=self._played(line, by),
            asserted=self.asserted.get(by, False),
            seen=seen,
            dry_run=dry_run,
        )
        self.decisions.append(decision)
        if wave:
            for trouble in self._current(wave).open():
                if trouble.seq < line.seq and trouble.concerns(decision):
                    trouble.decisions.append(decision)
        return decision
