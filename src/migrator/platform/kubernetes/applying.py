"""A subsystem's objects onto a cluster: looked at, applied in stages, and taken back.

Called by the acts prepare (asleep), start (awake) and undo. Every call may come again after a crash
at any point and ends the same. What must never happen here: a write to an object that nobody has a
pre-image of, force against somebody else's fields, and a write where nothing changes (a new token
alone changes nothing). What cannot be applied is named before the first write, all at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from migrator.errors import PermanentError, TransientError
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.discovery import SECRETS, Resource
from migrator.platform.kubernetes.errors import FieldsOwned, Outdated
from migrator.platform.kubernetes.in_epoch import delete_as_read
from migrator.platform.kubernetes.objects import (
    Change,
    ChangeSet,
    ChangeWord,
    KubeObject,
    at,
    map_at,
    name_of,
    number_at,
    uid_of,
    version_of,
)
from migrator.platform.kubernetes.owned import managers
from migrator.platform.kubernetes.ownership import KUBECTL, is_ours, refuse_later, says, taken_over
from migrator.platform.kubernetes.preimages import (
    DIGEST,
    PreImage,
    PreImages,
    copy_name,
    copy_of,
    decoded_strings,
    image_of,
    is_secret,
    key_of,
    mark_token,
)
from migrator.platform.kubernetes.reading import is_ending, read_all
from migrator.platform.kubernetes.rest import Client, Written
from migrator.platform.kubernetes.restoring import Remaining, Restorer
from migrator.platform.kubernetes.slices import EPOCH, TOKEN, Mark, mark_of
from migrator.platform.kubernetes.stages import (
    asleep,
    groups,
    is_in_force,
    is_waited_for,
)

IN_FORCE_SECONDS_MAX: Final = 30.0
LOOK_SECONDS: Final = 0.2
TRIES_MAX: Final = 5
"""Somebody who writes the same object between our read and our write is met again, not for ever."""

_NO_DRY_RUN: Final = "does not support dry run"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One object: what it shall be, what it is, and whether a write is needed."""

    body: KubeObject
    resource: Resource | None = None  # None while the kind is not defined yet
    live: KubeObject | None = None
    same: bool = False

    @property
    def is_marked(self) -> bool:
        return is_ours(self.live) and bool(mark_token(self.live))


