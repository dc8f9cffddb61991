"""A weekend in test data: an itinerary, and a journal of it written event by event.

Reports are tested on it without an engine: `Weekend` writes what an engine would have journalled,
in an order that the fold accepts, with the troubles that a test asks for. Names are made up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.ids import PersonId, SubsystemId, TeamId, WaveId
from migrator.inventory.model import Estimate, LatencyClass
from migrator.plan.model import (
    CheckLeg,
    Crew,
    Itinerary,
    Leg,
    Member,
    PairLeg,
    Stay,
    StepKind,
    WaveLeg,
    Window,
)
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES

START: Final = datetime(2023, 10, 13, 16, 0, tzinfo=UTC)  # 18:00 in Stockholm
END: Final = START + timedelta(hours=60)
AHEAD: Final = {StepKind.PREPARE, StepKind.COPY}
THEMES: Final = (
    "Sickness", "Parental", "Housing", "Dental", "Pension", "Payment", "Archive", "Letter",
    "Identity", "Register", "Calculation", "Recovery", "Statistics", "Portal",
)  # fmt: skip
PARTS: Final = ("intake", "decision", "ledger", "notices", "search", "batch")
HANDLERS: Final = tuple(PersonId(f"handler-{n:02d}") for n in range(1, 13))
DECIDER: Final = PersonId("decider-01")
SECOND: Final = PersonId("decider-02")
LEAD: Final = PersonId("lead-01")


def minutes(count: float) -> timedelta:
    """A stretch of time."""
    return timedelta(minutes=count)


def an_itinerary(waves: int = 3, moves: int = 4, *, hours_apart: float = 6) -> Itinerary:
    """`waves` waves of `moves` moves, one check each, two handlers' shifts, two that stay."""
    wave_legs: list[WaveLeg] = []
    legs: dict[str, Leg] = {}
    checks: list[CheckLeg] = []
    for w in range(waves):
        wave = WaveId(f"w{w + 1:02d}")
        opened = START + timedelta(hours=1 + hours_apart * w)
        members = []
        for m in range(moves):
            leg = _leg(w * moves + m, wave, opened + minutes(12 * (m // 3)))
            legs[leg.id] = leg
            members.append(leg.id)
        wave_legs.append(
            WaveLeg(
                id=wave,
                name="Pilot" if w == 0 else f"Wave {w + 1}",
                pilot=w == 0,
                moves=tuple(members),
                gate_at=opened,
                deciders=(DECIDER, SECOND),
                lead=LEAD,
                hard_predecessors=(WaveId("w02"),) if w + 1 == 4 else (),
            )
        )
        checks.extend(_check(wave, f"function-{w + 1}-{n}", tuple(members[:2])) for n in (1, 2))
    return Itinerary(
        plan_name="autumn-weekend",
        plan_digest=hashlib.sha256(b"plan").hexdigest(),
        inventory_name="A made-up agency",
        inventory_digest=hashlib.sha256(b"inventory").hexdigest(),
        links_digest=hashlib.sha256(b"links").hexdigest(),
        window=Window(START, END, "Europe/Stockholm"),
        source="old-hall",
        target="new-cluster",
        policy=DEFAULT_POLICY,
        recipes=dict(RECIPES),
        waves=tuple(wave_legs),
        legs=legs,
        pairs=_pairs(tuple(leg.id for leg in legs.values())),
        checks=tuple(checks),
        members=_members(),
        crews={TeamId("ops"): Crew(TeamId("ops"), "Operations", ((START, END, 6),))},
        names={id_: leg.name for id_, leg in legs.items()}
        | {"cobol-core": "COBOL core", "old-print": "Old print"},
        links=4711,
        copy_gib_per_hour=800.0,
        bridge_calls_per_hour=None,
        stays=(
            Stay(SubsystemId("cobol-core"), "rewritten next year", datetime(2024, 6, 1).date()),  # noqa: DTZ001 - a day has no zone
            Stay(SubsystemId("old-print"), "its machine leaves with it", None),
        ),
        assumed=("people: telephone of decider-02",),
    )


def _leg(number: int, wave: WaveId, start: datetime) -> Leg:
    theme = THEMES[number % len(THEMES)]
    part = PARTS[(number // len(THEMES)) % len(PARTS)]
    kind = ("stateful", "stateless", "stateless", "batch")[number % 4]
    move = 40.0 + 11 * (number % 5)
    recipe = RECIPES[kind]
    steps = {s.kind: Estimate(move * s.share, move * s.share * 1.4) for s in recipe.steps}
    steps |= {s.kind: Estimate(5, 8, assumed=True) for s in recipe.commit}
    return Leg(
        id=SubsystemId(f"{theme}-{part}".lower()),
        name=f"{theme} {part}",
        wave=wave,
        kind=kind,
        recipe=kind,
        team=TeamId("ops"),
        criticality=1 + number % 5,
        step_minutes=steps,
        undo_minutes={u.kind: Estimate(30 * u.share, 40 * u.share) for u in recipe.unwind},
        failure_probability=0.02,
        copy_gib=120.0 if kind == "stateful" else 0.0,
        irreversible="the payment file is sent" if number % 7 == 3 else None,
        irreversible_at=start + timedelta(hours=4) if number % 14 == 3 else None,
        after=(),
        together=(),
        blackouts=(),
        fixed=(),
        planned_start=start,
        planned_switch=start + minutes(move * 0.9),
        planned_end=start + minutes(move + 75),
        links=30 + number,
        assumed=("durations.unwind",) if number % 3 == 0 else (),
    )


def _check(wave: WaveId, function: str, core: tuple[SubsystemId, ...]) -> CheckLeg:
    return CheckLeg(
        id=f"{function}@{wave}",
        function=function,
        wave=wave,
        name={"sv": f"Handlägg ärende {function}", "en": f"Handle a case {function}"},
        core=core,
        passing=(),
        eligible=HANDLERS,
        quorum=2,
        minutes=Estimate(12, 20),
        text={"sv": "Öppna ärendet. Fatta beslut.", "en": "Open the case. Decide."},
        side_mark=("the foot of the page", "grey", "green"),
        possible_after=None,
        leaves_behind=None,
    )


def _pairs(ids: tuple[SubsystemId, ...]) -> tuple[PairLeg, ...]:
    chain = [(a, b, 3) for a, b in pairwise(ids)]
    chain += [(a, b, 1) for a, b in zip(ids, ids[5:], strict=False)]
    chain += [(ids[0], SubsystemId("cobol-core"), 2)]
    return tuple(
        PairLeg(a, b, 7 * k, 1000 * k, LatencyClass.INTERACTIVE, ()) for a, b, k in sorted(chain)
    )


def _members() -> dict[str, Member]:
    friday = ((START, START + timedelta(hours=10)),)
    saturday = ((START + timedelta(hours=10), END),)
    people: dict[str, Member] = {
        person: Member(
            id=person,
            name=f"Handler No. {number}",
            telephone=f"010-555 01 {number:02d}",
            roles=("handler",),
            team=None,
            shifts=friday if number % 2 else saturday,
            deputy=None,
        )
        for number, person in enumerate(HANDLERS, 1)
    }
    for person, name, role, telephone in (
        (DECIDER, "Decider No. 1", "decision_maker", "010-555 02 01"),
        (SECOND, "Decider No. 2", "decision_maker", None),
        (LEAD, "Lead No. 1", "wave_lead", "010-555 03 01"),
    ):
        people[person] = Member(
            id=person,
            name=name,
            telephone=telephone,
            roles=(role,),
            team=None,
            shifts=friday + saturday,
            deputy=SECOND if person == DECIDER else None,
        )
    return people


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
