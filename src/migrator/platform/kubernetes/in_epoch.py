"""Writes that leave no mark, made so that the cluster's fence covers them, too.

Used by whatever deletes an object or puts one back as it was. Such a write carries no epoch of its
own, so the fence judges it by the mark on the object that it takes away: whoever leads marks that
object first, and then names the version that it has marked. A process that was left behind can do
neither: its mark is refused, and the version that it saw is gone.
"""

from __future__ import annotations

from typing import Final

from migrator.errors import PermanentError
from migrator.platform.kubernetes.discovery import Resource
from migrator.platform.kubernetes.errors import Outdated
from migrator.platform.kubernetes.objects import (
    Change,
    ChangeWord,
    KubeObject,
    name_of,
    text_at,
    uid_of,
    version_of,
)
from migrator.platform.kubernetes.rest import Client, Written
from migrator.platform.kubernetes.slices import EPOCH, TOKEN, Mark, mark_of

TRIES_MAX: Final = 5
"""A controller that writes a status between our read and our delete is met again, not for ever."""


async def marked_first(
    client: Client, resource: Resource, live: KubeObject, mark: Mark
) -> KubeObject:
    """The object as it was read, with a mark of this epoch. Raises Outdated where it has changed.

    One that carries no mark at all, or one of this epoch, is given back as it is.
    """
    seen, name = mark_of(live), name_of(live, resource.kind)
    if seen.is_after(mark):
        raise PermanentError(
            "epoch-passed",
            f"{name} was written in epoch {seen.epoch}; this process is of epoch {mark.epoch}",
            hint="another process leads the run; `migrator status` names it",
        )
    if not seen.token or seen.epoch == mark.epoch:
        return live
    notes: KubeObject = {TOKEN: mark.token, EPOCH: str(mark.epoch)}
    try:
        written = await client.merge(
            resource,
            name.namespace,
            name.name,
            {"metadata": {"annotations": notes}},
            version=version_of(live),
        )
    except PermanentError as error:
        if error.reference == "cluster-not-found":
            raise Outdated(f"{name} is gone") from error
        raise
    return written.object


async def delete_as_read(
    client: Client,
    resource: Resource,
    live: KubeObject,
    mark: Mark,
    *,
    grace_seconds: int | None = None,
) -> Written:
    """Delete exactly the object and the version that was read. Raises Outdated where it changed."""
    found = await marked_first(client, resource, live, mark)
    name = name_of(live, resource.kind)
    return await client.delete(
        resource,
        name.namespace,
        name.name,
        uid=uid_of(found),
        version=version_of(found) if mark_of(found).token else "",
        grace_seconds=grace_seconds,
    )


async def delete_whatever_version(
    client: Client,
    resource: Resource,
    live: KubeObject,
    mark: Mark,
    *,
    grace_seconds: int | None = None,
) -> Change:
    """Delete the object although controllers write to it meanwhile; its successor is left alone."""
    name, uid = name_of(live, resource.kind), uid_of(live)
    found: KubeObject | None = live
    for _ in range(TRIES_MAX):
        if found is None or uid_of(found) != uid or text_at(found, "metadata", "deletionTimestamp"):
            return Change(name, ChangeWord.UNCHANGED)
        try:
            done = await delete_as_read(client, resource, found, mark, grace_seconds=grace_seconds)
        except Outdated:
            found = await client.get(resource, name.namespace, name.name, metadata_only=True)
        else:
            return done.change
    raise Outdated(f"{name} changes faster than it can be deleted")
