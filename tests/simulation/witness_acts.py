"""The witness's part about single acts: when one may start, how it ended, what it moved.

Used by `witness.py`, which is the whole witness. The same holds here: nothing is taken from the
engine's state, only from its facts, from the plan and from the small world.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import singledispatchmethod
from typing import Final

from migrator.engine import events as ev
from migrator.engine.ports import OperatorCommand
from migrator.plan.model import Itinerary
from simulation.declared import LOOKS, OWN, Declared
from simulation.small_world import SmallWorld

COMMIT: Final = frozenset({"finalise", "retire"})
DONE: Final = frozenset({"done", "skip", "force-done", "overridden", "abandon"})


@dataclass(slots=True)
class WaveSeen:
    """What was read of a wave."""

    phase: str = "planned"
    attempt: int = 1
    holds: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    vetoed_by: set[str] = field(default_factory=set)
    decided: bool = False  # somebody said go in this attempt
    signed: bool = False


@dataclass(slots=True)
class MoveSeen:
    """What was read of a move in its current attempt."""

    wave: str
    acts: dict[str, str] = field(default_factory=dict)  # act -> how it ended last; "" under way
    unwinding: bool = False
    returned: bool = False
    told: str = "old"  # authority
    unheard: bool = False  # something moved authority, and nobody has been told
    given_up: bool = False  # a human left part of it out


class ActsWitness:
    """What is known of waves, moves and people, and the rules about acts."""

    def __init__(self, itinerary: Itinerary, world: SmallWorld) -> None:
        """Know the plan and the world, and nothing of the engine's state."""
        self.follow(itinerary)
        self.world = world
        self.broken: list[str] = []
        self.now = itinerary.window.start
        self.paused = self.aborting = self.ended = False
        self.waves = {str(wave.id): WaveSeen() for wave in itinerary.waves}
        self.moves = {str(leg.id): MoveSeen(leg.wave) for leg in itinerary.legs.values()}
        self.ticks: dict[str, dict[str, str]] = {}
        self.said_before: dict[tuple[str, str], str] = {}  # (check, person) -> the verdict before
        self.defects: dict[str, ev.DefectFiled] = {}
        self.opened: dict[str, int] = {}  # check -> attempt in which it is open or passed
        self.passed: set[str] = set()
        self.overridden: set[tuple[str, int]] = set()
        self.answered: dict[str, int] = {}
        self._clock_ran: datetime | None = None
        self.commanding: OperatorCommand | None = None
        self.tokens: dict[str, tuple[str, str, int]] = {}
        self._stands_for = {
            str(member.deputy): str(member.id)
            for member in itinerary.members.values()
            if member.deputy is not None
        }

    def follow(self, itinerary: Itinerary) -> None:
        """Know this plan from here on."""
        self.itinerary = itinerary
        self.declared = Declared(itinerary)
        self.legs = {str(leg.id): leg for leg in itinerary.legs.values()}
        self.checks = {check.id: check for check in itinerary.checks}

    def wrong(self, what: str) -> None:
        """Keep a broken rule."""
        self.broken.append(what)

    def must(self, holds: bool, what: str) -> None:
        """Keep a rule that does not hold."""
        if not holds:
            self.wrong(what)

    def said(self, *verbs: str) -> str:
        """Who has just given one of these verbs; empty when nobody has."""
        command = self.commanding
        return command.actor if command is not None and command.verb in verbs else ""

    def decides(self, person: str) -> bool:
        """Tell whether somebody may decide, or stands in for somebody who may."""
        makers = {
            str(member.id)
            for member in self.itinerary.members.values()
            if "decision_maker" in member.roles
        }
        return person in makers or self._stands_for.get(person, "") in makers

    def under_way(self, moves: set[str]) -> set[str]:
        """Acts of these moves that may be changing the world at this moment."""
        return {
            f"{move}/{act}"
            for move in moves
            for act, how in self.moves[move].acts.items()
            if how == "" and self.declared.changes(move, act)
        }

    @singledispatchmethod
    def read_act(self, event: ev.Event) -> None:
        """Most facts are not about an act."""

    # --- steps ----------------------------------------------------------------------------------

    @read_act.register
    def _(self, event: ev.StepStarted) -> None:
        move, wave = self.moves[event.move], self.waves[self.moves[event.move].wave]
        self._began(event.move, event.step, event.attempt, event.token, move)
        first = {kind.value for kind in self.itinerary.policy.ahead_of_gate}
        ahead = event.step in first
        self.must(not wave.holds, f"began in a held wave: {event}")
        signed = wave.phase == "committing"  # a signature is carried out in a paused run too
        self.must(signed or not self.paused, f"began in a paused run: {event}")
        self.must(not move.unwinding and not move.returned, f"goes on while it goes back: {event}")
        if wave.phase == "committing":
            self.must(event.step in COMMIT and wave.signed, f"not a commit's step: {event}")
        elif wave.phase == "moving":
            self.must(wave.decided and event.step not in COMMIT, f"not its time: {event}")
            self.must(not self.aborting, f"began in an aborted run: {event}")
        else:
            open_gate = wave.phase in {"planned", "deciding"} and not self.aborting
            self.must(open_gate and ahead, f"began while {wave.phase}: {event}")
        self._in_order(event, move, ahead=wave.phase != "moving" and ahead)
        kinds = self._steps(event.move)
        if event.step == ("quiesce" if "quiesce" in kinds else "switch"):
            for earlier in self.legs[event.move].after:
                before = self.moves[earlier]
                there = before.acts.get("switch") in DONE and not before.unwinding
                self.must(there and not before.returned, f"cut before {earlier}: {event}")

    def _steps(self, move: str) -> list[str]:
        recipe = self.itinerary.recipes[self.legs[move].recipe]
        return [step.key for step in (*recipe.steps, *recipe.commit)]

    def _in_order(self, event: ev.StepStarted, move: MoveSeen, *, ahead: bool) -> None:
        for name in self._steps(event.move):
            if name == event.step:
                return
            if not (ahead and name in LOOKS):
                done = move.acts.get(name) in DONE
                self.must(done, f"{event.move}/{name} comes first: {event}")

    def _began(self, name: str, act: str, attempt: int, token: str, move: MoveSeen) -> None:
        how = move.acts.get(act)
        self.must(how != "", f"{name}/{act} began twice at once")
        self.must(how not in DONE, f"{name}/{act} began again after it was {how}")
        self.must(not self.ended, f"{name}/{act} began after the end")
        known = self.tokens.setdefault(token, (name, act, attempt))
        self.must(known == (name, act, attempt), f"{name}/{act} has the token of {known}")
        ours = [token for token, of in self.tokens.items() if of == (name, act, attempt)]
        self.must(len(ours) == 1, f"{name}/{act} has two tokens in attempt {attempt}")
        self.must(attempt == self.waves[move.wave].attempt, f"{name}/{act}: attempt {attempt}")
        move.acts[act] = ""

    def _ended(self, name: str, act: str, how: str) -> None:
        move = self.moves[name]
        self.must(move.acts.get(act) == "", f"{name}/{act} ended {how} without having begun")
        move.acts[act] = how

    @read_act.register
    def _(self, event: ev.StepEnded) -> None:
        self._ended(event.move, event.step, event.outcome)

    @read_act.register
    def _(self, event: ev.StepSettled) -> None:
        self._ended(event.move, event.step, event.outcome)

    @read_act.register
    def _(self, event: ev.StepResolved) -> None:
        self._resolved(event.move, event.step, event.how, event.by)
        if event.how == "skip" and event.step == "start":
            self.moves[event.move].given_up = True  # whoever skips this knows what will be missing

    def _resolved(self, name: str, act: str, how: str, by: str) -> None:
        move = self.moves[name]
        was = move.acts.get(act, "never begun")
        loss = act == "bring-back" and how == "force-done"
        verb = "override" if loss else how  # no single person says that every row is back
        self.must(self.said(verb) == by, f"{name}/{act}: nobody said {verb}")
        self.must(was in {"failed", "timed_out", "unknown"}, f"{name}/{act}: {how}, it was {was}")
        evidence = how != "retry" and act in LOOKS | OWN
        self.must(not evidence, f"{name}/{act}: one person answers for evidence by {how}")
        move.acts[act] = "failed" if how == "retry" else how

    # --- undos ----------------------------------------------------------------------------------

    @read_act.register
    def _(self, event: ev.UndoStarted) -> None:
        move, wave = self.moves[event.move], self.waves[self.moves[event.move].wave]
        self._began(event.move, event.undo, event.attempt, event.token, move)
        self.must(move.unwinding and not move.returned, f"nobody unwinds it: {event}")
        self.must(not wave.signed, f"a committed wave is undone: {event}")
        recipe = self.itinerary.recipes[self.legs[event.move].recipe]
        undos = [undo.key for undo in recipe.unwind]
        for earlier in undos[: undos.index(event.undo)]:
            how = move.acts.get(earlier, "done")
            self.must(how in DONE, f"{event.move}/{earlier} is {how}: {event}")
        self.must(len(self.under_way({event.move})) == 1, f"beside something else: {event}")

    @read_act.register
    def _(self, event: ev.UndoEnded) -> None:
        self._ended(event.move, event.undo, event.outcome)

    @read_act.register
    def _(self, event: ev.UndoSettled) -> None:
        self._ended(event.move, event.undo, event.outcome)

    @read_act.register
    def _(self, event: ev.UndoResolved) -> None:
        self._resolved(event.move, event.undo, event.how, event.by)
        if event.how in {"skip", "abandon"}:
            self.moves[event.move].given_up = True

    @read_act.register
    def _(self, event: ev.UnwindBegun) -> None:
        wave = self.waves[event.wave]
        self.must(not wave.signed, f"a committed wave is unwound: {event}")
        due = [
            at for seen in self.waves.values() for _, at in seen.holds.values() if at is not None
        ]
        wanted = self.said("unwind") != "" or wave.phase in {"declined", "unwinding"}
        if any(at <= self.now for at in due):
            self._clock_ran = self.now  # one clock may take moves of several waves back
        by_clock = event.by == "policy" and self._clock_ran == self.now
        by_engine = event.by == "engine"  # an abort, or what it needs is gone
        self.must(wanted or by_clock or by_engine, f"nobody wanted this unwind: {event}")
        busy = self.under_way(set(event.moves))
        self.must(not busy, f"{busy} would take effect behind its undo's back: {event}")
        for name in event.moves:
            self.must(not self.moves[name].returned, f"{name} is back already: {event}")
            self.moves[name].unwinding = True
        wave.phase = "unwinding"
        wave.holds.clear()
        wave.vetoed_by.clear()

    @read_act.register
    def _(self, event: ev.MoveReturned) -> None:
        move, place = self.moves[event.move], self.world.subsystems[event.move]
        move.unwinding, move.returned = False, True
        if move.given_up:
            return
        self.must(self.world.whole(event.move) == "old", f"not whole on the old side: {event}")
        left = place.new.runs or place.new.granted or place.prepared or place.turned
        rows = place.keeps_rows and bool(place.new.rows)
        self.must(not left and not rows, f"something is left on the target: {event}")
        self.must(not self.under_way({event.move}), f"something is under way: {event}")

    @read_act.register
    def _(self, event: ev.AuthorityMoved) -> None:
        move = self.moves[event.subsystem]
        there = self.world.subsystems[event.subsystem].authority
        self.must(there == event.side, f"the world gives authority to {there}: {event}")
        move.told, move.unheard = event.side, False
