"""What a move looked like before it was taken back: logs, pods, events, failed looks.

Called before an unwind stops or deletes anything. It has a limit of time and one of bytes, and
keeps to both: what could not be had is named instead. It never raises for a cluster in trouble,
because the undo that waits for it must not fail on its account. Nothing leaves this module before
its secrets are struck out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migrator.errors import MigratorError
from migrator.platform.kubernetes.discovery import EVENTS, PODS, SECRETS
from migrator.platform.kubernetes.masking import Mask, containers_of, secret_names, shown
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    map_at,
    number_at,
    objects_at,
    text_at,
    texts_at,
)
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.subject import Subject
from migrator.platform.kubernetes.wire import Asked, Target

SECONDS_MAX: Final = 10.0
BYTES_MAX: Final = 20_000_000
LINES_MAX: Final = 500
LOG_BYTES_MAX: Final = 1_000_000
"""Of one log. Five hundred lines of two thousand letters each; the end of a log is what is kept."""
READ_BYTES_MAX: Final = 4_000_000
"""The server cuts the end off, not the beginning, so more is read than is kept."""
EVENTS_MAX: Final = 2_000
AT_ONCE_MAX: Final = 8
_GONE: Final = b"unable to retrieve container logs for "
"""What a node says instead of a log, and calls it one. It keeps one ended instance: between a crash
and the word of it, that is no longer the one which is asked for as the previous."""
COLLECT_SHARE: Final = 0.75
"""Of the time, for asking; the rest is for striking secrets out."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Files by name, each without secrets, and what is not among them and why."""

    files: Mapping[str, bytes]
    missing: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(len(content) for content in self.files.values())

    def __str__(self) -> str:
        """Write it as a person reads it in the journal."""
        said = f"{len(self.files)} files of evidence, {-(-self.size // 1000)} kB"
        return f"{said}, {len(self.missing)} not to be had" if self.missing else said


async def gather(
    client: Client,
    subject: Subject,
    *,
    looks: Sequence[str] = (),
    seconds_max: float = SECONDS_MAX,
    bytes_max: int = BYTES_MAX,
) -> Evidence:
    """Gather what there is within the limits. `looks` are lines about looks that failed."""
    clock = asyncio.get_running_loop().time
    ends_at = clock() + seconds_max
    found = _Gathering(client, subject, bytes_max)
    if looks:
        found.texts["failed-looks.txt"] = "\n".join(looks) + "\n"
    try:
        async with asyncio.timeout(seconds_max * COLLECT_SHARE):
            await found.all()
    except TimeoutError:
        found.time_is_up()
    mask = Mask(found.pods, found.secrets)
    files: dict[str, bytes] = {}
    left = bytes_max
    # The most telling was asked for first and is struck clean first.
    for name, text in found.texts.items():
        try:
            async with asyncio.timeout_at(ends_at):
                content = (await asyncio.to_thread(mask.hidden, text)).encode()
        except TimeoutError:
            found.missing.append(f"{name}: time was up before its secrets were struck out")
            continue
        if len(content) > left:
            found.missing.append(f"{name}: the limit of {bytes_max} bytes was reached")
            continue
        files[name] = content
        left -= len(content)
    return Evidence(files, tuple(found.missing))


