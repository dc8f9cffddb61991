"""Every write of every move, tried out on the server and stored nowhere.

Called by `migrator dry-run --context`. Each object is sent as the act would send it, as a dry run
and without force; what the server cannot judge today is told with the reason. Nothing is changed:
the versions of all objects are read before and after, and a difference is named with who made it.
What must never happen here: a write without `dryRun`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from migrator.errors import PermanentError, TransientError
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.discovery import (
    ENDPOINT_SLICES,
    NAMESPACES,
    SERVICES,
    Resource,
)
from migrator.platform.kubernetes.errors import FieldConflict, FieldsOwned
from migrator.platform.kubernetes.objects import (
    FIELD_MANAGER,
    ChangeWord,
    KubeObject,
    map_at,
    name_of,
    objects_at,
    text_at,
    uid_of,
    version_of,
)
from migrator.platform.kubernetes.owned import managers
from migrator.platform.kubernetes.ownership import KUBECTL, is_ours
from migrator.platform.kubernetes.preimages import decoded_strings
from migrator.platform.kubernetes.rest import Client, Written
from migrator.platform.kubernetes.slices import EPOCH, TOKEN, Mark, mark_of
from migrator.platform.kubernetes.stages import defined_kinds
from migrator.platform.kubernetes.subject import Subject
from migrator.platform.kubernetes.trials import Changed, Reach, Trial

MARK: Final = Mark("dry-run", 10**15)
"""No run ever gets to this epoch, so a fence of epochs takes a dry run for late in none of them."""

_NO_DRY_RUN: Final = "does not support dry run"
NO_SPACE: Final = (
    "its namespace {space} is not there yet; `kubectl create namespace {space}` before the dry run"
)
_NOT_THE_POD: Final = ('cannot create resource "pods"', "error looking up service account")
"""Refusals of a pod made by us that say nothing about those that its controller will make."""
_PODS_BY_OTHERS: Final = "its pods are made by a controller, and we cannot make one in its place"
_NO_KIND: Final = "its kind is defined by these same manifests and not served yet"


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as it was before the first trial; `live` is None where there was none."""

    resource: Resource
    live: KubeObject | None


class Server:
    """One server on which writes are tried. It remembers what it has looked at."""

    def __init__(self, client: Client) -> None:
        """Nothing is asked yet."""
        self._client = client
        self._seen: dict[tuple[str, str], Seen] = {}
        self._unknown: dict[tuple[str, str], PermanentError] = {}

    @property
    def compared(self) -> int:
        """How many objects were looked at."""
        return len(self._seen)

    async def look(self, wanted: KubeObject) -> Seen:
        """What is there in an object's place, read once. Raises PermanentError."""
        # A kind that is not served is waited for a second; once is enough for all its objects.
        key, name = (text_at(wanted, "apiVersion"), text_at(wanted, "kind")), name_of(wanted)
        if key in self._unknown:
            raise self._unknown[key]
        try:
            resource = await self._client.discovery.of(wanted)
        except PermanentError as error:
            self._unknown[key] = error
            raise
        return await self.look_at(resource, name.namespace, name.name)

    async def look_at(self, resource: Resource, namespace: str, name: str) -> Seen:
        """The same by name."""
        place = namespace if resource.namespaced else ""
        key = (resource.right, f"{place}/{name}")
        if key not in self._seen:
            self._seen[key] = Seen(resource, await self._client.get(resource, place, name))
        return self._seen[key]

    async def has_space(self, namespace: str) -> bool:
        """Whether a namespace is there."""
        return (await self.look_at(NAMESPACES, "", namespace)).live is not None

    async def applied(
        self, trial: Trial, body: KubeObject, subject: Subject, *, force: bool = False
    ) -> Trial:
        """The trial of applying an object as an act would."""
        own_kinds = defined_kinds(subject.objects)
        try:
            seen = await self.look(body)
        except PermanentError as error:
            group = text_at(body, "apiVersion").rpartition("/")[0]
            if error.reference == "cluster-kind-unknown" and (
                (group, text_at(body, "kind")) in own_kinds
            ):
                return replace(trial, reach=Reach.NOT, why=_NO_KIND)
            return _refused(trial, error)
        except TransientError as error:
            return replace(trial, reach=Reach.NOT, why=error.message)
        space = text_at(body, "metadata", "namespace")
        if seen.resource.namespaced and not await self.has_space(space):
            return replace(trial, reach=Reach.NOT, why=NO_SPACE.format(space=space))
        marked = _marked(decoded_strings(body), seen.live)
        return await self._applied(trial, marked, seen, force=force)

    async def _applied(self, trial: Trial, body: KubeObject, seen: Seen, *, force: bool) -> Trial:
        asked = self._client.apply(body, dry_run=True, before=seen.live or {}, force=force)
        try:
            return _judged(trial, await asked)
        except FieldsOwned as error:
            return await self._owned(trial, body, seen, error)
        except PermanentError as error:
            return _refused(trial, error)
        except TransientError as error:
            return replace(trial, reach=Reach.NOT, why=error.message)

    async def _owned(self, trial: Trial, body: KubeObject, seen: Seen, error: FieldsOwned) -> Trial:
        """Name who owns what; what the act itself settles is no fault, and the rest is tried."""
        theirs = [c for c in error.conflicts if not _is_settled(c, seen.live or {})]
        told = tuple(map(str, error.conflicts))
        # With force the server goes on to judge everything else; nothing is stored either way.
        after = await self._applied(trial, body, seen, force=True)
        if theirs and not after.fault:
            after = replace(after, fault=error.message, reference=error.reference)
        return replace(after, conflicts=told)

    async def pod(self, trial: Trial, workload: KubeObject, path: tuple[str, ...]) -> Trial:
        """The trial of one pod of a workload, made from its template at `path`, as we are.

        A controller makes the real ones, in its own name; what judges pods themselves (Pod
        Security, quota, limits, webhooks) mostly does not ask who makes them.
        """
        space = text_at(workload, "metadata", "namespace")
        if not await self.has_space(space):
            return replace(trial, reach=Reach.NOT, why=NO_SPACE.format(space=space))
        template = map_at(workload, *path)
        meta: KubeObject = {
            **map_at(template, "metadata"),
            "name": f"{text_at(workload, 'metadata', 'name')}-dry-run"[-63:].lstrip("-."),
            "namespace": space,
        }
        pod: KubeObject = {
            "apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": map_at(template, "spec")
        }  # fmt: skip
        asked = self._client.create(_marked(pod, None), dry_run=True)
        found = await self.written(trial, asked, ChangeWord.CREATED)
        if any(words in found.fault for words in _NOT_THE_POD):
            why = f"{_PODS_BY_OTHERS}: {found.fault}"
            return replace(found, reach=Reach.NOT, why=why, fault="", reference="")
        return found

    async def written(self, trial: Trial, asked: Awaitable[Written], word: ChangeWord) -> Trial:
        """The trial of any other write; whoever calls it has asked for a dry run.

        The word is the caller's: a dry run gives back the version that it started from.
        """
        try:
            done = await asked
        except PermanentError as error:
            return _refused(trial, error)
        except TransientError as error:
            return replace(trial, reach=Reach.NOT, why=error.message)
        assert done.dry_run, "a trial is a dry run"
        return replace(_judged(trial, done), word=word.value)

    @property
    def client(self) -> Client:
        """For the writes that are no applies."""
        return self._client

    async def changed(self) -> tuple[Changed, ...]:
        """What is not as it was before the first trial."""

        async def compare(pair: tuple[tuple[str, str], Seen]) -> Changed | None:
            (_, place), seen = pair
            namespace, _, name = place.partition("/")
            now = await self._client.get(seen.resource, namespace, name, metadata_only=True)
            if _version(seen.live) == _version(now):
                return None
            wrote = _writers(seen.live or {}, now or {})
            what = "/".join(word for word in (seen.resource.kind, namespace, name) if word)
            return Changed(what, wrote, by_us=FIELD_MANAGER in wrote)

        found = await abreast(list(self._seen.items()), compare)
        return tuple(each for each in found if each is not None)


