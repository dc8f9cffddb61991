"""What each typed act does to the simulated world, once it takes effect.

Used by `platform.py` alone. The acts refuse by themselves what would make both sides live or lose
rows, as a good platform does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from migrator.engine.policy import authority_after
from migrator.engine.ports import ActResult, Clock
from migrator.errors import PermanentError
from migrator.plan.model import Leg, Recipe, StepKind, UndoKind
from migrator.platform.simulated.links import SimulatedLinks
from migrator.platform.simulated.world import Place, World


class Effects:
    """The effects of all acts on one world, by the act's kind."""

    def __init__(
        self,
        world: World,
        links: SimulatedLinks,
        clock: Clock,
        recipes: Mapping[str, Recipe],
    ) -> None:
        """Join the world with its links."""
        self._world = world
        self._links = links
        self._clock = clock
        self._recipes = recipes
        self._by_kind: dict[str, Callable[[Place, Leg], ActResult]] = {
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

    def take(self, kind: str, place: Place, leg: Leg) -> ActResult:
        """Let an act take effect; a task leaves no trace in this world but its token."""
        effect = self._by_kind.get(kind)
        return effect(place, leg) if effect is not None else _done(f"did {kind}/{leg.id}")

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
        self._world.require(
            holds=place.old.fenced, what=f"{leg.id}: the final copy needs a fenced old side"
        )
        place.new.rows |= place.old.rows
        self._world.require(
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
        self._world.require(
            holds=not self._world.admits(place, "old"),
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
        self._world.require(
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
        self._world.require(
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
        self._world.require(
            holds=not self._world.admits(place, "new"),
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
        self._world.require(
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
        return authority_after(self._recipes[leg.recipe], name)


def _done(*changes: str, detail: str = "", authority: str | None = None) -> ActResult:
    return ActResult("done", detail, changes, authority)
