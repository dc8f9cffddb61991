"""The simulated platform: performs every typed act on the simulated world, in run time.

Made by `wiring` for rehearsals, dry runs and training; nothing in here moves anything real. Acts
take their time on the run's clock, honour their token, fail when a fault or chance says so, and
refuse by themselves what would make both sides live, as a good platform does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from migrator.engine.events import StepEnded, StepStarted, UndoEnded, UndoStarted
from migrator.engine.policy import LOOKS, authority_after
from migrator.engine.ports import ActResult, Clock, Line
from migrator.engine.run import Run
from migrator.engine.states import ActState
from migrator.engine.tasks import task_of
from migrator.errors import PermanentError, TransientError
from migrator.inventory.model import Estimate
from migrator.plan.model import Itinerary, Leg, StepKind, UndoKind
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.effects import Effects
from migrator.platform.simulated.faults import FaultBox
from migrator.platform.simulated.links import SimulatedLinks
from migrator.platform.simulated.world import World

Intent = StepStarted | UndoStarted

_LASTING_SHARE: Final = 0.4
"""Of the accidents that chance brings, so many do not go away by trying again."""

_ACCIDENTS: Final = (
    StepKind.PREPARE,
    StepKind.COPY,
    StepKind.FINAL_COPY,
    StepKind.START,
    StepKind.PROBE,
    StepKind.SWITCH,
)
"""Where chance may strike a move; each move has one such step, drawn by its key."""

_LINK_LOOKS: Final = (LOOKS - {StepKind.PROBE.value}) | {UndoKind.PROVE_BACK.value}
"""Looks at links; `probe` looks at the target's own process."""


class _Keeper(Protocol):
    """Called after each effect, so that a world can outlive its process."""

    def __call__(self, world: World) -> None: ...


