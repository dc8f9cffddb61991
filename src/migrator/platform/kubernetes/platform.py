"""The Kubernetes platform: each typed act, performed on the cluster; and the truth about doubts.

Made by `wiring` for a live run, behind the platform of commands, which performs what the plan
declares means for. Every act may come twice with the same token and takes effect once; after a
crash `observe` asks the cluster itself, never the journal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from migrator.engine.events import StepStarted, UndoStarted
from migrator.engine.policy import authority_after
from migrator.engine.ports import ActResult
from migrator.errors import PermanentError
from migrator.plan.model import Itinerary, Recipe, StepKind, UndoKind
from migrator.platform.kubernetes.abilities import why_not
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.audits import audited
from migrator.platform.kubernetes.data_acts import WORDS, DataActs
from migrator.platform.kubernetes.doing import Doing
from migrator.platform.kubernetes.link_acts import LinkActs
from migrator.platform.kubernetes.objects import ChangeSet, KubeObject
from migrator.platform.kubernetes.outlasting import OUTLASTED_SECONDS, outlasted
from migrator.platform.kubernetes.slices import NEW, OLD, Mark
from migrator.platform.kubernetes.subject import Subject
from migrator.platform.kubernetes.traffic_acts import TrafficActs
from migrator.platform.kubernetes.workloads import Workloads

Intent = StepStarted | UndoStarted
SPARE_SECONDS: Final = 2.0
"""Before an act's limit, so that its own reason is heard and not only that time ran out."""
S, U = StepKind, UndoKind


