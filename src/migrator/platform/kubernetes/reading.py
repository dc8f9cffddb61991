"""What is there in the place of many objects: one list for many of a kind, one read for a few.

Used by `applying.py` before it writes. A thousand objects of one kind in one namespace are a few
pages instead of a thousand requests. Secrets are read one by one: those of others are nobody's
business, and a right to list them is a right to read them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from migrator.errors import PermanentError
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.discovery import Resource
from migrator.platform.kubernetes.objects import KubeObject, map_at, name_of, text_at
from migrator.platform.kubernetes.preimages import is_secret, key_of
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.stages import defined_kinds

LISTED_MIN: Final = 8
"""From so many on a list is asked for: it also brings what nobody asked about."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object that is wanted, and the one that is there."""

    wanted: KubeObject
    resource: Resource | None  # None while the kind is not defined yet
    live: KubeObject | None


async def read_all(client: Client, objects: Iterable[KubeObject]) -> list[Found]:
    """What is there of each object, in their order.

    A kind that the objects define themselves may not be served yet; any other raises.
    """
    wanted = tuple(objects)
    own_kinds = defined_kinds(wanted)
    kinds = {_kind(each): each for each in wanted}
    resources = {
        kind: await _resource(client, example, own_kinds) for kind, example in kinds.items()
    }
    places: dict[tuple[Resource, str], list[KubeObject]] = {}
    for each in wanted:
        resource = resources[_kind(each)]
        if resource is not None:
            places.setdefault(_place(each, resource)[:2], []).append(each)
    there: dict[tuple[Resource, str, str], KubeObject] = {}
    for (resource, namespace), members in places.items():
        for live in await _read(client, resource, namespace, members):
            name = name_of(live)
            there[resource, name.namespace, name.name] = live

    def found(each: KubeObject) -> Found:
        resource = resources[_kind(each)]
        live = None if resource is None else there.get(_place(each, resource))
        return Found(each, resource, live)

    return [found(each) for each in wanted]


async def _read(
    client: Client, resource: Resource, namespace: str, wanted: Sequence[KubeObject]
) -> list[KubeObject]:
    if len(wanted) >= LISTED_MIN and not is_secret(wanted[0]):
        names = {name_of(each).name for each in wanted}

        def keep(found: KubeObject) -> KubeObject:
            return found if text_at(found, "metadata", "name") in names else {}

        try:
            listed = await client.list_all(resource, namespace, keep=keep)
        except PermanentError as error:
            if error.reference != "cluster-forbidden":
                raise
        else:
            return [found for found in listed.items if found]

    async def get(each: KubeObject) -> KubeObject | None:
        return await client.get(resource, namespace, name_of(each).name)

    return [found for found in await abreast(wanted, get) if found is not None]


async def _resource(
    client: Client, example: KubeObject, own_kinds: frozenset[tuple[str, str]]
) -> Resource | None:
    try:
        return await client.discovery.of(example)
    except PermanentError as error:
        group, name = key_of(example)
        if error.reference == "cluster-kind-unknown" and (group, name.kind) in own_kinds:
            return None
        raise


def _place(wanted: KubeObject, resource: Resource) -> tuple[Resource, str, str]:
    """Where an object is; one of the whole cluster is in no namespace, whatever it says."""
    name = name_of(wanted)
    return resource, name.namespace if resource.namespaced else "", name.name


def _kind(found: KubeObject) -> tuple[str, str]:
    return text_at(found, "apiVersion"), text_at(found, "kind")


def is_ending(found: KubeObject | None) -> bool:
    """Tell whether an object is being deleted."""
    return "deletionTimestamp" in map_at(found, "metadata")
