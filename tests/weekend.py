"""A weekend in test data: a journal written event by event over `weekend_itinerary.an_itinerary`.

Reports are tested on it without an engine: `Weekend` writes what an engine would have journalled,
in an order that the fold accepts, with the troubles that a test asks for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.plan.model import Itinerary, Leg, StepKind, WaveLeg
from weekend_itinerary import DECIDER, END, HANDLERS, SECOND, START, an_itinerary, minutes

__all__ = [
    "DECIDER",
    "END",
    "HANDLERS",
    "SECOND",
    "START",
    "Weekend",
    "a_quiet_weekend",
    "a_troubled_weekend",
    "a_weekend",
    "an_itinerary",
    "chained",
    "minutes",
]


def chained(entries: Iterable[tuple[datetime, str, ev.Event]]) -> tuple[Line, ...]:
    """Make journal lines of facts, each with its hash over the one before."""
    lines, previous = [], "0" * 64
    for seq, (at, actor, event) in enumerate(entries, 1):
        body = f"{seq} {ev.time_to_text(at)} {actor} {type(event).__name__}"
        digest = hashlib.sha256((previous + body).encode()).hexdigest()
        lines.append(Line(seq, at, 1, actor, event, previous, digest))
        previous = digest
    return tuple(lines)


@dataclass(slots=True)
class Weekend:
    """Writes the journal of a run over an itinerary; times may be given in any order."""

    itinerary: Itinerary
    practice: bool = True
    facts: list[tuple[datetime, str, ev.Event]] = field(default_factory=list)

    def note(self, at: datetime, event: ev.Event, actor: str = "engine") -> None:
        """Add one fact."""
        self.facts.append((at, actor, event))

    def begin(self) -> None:
        """The run starts at the window's start."""
        it = self.itinerary
        started = ev.RunStarted(
            name="autumn-weekend-1",
            mode="virtual" if self.practice else "wall",
            practice=self.practice,
            target=it.target,
            anchor=it.window.start,
            wall=None if self.practice else it.window.start,
            speed=0.0 if self.practice else 1.0,
            seed=7,
            plan_digest=it.plan_digest,
            itinerary_digest=it.inventory_digest,
            program="0.1.0",
            play=(),
        )
        self.note(it.window.start, started)

    def lines(self, outcome: str | None = "completed") -> tuple[Line, ...]:
        """The journal so far, in the order of time; `outcome` None for a run that goes on."""
        facts = sorted(self.facts, key=lambda fact: fact[0])
        if outcome is not None:
            facts.append((facts[-1][0] + minutes(1), "engine", ev.RunEnded(outcome)))
        return chained(facts)

    def gate(self, wave: WaveLeg, attempt: int = 1, shift: float = 0) -> datetime:
        """A named person says go; gives the time of it."""
        at = wave.gate_at + minutes(shift)
        self.note(at - minutes(20), ev.GateOpened(wave.id, attempt, at + minutes(40)))
        taken = ev.CommandTaken(
            f"go-{wave.id}-{attempt}", "go", wave.id, DECIDER, self.practice, "all is ready", 1
        )
        self.note(at, taken, f"simulated:{DECIDER}")
        self.note(at, ev.GateDecided(wave.id, attempt, DECIDER, "all is ready"), DECIDER)
        return at

    def step(
        self, leg: Leg, kind: StepKind, at: datetime, outcome: str = "done", nth: int = 1,
        attempt: int = 1, detail: str = "",
    ) -> datetime:  # fmt: skip
        """One step, its intent and its outcome; gives the time of its end."""
        lasts = minutes(max(0.5, leg.step_minutes[kind].p50 * 1.1))
        token = f"{leg.id}-{kind.value}-{attempt}-{nth}"
        limit = at + minutes(120)
        self.note(at, ev.StepStarted(leg.id, kind.value, attempt, nth, token, limit), "conductor")
        end = at + lasts
        changes = (f"created deployment/new/{leg.id}",) if kind is StepKind.START else ()
        self.note(
            end,
            ev.StepEnded(leg.id, kind.value, attempt, outcome, detail, changes),
            "conductor",
        )
        if outcome == "done" and kind in {StepKind.BASELINE, StepKind.PROBE_LINKS}:
            judged = ev.LinksJudged(leg.id, attempt, kind.value, leg.links, 0, 2, 0, 0, ())
            self.note(end, judged, "conductor")
        if outcome == "done":
            self._authority(leg, kind, end)
        return end

    def _authority(self, leg: Leg, kind: StepKind, at: datetime) -> None:
        stateless = leg.recipe == "stateless"
        if kind is StepKind.FENCE and not stateless:
            self.note(at, ev.AuthorityMoved(leg.id, "none"), "conductor")
        if kind is (StepKind.SWITCH if stateless else StepKind.GRANT):
            self.note(at, ev.AuthorityMoved(leg.id, "new"), "conductor")

    def steps(
        self, leg: Leg, start: datetime, until: StepKind = StepKind.PROBE_LINKS, attempt: int = 1
    ) -> datetime:
        """The steps of a move up to and including `until`, all done."""
        at = start
        for step in self.itinerary.recipes[leg.recipe].steps:
            at = self.step(leg, step.kind, at, attempt=attempt)
            if step.kind is until:
                break
        return at

    def verified(self, wave: WaveLeg, at: datetime, attempt: int = 1) -> datetime:
        """Every check of the wave is ticked by its quorum."""
        for number, check in enumerate(c for c in self.itinerary.checks if c.wave == wave.id):
            self.note(at, ev.CheckOpened(check.id, attempt))
            for n in range(check.quorum):
                person = HANDLERS[(number * 2 + n + len(wave.id)) % len(HANDLERS)]
                when = at + minutes(4 + 9 * n + number)
                assigned = ev.CheckAssigned(check.id, attempt, person, when + minutes(45))
                self.note(when, assigned)
                verdict = "works_but" if number and n else "works"
                note = "ab" * 32 if verdict == "works_but" else ""
                tick = ev.TickGiven(check.id, attempt, person, verdict, note)
                self.note(when + minutes(6), tick, f"simulated:{person}")
            self.note(at + minutes(25), ev.CheckPassed(check.id, attempt))
        self.note(at + minutes(26), ev.WaveVerified(wave.id, attempt))
        return at + minutes(26)

    def accepted(self, wave: WaveLeg, at: datetime, attempt: int = 1) -> datetime:
        """The soak stays quiet and the wave is accepted."""
        end = at
        for move in wave.moves:
            after = self.step(self.itinerary.legs[move], StepKind.VERIFY, at, attempt=attempt)
            after = self.step(
                self.itinerary.legs[move], StepKind.SOAK, after + minutes(28), attempt=attempt
            )
            end = max(
                end, self.step(self.itinerary.legs[move], StepKind.ACCEPT, after, attempt=attempt)
            )
        self.note(end + minutes(1), ev.WaveAccepted(wave.id, attempt))
        return end

    def quiet_wave(self, wave: WaveLeg, attempt: int = 1, shift: float = 0) -> datetime:
        """A wave in which everything goes well."""
        decided = self.gate(wave, attempt, shift)
        legs = [self.itinerary.legs[move] for move in wave.moves]
        late = {leg.id: minutes(shift + 3 * number) for number, leg in enumerate(legs)}
        ends = [
            self.steps(leg, max(decided, leg.planned_start + late[leg.id]), attempt=attempt)
            for leg in legs
        ]
        return self.accepted(wave, self.verified(wave, max(ends), attempt), attempt)

    def failed_wave(self, wave: WaveLeg, vetoed: bool = False) -> datetime:
        """The last move's links regress; the wave is held and then unwound."""
        decided = self.gate(wave)
        legs = [self.itinerary.legs[move] for move in wave.moves]
        ends = {leg.id: self.steps(leg, max(decided, leg.planned_start)) for leg in legs[:-1]}
        bad = legs[-1]
        at = self.steps(bad, max(decided, bad.planned_start), until=StepKind.SWITCH)
        at = self.step(bad, StepKind.PROBE_LINKS, at, "failed", detail="3 links regressed")
        judged = ev.LinksJudged(bad.id, 1, "probe-links", 28, 0, 2, 3, 0, ("link-17", "link-18"))
        self.note(at, judged, "conductor")
        at = max(at, *ends.values())
        held = ev.WaveHeld(
            wave=wave.id,
            attempt=1,
            trouble="links_regressed",
            subject=f"{bad.id}/probe-links",
            moves=(bad.id,),
            cause=f"3 links of {bad.name} no longer answer",
            unwind_at=at + minutes(15),
        )
        self.note(at, held)
        if vetoed:
            self.note(
                at + minutes(5),
                ev.VetoGiven(wave.id, DECIDER, "the team looks at it", at + minutes(30)),
                DECIDER,
            )
            at += minutes(15)
        return self.unwound(wave, at + minutes(15), held.cause)

    def unwound(self, wave: WaveLeg, at: datetime, cause: str) -> datetime:
        """Every move of the wave goes back, the last one first."""
        legs = [self.itinerary.legs[move] for move in reversed(wave.moves)]
        reasons = tuple(f"same wave as {legs[0].id}" for _ in legs)
        moves = tuple(leg.id for leg in legs)
        self.note(at, ev.UnwindBegun(wave.id, 1, moves, reasons, False, "engine", cause))
        for leg in legs:
            begun = at
            for undo in self.itinerary.recipes[leg.recipe].unwind:
                name = undo.kind.value
                limit = begun + minutes(60)
                token = f"{leg.id}-{name}"
                self.note(begun, ev.UndoStarted(leg.id, name, 1, 1, token, limit), "conductor")
                begun += minutes(leg.undo_minutes[undo.kind].p50)
                remains = (f"volume/{leg.id}-copy",) if name == "discard-copy" else ()
                ended = ev.UndoEnded(leg.id, name, 1, "done", "", (), remains)
                self.note(begun, ended, "conductor")
                back = "switch-back" if leg.recipe == "stateless" else "grant-source"
                if name == back:
                    self.note(begun, ev.AuthorityMoved(leg.id, "old"), "conductor")
            left = (f"volume/{leg.id}-copy",) if leg.recipe != "stateless" else ()
            self.note(begun, ev.MoveReturned(leg.id, 1, left))
            at = begun if leg is legs[0] else max(at, begun)
        self.note(at + minutes(1), ev.WaveReturned(wave.id, 1))
        return at + minutes(1)


def a_weekend(waves: int = 3, moves: int = 4, *, practice: bool = True) -> Weekend:
    """A begun weekend."""
    weekend = Weekend(an_itinerary(waves, moves), practice)
    weekend.begin()
    return weekend


def a_quiet_weekend(waves: int = 2, moves: int = 3) -> Weekend:
    """Everything goes well."""
    weekend = a_weekend(waves, moves)
    for wave in weekend.itinerary.waves:
        weekend.quiet_wave(wave)
    return weekend


def a_troubled_weekend(waves: int = 5, moves: int = 4) -> Weekend:
    """The second wave is returned and tried again, the fourth is blocked by policy."""
    weekend = a_weekend(waves, moves)
    for wave in weekend.itinerary.waves:
        if wave.id == "w02":
            weekend.failed_wave(wave, vetoed=True)
        elif wave.id == "w04":
            weekend.note(
                wave.gate_at - minutes(30), ev.WaveBlocked(wave.id, "wave w02 is returned")
            )
        else:
            weekend.quiet_wave(wave)
    return weekend
