"""The cluster as it was before a move: what was absent is deleted, what was there is put back.

Called through `Applier.restore` after traffic is back on the old side. What was absent and is ours
goes, by its exact uid; what was there gets its old content, and each manager its old fields. What
nobody could put back (namespaces, definitions, claims for data) stays and is named.

Who owns what afterwards was tried on a real server (1.35). Putting an object in the place of
one that was applied leaves every field that stays the same with the manager `migrator` (Apply) and
gives it (Update) the fields that the put changed; `kubectl apply --server-side` of the team would
then meet conflicts with us. So a second write, which changes no field, puts the managedFields of
the pre-image back: a server takes them as they are sent when the object itself does not change.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from migrator.errors import PermanentError, TransientError
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.discovery import SECRETS, Resource
from migrator.platform.kubernetes.errors import Outdated
from migrator.platform.kubernetes.in_epoch import delete_as_read, marked_first
from migrator.platform.kubernetes.objects import (
    Change,
    ChangeSet,
    ChangeWord,
    KubeObject,
    ObjectName,
    map_at,
    name_of,
    texts_at,
    uid_of,
    version_of,
)
from migrator.platform.kubernetes.ownership import (
    given_back,
    is_ours,
    is_written_by_us,
    refuse_later,
)
from migrator.platform.kubernetes.preimages import (
    CONTROLLERS_NOTES,
    UID,
    PreImage,
    PreImages,
    copy_name,
    digest_of,
    is_secret,
    key_of,
    mark_token,
    out_of_copy,
    stripped,
)
from migrator.platform.kubernetes.rest import Client, Written
from migrator.platform.kubernetes.slices import EPOCH, TOKEN, Mark
from migrator.platform.kubernetes.stages import NEVER_DELETED, NEVER_REMADE, groups

GONE_SECONDS_MAX: Final = 60.0
LOOK_SECONDS: Final = 0.2
TRIES_MAX: Final = 5


@dataclass(frozen=True, slots=True, order=True)
class Remaining:
    """An object that is not as it was, and why it was left so."""

    name: ObjectName
    why: str

    def __str__(self) -> str:
        """Write it as one item of a list."""
        return f"{self.name}: {self.why}"


class Restorer:
    """Puts one subsystem's objects back. Everything may be repeated; what is done is not redone."""

    def __init__(
        self,
        client: Client,
        mark: Mark,
        *,
        note: Callable[[Awaitable[Written]], Awaitable[Written]],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """Nothing is asked yet."""
        self._client = client
        self._mark = mark
        self._note = note
        self._sleep = sleep

    async def restore(
        self, images: PreImages, belongs: Callable[[str], bool]
    ) -> tuple[ChangeSet, tuple[Remaining, ...]]:
        """First what is new goes, in the reverse order; then what was there comes back."""
        changes: list[Change] = []
        remains: dict[ObjectName, str] = {}

        async def remove(image: PreImage) -> Change:
            return await self._again(image, lambda: self._remove(image, belongs, remains))

        async def put_back(image: PreImage) -> Change:
            return await self._again(image, lambda: self._put_back(image, belongs, remains))

        for group in reversed(_groups(image for image in images if not image.was_there)):
            changes += await abreast(group, remove)
        for group in _groups(image for image in images if image.was_there):
            changes += await abreast(group, put_back)
        changes += await self._discard(images, but=set(remains))
        left = tuple(Remaining(name, remains[name]) for name in sorted(remains))
        return ChangeSet(tuple(changes)), left

    async def discard_copies(self, images: PreImages) -> ChangeSet:
        """Delete every copy of a Secret that these images speak of."""
        return ChangeSet(tuple(await self._discard(images, but=set())))

    async def _discard(self, images: PreImages, *, but: set[ObjectName]) -> list[Change]:
        secrets = [
            image
            for image in images
            if image.was_there and is_secret(_bare(image)) and image.name not in but
        ]

        async def discard(image: PreImage) -> Change | None:
            namespace, name = image.name.namespace, copy_name(image.name.name)
            found = await self._client.get(SECRETS, namespace, name)
            if texts_at(found, "metadata", "annotations").get(UID) != image.uid:
                return None
            written = await self._note(
                delete_as_read(self._client, SECRETS, found or {}, self._mark)
            )
            return written.change

        done = await abreast(secrets, discard)
        return [change for change in done if change is not None]

    async def _again(self, image: PreImage, act: Callable[[], Awaitable[Change]]) -> Change:
        """Read and decide anew where somebody else wrote in between."""
        for _ in range(TRIES_MAX):
            try:
                return await act()
            except Outdated:
                continue
        raise TransientError(
            "cluster-object-busy",
            f"{image.name} is written by somebody else all the time",
            hint="--show-managed-fields names who; it is tried again",
        )

    async def _remove(
        self, image: PreImage, belongs: Callable[[str], bool], remains: dict[ObjectName, str]
    ) -> Change:
        resource, live = await self._live(image)
        if resource is None or live is None:
            return Change(image.name, ChangeWord.UNCHANGED)
        why = ""
        if not (is_ours(live) and belongs(mark_token(live))):
            why = "it was absent before, and somebody else made the one that is there"
        elif image.name.kind in NEVER_DELETED:
            why = "migrator made it and never deletes its kind: what it holds would go with it"
        if why:
            remains[image.name] = why
            return Change(image.name, ChangeWord.SKIPPED)
        return await self._delete(resource, image, live)

    async def _delete(self, resource: Resource, image: PreImage, live: KubeObject) -> Change:
        written = await self._note(delete_as_read(self._client, resource, live, self._mark))
        return Change(image.name, written.change.word)

    async def _put_back(
        self, image: PreImage, belongs: Callable[[str], bool], remains: dict[ObjectName, str]
    ) -> Change:
        resource, live = await self._live(image)
        if resource is None:
            remains[image.name] = "its kind is not served any more"
            return Change(image.name, ChangeWord.SKIPPED)
        word = ChangeWord.UNCHANGED
        if live is None or (
            digest_of(stripped(live), image.uid) != image.digest
            and _is_changed(image, live, belongs)
        ):
            before = await self._before(image)
            if before is None:
                remains[image.name] = "the copy that kept it is gone or changed"
                return Change(image.name, ChangeWord.SKIPPED)
            word, live = await self._replace(resource, image, before, live, remains)
        if live is not None and await self._give_back(resource, image, live):
            word = ChangeWord.CONFIGURED if word is ChangeWord.UNCHANGED else word
        return Change(image.name, word)

    async def _replace(
        self,
        resource: Resource,
        image: PreImage,
        before: KubeObject,
        live: KubeObject | None,
        remains: dict[ObjectName, str],
    ) -> tuple[ChangeWord, KubeObject | None]:
        """Write the old content; delete and make anew what cannot be changed."""
        if live is not None:
            live = await marked_first(self._client, resource, live, self._mark)
            try:
                written = await self._note(self._client.replace(_over(before, live)))
            except PermanentError as error:
                if error.reference != "cluster-immutable":
                    raise
                if image.name.kind in NEVER_REMADE:
                    why = f"it cannot be changed back and is not made anew: {error.message}"
                    remains[image.name] = why
                    return ChangeWord.SKIPPED, None
            else:
                return ChangeWord.CONFIGURED, written.object
            await self._delete(resource, image, live)
            await self._until_gone(resource, image, uid_of(live))
        return ChangeWord.CREATED, await self._make_anew(resource, before)

    async def _make_anew(self, resource: Resource, before: KubeObject) -> KubeObject:
        """Make it with our mark, as every write of ours, and then take the mark off again."""
        meta, name = map_at(before, "metadata"), name_of(before)
        notes = map_at(meta, "annotations")
        ours: KubeObject = {**notes, TOKEN: self._mark.token, EPOCH: str(self._mark.epoch)}
        marked: KubeObject = {**before, "metadata": {**meta, "annotations": ours}}
        made = await self._note(self._client.create(marked))
        bare: KubeObject = {TOKEN: notes.get(TOKEN), EPOCH: notes.get(EPOCH)}
        change: KubeObject = {"metadata": {"annotations": bare}}
        version = version_of(made.object)
        merged = await self._note(
            self._client.merge(resource, name.namespace, name.name, change, version=version)
        )
        return merged.object

    async def _give_back(self, resource: Resource, image: PreImage, live: KubeObject) -> bool:
        """Give the fields back to whom they belonged; tells whether that took a write."""
        rows = given_back(live, list(image.owners))
        if rows is None:
            return False
        name = image.name
        change: KubeObject = {"metadata": {"managedFields": rows}}
        await self._note(
            self._client.merge(
                resource, name.namespace, name.name, change, version=version_of(live)
            )
        )
        return True

    async def _before(self, image: PreImage) -> KubeObject | None:
        if image.object is not None:
            return image.object
        copied = await self._client.get(SECRETS, image.name.namespace, copy_name(image.name.name))
        return None if copied is None else out_of_copy(copied, image)

    async def _live(self, image: PreImage) -> tuple[Resource | None, KubeObject | None]:
        """What is there now; no resource where the kind is not served."""
        try:
            resource = await self._client.discovery.of(_bare(image))
        except PermanentError as error:
            if error.reference == "cluster-kind-unknown":
                return None, None
            raise
        live = await self._client.get(resource, image.name.namespace, image.name.name)
        refuse_later(live, self._mark)
        return resource, live

    async def _until_gone(self, resource: Resource, image: PreImage, uid: str) -> None:
        waited = 0.0
        while True:
            live = await self._client.get(
                resource, image.name.namespace, image.name.name, metadata_only=True
            )
            if live is None or uid_of(live) != uid:
                return
            if waited >= GONE_SECONDS_MAX:
                raise TransientError(
                    "cluster-object-ending",
                    f"{image.name} is being deleted",
                    hint="it goes on when it is gone; a finalizer that nobody serves keeps it",
                )
            await self._sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS


def _is_changed(image: PreImage, live: KubeObject, belongs: Callable[[str], bool]) -> bool:
    """Tell whether it was we who wrote it since the image was taken."""
    token = mark_token(live)
    # One that was made anew, and whose mark we died before taking off, was never applied.
    return is_written_by_us(live) and token != image.mark and belongs(token)


def _bare(image: PreImage) -> KubeObject:
    """As much of an object as its place in the order and its path need."""
    name = image.name
    meta: KubeObject = {"name": name.name, "namespace": name.namespace}
    return {"apiVersion": image.api_version, "kind": name.kind, "metadata": meta}


def _groups(images: Iterable[PreImage]) -> list[list[PreImage]]:
    """Images in the order in which their objects are written."""
    found = {image.key: image for image in images}
    ordered = groups(_bare(image) for image in found.values())
    return [[found[key_of(each)] for each in group] for group in ordered]


def _over(before: KubeObject, live: KubeObject) -> KubeObject:
    """The old content in the place of exactly what was read, with the controllers' notes of now."""
    meta = map_at(before, "metadata")
    notes: KubeObject = {
        key: value
        for source, is_now in ((meta, False), (map_at(live, "metadata"), True))
        for key, value in texts_at(source, "annotations").items()
        if key.startswith(CONTROLLERS_NOTES) is is_now
    }
    kept = {key: value for key, value in meta.items() if key != "annotations"}
    place = {"resourceVersion": version_of(live), "uid": uid_of(live)}
    over: KubeObject = {**kept, **place, **({"annotations": notes} if notes else {})}
    return {**before, "metadata": over}
