"""A conductor for one thread and no loop: the engine, the small world and the witness, together.

Whoever drives it says how every act ends, when time passes, when the process dies and what people
want; the player does what a conductor does about it. Each commit is told to a second run through
JSON, as a journal would tell it, and to the witness. `wrong` lists every promise that was broken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from migrator.engine import events as ev
from migrator.engine.amending import digest_in_use, files_of
from migrator.engine.commands import answer
from migrator.engine.decide import decide, open_doubts
from migrator.engine.fold import apply, fold
from migrator.engine.policy import in_doubt
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run, new_run
from migrator.engine.states import RunState, WaveState
from migrator.engine.waits import waits
from migrator.plan.means import InDoubt
from migrator.plan.model import Itinerary
from playing import the_first_line
from simulation.declared import OWN
from simulation.small_world import Refused, SmallWorld, authority_by
from simulation.witness import Witness

PASSES_MAX: Final = 300
LINK_LOOKS: Final = frozenset({"baseline", "probe-links", "soak", "prove-back"})
Intent = ev.StepStarted | ev.UndoStarted
Key = tuple[str, str]


class Player:
    """One run, played. `tasks` are acts that a platform is at; `doubts` wait for its answer;
    `hands` are acts that persons are at, `clocks` are waits.
    """

    def __init__(self, itinerary: Itinerary, codes: dict[str, str]) -> None:
        """Begin the run and let the engine say what it says at once."""
        self.itinerary = itinerary
        self.codes = codes
        self.world = SmallWorld(itinerary)
        self.witness = Witness(itinerary, self.world, codes)
        self.run = new_run(itinerary)
        self.twin = new_run(itinerary)
        self.now = itinerary.window.start
        self.history: list[tuple[datetime, ev.Event]] = []
        self.tasks: dict[Key, Intent] = {}
        self.doubts: dict[Key, Intent] = {}
        self.hands: dict[Key, Intent] = {}
        self.clocks: set[Key] = set()
        self.given: list[OperatorCommand] = []
        self._ids = count(1)
        self.wake_at: datetime | None = None
        self._note([the_first_line()])
        self.settle()

    # --- facts ------------------------------------------------------------------------------

    def _note(self, events: Sequence[ev.Event]) -> None:
        """Commit facts: fold them, tell the twin and the witness, begin and end tasks."""
        for event in events:
            apply(self.run, self.now, event)
            told = json.loads(json.dumps(ev.event_to_data(event)))
            apply(self.twin, self.now, ev.event_from_data(type(event).__name__, told))
            self.history.append((self.now, event))
        self.witness.read(self.now, events)
        for event in events:
            if isinstance(event, ev.StepStarted) and event.step not in OWN:
                self._begin((event.move, event.step), event)
            elif isinstance(event, ev.UndoStarted):
                self._begin((event.move, event.undo), event)
            elif isinstance(event, ev.StepEnded):
                self._over((event.move, event.step))
            elif isinstance(event, ev.UndoEnded):
                self._over((event.move, event.undo))

    def _begin(self, key: Key, intent: Intent) -> None:
        """Whoever performs an act takes it up, with the files that it has at this moment."""
        if self.witness.declared.by_hand(*key):
            self.hands[key] = intent
        elif self.witness.declared.by_clock(*key):
            self.clocks.add(key)
        else:
            self.tasks[key] = intent
            files, meant = self._files(key), self.witness.bytes_of(key)
            self.witness.must(files == meant, f"{intent} uses {files}, it should use {meant}")

    def _files(self, key: Key) -> dict[str, str]:
        """The digests that the next try of an act uses, as the engine says."""
        return {name: digest_in_use(self.run, *key, name) for name in files_of(self.run, *key)}

    def _over(self, key: Key) -> None:
        self.tasks.pop(key, None)
        self.hands.pop(key, None)
        self.clocks.discard(key)

    def note(self, event: ev.Event) -> None:
        """A fact that nobody here can cause: a forecast. The engine then says what it says."""
        self._note([event])
        self.settle()

    def settle(self) -> None:
        """Let the engine speak until it has nothing more to say at this instant."""
        for _ in range(PASSES_MAX):
            decision = decide(self.run, self.now)
            if not decision.events:
                self.wake_at = decision.wake_at
                return
            self._note(decision.events)
        self.witness.wrong(f"the engine still speaks after {PASSES_MAX} passes")

    def pass_time(self, minutes: float) -> None:
        """Let time pass, and work come in."""
        self.now += timedelta(minutes=minutes)
        self.world.work()
        self.settle()

    def wake(self) -> bool:
        """Let time pass until the engine wants to be asked again; False when it never does."""
        if self.wake_at is None:
            return False
        self.pass_time((self.wake_at - self.now).total_seconds() / 60)
        return True

    # --- acts -------------------------------------------------------------------------------

    def effect(self, key: Key) -> bool:
        """Let an act take effect in the world, heard by nobody; False where the world refuses."""
        intent = self.tasks.get(key) or self.hands[key]
        move, act = key
        try:
            self.world.take_effect(move, act, intent.token)
        except Refused as refused:
            if not self.witness.moves[move].given_up:
                self.witness.wrong(f"the engine asked for what breaks a promise: {refused}")
            return False
        if authority_by(self.world.subsystems[move], act) is not None:
            self.witness.moves[move].unheard = True
        return True

    def end(self, key: Key, how: str = "done") -> None:
        """Let an act end: done, failed, half (failed half-way), late (done, but told as failed)."""
        intent = self.tasks[key]
        move, act = key
        done = how in {"done", "late"} and self.effect(key)
        if how == "half":
            self.world.half(move, act)
        outcome = "done" if done and how == "done" else "failed"
        facts: list[ev.Event] = []
        if act in LINK_LOOKS:
            lost = 0 if outcome == "done" else 1
            names = (f"l-{move}",) * lost
            facts.append(ev.LinksJudged(move, intent.attempt, act, 5, 0, 0, lost, 0, names))
        if isinstance(intent, ev.StepStarted):
            facts.append(ev.StepEnded(move, act, intent.attempt, outcome, how))
        else:
            facts.append(ev.UndoEnded(move, act, intent.attempt, outcome, how))
        side = authority_by(self.world.subsystems[move], act)
        if outcome == "done" and side is not None:
            facts.append(ev.AuthorityMoved(move, side))
        self._note(facts)
        self.settle()

    # --- death and what follows -------------------------------------------------------------

    def die(self, fates: Sequence[str], away: float = 0.0) -> None:
        """Kill the process: what was under way took effect whole, half or not; then restart.

        Nobody leads the run for so many minutes; persons go on with their tasks, and so do clocks.
        """
        for key, fate in zip(sorted(self.tasks), fates, strict=False):
            if fate == "whole":
                self.effect(key)
            elif fate == "half":
                self.world.half(*key)
        under_way = {**self.doubts, **self.tasks}
        self.tasks.clear()
        self.doubts.clear()
        self.now += timedelta(minutes=away)
        self.run = fold(self.itinerary, self.history)
        for key in open_doubts(self.run):
            if key[1] in OWN or key in self.hands or key in self.clocks:
                continue
            intent = self.doubts[key] = under_way[key]
            if self.run.in_flight[key].state.value == "started":
                kind = ev.StepDoubted if isinstance(intent, ev.StepStarted) else ev.UndoDoubted
                self._note([kind(*key, intent.attempt)])
        self.settle()

    def settle_doubt(self, key: Key, *, tells: bool = True) -> None:
        """Let the world answer about a doubtful act, or let it not know."""
        intent = self.doubts.pop(key)
        move, act = key
        declared = in_doubt(self.run.itinerary.recipes[self.run.itinerary.legs[move].recipe], act)
        outcome = {InDoubt.REPEAT: "not_done", InDoubt.ASK: "unknown"}.get(declared, "")
        if not outcome:
            there = "done" if intent.token in self.world.effects else "not_done"
            outcome = there if tells else "unknown"
        kind = ev.StepSettled if isinstance(intent, ev.StepStarted) else ev.UndoSettled
        facts: list[ev.Event] = [kind(move, act, intent.attempt, outcome, "asked the world")]
        side = authority_by(self.world.subsystems[move], act)
        if outcome == "done" and side is not None:
            facts.append(ev.AuthorityMoved(move, side))
        self._note(facts)
        self.settle()

    # --- people -----------------------------------------------------------------------------

    def word(self, verb: str, target: str, by: str, **words: str) -> OperatorCommand:
        """Write a command down, as somebody who sees the run as it is now."""
        reason = words.pop("reason", "so be it")
        details = tuple(sorted(words.items()))
        name = f"c{next(self._ids)}"
        return OperatorCommand(name, verb, by, True, target, reason, self.run.seq, details)

    def give(self, command: OperatorCommand) -> tuple[ev.Event, ...]:
        """Give a command: answered once, whatever it is, and not at all when it comes again."""
        before = command.id in self.witness.answered
        facts = answer(self.run, command, self.now, self.codes)
        self.witness.must(bool(facts) is not before, f"{command} got {len(facts)} facts")
        self._ticked(command, facts)
        by_hand = [
            event
            for event in facts
            if isinstance(event, ev.StepResolved | ev.UndoResolved) and event.how == "force-done"
        ]
        if any(type(event).__name__ == "LossAccepted" for event in facts):
            self._accept_loss(command.target.partition("/")[0])
            by_hand = []
        for event in by_hand:  # people do not lie here: what they say is done, they have done
            self._by_hand(event)
        self.given.append(command)
        self.witness.commanding = command
        self._note(facts)
        self.witness.commanding = None
        self.settle()
        return facts

    def say(self, verb: str, target: str, by: str, **words: str) -> tuple[ev.Event, ...]:
        """Write a command and give it at once."""
        return self.give(self.word(verb, target, by, **words))

    def _ticked(self, command: OperatorCommand, facts: Sequence[ev.Event]) -> None:
        """Whoever ticks a task as done has done it, if it had not taken effect before."""
        for event in facts if command.verb == "tick" else ():
            if isinstance(event, ev.StepEnded | ev.UndoEnded) and event.outcome == "done":
                act = event.step if isinstance(event, ev.StepEnded) else event.undo
                key = (event.move, act)
                if key in self.hands and self.hands[key].token not in self.world.effects:
                    self.effect(key)

    def _accept_loss(self, move: str) -> None:
        """Two people go on without the rows that did not come back."""
        place = self.world.subsystems[move]
        place.written = set(place.old.rows)
        place.new.rows &= place.written

    def _by_hand(self, event: ev.StepResolved | ev.UndoResolved) -> None:
        act = event.step if isinstance(event, ev.StepResolved) else event.undo
        record = self.run.moves[event.move]
        token = (record.steps.get(act) or record.undos[act]).token
        try:
            self.world.take_effect(event.move, act, token)
        except Refused as refused:
            if not self.witness.moves[event.move].given_up:
                self.witness.wrong(f"a person could not do by hand what was asked for: {refused}")

    # --- what must hold at every moment -----------------------------------------------------

    def wrong(self) -> list[str]:
        """Every promise that was broken so far, and what does not hold at this moment."""
        late = self.witness.late_or_doubled()
        return [*self.world.broken, *self.witness.broken, *late, *self._now_wrong()]

    def _now_wrong(self) -> Iterator[str]:
        if self.run != self.twin:
            names = [f.name for f in fields(Run) if self._differs(f.name)]
            yield f"the journal tells another run: {', '.join(names)}"
        for move, seen in self.witness.moves.items():
            engine = self.run.authority[move].value
            if engine != seen.told:
                yield f"{move}: authority is {engine} for the engine, it was told {seen.told}"
            there = self.world.subsystems[move].authority
            if engine != there and not seen.unheard:
                yield f"{move}: authority is {engine} for the engine and {there} in the world"
        for check, said in self.witness.ticks.items():
            known = self.run.checks[check]
            if dict(known.ticks) != said:
                yield f"{check}: the engine knows {known.ticks}, people said {said}"
        if self.run.itinerary != self.witness.itinerary:
            yield "the run follows a plan that nobody has agreed on"
        for key, bytes_ in self.witness.amended.items():
            if not bytes_.items() <= self._files(key).items():
                yield f"{'/'.join(key)} would use {self._files(key)}, amended was {bytes_}"
        performed = {*self.tasks, *self.doubts, *self.hands, *self.clocks}
        if set(self.run.in_flight) != {*performed, *self._own()}:
            yield f"in flight are {set(self.run.in_flight)}, under way {set(self.tasks)}"
        for command, times in self.witness.answered.items():
            if times != 1:
                yield f"{command} was answered {times} times"
        yield from self._silent()

    def _differs(self, name: str) -> bool:
        return bool(getattr(self.run, name) != getattr(self.twin, name))

    def _own(self) -> set[Key]:
        return {key for key in self.run.in_flight if key[1] in OWN}

    def _silent(self) -> Iterator[str]:
        """Whatever waits has an hour, or says on whom it waits."""
        if self.wake_at is not None and self.wake_at <= self.now:
            yield f"the engine wants to be asked again at {self.wake_at}, which has passed"
        if self.run.state is RunState.ENDED or self.tasks or self.doubts:
            return
        said = [wait for wait in waits(self.run, self.now) if wait.on_whom and wait.waits_for]
        if self.wake_at is None and not any(wait.human for wait in said):
            yield "everything stands still, and nobody is told"
        for name, wave in self.run.waves.items():
            named = any(wait.wave == name for wait in said)
            if wave.state in {WaveState.HELD, WaveState.STUCK, WaveState.DECIDING} and not named:
                yield f"{name} is {wave.state.value}, and nobody is told on whom it waits"
