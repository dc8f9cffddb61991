"""A weekend whose conductors die, freeze and are replaced, on one world and one journal.

A `Life` is a conductor's process: the real Conductor on a virtual clock, from its start until the
run is over or it dies. A `Simulation` lets one life follow the other and chooses by its seed what
happens at which boundary. A boundary is a commit, before and after it, or an effect in the world.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from threading import Thread
from typing import Final

from migrator.conductor.clock import VirtualClock
from migrator.conductor.loop import Conductor, refold
from migrator.engine import events as ev
from migrator.engine.ports import ActResult, Entry, Line, OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import RunState, WaveState
from migrator.engine.waits import waits
from migrator.errors import JournalError, MigratorError, TransientError
from migrator.plan.model import Itinerary
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import FaultBox
from migrator.platform.simulated.judge import judge
from migrator.platform.simulated.people import SimulatedPeople
from migrator.platform.simulated.platform import SimulatedPlatform
from migrator.platform.simulated.world import World
from migrator.wiring import begin
from simulation.stores import RUN, Led, Stores

BOUNDARIES_MAX: Final = 30_000
"""A weekend of eight moves has about two thousand; one that never ends has more than this."""

VERBS: Final = (
    "hold", "release", "unwind", "retry", "veto", "pause", "resume", "resume", "commit", "no-go",
    "go", "skip", "abandon", "withdraw", "tick", "override", "postpone", "abort",
)  # fmt: skip
PEOPLE: Final = ("anna", "bo", "dora", "lena", "hanna", "heidi", "mallory")
Intent = ev.StepStarted | ev.UndoStarted


CRASHES: Final = (AssertionError, MigratorError, LookupError, ValueError, TypeError)
"""What a program that is wrong raises; each of them is a broken promise of its seed."""


class Died(BaseException):
    """The process is gone; nothing that it still does reaches anybody."""


class Endless(AssertionError):
    """A weekend that goes on and on."""


class Simulation:
    """One seed: its world, its journal, its chance, and what has happened so far."""

    def __init__(self, seed: int, itinerary: Itinerary, box: FaultBox, stores: Stores) -> None:
        """Nothing has happened."""
        self.seed = seed
        self.itinerary = itinerary
        self.stores = stores
        self.random = Random(f"lives {seed}")
        self.chance = Chance(seed)
        self.box = box
        self.now = itinerary.window.start
        self.world = World(itinerary, self.now)
        self.regressed: dict[int, float] = {}
        self.struck: Counter[str] = Counter()
        self.violations: list[str] = []
        self.boundaries = self.acts = self.commits = 0
        self.standing_in = False
        self.given: list[OperatorCommand] = []
        self.lines: Sequence[Line] = ()
        self.run: Run | None = None
        self._shy = self.random.choice([20, 60, 200, 10**9])  # boundaries between troubles
        self._next: tuple[int, str] = (0, "")
        self.plan_trouble()

    def plan_trouble(self) -> None:
        """Choose what happens next, and after how many boundaries."""
        gap = self.random.randint(1, 2 * self._shy)
        kinds = ["before", "after", "effect", "freeze", "jump"]
        self._next = (self.boundaries + gap, self.random.choice(kinds))

    def due(self, *kinds: str) -> str:
        """What happens at this boundary; empty for nothing. A boundary is counted once."""
        self.boundaries += 1
        if self.boundaries > BOUNDARIES_MAX:
            raise Endless(f"seed {self.seed} does not end")
        at, kind = self._next
        if self.boundaries < at or kind not in kinds or (kind == "freeze" and self.standing_in):
            return ""
        self.plan_trouble()
        self.struck[f"conductor {kind}"] += 1
        return kind

    def play(self) -> None:
        """Let one life follow the other until the run is over, then judge it."""
        first = True
        while True:
            life = Life(self, first=first)
            first = False
            if life.live():
                break
        self.run, self.lines = life.run, tuple(life.journal.lines())
        ledger = judge(life.run, self.lines, self.world, self.now)
        self.violations += [each for each in ledger.violations if not self._between(each)]
        self._judge_rows()
        self._judge_answers()
        self._judge_end(life.run)

    def stand_in(self, commits: int) -> None:
        """Another process leads for a while: the one that calls this is frozen meanwhile."""
        self.standing_in = True

        def lead() -> None:
            try:
                Life(self, commits_max=commits).live()
            except CRASHES as error:  # this thread has nobody above it who would hear of it
                self.violations.append(f"who took over crashed: {type(error).__name__}: {error}")

        other = Thread(target=lead)
        other.start()
        other.join()
        self.standing_in = False

    def _between(self, violation: str) -> bool:
        """Tell whether a violation only says that a run stands between two sides, in human hands.

        The ledger looks for rows where traffic points; between a grant and its switch they are on
        the other side, safe. `_judge_rows` asks for every row on any side, wherever it stands.
        """
        assert self.run is not None, "it has been played"
        return self.run.state is not RunState.ENDED and "are not on the live side" in violation

    def _judge_rows(self) -> None:
        for place in self.world.places.values():
            known = place.old.rows | place.new.rows
            if place.stateful and len(known) < place.written:
                self.violations.append(f"{place.id}: {place.written - len(known)} rows are gone")

    def _judge_answers(self) -> None:
        answers: Counter[str] = Counter()
        for line in self.lines:
            if isinstance(line.event, ev.CommandTaken | ev.CommandRefused):
                answers[line.event.command] += 1
        assert self.run is not None, "it has been played"
        for command in {command.id for command in self.given}:
            times = answers[command]
            if times > 1 or (times == 0 and self.run.state is not RunState.ENDED):
                self.violations.append(f"command {command} was answered {times} times")

    def _judge_end(self, run: Run) -> None:
        """It is over, or a person has it in hand and is named."""
        if run.state is RunState.ENDED:
            if run.in_flight:
                self.violations.append(f"the run ended over {sorted(run.in_flight)}")
            return
        said = [wait for wait in waits(run, self.now) if wait.human and wait.on_whom]
        standing = {WaveState.STUCK, WaveState.COMMITTING, WaveState.HELD, WaveState.DECIDING}
        excused = run.state is RunState.PAUSED or any(
            wave.state in standing for wave in run.waves.values()
        )
        if not said or not excused:
            states = {wave.id: wave.state.value for wave in run.waves.values()}
            self.violations.append(f"it stands still and nobody is told: {states}")


class Life:
    """One conductor's process. It dies by `Died`, wherever that is raised."""

    def __init__(
        self, simulation: Simulation, *, first: bool = False, commits_max: int = 0
    ) -> None:
        """Take the run over, as it is written."""
        self.all = simulation
        self.dead = False
        self._commits_left = commits_max or -1
        self.journal: Led = simulation.stores.lead()
        self.clock = VirtualClock(simulation.now)
        it, now = simulation.itinerary, simulation.now
        if first:
            self.run = begin(self.journal, it, RUN, now, mode="virtual", seed=simulation.seed)
        else:
            self.run = refold(self.journal)
        self.platform = SimulatedPlatform(
            it, simulation.world, self.clock, simulation.chance, simulation.box, self._effect,
            accidents=False,
        )  # fmt: skip
        self.platform.regressed.update(simulation.regressed)
        self.conductor = Conductor(self, self, self.clock, self.run)

    def live(self) -> bool:
        """Conduct the run. True: it is over, or nothing more happens; False: this process died."""
        try:
            asyncio.run(self._live())
        except Died:
            self.dead = True
        except JournalError as error:
            if error.reference != "epoch-passed":
                raise
            self.all.struck["refused by the fence"] += 1
            self.dead = True
        simulation = self.all
        simulation.now = max(simulation.now, self.clock.now())
        simulation.regressed = dict(self.platform.regressed)
        if self.dead:
            self._time_until_the_next()
        return not self.dead

    def _time_until_the_next(self) -> None:
        """A supervisor restarts at once, or after a while, or on a host whose clock is behind."""
        simulation = self.all
        away = simulation.random.choice([0, 0, 0.2, 5, 45, 180, -2])
        if away >= 5:
            simulation.struck["clock forward over a restart"] += 1
        elif away < 0:
            simulation.struck["clock back over a restart"] += 1
        simulation.now += timedelta(minutes=away)

    async def _live(self) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        simulation, conductor = self.all, self.conductor
        people = SimulatedPeople(
            simulation.itinerary, self.clock, simulation.chance, simulation.box, self._submit,
            conductor.spawn,
        )  # fmt: skip
        conductor.listeners.append(people.listen)
        conductor.listeners.append(self._interfere)
        conductor.listeners.append(self._resume)
        conductor.before_waiting = self._still_alive
        people.resume(self.run)
        if self.run.state is RunState.PAUSED:
            self._resume_later()
        conductor.changed.set()
        await conductor.conduct()

    def _still_alive(self, _run: Run) -> None:
        if self.dead:
            raise Died

    # --- the journal, seen by the conductor -----------------------------------------------------

    def append(self, entries: Sequence[Entry]) -> tuple[Line, ...]:
        """Write, unless the process dies before it, after it, or is frozen first."""
        simulation = self.all
        self._still_alive(self.run)
        kind = simulation.due("before", "freeze")
        if kind == "before":
            self._die()
        if kind == "freeze":
            return self._frozen(entries)
        lines = self.journal.append(entries)
        simulation.commits += 1
        simulation.acts += sum(isinstance(line.event, Intent) for line in lines)
        self._commits_left -= 1
        kind = simulation.due("after", "jump")
        if kind == "after" or self._commits_left == 0:
            self._die()
        if kind == "jump":
            self.clock._now += timedelta(minutes=simulation.random.choice([1, 20, 150]))
        return lines

    def _frozen(self, entries: Sequence[Entry]) -> tuple[Line, ...]:
        """Somebody else takes over before this commit; then it is tried, and must be refused."""
        simulation = self.all
        simulation.now = max(simulation.now, self.clock.now()) + timedelta(minutes=1)
        before = simulation.commits
        simulation.stand_in(simulation.random.randint(1, 60))
        lines = self.journal.append(entries)
        simulation.violations.append(
            f"a displaced conductor wrote lines {[line.seq for line in lines]} "
            f"after {simulation.commits - before} commits of the one that took over"
        )
        return lines

    def _die(self) -> None:
        self.dead = True
        raise Died

    def lines(self, after: int = 0) -> Sequence[Line]:
        """What is written."""
        return self.journal.lines(after)

    def take_commands(self) -> tuple[OperatorCommand, ...]:
        """What is on the desk."""
        return self.journal.take_commands()

    def itinerary(self) -> Itinerary:
        """The pinned itinerary."""
        return self.journal.itinerary()

    # --- the platform, seen by the conductor ----------------------------------------------------

    async def perform(self, intent: Intent) -> ActResult:
        """Do the act; now and then its answer is lost on the way."""
        result = await self.platform.perform(intent)
        if self._lost(intent, "answer", 0.01):
            self.all.struck["answer lost"] += 1
            raise TransientError("simulated-fault", "the answer was lost", hint="retry it")
        return result

    async def observe(self, intent: Intent) -> ActResult:
        """Tell what became of an act; now and then the world cannot be asked."""
        if self._lost(intent, "observe", 0.03):
            self.all.struck["world could not tell"] += 1
            return ActResult("unknown", "the world could not be asked")
        return await self.platform.observe(intent)

    def _lost(self, intent: Intent, what: str, share: float) -> bool:
        key = (what, intent.token, intent.nth, self.all.boundaries)
        return self.all.chance.uniform(*key) < share

    def _effect(self, world: World) -> None:
        """In the world, and nobody has heard of it yet."""
        if not self.dead and self.all.due("effect"):
            self.dead = True  # whatever it would still say is not heard any more
            self.conductor.changed.set()

    # --- people ---------------------------------------------------------------------------------

    def _submit(self, command: OperatorCommand) -> None:
        if self.dead:
            return
        simulation = self.all
        draw = simulation.random.random()
        self.journal.submit(command)
        simulation.given.append(command)
        if draw < 0.03:
            simulation.struck["command doubled"] += 1
            self.journal.submit(command)
            self.journal.submit(_renamed(command, f"{command.id}+"))
        self.conductor.changed.set()

    def _interfere(self, run: Run, lines: Sequence[Line]) -> None:
        """Somebody says something that nobody expects: now, or too late."""
        simulation = self.all
        if run.state is RunState.ENDED or simulation.random.random() > 0.015:
            return
        verb = simulation.random.choice(VERBS)
        if verb == "abort" and simulation.random.random() < 0.7:
            verb = "hold"
        command = OperatorCommand(
            id=f"x{simulation.boundaries}",
            verb=verb,
            actor=simulation.random.choice(PEOPLE),
            asserted=True,
            target=self._target(run, verb),
            reason="because",
            saw=lines[-1].seq,
            details=(("until", (self.clock.now() + timedelta(hours=1)).isoformat()),
                     ("verdict", "works")),
        )  # fmt: skip
        late = simulation.random.choice([0, 0, 3, 40])
        simulation.struck["command late" if late else "command out of the blue"] += 1
        self.conductor.spawn(self._say_later(late, command), command.id)

    def _resume(self, _run: Run, lines: Sequence[Line]) -> None:
        if any(isinstance(line.event, ev.RunPaused) for line in lines):
            self._resume_later()

    def _resume_later(self) -> None:
        """The operations room does not leave a run paused; nobody simulated thinks of it else."""
        name = f"resume{self.all.boundaries}"
        command = OperatorCommand(name, "resume", "lena", True, "run", "enough", self.run.seq)
        self.conductor.spawn(self._say_later(self.all.random.choice([5, 90]), command), name)

    async def _say_later(self, minutes: float, command: OperatorCommand) -> None:
        await self.clock.sleep(minutes, command.id)
        self._submit(command)

    def _target(self, run: Run, verb: str) -> str:
        draw = self.all.random
        failed = [
            f"{move.id}/{act.name}"
            for move in run.moves.values()
            for act in (*move.steps.values(), *move.undos.values())
            if act.state.value in {"failed", "unknown", "started"}
        ]
        held = [hold.subject for wave in run.waves.values() for hold in wave.holds]
        checks = [check.id for check in run.itinerary.checks]
        choices = {
            "skip": failed, "abandon": failed, "retry": [*failed, *run.waves], "override": held,
            "tick": checks, "withdraw": checks,
            "unwind": [*run.waves, *run.moves, "everything"],
        }  # fmt: skip
        return str(draw.choice(choices.get(verb) or list(run.waves)))


def _renamed(command: OperatorCommand, name: str) -> OperatorCommand:
    """The same wish under another id: typed twice by hand."""
    return OperatorCommand(
        name, command.verb, command.actor, command.asserted, command.target, command.reason,
        command.saw, command.details,
    )  # fmt: skip
