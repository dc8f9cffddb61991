"""The conductor: asks `decide`, commits the facts, performs the intents, hears the outcomes.

Made by `wiring` with its adapters; one per run. Every fact is appended before it is acted upon;
results and next starts share a commit. It decides nothing: which act follows, what a failure
means and when a wave is held stands in `engine/`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from migrator.conductor.foreseeing import Foreseeing
from migrator.engine import events as ev
from migrator.engine.commands import answer
from migrator.engine.decide import decide, open_doubts
from migrator.engine.fold import apply, fold
from migrator.engine.policy import in_doubt
from migrator.engine.ports import ActResult, Entry, Journal, Line, Platform
from migrator.engine.run import ActRecord, Run
from migrator.engine.states import ActState, RunState
from migrator.errors import MigratorError
from migrator.plan.means import InDoubt

PASSES_MAX: Final = 1_000
"""Passes of `decide` at one instant: a run of 1,000 subsystems needs a few dozen."""

Intent = ev.StepStarted | ev.UndoStarted


class RunClock(Protocol):
    """What the loop needs of a clock."""

    def now(self) -> datetime:
        """Run time."""

    def watch(self, task: asyncio.Task[None]) -> None:
        """Count a task as busy until it ends."""

    async def wait(self, changed: asyncio.Event, until: datetime | None) -> bool:
        """Wait for news or a deadline; False when nothing will ever happen."""


Listener = Callable[[Run, Sequence[Line]], None]
"""Told of every commit, after it. Must neither block nor change the run."""


@dataclass(slots=True)
class Conductor:
    """Carries one run. `listeners` are told of each commit; `idle` is called before each wait."""

    journal: Journal
    platform: Platform
    clock: RunClock
    run: Run
    codes: Mapping[str, str] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    before_waiting: Callable[[Run], None] | None = None
    foreseeing: Foreseeing | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False
    _tasks: dict[tuple[str, str], asyncio.Task[None]] = field(default_factory=dict)
    _spawned: set[asyncio.Task[None]] = field(default_factory=set)
    _heard: list[tuple[Intent, ActResult]] = field(default_factory=list)
    _noted: list[Entry] = field(default_factory=list)
    _failure: BaseException | None = None

    @property
    def busy(self) -> bool:
        """Tell whether anything runs by itself: an act, or somebody simulated who will speak."""
        return bool(self._spawned) or self.changed.is_set()

    async def conduct(self) -> Run:
        """Carry the run to its end, or until nothing more will happen without a person."""
        try:
            self._doubt()
            while self.run.state is not RunState.ENDED:
                wake_at = self._settle_down()
                if self.stopping and not self._tasks:
                    break
                if self.foreseeing is not None and not self.foreseeing.when_quiet:
                    self.foresee()
                if self.before_waiting is not None:
                    self.before_waiting(self.run)
                if not await self.clock.wait(self.changed, wake_at):
                    break
                self.changed.clear()
                if self._failure is not None:
                    raise self._failure
                self._hear()
                self._hear_forecasts()
                self._obey()
        finally:
            await self._end_tasks()
        return self.run

    # --- facts ------------------------------------------------------------------------------

    def _append(self, actor: str, events: Iterable[ev.Event]) -> None:
        """Commit facts in a commit of their own."""
        self._commit()
        self._note(actor, events)
        self._commit()

    def _note(self, actor: str, events: Iterable[ev.Event]) -> None:
        """Fold facts that the next commit keeps; until then nothing is done or told of them."""
        at = self.clock.now()
        for event in events:
            apply(self.run, at, event)
            self._noted.append(Entry(at, actor, event))

    def _commit(self) -> None:
        """Keep what was noted, begin what it intends, tell the listeners.

        When this fails the run is ahead of its journal: the loop ends, and the next process folds
        the journal anew.
        """
        noted, self._noted = self._noted, []
        if not noted:
            return
        lines = self.journal.append(noted)
        for entry in noted:
            self._follow(entry.event)
        for listener in self.listeners:
            listener(self.run, lines)

    def _follow(self, event: ev.Event) -> None:
        """Begin or end the task that belongs to a committed fact."""
        if isinstance(event, ev.StepStarted):
            if not self._act(event.move, event.step).by_engine:
                self._begin((event.move, event.step), event)
        elif isinstance(event, ev.UndoStarted):
            if not self._act(event.move, event.undo).by_engine:
                self._begin((event.move, event.undo), event)
        elif isinstance(event, ev.StepEnded):
            self._drop((event.move, event.step))
        elif isinstance(event, ev.UndoEnded):
            self._drop((event.move, event.undo))

    def _act(self, move: str, name: str) -> ActRecord:
        moves = self.run.moves[move]
        return moves.steps.get(name) or moves.undos[name]

    def _settle_down(self) -> datetime | None:
        """Let `decide` speak until it has nothing more to say at this instant; one commit."""
        for _ in range(PASSES_MAX):
            decision = decide(self.run, self.clock.now())
            if not decision.events or self.stopping:
                self._commit()
                return decision.wake_at
            self._note("engine", decision.events)
        raise AssertionError(f"decide found something new {PASSES_MAX} times at one instant")

    def _obey(self) -> None:
        """Answer the commands that wait: an answer's commit holds nothing else."""
        for command in self.journal.take_commands():
            self._append(command.actor, answer(self.run, command, self.clock.now(), self.codes))

    # --- forecasts --------------------------------------------------------------------------

    def foresee(self) -> bool:
        """Have somebody say what is to be expected now; True where that was begun."""
        if self.foreseeing is None or self.stopping:
            return False
        return self.foreseeing.consider(self.run, self.clock.now(), self.spawn, self.changed)

    def _hear_forecasts(self) -> None:
        """What a forecast says that is new is a fact; what follows from it shares its commit."""
        if self.foreseeing is not None:
            self._note("conductor", self.foreseeing.hear(self.run, self.clock.now()))

    # --- acts -------------------------------------------------------------------------------

    def _begin(self, key: tuple[str, str], intent: Intent) -> None:
        self._tasks[key] = self.spawn(self._perform(key, intent), "/".join(key))

    def spawn(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        """Start a task that the run's clock knows of."""
        task = asyncio.create_task(work, name=name)
        self.clock.watch(task)
        self._spawned.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[None]) -> None:
        """A task that could not write its facts ends the loop: nobody else would hear of it."""
        self._spawned.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failure = error
            self.changed.set()

    def _drop(self, key: tuple[str, str]) -> None:
        """End a task whose act has ended for the journal: timed out, or cut short."""
        task = self._tasks.pop(key, None)
        if task is not None and not task.done():
            task.cancel()

    async def _perform(self, key: tuple[str, str], intent: Intent) -> None:
        """Perform one act; whatever it says becomes a fact in the loop, not here."""
        result = await self._ask(self.platform.perform(intent), "failed")
        if result is not None and self._tasks.get(key) is asyncio.current_task():
            self._heard.append((intent, result))
            self.changed.set()

    async def _ask(
        self, asked: Coroutine[object, object, ActResult], otherwise: str
    ) -> ActResult | None:
        """What the platform says; its errors are an outcome, and a bug in it ends the loop."""
        try:
            return await asked
        except MigratorError as error:
            return ActResult(otherwise, f"{error.reference}: {error.message}")
        except Exception as error:  # noqa: BLE001 - the task's edge: the loop raises it
            self._failure = error
            self.changed.set()
            return None

    def _hear(self) -> None:
        """Turn what was heard into facts, in a stable order; they share the next starts' commit."""
        heard, self._heard = self._heard, []
        for intent, result in sorted(heard, key=lambda pair: pair[0].token):
            key = (intent.move, intent.step if isinstance(intent, ev.StepStarted) else intent.undo)
            self._tasks.pop(key, None)
            self._note("conductor", outcome_events(intent, result))

    async def _end_tasks(self) -> None:
        tasks = [task for task in self._spawned if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    # --- after a restart --------------------------------------------------------------------

    def _doubt(self) -> None:
        """Settle every act that an earlier conductor began and never ended."""
        for move, name in open_doubts(self.run):
            record = self._act(move, name)
            if record.by_engine:
                continue
            if record.state is ActState.STARTED:
                attempt = self.run.moves[move].attempt
                is_step = name in self.run.moves[move].steps
                kind = ev.StepDoubted if is_step else ev.UndoDoubted
                self._append("conductor", [kind(move, name, attempt)])
            key = (move, name)
            self._tasks[key] = self.spawn(self._settle(key), f"settle {move}/{name}")

    async def _settle(self, key: tuple[str, str]) -> None:
        """Ask the world about one doubtful act, as its kind's policy says."""
        move, name = key
        record = self._act(move, name)
        recipe = self.run.itinerary.recipes[self.run.itinerary.legs[move].recipe]
        policy = in_doubt(recipe, name)
        if policy is InDoubt.REPEAT:
            result = ActResult("not_done", "it may be repeated with the same token")
        elif policy is InDoubt.ASK:
            result = ActResult("unknown", "only a person can tell")
        else:
            asked = self.platform.observe(self._intent(move, name))
            answer = await self._ask(asked, "unknown")
            if answer is None:
                return
            result = answer
        self._tasks.pop(key, None)
        attempt = self.run.moves[move].attempt
        is_step = name in self.run.moves[move].steps
        kind = ev.StepSettled if is_step else ev.UndoSettled
        facts: list[ev.Event] = [kind(move, name, attempt, result.outcome, result.detail)]
        if result.outcome == "done" and result.authority is not None:
            facts.append(ev.AuthorityMoved(move, result.authority))
        assert record.state is ActState.DOUBTED, "a doubt is settled once"
        self._append("conductor", facts)
        self.changed.set()

    def _intent(self, move: str, name: str) -> Intent:
        """The intent of an act in flight, as it was journalled."""
        moves = self.run.moves[move]
        is_step = name in moves.steps
        record = moves.steps[name] if is_step else moves.undos[name]
        assert record.limit_at is not None, "what was started has a limit"
        if is_step:
            return ev.StepStarted(
                move, name, moves.attempt, record.nth, record.token, record.limit_at
            )
        return ev.UndoStarted(move, name, moves.attempt, record.nth, record.token, record.limit_at)


def outcome_events(intent: Intent, result: ActResult) -> list[ev.Event]:
    """The facts of one ended act, in the order in which they belong into one commit."""
    facts: list[ev.Event] = []
    if result.judged is not None:
        facts.append(result.judged)
    if isinstance(intent, ev.StepStarted):
        facts.append(
            ev.StepEnded(
                intent.move,
                intent.step,
                intent.attempt,
                result.outcome,
                result.detail,
                result.changes,
            )
        )
    else:
        facts.append(
            ev.UndoEnded(
                intent.move,
                intent.undo,
                intent.attempt,
                result.outcome,
                result.detail,
                result.changes,
                result.remains,
                result.lost,
            )
        )
    if result.authority is not None and result.outcome == "done":
        facts.append(ev.AuthorityMoved(intent.move, result.authority))
    return facts


def refold(journal: Journal) -> Run:
    """The run as its journal tells it: a restart is a replay through the same code."""
    return fold(journal.itinerary(), ((line.at, line.event) for line in journal.lines()))
