"""The simulated platform: performs every typed act on the simulated world, in run time.

Made by `wiring` for rehearsals, dry runs and training; nothing in here moves anything real. Acts
take their time on the run's clock, honour their token, fail when a fault or chance says so, and
refuse by themselves what would make both sides live, as a good platform does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from migrator.engine.events import StepStarted, UndoStarted
from migrator.engine.policy import LOOKS, authority_after
from migrator.engine.ports import ActResult, Clock
from migrator.errors import PermanentError, TransientError
from migrator.inventory.model import Estimate
from migrator.plan.model import Itinerary, Leg, StepKind, UndoKind
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import FaultBox
from migrator.platform.simulated.links import SimulatedLinks
from migrator.platform.simulated.world import Place, World

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
        self._effects: dict[str, Callable[[Place, Leg], ActResult]] = {
            StepKind.PREPARE.value: self._prepare,
            StepKind.COPY.value: self._copy,
            StepKind.QUIESCE.value: self._quiesce,
            StepKind.FENCE.value: self._fence,
            StepKind.FINAL_COPY.value: self._final_copy,
            StepKind.START.value: self._start,
            StepKind.PROBE.value: self._probe,
            StepKind.GRANT.value: self._grant,
            StepKind.SWITCH.value: self._switch,
            StepKind.DRAIN.value: self._drain,
            StepKind.FINALISE.value: self._finalise,
            StepKind.RETIRE.value: self._retire,
            UndoKind.FENCE_TARGET.value: self._fence_target,
            UndoKind.BRING_BACK.value: self._bring_back,
            UndoKind.START_SOURCE.value: self._start_source,
            UndoKind.GRANT_SOURCE.value: self._grant_source,
            UndoKind.SWITCH_BACK.value: self._switch_back,
            UndoKind.STOP_TARGET.value: self._stop_target,
            UndoKind.DISCARD_COPY.value: self._discard_copy,
            UndoKind.REMOVE.value: self._remove,
        }

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
        return authority_after(leg.recipe, name)

    # --- time and trouble -------------------------------------------------------------------

    def _minutes(self, leg: Leg, intent: Intent, name: str) -> float:
        if isinstance(intent, StepStarted):
            estimate = leg.step_minutes.get(StepKind(name), Estimate(0, 0))
        else:
            estimate = leg.undo_minutes.get(UndoKind(name), Estimate(0, 0))
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
        result = self._effects[name](place, leg)
        self.world.effect(intent.token)
        self.world.half_done.discard(intent.token)
        self._kept()
        return result

    # --- forward ----------------------------------------------------------------------------

    def _prepare(self, place: Place, leg: Leg) -> ActResult:
        place.new.prepared = True
        return _done(f"created namespace/{leg.id}", f"created deployment/{leg.id}/{leg.id}")

    def _copy(self, place: Place, leg: Leg) -> ActResult:
        place.new.rows |= place.old.rows
        return _done(f"configured data/{leg.id}", detail=f"{len(place.new.rows)} rows compared")

    def _quiesce(self, place: Place, leg: Leg) -> ActResult:
        place.old.quiesced = True
        return _done(f"configured process/old/{leg.id}")

    def _fence(self, place: Place, leg: Leg) -> ActResult:
        place.old.fenced = True
        place.old.running = False
        place.drained = True
        if place.stateful:
            place.old.granted = False
        side = self._authority_of(leg, StepKind.FENCE.value)
        return _done(f"configured fence/old/{leg.id}", authority=side)

    def _final_copy(self, place: Place, leg: Leg) -> ActResult:
        self.world.require(
            holds=place.old.fenced, what=f"{leg.id}: the final copy needs a fenced old side"
        )
        place.new.rows |= place.old.rows
        self.world.require(
            holds=place.new.rows == place.old.rows,
            what=f"{leg.id}: the rows of both sides differ after the final copy",
        )
        return _done(f"configured data/{leg.id}", detail=f"{len(place.new.rows)} rows, equal")

    def _start(self, place: Place, leg: Leg) -> ActResult:
        place.new.running = True
        place.new.fenced = False
        return _done(f"configured deployment/{leg.id}/{leg.id}")

    def _probe(self, place: Place, leg: Leg) -> ActResult:
        if not place.new.running:
            raise PermanentError(
                "simulated-fault", f"{leg.id} does not run on the target", hint="start it"
            )
        return _done(detail="the target answers as standby")

    def _grant(self, place: Place, leg: Leg) -> ActResult:
        self.world.require(
            holds=not self.world.admits(place, "old"),
            what=f"{leg.id}: the old side still admits work; authority is not granted",
        )
        place.new.granted = True
        return _done(f"configured authority/{leg.id}", authority=self._authority_of(leg, "grant"))

    def _switch(self, place: Place, leg: Leg) -> ActResult:
        place.traffic = "new"
        place.switched_at = self._clock.now()
        place.drained = False
        place.drain_armed = True
        return _done(
            f"configured service/{leg.id}/{leg.id}", authority=self._authority_of(leg, "switch")
        )

    def _drain(self, place: Place, leg: Leg) -> ActResult:
        place.drained = True
        return _done(detail=f"no connection is left on the old side of {leg.id}")

    def _finalise(self, place: Place, leg: Leg) -> ActResult:
        self.world.require(
            holds=place.traffic == "new", what=f"{leg.id}: traffic is not on the new side"
        )
        return _done(f"configured service/{leg.id}/{leg.id}")

    def _retire(self, place: Place, leg: Leg) -> ActResult:
        place.old.running = False
        place.old.rows.clear()
        place.retired = True
        return _done(f"deleted process/old/{leg.id}")

    # --- back -------------------------------------------------------------------------------

    def _fence_target(self, place: Place, leg: Leg) -> ActResult:
        place.new.fenced = True
        place.new.granted = False
        had = place.old.granted
        side = None if had else self._authority_of(leg, "fence-target")
        return _done(f"configured fence/new/{leg.id}", authority=side)

    def _bring_back(self, place: Place, leg: Leg) -> ActResult:
        self.world.require(
            holds=place.new.fenced, what=f"{leg.id}: bring-back needs a fenced target"
        )
        fresh = place.new.rows - place.old.rows
        place.old.rows |= place.new.rows
        return _done(f"configured data/old/{leg.id}", detail=f"{len(fresh)} rows came back")

    def _start_source(self, place: Place, leg: Leg) -> ActResult:
        place.old.running = True
        place.old.fenced = False
        place.old.quiesced = False
        return _done(f"configured process/old/{leg.id}", detail="the old side is ready")

    def _grant_source(self, place: Place, leg: Leg) -> ActResult:
        self.world.require(
            holds=not self.world.admits(place, "new"),
            what=f"{leg.id}: the target still admits work; authority is not given back",
        )
        place.old.granted = True
        return _done(
            f"configured authority/{leg.id}", authority=self._authority_of(leg, "grant-source")
        )

    def _switch_back(self, place: Place, leg: Leg) -> ActResult:
        if place.traffic != "old":
            place.traffic = "old"
            place.switched_at = self._clock.now()
            place.drained = False
            place.drain_armed = True
        return _done(
            f"configured service/{leg.id}/{leg.id}",
            authority=self._authority_of(leg, "switch-back"),
        )

    def _stop_target(self, place: Place, leg: Leg) -> ActResult:
        place.new.running = False
        place.new.granted = False
        return _done(f"configured deployment/{leg.id}/{leg.id}", detail="scaled to 0, proved")

    def _discard_copy(self, place: Place, leg: Leg) -> ActResult:
        self.world.require(
            holds=not place.new.running or place.new.fenced,
            what=f"{leg.id}: rows are not discarded while the target runs",
        )
        place.new.rows.clear()
        return _done(f"deleted data/{leg.id}")

    def _remove(self, place: Place, leg: Leg) -> ActResult:
        place.new.prepared = False
        place.new.running = False
        self._links.heal(leg.id)
        return ActResult(
            "done",
            changes=(f"deleted deployment/{leg.id}/{leg.id}", f"unchanged namespace/{leg.id}"),
            remains=(f"namespace/{leg.id} (empty)",),
        )

    def _authority_of(self, leg: Leg, name: str) -> str | None:
        return authority_after(leg.recipe, name)


def _done(*changes: str, detail: str = "", authority: str | None = None) -> ActResult:
    return ActResult("done", detail, changes, authority)
