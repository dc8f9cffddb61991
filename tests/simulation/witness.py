"""A witness who reads the facts of a run and knows the rules by heart, in words of its own.

It takes no state from the engine: what it believes, it has read from events, from commands that it
saw given, and from the small world. Whatever it finds wrong is kept as a sentence in `broken`.
Gates, holds, checks and commands are in this file; single acts are in `witness_acts.py`, who
performs them and what a run works with in `witness_means.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import singledispatchmethod
from typing import Final

from migrator.engine import events as ev
from simulation.declared import LOOKS
from simulation.witness_acts import DONE, MoveSeen, WaveSeen
from simulation.witness_means import MeansWitness

BY_ONE: Final = frozenset({"operator", "unanswered", "stalled", "forecast", "turn_back"})
"""Troubles from which one person may release a wave: nothing has failed. The hour of no return is
looked at by its own machine: nobody releases from it while it stands."""

OVER: Final = frozenset({"declined", "returned", "blocked", "accepted", "committed"})
VETO: Final = timedelta(minutes=15)
RED: Final = timedelta(hours=4)


class Witness(MeansWitness):
    """Reads everything, forgets nothing, decides nothing."""

    def read(self, at: datetime, events: Sequence[ev.Event]) -> None:
        """Read the facts of one commit."""
        self.now = at
        for event in events:
            if self.ended and not isinstance(event, ev.CommandRefused):
                self.wrong(f"{type(event).__name__} after the end of the run")
            self.read_means(event)
            self._read(event)
            self.read_act(event)
        if self.ticking is not None:
            self.wrong(f"a tick was taken, and nothing has ended: {self.ticking}")
            self.ticking = None

    @singledispatchmethod
    def _read(self, event: ev.Event) -> None:
        """Most facts say nothing that a rule of this file is about."""

    # --- the run and its commands ---------------------------------------------------------------

    @_read.register
    def _(self, event: ev.CommandTaken) -> None:
        self.answered[event.command] = self.answered.get(event.command, 0) + 1
        command = self.commanding
        self.must(
            command is not None and command.id == event.command, f"{event} answers no command"
        )
        self.must(event.by in self.itinerary.members, f"a stranger was obeyed: {event}")
        if event.verb in {"go", "no-go", "postpone", "commit", "abort"}:
            self.must(self.decides(event.by), f"{event.by} had no right to {event.verb}")

    @_read.register
    def _(self, event: ev.CommandRefused) -> None:
        self.answered[event.command] = self.answered.get(event.command, 0) + 1
        self.must(len(event.why) > 10, f"refused without a reason: {event}")

    @_read.register
    def _(self, event: ev.RunPaused) -> None:
        self.must(not self.paused and not self.aborting, "paused twice, or while aborting")
        self.paused = True

    @_read.register
    def _(self, event: ev.RunResumed) -> None:
        wanted = self.said("resume") or self.said("close")  # of the red one that had stopped it
        self.must(self.paused and wanted != "", "resumed without being paused, or by nobody")
        self.paused = False

    @_read.register
    def _(self, event: ev.RunAborted) -> None:
        self.must(self.said("abort") != "", "aborted, and nobody wanted it")
        self.paused, self.aborting = False, True

    @_read.register
    def _(self, event: ev.RunEnded) -> None:
        self.ended = True
        for name, wave in self.waves.items():
            self.must(wave.phase in OVER, f"the run ended while {name} was {wave.phase}")
        self.must(not self.under_way(set(self.moves)), "the run ended over acts under way")
        if any(self.world.whole(move) == "none" for move in self.moves):
            adrift = [m for m in self.moves if self.world.whole(m) == "none"]
            excused = all(self.moves[m].given_up for m in adrift)
            self.must(excused, f"the run ended {event.outcome} with {adrift} on no side")
            said = event.outcome in {"stuck", "with_exceptions", "returned"}
            self.must(said, f"the run ended {event.outcome} over what was given up")

    # --- disturbances ---------------------------------------------------------------------------

    @_read.register
    def _(self, event: ev.DisturbanceOpened) -> None:
        whose = self.said("disturb") or "engine"
        self.must(event.by == whose, f"opened by nobody: {event}")
        self.must(event.disturbance not in self.red_at, f"opened twice: {event}")
        self.must(event.red_at <= self.now + RED, f"more time than a disturbance has: {event}")
        self.red_at[event.disturbance] = event.red_at

    @_read.register
    def _(self, event: ev.DisturbanceHastened) -> None:
        said = self.red_at[event.disturbance]
        self.must(event.red_at < said, f"later than was said: {event}")
        self.red_at[event.disturbance] = event.red_at

    @_read.register
    def _(self, event: ev.DisturbanceReddened) -> None:
        self.must(self.now >= self.red_at[event.disturbance], f"red before its time: {event}")
        stops = not self.paused and not self.aborting
        self.must(event.holds is stops, f"red, and it should stop what runs: {event}")
        self.red.add(event.disturbance)

    @_read.register
    def _(self, event: ev.DisturbanceClosed) -> None:
        self.must(self.said("close") == event.by, f"closed by nobody: {event}")
        self.must(event.cause != "" and event.reason != "", f"closed without a word: {event}")
        self.red.discard(event.disturbance)

    # --- gates and waves ------------------------------------------------------------------------

    def _phase(self, wave: str, to: str, *was: str) -> WaveSeen:
        seen = self.waves[wave]
        self.must(seen.phase in was, f"{wave} became {to} and was {seen.phase}")
        seen.phase = to
        return seen

    @_read.register
    def _(self, event: ev.GateOpened) -> None:
        self._phase(event.wave, "deciding", "planned")
        order = list(self.waves)
        for earlier in order[: order.index(event.wave)]:
            phase = self.waves[earlier].phase
            self.must(phase in OVER | {"moving", "committing"}, f"{event.wave} overtook {earlier}")

    @_read.register
    def _(self, event: ev.GateDecided) -> None:
        who = self.said("go")
        self.must(who == event.by and self.decides(who), f"nobody said go: {event}")
        self.must(not self.paused and not self.aborting, f"a go in a stopped run: {event}")
        wave = self._phase(event.wave, "moving", "deciding")
        self.must(not wave.holds, f"a go for a held wave: {event}")
        wave.decided = True

    @_read.register
    def _(self, event: ev.GateLapsed) -> None:
        self.must(event.by == "policy" or self.said("no-go") == event.by, f"whose no? {event}")
        self._phase(event.wave, "declined", "deciding")

    @_read.register
    def _(self, event: ev.AttemptOpened) -> None:
        self.must(self.said("retry") == event.by, f"tried again, and nobody asked: {event}")
        self.must(not self.aborting, f"tried again in an aborted run: {event}")
        wave = self._phase(event.wave, "planned", "declined", "returned", "blocked")
        self.must(event.attempt == wave.attempt + 1, f"an attempt is left out: {event}")
        most = self.itinerary.policy.waves_per_attempt_max
        self.must(event.attempt <= most, f"more attempts than the policy allows: {event}")
        wave.attempt, wave.decided = event.attempt, False
        wave.holds.clear()
        for name, move in self.moves.items():
            if move.wave == event.wave:
                self.must(not self.under_way({name}), f"{name} is still under way: {event}")
                self.must(self.world.whole(name) == "old" or move.given_up, f"{name}: {event}")
                self.moves[name] = MoveSeen(move.wave, given_up=move.given_up)

    @_read.register
    def _(self, event: ev.WaveHeld) -> None:
        wave = self.waves[event.wave]
        standing = {"planned", "deciding", "moving"}
        self.must(wave.phase in standing, f"held while {wave.phase}: {event}")
        self.must(event.subject not in wave.holds, f"held twice for one thing: {event}")
        wave.holds[event.subject] = (event.trouble, event.unwind_at)

    @_read.register
    def _(self, event: ev.HoldReleased) -> None:
        wave = self.waves[event.wave]
        gone = [event.subject] if event.subject else list(wave.holds)
        for subject in gone:
            trouble, _ = wave.holds.pop(subject, ("nothing", None))
            alone = trouble in BY_ONE or event.subject != ""
            self.must(alone and trouble != "nothing", f"released from {trouble}: {event}")
        if not wave.holds:
            wave.vetoed_by.clear()

    @_read.register
    def _(self, event: ev.VetoGiven) -> None:
        wave = self.waves[event.wave]
        self.must(self.said("veto") == event.by, f"whose veto? {event}")
        self.must(event.by not in wave.vetoed_by, f"vetoed twice by one person: {event}")
        if event.until is None:
            self.must(bool(wave.vetoed_by), f"one person stopped the clock for good: {event}")
        else:
            self.must(event.until <= self.now + VETO, f"stopped for too long: {event}")
        wave.vetoed_by.add(event.by)
        for subject, (trouble, _) in wave.holds.items():
            wave.holds[subject] = (trouble, event.until)

    @_read.register
    def _(self, event: ev.OverrideGiven) -> None:
        members = self.itinerary.members
        two = event.by != event.second and {event.by, event.second} <= members.keys()
        self.must(two and self.said("override") == event.by, f"not two people: {event}")
        wave = self.waves[event.wave]
        # What is refused after its wave was accepted holds nothing, and still keeps it from being
        # committed until two people answer for it.
        said = self.ticks.get(event.subject, {}).values()
        late = wave.phase == "accepted" and "does_not_work" in said
        self.must(event.subject in wave.holds or late, f"nothing was held for it: {event}")
        self.overridden.add((event.subject, wave.attempt))
        move, _, act = event.subject.partition("/")
        if act:
            self.must(self.declared.looks(move, act), f"an act was overridden: {event}")
            self.moves[move].acts[act] = "overridden"
            self.moves[move].given_up |= act == "probe"

    @_read.register
    def _(self, event: ev.LinkWaived) -> None:
        subject = f"{event.move}/{event.look}"
        self.must(self.said("waive") == event.by, f"nobody asked for it: {event}")
        self.must(subject in self.waves[event.wave].holds, f"nothing was held for it: {event}")
        self.must(event.look in LOOKS, f"an act was waived: {event}")
        # A look names one link here, so one waiver is all of them.
        self.must(event.left == 0, f"something is left: {event}")
        self.overridden.add((subject, event.attempt))
        self.moves[event.move].acts[event.look] = "overridden"

    @_read.register
    def _(self, event: ev.PartReturned) -> None:
        self._phase(event.wave, "moving", "unwinding")

    @_read.register
    def _(self, event: ev.WaveReturned) -> None:
        self._phase(event.wave, "returned", "unwinding")
        for name, move in self._of(event.wave):
            back = self.world.whole(name) == "old" or move.given_up
            self.must(back and not move.unwinding, f"{name} is not back: {event}")

    @_read.register
    def _(self, event: ev.WaveBlocked) -> None:
        self._phase(event.wave, "blocked", "planned", "deciding")

    @_read.register
    def _(self, event: ev.WaveVerified) -> None:
        self.must(self.waves[event.wave].phase == "moving", f"verified too early: {event}")
        self._evidence(event.wave, "verified")

    @_read.register
    def _(self, event: ev.WaveAccepted) -> None:
        wave = self._phase(event.wave, "accepted", "moving")
        self.must(not wave.holds, f"accepted while held: {event}")
        self._evidence(event.wave, "accepted")
        for name, move in self._of(event.wave):
            if not move.returned:
                done = self.world.whole(name) == "new" or move.given_up
                self.must(done, f"{name} is not whole on the new side: {event}")
                self.must(not self.under_way({name}), f"{name} is under way: {event}")

    @_read.register
    def _(self, event: ev.CommitBegun) -> None:
        who = self.said("commit")
        self.must(who == event.by and self.decides(who), f"nobody signed: {event}")
        self.must(not self.aborting, f"signed in an aborted run: {event}")
        self._phase(event.wave, "committing", "accepted").signed = True

    @_read.register
    def _(self, event: ev.WaveCommitted) -> None:
        self._phase(event.wave, "committed", "committing")

    def _of(self, wave: str) -> list[tuple[str, MoveSeen]]:
        return [(name, move) for name, move in self.moves.items() if move.wave == wave]

    def _evidence(self, wave: str, word: str) -> None:
        """Every check of what is kept was passed in this attempt, or two people answer for it."""
        for check in self.checks.values():
            if check.wave == wave and any(not self.moves[m].returned for m in check.core):
                self.must(check.id in self.passed, f"{wave} is {word}, {check.id} is not passed")
                self._enough(check.id, f"{wave} is {word}")

    def _enough(self, check: str, why: str) -> None:
        facts = self.checks[check]
        if (check, self.waves[facts.wave].attempt) in self.overridden:
            return
        said = self.ticks.get(check, {})
        yes = [who for who, what in said.items() if what in {"works", "works_but"}]
        enough = len(yes) >= facts.quorum and "does_not_work" not in said.values()
        self.must(enough and set(yes) <= set(facts.eligible), f"{why}: {check} has only {said}")

    # --- checks ---------------------------------------------------------------------------------

    @_read.register
    def _(self, event: ev.CheckOpened) -> None:
        check = self.checks[event.check]
        for move in check.core:
            seen = self.moves[move]
            there = seen.acts.get("switch") in DONE and not seen.unwinding
            self.must(there or seen.returned, f"{move} has not switched: {event}")
        self.opened[event.check] = event.attempt
        self.ticks[event.check] = {}
        self.said_before = {k: v for k, v in self.said_before.items() if k[0] != event.check}
        self.passed.discard(event.check)

    @_read.register
    def _(self, event: ev.TickGiven) -> None:
        self.must(self.said("tick") == event.person, f"whose tick? {event}")
        check = self.checks[event.check]
        self.must(event.person in check.eligible, f"may not tick: {event}")
        current = self.waves[check.wave].attempt
        self.must(self.opened.get(event.check) == event.attempt == current, f"closed: {event}")
        before = self.ticks[event.check].get(event.person)
        if before is not None:  # only a no may follow a yes
            reversed_now = before in {"works", "works_but"} and event.verdict == "does_not_work"
            self.must(reversed_now, f"said already: {event}")
            self.said_before[event.check, event.person] = before
        if event.check in self.passed:
            self.must(event.verdict == "does_not_work", f"it has passed: {event}")
            self.passed.discard(event.check)
        self.ticks[event.check][event.person] = event.verdict

    @_read.register
    def _(self, event: ev.DefectFiled) -> None:
        said = self.ticks[event.check].get(event.person)
        self.must(said == "works_but", f"nobody said so: {event}")
        self.defects[event.defect] = event

    @_read.register
    def _(self, event: ev.DefectRaised) -> None:
        self.must(self.said("raise") == event.by, f"who raises it? {event}")
        self.must(event.by in {"anna", "bo", "dora", "lena"}, f"leads nothing: {event}")
        self.must(self.defects[event.defect].check == event.check, f"of another check: {event}")
        before = self.ticks[event.check].get(event.by)
        if before is not None:
            self.said_before[event.check, event.by] = before
        self.ticks[event.check][event.by] = "does_not_work"
        self.passed.discard(event.check)

    @_read.register
    def _(self, event: ev.CheckAssigned) -> None:
        if event.claimed:
            self.must(self.said("claim") == event.person, f"who takes it? {event}")
        self.must(event.person not in self.ticks[event.check], f"has said already: {event}")
        check = self.checks[event.check]
        self.must(event.person in check.eligible, f"may not verify: {event}")

    @_read.register
    def _(self, event: ev.CheckHandedOver) -> None:
        who = self.said("hand-over") or self.said("leave")
        self.must(who == event.by, f"who hands it over? {event}")
        check = self.checks[event.check]
        self.must(not event.to or event.to in check.eligible, f"may not verify: {event}")
        self.must(event.to not in self.ticks[event.check], f"has said already: {event}")

    @_read.register
    def _(self, event: ev.WrongSideSeen) -> None:
        self.must(self.said("tick") == event.person, f"whose eyes? {event}")
        self.must(event.person not in self.ticks[event.check], f"said already: {event}")

    @_read.register
    def _(self, event: ev.TickWithdrawn) -> None:
        self.must(self.said("withdraw") == event.person, f"whose tick was that? {event}")
        self.ticks[event.check].pop(event.person)
        before = self.said_before.pop((event.check, event.person), None)
        if before is not None:
            self.ticks[event.check][event.person] = before
        self.passed.discard(event.check)

    @_read.register
    def _(self, event: ev.CheckPassed) -> None:
        self._enough(event.check, "passed")
        self.passed.add(event.check)

    @_read.register
    def _(self, event: ev.CheckVoided) -> None:
        self.opened.pop(event.check, None)
        self.passed.discard(event.check)
