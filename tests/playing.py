"""A run played by hand, without a conductor: the engine's answers, and what the test lets happen.

`Play` holds a run and run time. Nothing ends unless the test says so; `go_on` lets everything go
well up to the place that the test is about. Every event is kept, so a play can be folded again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Final, TypeVar

from itineraries import START
from migrator.engine import events as ev
from migrator.engine.commands import answer
from migrator.engine.decide import decide
from migrator.engine.fold import apply, fold
from migrator.engine.policy import ENGINE_STEPS, authority_after
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import ActRecord, Run, WaveRecord, new_run
from migrator.engine.states import ActState, CheckState, RunState, WaveState
from migrator.plan.model import Itinerary, Recipe

PASSES_MAX: Final = 300
Kind = TypeVar("Kind", bound=ev.Event)


def the_first_line(name: str = "play") -> ev.RunStarted:
    """A run that was started at the window's start."""
    return ev.RunStarted(
        name=name,
        mode="virtual",
        practice=True,
        target="nowhere",
        anchor=START,
        wall=None,
        speed=0.0,
        seed=1,
        plan_digest="",
        itinerary_digest="",
        program="0",
        play=(),
    )


class Play:
    """A run, run time, and everything that has happened."""

    def __init__(
        self, itinerary: Itinerary, codes: dict[str, str] | None = None, *, practice: bool = True
    ) -> None:
        """Start the run and let the engine say what it says at once."""
        self.run: Run = new_run(itinerary)
        self.now: datetime = START
        self.history: list[tuple[datetime, ev.Event]] = []
        self.codes = codes or {}
        self._ids = count(1)
        self.note(replace(the_first_line(), practice=practice))
        self.settle()

    # --- what happens -----------------------------------------------------------------------

    def note(self, *events: ev.Event) -> None:
        """Let these facts happen now."""
        for event in events:
            apply(self.run, self.now, event)
            self.history.append((self.now, event))

    def settle(self) -> tuple[ev.Event, ...]:
        """Let the engine speak until it has nothing more to say at this instant."""
        said: list[ev.Event] = []
        for _ in range(PASSES_MAX):
            events = decide(self.run, self.now).events
            if not events:
                return tuple(said)
            self.note(*events)
            said += events
        raise AssertionError(f"the engine still speaks after {PASSES_MAX} passes: {said[-3:]}")

    def wait(self, minutes: float) -> tuple[ev.Event, ...]:
        """Let time pass."""
        self.now += timedelta(minutes=minutes)
        return self.settle()

    def wait_until_woken(self) -> tuple[ev.Event, ...]:
        """Let time pass until the engine wants to be asked again."""
        woken = self.wake_at()
        assert woken is not None, "the engine waits for nothing that it knows the hour of"
        assert woken > self.now, "the engine wants to be woken in the past"
        self.now = woken
        return self.settle()

    def end(self, *acts: str, outcome: str = "done", detail: str = "") -> tuple[ev.Event, ...]:
        """Let these acts (`a/copy`) end, authority and all; then settle."""
        for act in acts:
            move, _, name = act.partition("/")
            record = self.run.moves[move]
            if name in record.steps:
                self.note(ev.StepEnded(move, name, record.attempt, outcome, detail))
            else:
                self.note(ev.UndoEnded(move, name, record.attempt, outcome, detail))
            side = authority_after(self._recipe(move), name)
            if outcome == "done" and side is not None:
                self.note(ev.AuthorityMoved(move, side))
        return self.settle()

    def _recipe(self, move: str) -> Recipe:
        return self.run.itinerary.recipes[self.run.itinerary.legs[move].recipe]

    def fail(self, act: str, outcome: str = "failed") -> tuple[ev.Event, ...]:
        """Let an act fail, try after try, until the engine does not try it any more."""
        said = self.end(act, outcome=outcome, detail="it broke")
        while act not in self.under_way and self.act(act).state is ActState.FAILED:
            if self.wave_of(act).state not in {WaveState.MOVING, WaveState.UNWINDING}:
                break
            said += self.wait(3)
        if act in self.under_way:
            said += self.fail(act, outcome)
        return said

    def say(
        self, verb: str, target: str = "", by: str = "anna", reason: str = "so be it", **words: str
    ) -> tuple[ev.Event, ...]:
        """Give a command and carry out its answer; then settle. The answer is given back."""
        command = OperatorCommand(
            id=words.pop("id", f"c{next(self._ids)}"),
            verb=verb,
            actor=by,
            asserted=True,
            target=target,
            reason=reason,
            saw=self.run.seq,
            details=tuple(sorted(words.items())),
        )
        given = answer(self.run, command, self.now, self.codes)
        self.note(*given)
        self.settle()
        return given

    def refusal(self, verb: str, target: str = "", by: str = "anna", **words: str) -> str:
        """Why a command is refused; it must be, and must change nothing else."""
        events = self.say(verb, target, by, **words)
        assert len(events) == 1, f"{verb} {target} was carried out: {events}"
        assert isinstance(events[0], ev.CommandRefused), f"{verb} {target} was carried out"
        return events[0].why

    def go_on(
        self,
        until: str | Callable[[Run], bool],
        *,
        but: Iterable[str] = (),
        gates: bool = True,
        ticks: bool = True,
    ) -> None:
        """Let everything go well until an act is under way, or the condition holds.

        What is named by `but` stays under way. Gates get a go and checks a tick, unless told not.
        """
        spared = set(but)
        for _ in range(PASSES_MAX):
            self.settle()
            if until in self.under_way if isinstance(until, str) else until(self.run):
                return
            if not (self._people_act(gates=gates, ticks=ticks) or self._acts_end(spared)):
                self.wait_until_woken()
        raise AssertionError(f"it never came so far; the last facts: {self.history[-5:]}")

    def _people_act(self, *, gates: bool, ticks: bool) -> bool:
        for wave in self.run.waves.values():
            if gates and wave.state is WaveState.DECIDING:
                self.say("go", wave.id)
                return True
        for check in self.run.checks.values():
            if ticks and check.state is CheckState.ASSIGNED and check.person not in check.ticks:
                self.say("tick", check.id, check.person, verdict="works")
                return True
        return False

    def _acts_end(self, spared: set[str]) -> bool:
        """Let everything that is under way end, and its time pass."""
        acts = sorted(self.under_way - spared)
        if not acts:
            return False
        self.now += timedelta(minutes=1)
        self.end(*acts)
        return True

    # --- what is seen -----------------------------------------------------------------------

    def wake_at(self) -> datetime | None:
        """When the engine wants to be asked again."""
        return decide(self.run, self.now).wake_at

    @property
    def under_way(self) -> set[str]:
        """The acts that a platform performs now."""
        return {
            f"{move}/{name}"
            for (move, name), act in self.run.in_flight.items()
            if name not in ENGINE_STEPS and act.state is ActState.STARTED
        }

    def act(self, act: str) -> ActRecord:
        """The record of `a/copy`."""
        move, _, name = act.partition("/")
        record = self.run.moves[move]
        return record.steps.get(name) or record.undos[name]

    def wave_of(self, act: str) -> WaveRecord:
        """The wave of `a/copy`."""
        return self.run.waves[self.run.moves[act.partition("/")[0]].wave]

    def wave(self, name: str = "w1") -> WaveState:
        """The state of a wave."""
        return self.run.waves[name].state

    def check(self, name: str) -> CheckState:
        """The state of a check."""
        return self.run.checks[name].state

    def state(self) -> RunState:
        """The state of the run."""
        return self.run.state

    def happened(self, kind: type[Kind]) -> list[Kind]:
        """All facts of a kind, in their order."""
        return [event for _, event in self.history if isinstance(event, kind)]

    def last(self, kind: type[Kind]) -> Kind:
        """The last fact of a kind."""
        return self.happened(kind)[-1]

    def started(self) -> list[str]:
        """Every act in the order in which it was started: `a/copy`."""
        return [
            f"{event.move}/{event.step if isinstance(event, ev.StepStarted) else event.undo}"
            for _, event in self.history
            if isinstance(event, ev.StepStarted | ev.UndoStarted)
        ]

    def folded(self) -> Run:
        """The run as its history tells it."""
        return fold(self.run.pinned, self.history)