async def service_of(server: Server, namespace: str, name: str) -> KubeObject | None:
    """A Service as it is; None where there is none."""
    return (await server.look_at(SERVICES, namespace, name)).live


async def slice_of(server: Server, namespace: str, name: str) -> KubeObject | None:
    """An EndpointSlice as it is; None where there is none."""
    return (await server.look_at(ENDPOINT_SLICES, namespace, name)).live


def _judged(trial: Trial, done: Written) -> Trial:
    return replace(trial, reach=Reach.SERVER, word=done.change.word.value, warnings=done.warnings)


def _refused(trial: Trial, error: PermanentError) -> Trial:
    """A refusal of the object is the server's judgement; one of dry runs as such is none."""
    if _NO_DRY_RUN in error.message:
        return replace(trial, reach=Reach.NOT, why=f"a webhook takes no dry run: {error.message}")
    return replace(trial, reach=Reach.SERVER, fault=error.message, reference=error.reference)


def _is_settled(conflict: FieldConflict, live: KubeObject) -> bool:
    """Whether the act takes the field over by itself, or leaves it to whoever scales."""
    if conflict.manager == KUBECTL:
        return True
    scaling = {each.name for each in managers(live) if each.subresource == "scale"}
    return conflict.field == ".spec.replicas" and conflict.manager in scaling


def _marked(body: KubeObject, live: KubeObject | None) -> KubeObject:
    """With the marks that a write carries: those that are there, or they would be a change."""
    kept = mark_of(live or {})
    mark = kept if kept.token and is_ours(live) else MARK
    meta = map_at(body, "metadata")
    notes: Mapping[str, Plain] = {
        **map_at(meta, "annotations"), TOKEN: mark.token, EPOCH: str(mark.epoch)
    }  # fmt: skip
    return {**body, "metadata": {**meta, "annotations": {**notes}}}


def _version(found: KubeObject | None) -> tuple[str, str]:
    return (uid_of(found), version_of(found)) if found else ("", "")


def _writers(before: KubeObject, after: KubeObject) -> tuple[str, ...]:
    """Whose entries of the managed fields are not what they were."""
    was = _rows(before)
    return tuple(sorted({text_at(row, "manager") for row in _rows(after) if row not in was}))


def _rows(found: KubeObject) -> Iterable[KubeObject]:
    return objects_at(found, "metadata", "managedFields")