class _Gathering:
    """What was found until now. Texts still hold their secrets."""

    def __init__(self, client: Client, subject: Subject, bytes_max: int) -> None:
        self.texts: dict[str, str] = {}
        self.missing: list[str] = []
        self.pods: list[KubeObject] = []
        self.secrets: list[KubeObject] = []
        self._unread: set[str] = set()  # Secrets that nobody could read
        self._client = client
        self._subject = subject
        self._left = bytes_max
        self._open: dict[str, None] = {}  # what is being asked for, in order
        self._gate = asyncio.Semaphore(AT_ONCE_MAX)

    async def all(self) -> None:
        """First what tells most: pods and events, then logs, those in trouble before the others."""
        namespace = self._subject.namespace
        async with asyncio.TaskGroup() as group:
            for each in (self._take_pods(namespace), self._take_events(namespace)):
                group.create_task(each)
        self.pods.sort(key=_calm)
        names = sorted({name for pod in self.pods for name in secret_names(pod)})
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self._take_secret(namespace, name))
        self._describe()
        async with asyncio.TaskGroup() as group:
            for pod in self.pods:
                for name, previous in logs_of(pod):
                    group.create_task(self._take_log(pod, name, previous=previous))
        self._drop_doubles()

    def _drop_doubles(self) -> None:
        """A container that waits has one end, which its node gives under both names."""
        for name in [each for each in self.texts if each.endswith(".previous.log")]:
            other = f"{name.removesuffix('.previous.log')}.log"
            if self.texts.get(other) == self.texts[name]:
                del self.texts[other]

    def time_is_up(self) -> None:
        """Name what was not reached."""
        self._drop_doubles()
        self.missing += [f"{name}: time was up" for name in self._open]
        if self.pods and not any(name.startswith("pods/") for name in self.texts):
            self._describe()
            self.missing.append("logs: time was up before any was asked for")

    async def _asking(self, name: str, work: Awaitable[None]) -> None:
        """Do one piece of work; what goes wrong is named, and nothing else is held up."""
        self._open[name] = None
        async with self._gate:
            try:
                await work
            except MigratorError as error:
                self.missing.append(f"{name}: {error.message}")
        self._open.pop(name, None)

    async def _take_pods(self, namespace: str) -> None:
        async def ask() -> None:
            listed = await self._client.list_all(PODS, namespace)
            self.pods += [pod for pod in listed.items if _is_of(self._subject, pod)]

        await self._asking(f"pods of {namespace}", ask())

    async def _take_events(self, namespace: str) -> None:
        async def ask() -> None:
            listed = await self._client.list_all(EVENTS, namespace)
            rows = sorted(_row(event) for event in listed.items)[-EVENTS_MAX:]
            self.texts["events.txt"] = "".join(f"{row}\n" for row in rows)
            probes = [row for row in rows if " Unhealthy " in row]
            self.texts["failed-probes.txt"] = "".join(f"{row}\n" for row in probes)

        await self._asking(f"events of {namespace}", ask())

    async def _take_secret(self, namespace: str, name: str) -> None:
        async def ask() -> None:
            found = await self._client.get(SECRETS, namespace, name)
            if found is not None:
                self.secrets.append(found)
            self._unread.discard(name)

        self._unread.add(name)
        await self._asking(f"Secret {name}, to strike its values out", ask())

    def _describe(self) -> None:
        for pod in self.pods:
            text = json.dumps(shown(pod), indent=1, sort_keys=True, ensure_ascii=False)
            self.texts[f"pods/{text_at(pod, 'metadata', 'name')}/pod.json"] = f"{text}\n"

    async def _take_log(self, pod: KubeObject, container: str, *, previous: bool) -> None:
        pod_name = text_at(pod, "metadata", "name")
        name = f"pods/{pod_name}/{container}{'.previous' if previous else ''}.log"
        unread = sorted(secret_names(pod) & self._unread)
        if unread:
            self.missing.append(
                f"{name}: not kept, since Secret {', '.join(unread)} could not be read and so "
                "could not be struck out"
            )
            return

        async def ask() -> None:
            if self._left <= 0:
                self.missing.append(f"{name}: the limit of bytes was reached")
                return
            text = await self._log(pod, container, previous=previous)
            if text.startswith(_GONE):
                self.missing.append(f"{name}: its node no longer has it")
                return
            self._left -= len(text)
            self.texts[name] = text.decode("utf-8", "replace")

        await self._asking(name, ask())

    async def _log(self, pod: KubeObject, container: str, *, previous: bool) -> bytes:
        meta = map_at(pod, "metadata")
        namespace, name = text_at(meta, "namespace"), text_at(meta, "name")
        query = [("container", container), ("tailLines", str(LINES_MAX)), ("timestamps", "true")]
        query += [("limitBytes", str(READ_BYTES_MAX))]
        query += [("previous", "true")] if previous else []
        asked = Asked(
            "GET",
            f"{PODS.path(namespace, name)}/log",
            Target("get", "pods/log", namespace, name),
            tuple(query),
            accept="*/*",
        )
        answer = await self._client.asker.send(asked)
        if len(answer.body) <= LOG_BYTES_MAX:
            return answer.body
        # Whole lines only: a secret that the cut went through would not be known again.
        return answer.body[-LOG_BYTES_MAX:].partition(b"\n")[2]


def logs_of(pod: KubeObject) -> tuple[tuple[str, bool], ...]:
    """The logs that a pod has: container, and whether of its previous instance; that one first."""
    kinds = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    states = {
        text_at(each, "name"): each for kind in kinds for each in objects_at(pod, "status", kind)
    }
    found: list[tuple[str, bool]] = []
    for container in containers_of(pod):
        name = text_at(container, "name")
        state = states.get(name, {})
        restarted = number_at(state, "restartCount") > 0
        if restarted or at(state, "lastState", "terminated") is not None:
            found.append((name, True))
        begun = any(at(state, "state", word) is not None for word in ("running", "terminated"))
        # Of a container that waits to be begun again a node also gives its latest end as its log.
        if begun or restarted:
            found.append((name, False))
    return tuple(found)


def _calm(pod: KubeObject) -> tuple[bool, int, str]:
    """The order in which pods are asked: those that are not ready, or crash, first."""
    states = objects_at(pod, "status", "containerStatuses")
    ready = bool(states) and all(at(each, "ready") is True for each in states)
    restarts = sum(number_at(each, "restartCount") for each in states)
    return ready, -restarts, text_at(pod, "metadata", "name")


def _is_of(subject: Subject, pod: KubeObject) -> bool:
    """Whether a pod is of one of the subject's workloads: by its selector, else by its owner."""
    labels = texts_at(pod, "metadata", "labels")
    owners = [text_at(each, "name") for each in objects_at(pod, "metadata", "ownerReferences")]
    for workload in subject.workloads:
        wanted = texts_at(workload, "spec", "selector", "matchLabels")
        name = text_at(workload, "metadata", "name")
        if wanted and wanted.items() <= labels.items():
            return True
        if any(owner == name or owner.startswith(f"{name}-") for owner in owners):
            return True
    return False


def _row(event: KubeObject) -> str:
    """An event as one line that sorts by time."""
    times = (
        text_at(event, "lastTimestamp"),
        text_at(event, "series", "lastObservedTime"),
        text_at(event, "eventTime"),
        text_at(event, "firstTimestamp"),
        text_at(event, "metadata", "creationTimestamp"),
    )
    about = map_at(event, "involvedObject")
    words = " ".join(text_at(event, "message").split())
    return (
        f"{next((each for each in times if each), '-')} {text_at(event, 'type')} "
        f"{text_at(event, 'reason')} {text_at(about, 'kind')}/{text_at(about, 'name')} "
        f"{text_at(about, 'fieldPath')} x{number_at(event, 'count', default=1)}: {words}"
    )