Performer: TypeAlias = Callable[[Doing], Awaitable[ActResult]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a platform must know of its run. `run` is a word that no other run has."""

    run: str
    subjects: Mapping[str, Subject]
    itinerary: Callable[[], Itinerary]
    epoch: Callable[[], int]
    now: Callable[[], datetime]


class KubernetesPlatform:
    """Performs acts on one cluster. Its parts are made and ended by whoever makes it."""

    def __init__(
        self,
        surroundings: Surroundings,
        workloads: Workloads,
        fronts: TrafficActs,
        links: LinkActs,
        databases: DataActs,
        evidence: Callable[[Doing], Awaitable[str]],
    ) -> None:
        """Nothing is asked yet."""
        self._around = surroundings
        self._workloads = workloads
        self._fronts = fronts
        self._links = links
        self._databases = databases
        self._evidence = evidence
        self._performers: dict[str, Performer] = {
            S.PREPARE: self._prepare,
            S.BASELINE: self._look,
            S.COPY: databases.perform,
            S.FENCE: databases.perform,
            S.FINAL_COPY: databases.perform,
            S.START: self._start,
            S.PROBE: self._probe,
            S.GRANT: databases.perform,
            S.SWITCH: self._switch,
            S.DRAIN: self._drain,
            S.PROBE_LINKS: self._look,
            S.SOAK: self._soak,
            S.FINALISE: self._finalise,
            S.RETIRE: self._retire,
            U.FENCE_TARGET: self._fence_target,
            U.BRING_BACK: databases.perform,
            U.GRANT_SOURCE: databases.perform,
            U.SWITCH_BACK: self._switch_back,
            U.PROVE_BACK: self._look,
            U.STOP_TARGET: self._stop,
            U.DISCARD_COPY: databases.perform,
            U.REMOVE: self._remove,
        }

    async def perform(self, intent: Intent) -> ActResult:
        """Do the act. Raises TransientError or PermanentError."""
        doing = self._doing(intent)

        async def act(seconds_left: float) -> ActResult:
            return await self._performers[doing.act](replace(doing, seconds_max=seconds_left))

        with audited() as writes:
            result = await outlasted(act, seconds_max=doing.seconds_max)
        said = tuple(f"audit {each}" for each in writes)
        return self._with_authority(doing, replace(result, changes=(*result.changes, *said)))

    async def observe(self, intent: Intent) -> ActResult:
        """Say whether the act took effect: outcome done, not_done or unknown."""
        doing = self._doing(intent)

        async def look(_seconds_left: float) -> ActResult:
            return await self._seen(doing)

        # A doubt that nobody could settle would wait for a person.
        result = await outlasted(look, seconds_max=max(doing.seconds_max, OUTLASTED_SECONDS))
        return self._with_authority(doing, result)

    # --- the target -------------------------------------------------------------------------

    async def _prepare(self, doing: Doing) -> ActResult:
        subject, mark = doing.subject, doing.mark

        async def met(neighbour: Subject) -> ChangeSet:
            return await self._fronts.ensure(neighbour, mark, again=False)

        done = await self._fronts.ensure(subject, mark)
        for each in await abreast(self._neighbours(subject), met):
            done = done.with_changes(each)
        try:
            own = await self._workloads.prepare(
                subject, doing.attempt, mark, seconds_max=doing.seconds_max
            )
        except PermanentError as error:
            # The fronts are there and stay, whatever becomes of the move: the journal must know.
            return ActResult("failed", f"{error.reference}: {error.message}", _words(done))
        return _done(done.with_changes(own), "its objects are there and run nothing yet")

    async def _start(self, doing: Doing) -> ActResult:
        changes = await self._workloads.start(
            doing.subject, doing.attempt, doing.mark, seconds_max=doing.seconds_max
        )
        return _done(changes, "everything is ready")

    async def _probe(self, doing: Doing) -> ActResult:
        said = await self._fronts.pods_answer(doing.subject, seconds_max=doing.seconds_max)
        return ActResult("done", said)

    async def _fence_target(self, doing: Doing) -> ActResult:
        kept = await self._evidence(doing)
        # Before the pods go: whoever called them afterwards would wait for an answer in vain.
        shut = await self._fronts.refuse(doing.subject, doing.mark)
        stopped = await self._workloads.fence(
            doing.subject, doing.attempt, doing.mark, seconds_max=doing.seconds_max
        )
        said = await self._databases.perform(doing)
        if said.outcome != "done":
            return said
        words = f"{len(stopped.pods)} pods are gone; {said.detail}; {kept}"
        return _done(shut.with_changes(stopped.changes), words)

    async def _stop(self, doing: Doing) -> ActResult:
        kept = await self._evidence(doing)
        # A database must answer until it has let go of its copy, which comes next. Nobody writes
        # there any more: the fence of the target came first. It goes when the objects go.
        stop = self._workloads.fence if doing.subject.databases else self._workloads.stop
        stopped = await stop(
            doing.subject, doing.attempt, doing.mark, seconds_max=doing.seconds_max
        )
        return _done(stopped.changes, f"{len(stopped.pods)} pods are gone, none is left; {kept}")

    async def _remove(self, doing: Doing) -> ActResult:
        changes, remains = await self._workloads.remove(doing.subject, doing.attempt, doing.mark)
        left = (*(str(each) for each in remains), *self._fronts.remaining(doing.subject))
        return _done(changes, "what was there before is there again", remains=left)

    # --- traffic ----------------------------------------------------------------------------

    async def _switch(self, doing: Doing) -> ActResult:
        arrived = await self._fronts.switch(doing.subject, NEW, doing.mark)
        return _done(arrived.changes, arrived.words)

    async def _switch_back(self, doing: Doing) -> ActResult:
        arrived = await self._fronts.switch(doing.subject, OLD, doing.mark)
        return _done(arrived.changes, arrived.words)

    async def _drain(self, doing: Doing) -> ActResult:
        seconds = self._around.itinerary().policy.drain_minutes_max * 60
        said = await self._fronts.drain(doing.subject, min(seconds, doing.seconds_max))
        return ActResult("done", said)

    async def _finalise(self, doing: Doing) -> ActResult:
        changes = await self._fronts.finalise(doing.subject, doing.mark)
        return _done(changes, "the cluster itself keeps the endpoints from here on")

    async def _retire(self, doing: Doing) -> ActResult:
        said = await self._databases.perform(doing)
        if said.outcome != "done":
            return said
        changes = await self._fronts.retire(doing.subject, doing.mark)
        copies = await self._workloads.forget(doing.subject, doing.attempt, doing.mark)
        return _done(
            changes.with_changes(copies), f"nothing of ours is left in its traffic; {said.detail}"
        )

    async def _look(self, doing: Doing) -> ActResult:
        subject = doing.subject
        neighbours = self._neighbours(subject)
        return await self._links.look(subject, neighbours, doing.act, doing.attempt)

    async def _soak(self, doing: Doing) -> ActResult:
        subject = doing.subject
        seconds = min(self._around.itinerary().policy.soak_minutes * 60, doing.seconds_max)
        neighbours = self._neighbours(subject)
        return await self._links.soak(subject, neighbours, doing.attempt, seconds)

    # --- doubts -----------------------------------------------------------------------------

    async def _seen(self, doing: Doing) -> ActResult:
        """What the cluster shows of an act whose end nobody heard."""
        subject, act = doing.subject, doing.act
        if act in {S.SWITCH, U.SWITCH_BACK}:
            side = NEW if act == S.SWITCH else OLD
            found = await self._fronts.observe(subject, side, doing.mark)
            if found != "done":
                return ActResult(found, f"the slices say {await self._fronts.sides(subject)}")
            # The write is there; whether traffic has arrived is seen from the vantage points only.
            return ActResult("done", await self._fronts.prove(subject, side))
        if act == U.FENCE_TARGET and not await self._workloads.is_stopped(
            subject.fenced_workloads()
        ):
            return ActResult("not_done", "pods that could take in work are still there")
        if act in WORDS:
            return await self._databases.observe(doing)
        looks: dict[str, Callable[[], Awaitable[bool]]] = {
            S.START: lambda: self._workloads.is_ready(subject),
            U.STOP_TARGET: lambda: self._workloads.is_stopped(_to_stop(subject)),
            S.FINALISE: lambda: self._fronts.is_final(subject),
        }
        if act in looks and await looks[act]():
            return ActResult("done", "the cluster shows it done")
        return ActResult("not_done", "the same token again changes only what is not done yet")

    # --- parts ------------------------------------------------------------------------------

    def _neighbours(self, subject: Subject) -> tuple[Subject, ...]:
        """The subjects that it calls or that call it, in order."""
        names = {
            other
            for pair in self._around.itinerary().pairs
            for mine, other in ((pair.source, pair.target), (pair.target, pair.source))
            if mine == subject.subsystem and other != subject.subsystem
        }
        found = (self._around.subjects.get(name) for name in sorted(names))
        return tuple(each for each in found if each is not None)

    def _recipe(self, move: str) -> Recipe:
        itinerary = self._around.itinerary()
        return itinerary.recipes[itinerary.legs[move].recipe]

    def _doing(self, intent: Intent) -> Doing:
        act = intent.step if isinstance(intent, StepStarted) else intent.undo
        subject = self._around.subjects.get(intent.move)
        reason = why_not(subject, intent.move, self._recipe(intent.move), act)
        if reason or subject is None:
            raise PermanentError(
                "platform-has-no-means",
                f"the cluster cannot perform {act} of {intent.move}: {reason}",
                hint="declare its means in the plan's recipe, or complete its manifests",
            )
        left = (intent.limit_at - self._around.now()).total_seconds() - SPARE_SECONDS
        mark = Mark(f"{self._around.run}.{intent.token}", self._around.epoch())
        return Doing(subject, act, intent.attempt, mark, max(left, 1.0))

    def _with_authority(self, doing: Doing, result: ActResult) -> ActResult:
        if result.outcome != "done":
            return result
        side = authority_after(self._recipe(doing.subject.subsystem), doing.act)
        return ActResult(
            result.outcome, result.detail, result.changes, side, result.judged, result.remains,
            result.lost,
        )  # fmt: skip


def _done(changes: ChangeSet, words: str, *, remains: tuple[str, ...] = ()) -> ActResult:
    """A done act, with each object that it changed by name; unchanged ones are only counted."""
    return ActResult("done", f"{words} ({changes})", _words(changes), remains=remains)


def _to_stop(subject: Subject) -> tuple[KubeObject, ...]:
    """What a stop of the target stops."""
    return tuple(subject.fenced_workloads()) if subject.databases else subject.workloads


def _words(changes: ChangeSet) -> tuple[str, ...]:
    return tuple(str(change) for change in changes if change.word.value != "unchanged")
