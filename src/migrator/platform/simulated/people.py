"""Simulated people: handlers who tick by their shifts, decision makers who give go and commit.

Made by `wiring` for rehearsals and training, as a listener of the conductor. They act only by
commands, like everybody else; each command's actor stands in the journal with `simulated` in its
reason. Persons who are really there (run --play NAME) are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Final

from migrator.engine import events as ev
from migrator.engine.foresight import TURN_BACK, WORDS
from migrator.engine.policy import FORECAST
from migrator.engine.ports import Clock, Line, OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import FINAL_WAVES, CheckState, RunState, WaveState
from migrator.engine.tasks import task_of, who_may
from migrator.inventory.model import Estimate
from migrator.plan.means import Manual
from migrator.plan.model import Itinerary, WaveLeg
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.disturbers import Disturbers
from migrator.platform.simulated.faults import FaultBox

_GATE_MINUTES: Final = Estimate(4, 8)
"""A room that sits together decides on a gate that it has expected."""

_HOLD_MINUTES: Final = Estimate(10, 20)
"""Finding out why a wave is held and agreeing on what to do."""

_COMMIT_MINUTES: Final = Estimate(5, 10)
_UNSTICK_TRIES: Final = 1
"""A simulated lead tries a stuck undo once more; what then still fails needs a real person."""

_RELEASED: Final = frozenset({"operator", "unanswered", "stalled", FORECAST})
_SIGN_MINUTES: Final = 5.0
"""Whoever signs that it goes forward only names an hour that is still to come."""
_SAYS: Final = "simulated"

Details = tuple[tuple[str, str], ...]
_NOT_DONE: Final[Details] = (("verdict", "does_not_work"),)
Spawn = Callable[[Coroutine[object, object, None], str], object]


class SimulatedPeople:
    """Everybody who is not really there."""

    def __init__(
        self,
        itinerary: Itinerary,
        clock: Clock,
        chance: Chance,
        faults: FaultBox,
        submit: Callable[[OperatorCommand], None],
        spawn: Spawn,
        present: frozenset[str] = frozenset(),
    ) -> None:
        """`submit` takes a command; `spawn` starts a task that the run's clock knows of."""
        self._clock = clock
        self._chance = chance
        self._faults = faults
        self._submit = submit
        self._spawn = spawn
        self._named = present
        self.here = present  # those who are named, and whoever is at a page just now
        self.holds_stand = False  # True: what an operator holds is an operator's to release
        self._know(itinerary)
        self._asked_commit: set[tuple[str, int]] = set()
        self._unstuck: dict[str, int] = {}
        self._signing = False  # somebody is about to sign that it goes forward only
        self._released: set[tuple[str, int, str]] = set()  # by wave, attempt and subject
        self._given = 0
        self._disturbers = Disturbers(faults, clock, chance, self._later)

    def _know(self, itinerary: Itinerary) -> None:
        """Everybody has the plan that is followed, from the moment on in which it is."""
        self._itinerary = itinerary
        self._legs: dict[str, WaveLeg] = {wave.id: wave for wave in itinerary.waves}
        self._checks = {check.id: check for check in itinerary.checks}

    def listen(self, run: Run, lines: Sequence[Line]) -> None:
        """React to a commit: plan what somebody will do about it, and when."""
        if run.itinerary is not self._itinerary:
            self._know(run.itinerary)
        self._disturbers.begin(run)
        for line in lines:
            event = line.event
            if isinstance(event, ev.CheckAssigned):
                self._handler(event)
            elif isinstance(event, ev.CheckEscalated | ev.CheckHandedOver):
                self._handed(event)
            elif isinstance(event, ev.StepStarted):
                self._task(run, event.move, event.step, event.nth)
            elif isinstance(event, ev.UndoStarted):
                self._task(run, event.move, event.undo, event.nth)
            elif isinstance(event, ev.GateOpened):
                self._decider(run, event.wave, "go", event.wave, _GATE_MINUTES)
            elif isinstance(event, ev.Signed):
                self._signing = False
            elif isinstance(event, ev.WaveHeld) and event.unwind_at is None:
                self._lead(run, event)
            elif isinstance(event, ev.WaveStuck):
                self._unstick(run, event)
            elif isinstance(event, ev.DisturbanceOpened):
                self._calm(event.disturbance, event.key, event.owner)
            elif isinstance(event, ev.CommandRefused):
                self._again(run, event)
        self._commits(run)

    def resume(self, run: Run) -> None:
        """After a restart: take up whatever waits for somebody simulated."""
        for wave in run.waves.values():
            if wave.state is WaveState.DECIDING:
                self._decider(run, wave.id, "go", wave.id, _GATE_MINUTES)
            elif wave.state is WaveState.HELD:
                for hold in wave.holds:
                    if hold.unwind_at is None:
                        event = ev.WaveHeld(
                            wave.id, wave.attempt, hold.trouble, hold.subject, hold.moves,
                            hold.cause, None,
                        )  # fmt: skip
                        self._lead(run, event)
            elif wave.state is WaveState.STUCK:
                self._unstick(run, ev.WaveStuck(wave.id, wave.stuck_on, wave.cause))
        for check in run.checks.values():
            if check.state.value == "assigned" and check.person not in check.ticks:
                assert check.limit_at is not None, "an assigned check has a limit"
                self._handler(
                    ev.CheckAssigned(check.id, check.attempt, check.person, check.limit_at)
                )
        for (move, name), act in run.in_flight.items():
            self._task(run, move, name, act.nth)
        for known in run.unsettled.values():
            self._calm(known.id, known.key, known.owner)
        self._disturbers.begin(run)
        self._commits(run)

    def present_asked(self, run: Run) -> tuple[tuple[str, str], ...]:
        """(person, subject): checks, gates and tasks that wait for somebody who is really there.

        Run time stands still for them, or a gate's hour would be over before a name is typed.
        Nobody is asked any more once the run is aborted.
        """
        if run.state is RunState.ABORTING:
            return ()
        asked = [
            (check.person, check.id)
            for check in run.checks.values()
            if check.state is CheckState.ASSIGNED
            and check.person in self.here
            and check.person not in check.ticks
        ]
        for wave in run.waves.values():
            if wave.state is WaveState.DECIDING:
                named = self._legs[wave.id].deciders or self._makers()
                who = self._person(named, self._clock.now())
                if who in self.here:
                    asked.append((who, wave.id))
        for move, name in run.in_flight:
            found = task_of(run, f"{move}/{name}")
            if found is not None:
                who = self._doer(run, move, found[2])
                if who in self.here:
                    asked.append((who, f"{move}/{name}"))
        return tuple(asked)

    def meet(self, run: Run, arrived: frozenset[str]) -> None:
        """Say who is at a page just now: they play for themselves, until they leave."""
        here = self._named | arrived
        left, self.here = self.here - here, here
        if not left:
            return
        for check in run.checks.values():
            waits = check.state is CheckState.ASSIGNED and check.person not in check.ticks
            if waits and check.person in left:
                assert check.limit_at is not None, "an assigned check has a limit"
                self._handler(
                    ev.CheckAssigned(check.id, check.attempt, check.person, check.limit_at)
                )
        for wave in run.waves.values():
            if wave.state is WaveState.DECIDING:
                named = self._legs[wave.id].deciders or self._makers()
                if self._person(named, self._clock.now()) in left:
                    self._decider(run, wave.id, "go", wave.id, _GATE_MINUTES)
        for known in run.unsettled.values():
            if known.owner in left:
                self._calm(known.id, known.key, known.owner)

    # --- handlers ---------------------------------------------------------------------------

    def _handler(self, event: ev.CheckAssigned) -> None:
        if event.person in self.here:
            return
        check = self._checks[event.check]
        function = check.function or check.id
        if self._faults.take("handler_never_answers", function=function, attempt=event.attempt):
            return

        def verdict() -> Details:
            # A fault strikes when it is said, so that one who is interrupted says it afterwards.
            no = self._faults.take("handler_says_no", function=function, attempt=event.attempt)
            return (("verdict", "works" if no is None else "does_not_work"),)

        minutes = self._chance.minutes(check.minutes, event.check, event.person, event.attempt)
        self._later(minutes, "tick", event.person, event.check, verdict)

    def _handed(self, event: ev.CheckEscalated | ev.CheckHandedOver) -> None:
        """Whoever has a check now verifies it; what nobody has, the engine gives to somebody."""
        to = event.person if isinstance(event, ev.CheckEscalated) else event.to
        if to and event.limit_at is not None:
            self._handler(ev.CheckAssigned(event.check, event.attempt, to, event.limit_at))

    # --- tasks ------------------------------------------------------------------------------

    def _task(self, run: Run, move: str, name: str, nth: int) -> None:
        """A person's task is done in its planned time; a fault of the step makes it impossible."""
        found = task_of(run, f"{move}/{name}")
        if found is None:
            return
        who = self._doer(run, move, found[2])
        if who in self.here:
            return
        leg, attempt = run.itinerary.legs[move], run.moves[move].attempt
        kind = "undo_fails" if name in run.moves[move].undos else "step_fails"

        def verdict() -> Details:
            no = self._faults.take(kind, subsystem=move, step=name, attempt=attempt)
            return (("verdict", "works" if no is None else "does_not_work"),)

        estimate = leg.step_minutes.get(name) or leg.undo_minutes.get(name) or Estimate(0, 0)
        minutes = self._chance.minutes(estimate, move, name, attempt, nth)
        self._later(minutes, "tick", who, f"{move}/{name}", verdict)

    def _doer(self, run: Run, move: str, task: Manual) -> str:
        """Who does a task: somebody who may, or the team, where the estate names none of it."""
        allowed = who_may(run, move, task)
        team = f"team.{run.itinerary.legs[move].team}"
        return self._person(allowed, self._clock.now()) if allowed else team

    # --- deciders ---------------------------------------------------------------------------

    def _person(self, named: Sequence[str], now: datetime) -> str:
        """The first of these people who is on shift now, else the first of them."""
        members = self._itinerary.members
        for person in named:
            shifts = members[person].shifts if person in members else ()
            if not shifts or any(start <= now < end for start, end in shifts):
                return person
        return named[0] if named else "operations-room"

    def _decider(self, run: Run, wave: str, verb: str, target: str, estimate: Estimate) -> None:
        who = self._person(self._legs[wave].deciders or self._makers(), self._clock.now())
        if who in self.here:
            return
        attempt = run.waves[wave].attempt
        self._later(self._chance.minutes(estimate, verb, wave, attempt), verb, who, target)

    def _makers(self) -> tuple[str, ...]:
        members = self._itinerary.members
        return tuple(p for p, member in members.items() if "decision_maker" in member.roles)

    def _lead(self, run: Run, event: ev.WaveHeld) -> None:
        """A hold that no clock ends: release it where nothing is broken, else take it back."""
        if self.holds_stand and event.trouble == "operator":
            return
        if event.subject == TURN_BACK:
            self._sign(run)
            return
        leg = self._legs[event.wave]
        named = (leg.lead,) if leg.lead else leg.deciders or self._makers()
        who = self._person(tuple(named), self._clock.now())
        if who in self.here:
            return
        minutes = self._chance.minutes(_HOLD_MINUTES, "hold", event.wave, event.subject, run.seq)
        # What stalls again after a release was not mended by it, nor is a task then done.
        of_a_task = event.trouble == "unanswered" and task_of(run, event.subject) is not None
        again = (event.wave, event.attempt, event.subject) in self._released
        if event.trouble == "stalled" or of_a_task:
            self._released.add((event.wave, event.attempt, event.subject))
        if of_a_task and again:
            self._later(minutes, "tick", who, event.subject, lambda: _NOT_DONE)
            return
        verb = "release" if event.trouble in _RELEASED and not again else "unwind"
        self._later(minutes, verb, who, event.wave)

    def _calm(self, disturbance: str, key: str, owner: str) -> None:
        who = owner or self._person(self._makers(), self._clock.now())
        if who not in self.here:
            self._disturbers.calm(disturbance, key, who)

    def _sign(self, run: Run) -> None:
        """Before the hour of no return: a weekend that went well so far goes on, forward only."""
        who = self._person(self._makers(), self._clock.now())
        if who in self.here or self._signing:
            return
        self._signing = True
        minutes = self._chance.minutes(_HOLD_MINUTES, "sign", run.seq)

        def hour() -> Details:
            until = self._clock.now() + timedelta(minutes=_SIGN_MINUTES)
            return (("until", until.isoformat()),)

        self._later(minutes, "sign", who, WORDS, hour)

    def _again(self, run: Run, event: ev.CommandRefused) -> None:
        """Something was still under way: ask for the unwind again while the wave is held."""
        wave = run.waves.get(event.target)
        if wave is None or event.verb != "unwind" or not event.command.startswith(_SAYS):
            return
        if wave.state is WaveState.HELD:
            minutes = self._chance.minutes(_HOLD_MINUTES, "again", event.target, run.seq)
            self._later(minutes, "unwind", event.by, event.target)

    def _unstick(self, run: Run, event: ev.WaveStuck) -> None:
        tried = self._unstuck.get(event.subject, 0)
        leg = self._legs[event.wave]
        named = (leg.lead,) if leg.lead else leg.deciders or self._makers()
        who = self._person(tuple(named), self._clock.now())
        if tried >= _UNSTICK_TRIES or who in self.here:
            return
        self._unstuck[event.subject] = tried + 1
        minutes = self._chance.minutes(_HOLD_MINUTES, "stuck", event.subject, run.seq)
        self._later(minutes, "retry", who, event.subject)

    def _commits(self, run: Run) -> None:
        """Once no wave moves any more, sign what was accepted, wave by wave."""
        states = {wave.state for wave in run.waves.values()}
        if not states <= FINAL_WAVES | {WaveState.COMMITTING}:
            return
        for wave in run.waves.values():
            asked = (wave.id, wave.attempt)
            if wave.state is WaveState.ACCEPTED and asked not in self._asked_commit:
                self._asked_commit.add(asked)
                self._decider_commit(run, wave.id)

    def _decider_commit(self, run: Run, wave: str) -> None:
        who = self._person(self._makers(), self._clock.now())
        if who in self.here:
            return
        attempt = run.waves[wave].attempt
        minutes = self._chance.minutes(_COMMIT_MINUTES, "commit", wave, attempt)
        self._later(minutes, "commit", who, wave)

    # --- acting -----------------------------------------------------------------------------

    def _later(
        self,
        minutes: float,
        verb: str,
        actor: str,
        target: str,
        details: Callable[[], Details] = tuple,
        reason: str = _SAYS,
    ) -> None:
        self._given += 1
        key = f"{verb} {target} {actor} {self._given}"
        self._spawn(self._act(minutes, key, verb, actor, target, details, reason), key)

    async def _act(
        self,
        minutes: float,
        key: str,
        verb: str,
        actor: str,
        target: str,
        details: Callable[[], Details],
        reason: str,
    ) -> None:
        await self._clock.sleep(minutes, key)
        if actor in self.here:
            return  # who came meanwhile does it, or does not
        self._submit(
            OperatorCommand(
                id=f"{_SAYS}/{key}/{self._clock.now().isoformat()}",
                verb=verb,
                actor=actor,
                asserted=True,
                target=target,
                reason=reason,
                saw=0,
                details=details(),
            )
        )
