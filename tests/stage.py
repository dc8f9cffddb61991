"""A rehearsal that can be stopped and looked into: journal, world, clock and people, made by hand.

`Stage` joins the same parts as `wiring.rehearsal`. At each commit, and at each effect that is in
the world and not yet in the journal, it can keep a `Moment`; `from_moment` goes on from there as a
new process would: the run is folded anew, the world and the desk are as they were.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from migrator.conductor.clock import VirtualClock
from migrator.conductor.loop import Conductor, refold
from migrator.engine.ports import Entry, Line, OperatorCommand, Platform
from migrator.engine.run import Run
from migrator.plan.model import Itinerary
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import FaultBox, PlannedFault
from migrator.platform.simulated.judge import judge
from migrator.platform.simulated.people import SimulatedPeople
from migrator.platform.simulated.platform import SimulatedPlatform
from migrator.platform.simulated.world import Ledger, World
from migrator.store.memory import MemoryJournal
from migrator.wiring import begin

NAME = "stage"


@dataclass(frozen=True, slots=True)
class Moment:
    """What would be left of a process that dies here."""

    why: str
    lines: tuple[Line, ...]
    world: World
    struck: tuple[int, ...]
    regressed: dict[int, float]
    desk: tuple[OperatorCommand, ...]
    now: datetime


class Stage:
    """One process that conducts a run. `people=False`: nobody answers anything."""

    def __init__(
        self,
        itinerary: Itinerary,
        faults: Sequence[PlannedFault] = (),
        *,
        seed: int = 1,
        people: bool = True,
        moment: Moment | None = None,
        wrap: Callable[[Platform], Platform] | None = None,
        keep_moments: bool = False,
    ) -> None:
        """Set the stage: anew, or as it was at a moment."""
        start = itinerary.window.start if moment is None else moment.now
        self.itinerary = itinerary
        self.clock = VirtualClock(start)
        self.box = FaultBox(tuple(faults))
        self.world = World(itinerary, start) if moment is None else copied(moment.world)
        self.journal = MemoryJournal(NAME, itinerary)
        self.moments: list[Moment] = []
        self._keep_moments = keep_moments
        chance = Chance(seed)
        self.platform = SimulatedPlatform(
            itinerary, self.world, self.clock, chance, self.box, self._effect, accidents=False
        )
        if moment is None:
            self.run = begin(self.journal, itinerary, NAME, start, mode="virtual", seed=seed)
        else:
            self.box.restore(moment.struck)
            self.platform.regressed.update(moment.regressed)
            self.journal.append([Entry(line.at, line.actor, line.event) for line in moment.lines])
            for command in moment.desk:
                self.journal.submit(command)
            self.run = refold(self.journal)
        platform = self.platform if wrap is None else wrap(self.platform)
        self.conductor = Conductor(self.journal, platform, self.clock, self.run)
        self._chance, self._with_people, self._resumed = chance, people, moment is not None

    def play(self) -> Run:
        """Conduct the run to its end, or until nothing more will happen."""
        asyncio.run(self._play())
        return self.run

    async def _play(self) -> None:
        self.conductor.listeners.append(self.platform.hear)
        if self._resumed:
            self.platform.resume(self.run)
        if self._with_people:
            spawn = self.conductor.spawn
            people = SimulatedPeople(
                self.itinerary, self.clock, self._chance, self.box, self.submit, spawn
            )
            self.conductor.listeners.append(people.listen)
            if self._resumed:
                people.resume(self.run)
                self.conductor.changed.set()
        if self._keep_moments:
            self.conductor.listeners.append(lambda _run, lines: self._keep(f"line {lines[-1].seq}"))
        await self.conductor.conduct()

    def submit(self, command: OperatorCommand) -> None:
        """Put a command on the desk."""
        self.journal.submit(command)
        self.conductor.changed.set()

    @property
    def lines(self) -> tuple[Line, ...]:
        """The journal."""
        return tuple(self.journal.lines())

    def ledger(self) -> Ledger:
        """The verdict on what was played."""
        return judge(self.run, self.lines, self.world, self.clock.now())

    def end_state(self) -> dict[str, object]:
        """What must be the same however often the process died: outcomes, authority, sides."""
        return {
            "waves": {wave.id: (wave.state, wave.attempt) for wave in self.run.waves.values()},
            "authority": dict(self.run.authority),
            "returned": {move.id: move.returned for move in self.run.moves.values()},
            "places": {
                place.id: (place.traffic, place.old.running, place.new.running, place.new.prepared)
                for place in self.world.places.values()
            },
        }

    def _effect(self, world: World) -> None:
        """In the world, and nobody has heard of it yet."""
        assert world is self.world, "there is one world on a stage"
        if self._keep_moments:
            self._keep("effect")

    def _keep(self, why: str) -> None:
        self.moments.append(
            Moment(
                why=f"{why} ({len(self.moments)})",
                lines=self.lines,
                world=copied(self.world),
                struck=self.box.struck(),
                regressed=dict(self.platform.regressed),
                desk=self.journal.take_commands(),
                now=self.clock.now(),
            )
        )


def copied(world: World) -> World:
    """The world as it is now."""
    return copy.deepcopy(world)
