"""Which writes the acts of a move consist of, each as a trial on the server.

Used by `migrator dry-run --context` through `dry_run_on`. The writes are those of `workloads.py`
and `traffic_acts.py`; whoever changes what an act writes changes it here, too. An act that the
server cannot be asked about is a trial that got no further, with the reason in words.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from migrator.plan.model import Itinerary, Recipe, RecipeStep, RecipeUndo, StepKind, UndoKind
from migrator.platform.kubernetes.abilities import WITH_A_DATABASE, why_not
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.discovery import ENDPOINT_SLICES, SERVICES
from migrator.platform.kubernetes.dry_running import MARK, NO_SPACE, Server, service_of, slice_of
from migrator.platform.kubernetes.manifest_checks import template_path
from migrator.platform.kubernetes.objects import (
    ChangeWord,
    KubeObject,
    ObjectName,
    map_at,
    name_of,
    uid_of,
    version_of,
)
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import (
    EPOCH,
    SERVICE_NAME,
    TOKEN,
    Backend,
    front_of,
    mark_of,
    owned_name,
    owned_slice,
    pods_backend,
    shadow_name,
    shadow_of,
)
from migrator.platform.kubernetes.stages import asleep
from migrator.platform.kubernetes.subject import Fronting, Subject
from migrator.platform.kubernetes.trials import Reach, ServerDryRun, Trial

S, U, W = StepKind, UndoKind, ChangeWord

Act: TypeAlias = RecipeStep | RecipeUndo

_PEOPLE: Final = frozenset({S.VERIFY, S.ACCEPT})
_LOOKS: Final = "it looks at what runs, and nothing runs yet"
_NO_FRONT: Final = "the front is not there before prepare"
_NO_PODS: Final = "the addresses of its pods are not known before they run"
_NO_WRITE: Final = "it writes nothing on the cluster"
_UNDO: Final = "what it puts back is known when prepare has kept it"
_DATA: Final = "data are never touched by a dry run"


async def dry_run_on(
    client: Client, subjects: Mapping[str, Subject], itinerary: Itinerary
) -> ServerDryRun:
    """Try every write of every move of a plan. It changes nothing, and looks whether that is so."""
    server = Server(client)
    trials: list[Trial] = []
    for move, leg in itinerary.legs.items():
        recipe = itinerary.recipes[leg.recipe]
        trials += await _Move(server, str(move), subjects.get(str(move)), recipe).trials()
    return ServerDryRun(tuple(trials), server.compared, await server.changed())


class _Move:
    """One move's acts."""

    def __init__(self, server: Server, move: str, subject: Subject | None, recipe: Recipe) -> None:
        self._server = server
        self._move = move
        self._subject = subject
        self._recipe = recipe
        self._tried: dict[str, Trial] = {}

    async def trials(self) -> list[Trial]:
        found: list[Trial] = []
        recipe = self._recipe
        acts: tuple[Act, ...] = (*recipe.steps, *recipe.commit, *recipe.unwind)
        for act in acts:
            found += await self._act(act)
        return found

    async def _act(self, act: Act) -> list[Trial]:
        whole = Trial(self._move, act.key, "", Reach.SIMULATED)
        subject = self._subject
        if act.kind in _PEOPLE:
            return [replace(whole, why="people do it, with evidence")]
        if act.means is not None:
            return [replace(whole, why=f"performed by {_by(act)}, which is not set off here")]
        reason = why_not(subject, self._move, self._recipe, act.kind)
        if subject is None or reason:
            return [replace(whole, reach=Reach.NOT, why=reason)]
        if act.kind in WITH_A_DATABASE:
            return [replace(whole, why=_DATA)]
        trying: Mapping[str, Callable[[str, Subject], Awaitable[list[Trial]]]] = {
            S.PREPARE: self._prepare,
            S.START: self._start,
            S.SWITCH: self._switch,
            S.FINALISE: self._finalise,
            S.RETIRE: self._retire,
            U.FENCE_TARGET: self._fence,
            U.STOP_TARGET: self._stop,
            U.SWITCH_BACK: self._switch_back,
        }
        if act.kind in trying:
            return await trying[act.kind](act.key, subject) or [replace(whole, why=_NO_WRITE)]
        return [replace(whole, why=_UNDO if act.kind == U.REMOVE else _LOOKS)]

    # --- objects ----------------------------------------------------------------------------

    async def _prepare(self, act: str, subject: Subject) -> list[Trial]:
        keepers = [each for each in subject.workloads if each not in _fenced(subject)]
        bodies = [each if each in keepers else asleep(each) for each in _own(subject)]
        found = await self._applied(act, subject, [each for each in bodies if each is not None])
        for fronting in subject.fronts:
            found += await self._front(act, subject, fronting)
        if subject.fronts and not await self._server.has_space(subject.namespace):
            space: KubeObject = {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": subject.namespace},
            }
            found = [*await self._applied(act, subject, [space]), *found]
        return found

    async def _start(self, act: str, subject: Subject) -> list[Trial]:
        found = await self._applied(act, subject, subject.workloads)
        return [*found, *await abreast(subject.workloads, lambda each: self._pod(act, each))]

    async def _pod(self, act: str, workload: KubeObject) -> Trial:
        """What judges pods themselves is not seen by a look at their workload."""
        blank = _trial(self._move, act, name_of(workload), "Pod of ")
        return await self._server.pod(blank, workload, template_path(workload))

    async def _fence(self, act: str, subject: Subject) -> list[Trial]:
        return await self._applied(act, subject, _asleep(subject.fenced_workloads()))

    async def _stop(self, act: str, subject: Subject) -> list[Trial]:
        return await self._applied(act, subject, _asleep(subject.workloads))

    async def _applied(
        self, act: str, subject: Subject, bodies: Iterable[KubeObject]
    ) -> list[Trial]:
        """Apply each; what another act has tried already is not sent again."""

        async def one(body: KubeObject) -> Trial:
            key = json.dumps(body, sort_keys=True)
            if key not in self._tried:
                blank = _trial(self._move, act, name_of(body))
                self._tried[key] = await self._server.applied(blank, body, subject)
            return replace(self._tried[key], act=act)

        return await abreast(bodies, one)

    # --- traffic ----------------------------------------------------------------------------

    async def _front(self, act: str, subject: Subject, fronting: Fronting) -> list[Trial]:
        """The front Service, its shadow, and the slice that points to the old side."""
        front = fronting.front
        service = next(each for each in subject.objects if _is_service(each, front.service))
        live = await service_of(self._server, front.namespace, front.service)
        if live and map_at(live, "spec", "selector") and not mark_of(live).token:
            blank = _trial(self._move, act, name_of(service))
            message = f"Service {front.namespace}/{front.service} is there and serves traffic"
            found = [replace(blank, reach=Reach.SERVER, fault=message, reference="front-taken")]
        else:
            found = await self._applied(act, subject, [front_of(service)])
        found += await self._applied(act, subject, [shadow_of(service)])
        return [*found, await self._pointed(act, fronting, fronting.old)]

    async def _pointed(self, act: str, fronting: Fronting, backend: Backend | None) -> Trial:
        """The one write that moves traffic."""
        front = fronting.front
        name = ObjectName("EndpointSlice", front.namespace, owned_name(front.service))
        blank = _trial(self._move, act, name)
        if backend is None:
            return replace(blank, reach=Reach.SIMULATED, why=_NO_PODS)
        live = await slice_of(self._server, front.namespace, name.name)
        if not await self._server.has_space(front.namespace):
            why = NO_SPACE.format(space=front.namespace)
            return replace(blank, reach=Reach.NOT, why=why)
        mark = mark_of(live) if live and mark_of(live).token else MARK
        wanted = owned_slice(front.namespace, front.service, backend, mark)
        client = self._server.client
        if live is None:
            return await self._server.written(blank, client.create(wanted, dry_run=True), W.CREATED)
        meta: KubeObject = {
            **map_at(wanted, "metadata"),
            "resourceVersion": version_of(live),
            "uid": uid_of(live),
        }
        put = client.replace({**wanted, "metadata": meta}, dry_run=True)
        return await self._server.written(blank, put, W.CONFIGURED)

    async def _switch(self, act: str, subject: Subject) -> list[Trial]:
        found: list[Trial] = []
        for fronting in subject.fronts:
            shadow = shadow_name(fronting.front.service)
            listed = await self._server.client.list_all(
                ENDPOINT_SLICES, fronting.front.namespace, labels=f"{SERVICE_NAME}={shadow}"
            )
            found.append(await self._pointed(act, fronting, pods_backend(listed.items)))
        return found

    async def _switch_back(self, act: str, subject: Subject) -> list[Trial]:
        return [await self._pointed(act, each, each.old) for each in subject.fronts]

    async def _finalise(self, act: str, subject: Subject) -> list[Trial]:
        """Give each front its selector."""
        found: list[Trial] = []
        for fronting in subject.fronts:
            front = fronting.front
            blank = _trial(self._move, act, ObjectName("Service", front.namespace, front.service))
            live = await service_of(self._server, front.namespace, front.service)
            if live is None:
                found.append(replace(blank, reach=Reach.SIMULATED, why=_NO_FRONT))
                continue
            mark = mark_of(live) if mark_of(live).token else MARK
            wanted = next(each for each in subject.objects if _is_service(each, front.service))
            change: KubeObject = {
                "metadata": {"annotations": {TOKEN: mark.token, EPOCH: str(mark.epoch)}},
                "spec": {"selector": map_at(wanted, "spec", "selector")},
            }
            merged = self._server.client.merge(
                SERVICES, front.namespace, front.service, change,
                version=version_of(live), dry_run=True,
            )  # fmt: skip
            found.append(await self._server.written(blank, merged, W.CONFIGURED))
        return found

    async def _retire(self, act: str, subject: Subject) -> list[Trial]:
        """Delete each shadow Service."""
        found: list[Trial] = []
        for fronting in subject.fronts:
            space, name = fronting.front.namespace, shadow_name(fronting.front.service)
            blank = _trial(self._move, act, ObjectName("Service", space, name))
            live = await service_of(self._server, space, name)
            if live is None:
                found.append(replace(blank, reach=Reach.SIMULATED, why=_NO_FRONT))
                continue
            deleted = self._server.client.delete(
                SERVICES, space, name, uid=uid_of(live), dry_run=True
            )
            found.append(await self._server.written(blank, deleted, W.DELETED))
        return found


def _trial(move: str, act: str, name: ObjectName, before: str = "") -> Trial:
    return Trial(move, act, f"{before}{name}", Reach.NOT)


def _by(act: Act) -> str:
    """What performs an act, in a word."""
    assert act.means is not None, "asked of acts with means only"
    if act.means.command is not None:
        return "a command"
    if act.means.call is not None:
        return "an http call"
    return "a person" if act.means.manual is not None else "the clock"


def _is_service(found: KubeObject, name: str) -> bool:
    return (name_of(found).kind, name_of(found).name) == ("Service", name)


def _own(subject: Subject) -> list[KubeObject]:
    """All objects but the fronts, which the traffic acts write."""
    fronts = {fronting.front.service for fronting in subject.fronts}
    return [
        each for each in subject.objects if not any(_is_service(each, front) for front in fronts)
    ]


def _fenced(subject: Subject) -> list[KubeObject]:
    return list(subject.fenced_workloads())


def _asleep(workloads: Iterable[KubeObject]) -> list[KubeObject]:
    return [body for each in workloads if (body := asleep(each)) is not None]
