"""Vantage points in the cluster: pods that stand for workloads, asked through the API server.

Made by `migrator probe` and the wiring of a run. Each pod is a Deployment of its own beside the
workload that it speaks for (`agent_objects.py` says what keeps the two apart); it is found again
after a restart of anybody, and taken away at the end. An agent looks for nobody who does not know
the key, because it would be a way around every network policy; the key never leaves the cluster but
into this process. Looks are asked for in parts, and what an agent says comes as it says it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from migrator.engine.ports import VantageLost
from migrator.errors import MigratorError, PermanentError, TransientError
from migrator.platform.kubernetes import agent_objects
from migrator.platform.kubernetes.agent_objects import (
    LABEL,
    NAME,
    OURS,
    PORT,
    VERSIONS,
    Place,
    marked,
    serves,
    template_of,
)
from migrator.platform.kubernetes.discovery import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    EVENTS,
    PODS,
    SECRETS,
    SERVICES,
    Resource,
)
from migrator.platform.kubernetes.in_epoch import delete_whatever_version
from migrator.platform.kubernetes.objects import Change, ChangeSet, KubeObject, at, text_at
from migrator.platform.kubernetes.ready import judge
from migrator.platform.kubernetes.ready_kinds import Verdict
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark
from migrator.platform.kubernetes.wire import Asked, NoAnswerError, Stream, Target

READY_SECONDS_MAX: Final = 60.0
LOOK_SECONDS: Final = 0.25

PART_LOOKS: Final = 5_000
"""Of one request. Its slowest look is waited for before the next is sent, so they are large."""
PART_BYTES: Final = 2 * 1024 * 1024

SILENCE_SECONDS_MAX: Final = 15.0
"""An agent beats once a second; the way through the API server may hold a beat back a little."""

KEY_HEADER: Final = "X-Migrator-Key"
SAID_BYTES_MAX: Final = 2000

NETWORK_POLICIES: Final = Resource(
    "networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", namespaced=True
)


@dataclass(frozen=True, slots=True)
class AgentPod:
    """The vantage point that stands for one workload; its pod is looked up for each batch."""

    client: Client = field(repr=False)
    place: Place
    digest: str
    part_looks: int = PART_LOOKS

    @property
    def name(self) -> str:
        """How a person is told of it."""
        return self.place.called or f"{self.place.namespace}/{self.place.workload}"

    async def look(self, header: bytes, lines: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Look at everything, part after part. Raises VantageLost."""
        pod, key = await self._found()
        async for part in _parts(lines, self.part_looks):
            async with aclosing(self._ask(pod, key, header + part + b"\n")) as answers:
                async for line in answers:
                    yield line

    async def close(self) -> None:
        """The pod stays; `retire` takes it away."""

    async def _found(self) -> tuple[str, str]:
        """A pod that serves now, and the key. Raises VantageLost."""
        place = self.place
        try:
            listed = await self.client.list_all(
                PODS, place.namespace, labels=f"{LABEL}={place.name}"
            )
            secret = await self.client.get(SECRETS, place.namespace, NAME)
        except MigratorError as error:
            raise VantageLost(f"the cluster cannot be asked for its pod: {error}") from error
        key = _key_in(secret)
        ready = [pod for pod in listed.items if key and serves(pod, self.digest, key)]
        if not ready:
            raise VantageLost(f"no pod {place.namespace}/{place.name} runs our agent")
        return text_at(ready[0], "metadata", "name"), key

    async def _ask(self, pod: str, key: str, body: bytes) -> AsyncGenerator[bytes, None]:
        """One part, with its end. Raises VantageLost, also where the end is missing."""
        namespace = self.place.namespace
        asked = Asked(
            "POST",
            f"/api/v1/namespaces/{namespace}/pods/{pod}:{PORT}/proxy/batch",
            Target("create", "pods/proxy", namespace, pod),
            content_type="application/octet-stream",
            accept="*/*",
            raw=body,
            headers=((KEY_HEADER, key),),
        )
        asker = self.client.asker
        await asker.bucket.take()
        ended = False
        try:
            for again in (True, False):
                async with asker.transport.stream(asked, SILENCE_SECONDS_MAX) as answer:
                    if answer.status == 401 and again and await asker.transport.renew():
                        continue
                    if answer.status != 200:
                        raise await _refused(answer)
                    async for line in answer.lines:
                        ended = b'"end"' in line[:16]
                        yield line
                    break
        except NoAnswerError as failed:
            raise VantageLost(f"no answer through the API server: {failed.said}") from failed
        if not ended:
            raise VantageLost(f"the answer of pod {pod} was cut")