class Applier:
    """One subsystem's objects on one server, in the name of one act."""

    def __init__(
        self,
        client: Client,
        mark: Mark,
        *,
        told: Callable[[Written], None] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Nothing is asked yet. `told` hears of every write, with its line in the audit log."""
        self._client = client
        self._mark = mark
        self._told = told
        self._sleep = sleep

    # Looking

    async def pre_images(
        self, objects: Iterable[KubeObject], kept: PreImages | None = None
    ) -> PreImages:
        """What is there in the place of each object; Secrets are copied within the cluster.

        `kept` is the first answer to this question, if there was one: it stays the answer, since
        what is there now may be our own work. Keep the result before `apply` is called.
        """
        wanted = [each for each in objects if kept is None or kept.of(each) is None]
        looked = await self._read(wanted)
        seen = [(image_of(each.body, each.live), each.live) for each in looked]
        secrets = [(image, live) for image, live in seen if live is not None and is_secret(live)]
        await abreast(secrets, lambda pair: self._copy(*pair))
        images = {} if kept is None else dict(kept.images)
        images.update((image.key, image) for image, _ in seen)
        return PreImages(self._mark.token if kept is None else kept.token, images)

    async def _copy(self, image: PreImage, live: KubeObject) -> None:
        """Keep a Secret as it is, beside it; what may be the last of an original stays."""
        namespace, name = image.name.namespace, copy_name(image.name.name)
        found = await self._client.get(SECRETS, namespace, name)
        if found is not None:
            if at(found, "metadata", "annotations", DIGEST) == image.digest:
                return
            if mark_token(found) != self._mark.token and is_ours(live):
                raise PermanentError(
                    "secret-copy-occupied",
                    f"{namespace}/{name} keeps what another move found in {image.name}",
                    hint="finish or undo that move; its copy goes with it",
                )
            # Made before a crash, and the Secret itself was never written since: we look again.
            await self._note(delete_as_read(self._client, SECRETS, found, self._mark))
        await self._note(self._client.create(copy_of(live, image, self._mark)))

    # Applying

    async def apply(
        self, objects: Iterable[KubeObject], *, images: PreImages, empty: bool
    ) -> ChangeSet:
        """Make everything as it is wanted, stage by stage; `empty` means that nothing of it runs.

        Raises PermanentError for what the server would refuse, before the first write, for all
        objects at once; FieldsOwned where fields are somebody else's.
        """
        changes: list[Change] = []
        bodies: list[KubeObject] = []
        for each in objects:
            assert images.of(each) is not None, f"{name_of(each)} has no pre-image"
            body = asleep(each) if empty else each
            if body is None:
                changes.append(Change(name_of(each), ChangeWord.SKIPPED))
            else:
                bodies.append(decoded_strings(body))
        found = await self._read(bodies)
        judged = {key_of(each.body): each for each in await self._judged(found)}
        for group in groups(bodies):
            done = await abreast([judged[key_of(body)] for body in group], self._write)
            changes += done
            for body in group:
                if is_waited_for(body):
                    await self._until_in_force(body)
        return ChangeSet(tuple(changes))

    async def _read(self, bodies: list[KubeObject]) -> list[_Wanted]:
        """What is there of each; nothing is written to what is going or is a later epoch's."""
        out: list[_Wanted] = []
        for found in await read_all(self._client, bodies):
            if is_ending(found.live):
                raise TransientError(
                    "cluster-object-ending",
                    f"{name_of(found.wanted)} is being deleted",
                    hint="it goes on when it is gone; a finalizer that nobody serves keeps it",
                )
            refuse_later(found.live, self._mark)
            body = _with_others_replicas(found.wanted, found.live)
            out.append(_Wanted(body, found.resource, found.live))
        return out

    async def _judged(self, found: list[_Wanted]) -> list[_Wanted]:
        """Tell which need no write, and name everything that the server would refuse."""
        refused: list[PermanentError] = []

        async def judge(each: _Wanted) -> _Wanted:
            if each.live is None:
                return each
            body = _marked(each.body, mark_of(each.live)) if each.is_marked else each.body
            if each.is_marked and says(body, each.live):
                return replace(each, same=True)
            try:
                written = await self._dry_run(each, body)
            except PermanentError as error:
                if _NO_DRY_RUN not in error.message:
                    refused.append(error)
                return each
            is_same = written.change.word is ChangeWord.UNCHANGED
            return replace(each, same=each.is_marked and is_same)

        judged = await abreast(found, judge)
        if refused:
            raise _together(refused)
        return judged

    async def _dry_run(self, each: _Wanted, body: KubeObject) -> Written:
        try:
            return await self._client.apply(
                body, dry_run=True, before=each.live, force=each.is_marked
            )
        except FieldsOwned as error:
            if any(conflict.manager != KUBECTL for conflict in error.conflicts):
                raise
        # What `kubectl apply` owns will be ours by then; the rest must be told nevertheless.
        return await self._client.apply(body, dry_run=True, before=each.live, force=True)

    async def _write(self, each: _Wanted) -> Change:
        """Write one object, if it needs it."""
        if each.same:
            return Change(name_of(each.body), ChangeWord.UNCHANGED)
        live = await self._taken_over(each)
        body = _marked(each.body, self._mark)
        if live is not None:
            # Whoever deletes it now is not answered by a new one: its image is another.
            body = {**body, "metadata": {**map_at(body, "metadata"), "uid": uid_of(live)}}
        try:
            written = await self._note(
                self._client.apply(body, before=live or {}, force=each.is_marked)
            )
        except Outdated as error:
            # It is another object by now: the act is tried again, and looks again.
            raise _busy(each.body) from error
        return written.change

    async def _taken_over(self, each: _Wanted) -> KubeObject | None:
        """Make kubectl's fields ours, or what a manifest drops later would stay for ever."""
        live = each.live
        for _ in range(TRIES_MAX):
            rows = None if live is None else taken_over(live)
            if live is None or rows is None:
                return live
            assert each.resource is not None, "what is there has a kind"
            name = name_of(each.body)
            try:
                written = await self._note(
                    self._client.merge(
                        each.resource,
                        name.namespace,
                        name.name,
                        {"metadata": {"managedFields": rows}},
                        version=version_of(live),
                    )
                )
            except Outdated:
                live = await self._client.get(each.resource, name.namespace, name.name)
            else:
                return written.object
        raise _busy(each.body)

    async def _until_in_force(self, body: KubeObject) -> None:
        """Wait until what comes next can be stored."""
        resource, name = await self._client.discovery.of(body), name_of(body)
        waited = 0.0
        while not is_in_force(await self._client.get(resource, name.namespace, name.name)):
            if waited >= IN_FORCE_SECONDS_MAX:
                raise TransientError(
                    "cluster-not-in-force",
                    f"{name} is stored and not in force after {IN_FORCE_SECONDS_MAX:.0f} s",
                    hint=f"kubectl describe {name.kind.lower()} {name.name} says why",
                )
            await self._sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS

    # Taking back

    async def restore(
        self, images: PreImages, *, belongs: Callable[[str], bool] = bool
    ) -> tuple[ChangeSet, tuple[Remaining, ...]]:
        """Make everything as it was, and say what stays; see `restoring.py`.

        `belongs` tells by an object's token whether an act of this subsystem wrote it.
        """
        restorer = Restorer(self._client, self._mark, note=self._note, sleep=self._sleep)
        return await restorer.restore(images, belongs)

    async def discard_copies(self, images: PreImages) -> ChangeSet:
        """Delete the copies of Secrets: the move is final, nobody goes back any more."""
        restorer = Restorer(self._client, self._mark, note=self._note, sleep=self._sleep)
        return await restorer.discard_copies(images)

    async def _note(self, asked: Awaitable[Written]) -> Written:
        written = await asked
        if self._told is not None:
            self._told(written)
        return written


def _busy(found: KubeObject) -> TransientError:
    """Somebody is quicker than we are, again and again."""
    return TransientError(
        "cluster-object-busy",
        f"{name_of(found)} is written by somebody else all the time",
        hint="--show-managed-fields names who; it is tried again",
    )


def _together(refused: list[PermanentError]) -> PermanentError:
    """One error for all refusals; by its own name where they are all of one kind."""
    if len(refused) == 1:
        return refused[0]
    said = "; ".join(sorted(error.message for error in refused))
    conflicts = [error.conflicts for error in refused if isinstance(error, FieldsOwned)]
    if len(conflicts) == len(refused):
        return FieldsOwned(said, tuple(each for found in conflicts for each in found))
    references = {error.reference for error in refused}
    if len(references) == 1:
        return PermanentError(refused[0].reference, said, hint=refused[0].hint)
    return PermanentError(
        "cluster-objects-refused",
        said,
        hint="mend each of them; nothing was written",
    )


def _marked(body: KubeObject, mark: Mark) -> KubeObject:
    meta = map_at(body, "metadata")
    notes = {**map_at(meta, "annotations"), TOKEN: mark.token, EPOCH: str(mark.epoch)}
    return {**body, "metadata": {**meta, "annotations": notes}}


def _with_others_replicas(body: KubeObject, live: KubeObject | None) -> KubeObject:
    """Leave the replicas to an autoscaler that set them, unless they are to be none."""
    spec = map_at(body, "spec")
    if live is None or not spec.get("replicas") or not number_at(live, "spec", "replicas"):
        return body
    scaled = any(
        each.subresource == "scale" and _owns_replicas(each.fields) for each in managers(live)
    )
    if not scaled:
        return body
    return {**body, "spec": {k: v for k, v in spec.items() if k != "replicas"}}


def _owns_replicas(fields: KubeObject) -> bool:
    return "f:replicas" in map_at(fields, "f:spec")
