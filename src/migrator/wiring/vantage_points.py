"""Vantage points of an estate, made of what probes.yaml declares: here, over ssh, and in pods.

Used by `migrator probe` and `baseline`, and by a live run as it needs them. One that cannot be made
is a vantage point as well: whoever asks it is told why, and its links stay unproved with that
reason. Pods are made beside each other, because each takes seconds to come.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.engine.ports import Vantage, VantageLost
from migrator.errors import MigratorError
from migrator.probes.here import ThisMachine
from migrator.probes.model import Declared, Here, InPod, OverSsh, VantagePoint
from migrator.probes.over_ssh import OverSsh as Connection

if TYPE_CHECKING:
    from migrator.platform.kubernetes.rest import Client
    from migrator.platform.kubernetes.slices import Mark


@dataclass(frozen=True, slots=True)
class Pods:
    """The cluster in which pods look. `image` is for vantage points that name none."""

    client: Client
    image: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Unreached:
    """A vantage point that could not be made."""

    name: str
    reason: str

    async def look(self, header: bytes, lines: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Raise VantageLost; nothing is ever looked at."""
        if self.reason:
            raise VantageLost(self.reason, for_good=True)
        yield b""

    async def close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def vantage_points(
    declared: Declared, names: Iterable[str], agent: bytes, pods: Pods | None
) -> AsyncIterator[dict[str, Vantage]]:
    """The named vantage points; closed afterwards. Pods that this made are taken away again."""
    points = [point for name in names if (point := declared.vantage(name)) is not None]
    spaces = sorted({point.namespace for point in points if isinstance(point, InPod)})
    taken = await _standing(pods, spaces) if pods else frozenset(spaces)
    made = await asyncio.gather(*(reached(point, agent, pods) for point in points))
    try:
        yield {each.name: each for each in made}
    finally:
        for each in made:
            await each.close()
        # Pods that were there before us are somebody else's: a run that looks by them now.
        for namespace in spaces:
            if pods is not None and namespace not in taken:
                from migrator.platform.kubernetes.agent_pods import retire

                await retire(pods.client, namespace, pods.mark)


async def _standing(pods: Pods, spaces: Iterable[str]) -> frozenset[str]:
    """The namespaces in which agents stand already."""
    from migrator.platform.kubernetes.agent_pods import stand_in

    found = set()
    for namespace in spaces:
        try:
            if await stand_in(pods.client, namespace):
                found.add(namespace)
        except MigratorError:
            found.add(namespace)  # who may not look may not take away, either
    return frozenset(found)


async def reached(point: VantagePoint, agent: bytes, pods: Pods | None) -> Vantage:
    """One vantage point, or the reason why there is none."""
    match point:
        case Here():
            return ThisMachine(agent, point.id)
        case OverSsh():
            return Connection(agent, point.host, name=point.id, python=point.python)
        case InPod():
            return await _in_pod(point, agent, pods)


async def _in_pod(point: InPod, agent: bytes, pods: Pods | None) -> Vantage:
    if pods is None:
        return Unreached(point.id, "it is a pod, and no cluster was named: --context NAME")
    image = point.image or pods.image
    if not image:
        return Unreached(point.id, "no image was named for its pod: --probe-image IMAGE")
    from migrator.platform.kubernetes.agent_objects import Place
    from migrator.platform.kubernetes.agent_pods import ensure

    place = Place(point.namespace, point.workload, image, point.python, point.id)
    try:
        return await ensure(pods.client, place, agent, pods.mark)
    except MigratorError as error:
        return Unreached(point.id, error.message)