async def ensure(
    client: Client,
    place: Place,
    agent: bytes,
    mark: Mark,
    *,
    template: KubeObject | None = None,
    seconds_max: float = READY_SECONDS_MAX,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AgentPod:
    """Make the pod that stands for a workload, or bring it up to date, and wait until it serves.

    `template` is the workload's pod template where the workload is not on the cluster yet. Raises
    PermanentError where there is no such workload, where a Service would send callers to the pod,
    or where it can never run; TransientError where it does not run in time.
    """
    digest = hashlib.sha256(agent).hexdigest()
    found = template or await _template(client, place)
    await _refuse_what_would_be_called(client, place, found)
    key = _key_in(await client.get(SECRETS, place.namespace, NAME))
    if not key:
        made = agent_objects.key_secret(place.namespace, secrets.token_hex(32))
        await _make(client, marked(made, mark))
        # Another process may have been quicker: its key is the one.
        key = _key_in(await client.get(SECRETS, place.namespace, NAME))
    name_of_map = agent_objects.config_name(digest)
    if await client.get(CONFIG_MAPS, place.namespace, name_of_map, metadata_only=True) is None:
        await _make(client, marked(agent_objects.agent_map(place.namespace, agent, digest), mark))
    await client.apply(marked(agent_objects.way_in(place.namespace), mark), force=True)
    wanted = agent_objects.deployment(place, found, digest, key)
    await client.apply(marked(wanted, mark), force=True)
    vantage = AgentPod(client, place, digest)
    waited = 0.0
    while True:
        said, for_good = await _why_not(client, place, digest, key)
        if not said:
            return vantage
        if for_good or waited >= seconds_max:
            kind = PermanentError if for_good else TransientError
            raise kind(
                "agent-pod-not-running",
                f"the pod that looks for {place.namespace}/{place.workload} does not run: {said}",
                hint="mend what the reason names; until then its links stay unproved",
            )
        await sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS


async def stand_in(client: Client, namespace: str) -> bool:
    """Tell whether any agent stands in a namespace."""
    listed = await client.list_all(DEPLOYMENTS, namespace, labels=_labels())
    return bool(listed.items)


async def retire(client: Client, namespace: str, mark: Mark) -> ChangeSet:
    """Take every agent of a namespace away, with all that it was made of: each by its uid."""
    done: list[Change] = []
    for resource in (DEPLOYMENTS, CONFIG_MAPS):
        listed = await client.list_all(resource, namespace, labels=_labels())
        done += [
            await delete_whatever_version(client, resource, found, mark) for found in listed.items
        ]
    # By their name: listing would ask for the right to read every Secret of the namespace.
    for resource in (NETWORK_POLICIES, SECRETS):
        found_one = await client.get(resource, namespace, NAME)
        if found_one is not None:
            done.append(await delete_whatever_version(client, resource, found_one, mark))
    return ChangeSet().with_changes(done)


# --- parts ------------------------------------------------------------------------------------


def _labels() -> str:
    return ",".join(f"{key}={word}" for key, word in OURS.items())


async def _parts(lines: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """Lines by the thousand; one empty part where there is no line, so that there is an end."""
    part: list[bytes] = []
    size, parts = 0, 0
    async for line in lines:
        part.append(line)
        size += len(line)
        if len(part) >= most or size >= PART_BYTES:
            yield b"".join(part)
            part, size, parts = [], 0, parts + 1
    if part or not parts:
        yield b"".join(part)


def _key_in(secret: KubeObject | None) -> str:
    """The key; empty where there is none."""
    return base64.b64decode(text_at(secret or {}, "data", "key")).decode()


async def _refused(answer: Stream) -> VantageLost:
    """The reason for an answer that is none of an agent's."""
    said = b""
    async for line in answer.lines:
        said += line
        if len(said) > SAID_BYTES_MAX:
            break
    words = " ".join(said[:SAID_BYTES_MAX].decode("utf-8", "replace").split())[:300]
    for_good = answer.status in {400, 403, 405, 413}
    return VantageLost(f"asked through the API server, it answers {answer.status}: {words}",
                       for_good=for_good)  # fmt: skip


async def _template(client: Client, place: Place) -> KubeObject:
    """The pod template of the workload, as it is on the cluster."""
    live: KubeObject | None = None
    if place.kind in VERSIONS:
        named: KubeObject = {"apiVersion": VERSIONS[place.kind], "kind": place.kind}
        resource = await client.discovery.of(named)
        live = await client.get(resource, place.namespace, place.workload_name)
    if live is None:
        raise PermanentError(
            "agent-workload-missing",
            f"there is no {place.workload} in namespace {place.namespace}",
            hint=f"name one of its workloads ({', '.join(VERSIONS)}), as `kind/name`; a pod that "
            "looks for it takes over its labels and its service account",
        )
    return template_of(live, place.kind)


async def _refuse_what_would_be_called(client: Client, place: Place, template: KubeObject) -> None:
    """A pod that somebody's requests would reach must not be made, and one without an address."""
    if at(template, "spec", "hostNetwork") is True:
        raise PermanentError(
            "agent-pod-not-possible",
            f"{place.namespace}/{place.workload} uses its node's own network",
            hint="look from the node itself: declare it as a vantage point over ssh",
        )
    services = (await client.list_all(SERVICES, place.namespace)).items
    labels = agent_objects.labels_for(place, template)
    found = agent_objects.shown_unready(services, labels)
    if found:
        raise PermanentError(
            "agent-pod-not-possible",
            f"Service {place.namespace}/{found} names pods that are not ready, so it would name "
            f"the one that looks for {place.workload}",
            hint="look from another workload of the same identity; or, where the Service may do "
            "without publishNotReadyAddresses, take that away",
        )


async def _why_not(client: Client, place: Place, digest: str, key: str) -> tuple[str, bool]:
    """Why no pod serves, and whether it never will; nothing where one does."""
    labels = f"{LABEL}={place.name}"
    pods = (await client.list_all(PODS, place.namespace, labels=labels)).items
    if any(serves(pod, digest, key) for pod in pods):
        return "", False
    live = await client.get(DEPLOYMENTS, place.namespace, place.name)
    events = (await client.list_all(EVENTS, place.namespace)).items
    state = judge(live, pods, events, now=await _server_time(client))
    return state.reason or "it is starting", state.verdict is Verdict.FAILED


async def _server_time(client: Client) -> datetime:
    """The time by the server's own clock, by which the cluster dates what happens in it."""
    answer = await client.asker.send(Asked("GET", "/version", Target("get", "/version")))
    return parsedate_to_datetime(answer.headers["date"])


async def _make(client: Client, wanted: KubeObject) -> None:
    """Create it; another process that was quicker has made the same."""
    try:
        await client.create(wanted)
    except PermanentError as error:
        if error.reference != "cluster-exists":
            raise
