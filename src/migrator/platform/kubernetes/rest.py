"""Raw objects to and from one API server: read, apply, replace, merge, delete.

Called by everything of this package that touches a cluster, through one `Asker` that has the
patience. No object is ever turned into a typed model, because such a model drops what it does not
know; nothing is written without strict field validation, a field manager and, where an object is
replaced or deleted, the version or uid that was seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from migrator.platform.kubernetes.asking import Asker
from migrator.platform.kubernetes.discovery import Discovery, Resource
from migrator.platform.kubernetes.errors import Expired
from migrator.platform.kubernetes.objects import (
    FIELD_MANAGER,
    Change,
    ChangeWord,
    KubeObject,
    ObjectName,
    map_at,
    name_of,
    objects_at,
    text_at,
    uid_of,
    version_of,
)
from migrator.platform.kubernetes.owned import says_the_same
from migrator.platform.kubernetes.wire import APPLY, JSON, MERGE, Answer, Asked

PARTIAL: Final = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""Metadata only: a look at a version or a uid does not carry a whole object."""

PAGE_OBJECTS: Final = 500
"""The page of kubectl: ten thousand objects come in twenty answers, none of them large."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did, and what the server said about it. `audit_id` belongs into the journal."""

    change: Change
    object: KubeObject
    warnings: tuple[str, ...] = ()
    audit_id: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list and the version from which a watch goes on."""

    items: list[KubeObject]
    version: str


class Client:
    """Reads and writes on one server. Use it on one event loop."""

    def __init__(
        self, asker: Asker, *, discovery: Discovery | None = None, agent: str = ""
    ) -> None:
        """Nothing is asked yet."""
        self.asker = asker
        self.discovery = discovery or Discovery(asker.send)
        self._agent = agent

    def signed(self, agent: str) -> Client:
        """The same client, whose writes the server's audit log tells apart by this User-Agent."""
        return Client(self.asker, discovery=self.discovery, agent=agent)

    async def close(self) -> None:
        """Shut all connections."""
        await self.asker.transport.close()

    # Reading

    async def get(
        self, resource: Resource, namespace: str, name: str, *, metadata_only: bool = False
    ) -> KubeObject | None:
        """The live object; None where there is none."""
        asked = Asked(
            "GET",
            resource.path(namespace, name),
            resource.target("get", namespace, name),
            accept=f"{PARTIAL},{JSON}" if metadata_only else JSON,
        )
        answer = await self.asker.exchange(asked, repeatable=True)
        if answer.status == 404:
            return None
        return self.asker.good(asked, answer).parsed()

    async def list_all(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        keep: Callable[[KubeObject], KubeObject] | None = None,
    ) -> Listing:
        """Every object of a kind, page by page. `keep` drops what is not needed as it comes in."""
        # A list that grew too old between two pages is begun anew, but not for ever.
        for _ in range(3):
            try:
                return await self._list_once(resource, namespace, labels, fields, keep)
            except Expired:
                continue
        return await self._list_once(resource, namespace, labels, fields, keep)

    async def _list_once(
        self,
        resource: Resource,
        namespace: str,
        labels: str,
        fields: str,
        keep: Callable[[KubeObject], KubeObject] | None,
    ) -> Listing:
        items: list[KubeObject] = []
        more = ""
        while True:
            query = [("limit", str(PAGE_OBJECTS))]
            query += [("labelSelector", labels)] if labels else []
            query += [("fieldSelector", fields)] if fields else []
            query += [("continue", more)] if more else []
            asked = Asked(
                "GET", resource.path(namespace), resource.target("list", namespace), tuple(query)
            )
            page = (await self.asker.send(asked)).parsed()
            for item in objects_at(page, "items"):
                # Items of a list do not say what they are.
                item.setdefault("apiVersion", resource.api_version)
                item.setdefault("kind", resource.kind)
                items.append(item if keep is None else keep(item))
            more = text_at(page, "metadata", "continue")
            if not more:
                return Listing(items, text_at(page, "metadata", "resourceVersion"))

    # Writing

    async def apply(
        self,
        wanted: KubeObject,
        *,
        force: bool = False,
        dry_run: bool = False,
        before: KubeObject | None = None,
    ) -> Written:
        """Apply on the server. Without `force` another manager's fields raise FieldsOwned.

        `before` is the live object with its managedFields, an empty one where there is none;
        without it the object is read first, so that "unchanged" can be told from "configured". An
        object that carries its uid is never made anew.
        """
        resource = await self.discovery.of(wanted)
        name = name_of(wanted)
        if before is None:
            before = await self.get(resource, name.namespace, name.name)
        query = [("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict")]
        query += [("force", "true")] if force else []
        query += [("dryRun", "All")] if dry_run else []
        asked = Asked(
            "PATCH",
            resource.path(name.namespace, name.name),
            resource.target("patch", name.namespace, name.name),
            tuple(query),
            body=wanted,
            content_type=APPLY,
            agent=self._agent,
        )
        answer = self.asker.good(asked, await self.asker.exchange(asked, repeatable=True))
        if answer.status == 201:
            word = ChangeWord.CREATED
        else:
            same = bool(before) and _is_same(before or {}, answer.parsed(), dry_run=dry_run)
            word = ChangeWord.UNCHANGED if same else ChangeWord.CONFIGURED
        return self._written(name, word, answer, dry_run=dry_run)

    async def create(self, wanted: KubeObject, *, dry_run: bool = False) -> Written:
        """Make an object that must not be there yet; a lost answer is not asked for twice."""
        resource = await self.discovery.of(wanted)
        name = name_of(wanted)
        asked = Asked(
            "POST",
            resource.path(name.namespace),
            resource.target("create", name.namespace, name.name),
            _write_query(dry_run=dry_run),
            body=wanted,
            agent=self._agent,
        )
        answer = self.asker.good(asked, await self.asker.exchange(asked, repeatable=False))
        return self._written(name, ChangeWord.CREATED, answer, dry_run=dry_run)

    async def replace(self, wanted: KubeObject, *, dry_run: bool = False) -> Written:
        """Put the whole object in the place of the version that it carries. Raises Outdated.

        One write; the version makes it safe: whoever was quicker is not overwritten.
        """
        assert version_of(wanted), "without a version a replacement overwrites what it never saw"
        resource = await self.discovery.of(wanted)
        name = name_of(wanted)
        asked = Asked(
            "PUT",
            resource.path(name.namespace, name.name),
            resource.target("update", name.namespace, name.name),
            _write_query(dry_run=dry_run),
            body=wanted,
            agent=self._agent,
        )
        answer = self.asker.good(asked, await self.asker.exchange(asked, repeatable=False))
        same = version_of(answer.parsed()) == version_of(wanted)
        word = ChangeWord.UNCHANGED if same else ChangeWord.CONFIGURED
        return self._written(name, word, answer, dry_run=dry_run)

    async def merge(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: KubeObject,
        *,
        version: str,
        dry_run: bool = False,
    ) -> Written:
        """Merge a change into the version that was seen (a map is merged, null deletes)."""
        body = {**change, "metadata": {**map_at(change, "metadata"), "resourceVersion": version}}
        asked = Asked(
            "PATCH",
            resource.path(namespace, name),
            resource.target("patch", namespace, name),
            _write_query(dry_run=dry_run),
            body=body,
            content_type=MERGE,
            agent=self._agent,
        )
        answer = self.asker.good(asked, await self.asker.exchange(asked, repeatable=False))
        same = version_of(answer.parsed()) == version
        word = ChangeWord.UNCHANGED if same else ChangeWord.CONFIGURED
        full = ObjectName(resource.kind, namespace, name)
        return self._written(full, word, answer, dry_run=dry_run)

    async def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        uid: str,
        version: str = "",
        grace_seconds: int | None = None,
        dry_run: bool = False,
    ) -> Written:
        """Delete exactly the object with this uid: a successor of the same name raises Outdated.

        One that is gone already is unchanged. Dependants go in the background.
        """
        assert uid, "without its uid a delete may hit somebody else's object of the same name"
        preconditions: KubeObject = {"uid": uid}
        if version:
            preconditions["resourceVersion"] = version
        options: KubeObject = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": preconditions,
            "propagationPolicy": "Background",
        }
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        if dry_run:
            options["dryRun"] = ["All"]
        asked = Asked(
            "DELETE",
            resource.path(namespace, name),
            resource.target("delete", namespace, name),
            body=options,
            agent=self._agent,
        )
        answer = await self.asker.exchange(asked, repeatable=True)
        full = ObjectName(resource.kind, namespace if resource.namespaced else "", name)
        if answer.status == 404:
            return self._written(
                full, ChangeWord.UNCHANGED, replace(answer, body=b""), dry_run=dry_run
            )
        return self._written(
            full, ChangeWord.DELETED, self.asker.good(asked, answer), dry_run=dry_run
        )

    def _written(
        self, name: ObjectName, word: ChangeWord, answer: Answer, *, dry_run: bool
    ) -> Written:
        return Written(
            Change(name, word), answer.parsed(), answer.warnings, answer.audit_id, dry_run
        )


def _write_query(*, dry_run: bool) -> tuple[tuple[str, str], ...]:
    query = (("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict"))
    return (*query, ("dryRun", "All")) if dry_run else query


def _is_same(before: KubeObject, after: KubeObject, *, dry_run: bool) -> bool:
    """Tell whether an apply left everything as it was.

    The version alone would not do: a controller may have written the object in between, and a dry
    run gives back the version that it started from.
    """
    if not dry_run and version_of(before) == version_of(after):
        return True
    return same_object(before, after) and says_the_same(before, after)


def same_object(one: KubeObject, other: KubeObject) -> bool:
    """Tell whether two readings are of the same object, not of a successor with its name."""
    return uid_of(one) == uid_of(other) != ""