class SimulatedPlatform:
    """Performs acts on a World. `keep` is called after each effect (durable practice runs)."""

    def __init__(
        self,
        itinerary: Itinerary,
        world: World,
        clock: Clock,
        chance: Chance,
        faults: FaultBox,
        keep: _Keeper | None = None,
        *,
        accidents: bool = True,
    ) -> None:
        """Join the world with the run's clock and the seed's chance."""
        self.itinerary = itinerary
        self.world = world
        self._clock = clock
        self._chance = chance
        self._faults = faults
        self._keep = keep
        self._accidents = accidents
        self._links = SimulatedLinks(itinerary, world, chance)
        self._effects = Effects(world, self._links, clock, itinerary.recipes)

    @property
    def regressed(self) -> dict[int, float]:
        """The pairs whose links stopped answering, by index, with their share."""
        return self._links.regressed

    async def perform(self, intent: Intent) -> ActResult:
        """Take the act's time, then let it take effect once."""
        name = intent.step if isinstance(intent, StepStarted) else intent.undo
        leg = self.itinerary.legs[intent.move]
        key = f"{intent.move}/{name}"
        await self._clock.sleep(self._minutes(leg, intent, name), key)
        struck = await self._strike(leg, intent, name)
        if struck is not None:
            return struck
        if name in _LINK_LOOKS:
            if name == StepKind.PROBE_LINKS.value:
                fault = self._faults.take("links_regress", subsystem=leg.id, attempt=intent.attempt)
                if fault is not None:
                    self._links.break_share(leg.id, fault.share)
                    self._kept()
            return self._links.look(leg.id, intent.attempt, name)
        return self._take_effect(leg, intent, name)

    async def observe(self, intent: Intent) -> ActResult:
        """Say whether the act took effect, by its token in the world."""
        name = intent.step if isinstance(intent, StepStarted) else intent.undo
        await self._clock.sleep(0.1, f"observe {intent.move}/{name}")
        if intent.token in self.world.half_done:
            return ActResult(
                "not_done", "it took effect in part; the same token goes on from there"
            )
        if not self.world.took_effect(intent.token):
            return ActResult("not_done", "the world has not seen this token")
        return ActResult("done", "the world has seen this token", authority=self._authority(intent))

    def _authority(self, intent: Intent) -> str | None:
        """Who holds authority now, for an act that moves it."""
        name = intent.step if isinstance(intent, StepStarted) else intent.undo
        leg = self.itinerary.legs[intent.move]
        return authority_after(self.itinerary.recipes[leg.recipe], name)

    # --- time and trouble -------------------------------------------------------------------

    def _minutes(self, leg: Leg, intent: Intent, name: str) -> float:
        if isinstance(intent, StepStarted):
            estimate = leg.step_minutes.get(name, Estimate(0, 0))
        else:
            estimate = leg.undo_minutes.get(name, Estimate(0, 0))
        minutes = self._chance.minutes(estimate, leg.id, name, intent.attempt, intent.nth)
        if name == StepKind.DRAIN.value:
            minutes = min(minutes, self.itinerary.policy.drain_minutes_max)
        if name == StepKind.SOAK.value:
            return minutes  # a soak is a time by the clock, not work that a slow platform delays
        return minutes * self._faults.slowness(self._clock.now())

    async def _strike(self, leg: Leg, intent: Intent, name: str) -> ActResult | None:
        """Let an injected fault or an accident happen to the act, if one is due."""

        def due(kind: str) -> bool:
            return (
                self._faults.take(kind, subsystem=leg.id, step=name, attempt=intent.attempt)
                is not None
            )

        if isinstance(intent, UndoStarted):
            if name == UndoKind.BRING_BACK and due("bring_back_unproven"):
                return self._unproven(leg)
            if due("undo_fails"):
                raise PermanentError(
                    "simulated-fault", f"{name} failed (injected)", hint="retry it"
                )
            return None
        if due("step_times_out"):
            late = (intent.limit_at - self._clock.now()).total_seconds() / 60 + 1
            await self._clock.sleep(late, f"{leg.id}/{name} hangs")
            return ActResult("failed", "answered after its limit")
        if due("step_half_fails"):
            self._half(leg, intent, name)
            raise PermanentError(
                "simulated-fault", f"{name} failed half-way (injected)", hint="look at its parts"
            )
        if due("step_fails"):
            raise PermanentError("simulated-fault", f"{name} failed (injected)", hint="retry it")
        if self._accidents and self._accident(leg, intent, name):
            raise TransientError("simulated-fault", f"{name} failed (by chance)", hint="retry it")
        return None

    def _accident(self, leg: Leg, intent: StepStarted, name: str) -> bool:
        """Chance: with the move's failure probability one of its steps fails, once or for good."""
        if self._chance.uniform("fails", leg.id, intent.attempt) >= leg.failure_probability:
            return False
        kinds = [kind for kind in _ACCIDENTS if kind in leg.step_minutes]
        hit = kinds[self._chance.integer(len(kinds), "where", leg.id, intent.attempt)]
        lasting = self._chance.uniform("lasting", leg.id, intent.attempt) < _LASTING_SHARE
        return hit.value == name and (intent.nth == 1 or lasting)

    def _unproven(self, leg: Leg) -> ActResult:
        """Bring half of the rows back, and say of the rest that nobody can prove it came."""
        place = self.world.look(leg.id, self._clock.now())
        fresh = sorted(place.new.rows - place.old.rows)
        place.old.rows |= set(fresh[: len(fresh) // 2])
        self._kept()
        missing = len(fresh) - len(fresh) // 2
        return ActResult(
            "failed",
            f"unproven: {len(fresh)} rows were written on the target, {missing} are not back",
            lost=(f"{missing} rows of {leg.id}, written on the target after its switch",),
        )

    def hear(self, run: Run, lines: Sequence[Line]) -> None:
        """What a person did by hand takes effect in this world, too, when it is ticked.

        What is planned anew is known here at once, and lives in this world from then on.
        """
        if run.itinerary is not self.itinerary:
            self.itinerary = run.itinerary
            self.world.joined_by(run.itinerary, self._clock.now())
            self._kept()
        for line in lines:
            event = line.event
            if isinstance(event, StepEnded | UndoEnded) and event.outcome == "done":
                self._by_hand(
                    run, event.move, event.step if isinstance(event, StepEnded) else event.undo
                )

    def resume(self, run: Run) -> None:
        """After a restart: what was ticked in the instant of the death takes effect now."""
        for move in run.moves.values():
            for act in (*move.steps.values(), *move.undos.values()):
                if act.state is ActState.DONE:
                    self._by_hand(run, move.id, act.name)

    def _by_hand(self, run: Run, move: str, name: str) -> None:
        found = task_of(run, f"{move}/{name}")
        if found is None or self.world.took_effect(found[1].token):
            return
        place = self.world.look(move, self._clock.now())
        try:
            self._effects.take(name, place, self.itinerary.legs[move])
        except PermanentError as refused:  # nobody can have done what they say they did
            self.world.violations.append(refused.message)
        self.world.effect(found[1].token)
        self._kept()

    def _half(self, leg: Leg, intent: StepStarted, name: str) -> None:
        """Do part of the act: what can be half done is half done, and has no end of its own."""
        place = self.world.look(leg.id, self._clock.now())
        self.world.half_done.add(intent.token)
        if name in {StepKind.COPY.value, StepKind.FINAL_COPY.value}:
            place.new.rows |= set(sorted(place.old.rows)[: len(place.old.rows) // 2])
        elif name == StepKind.START.value:
            place.new.running = True
        elif name == StepKind.PREPARE.value:
            place.new.prepared = True
        elif name == StepKind.QUIESCE.value:
            place.old.quiesced = True
        self._kept()

    def _kept(self) -> None:
        if self._keep is not None:
            self._keep(self.world)

    def _take_effect(self, leg: Leg, intent: Intent, name: str) -> ActResult:
        """Let the act take effect, once for its token."""
        if self.world.took_effect(intent.token):
            return ActResult(
                "done",
                "had taken effect before with the same token",
                (f"unchanged {name}/{leg.id}",),
                authority=self._authority(intent),
            )
        place = self.world.look(leg.id, self._clock.now())
        result = self._effects.take(name, place, leg)
        self.world.effect(intent.token)
        self.world.half_done.discard(intent.token)
        self._kept()
        return result
