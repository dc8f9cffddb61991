"""What is wrong with one pod, in the words that a person needs: image, crash, node, volume, secret.

Called by `ready.py` for every pod of a workload, and by what keeps evidence. Pure. Trouble is final
when waiting cannot mend it; a first pull that failed once is not, because registries hiccup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from migrator.platform.kubernetes.objects import (
    KubeObject,
    name_of,
    number_at,
    objects_at,
    text_at,
)

CRASHES_MAX: Final = 2
"""The second crash of a container is a crash loop in all but name; the kubelet waits 10 s first."""
UNSCHEDULABLE_SECONDS: Final = 10.0
"""A node that frees itself or an autoscaler that is on its way shows within seconds, if at all."""
SETTING_UP_SECONDS: Final = 20.0
"""A secret or volume that is made in the same step arrives well within this."""
WORDS_MAX: Final = 400

_FINAL_WAITS: Final = {
    "ErrImageNeverPull": "the image is not on the node and must not be pulled",
    "InvalidImageName": "the image's name is no name",
    "CreateContainerConfigError": "its configuration cannot be used",
    "CreateContainerError": "the container cannot be made",
    "RunContainerError": "the container cannot be started",
    "ImageInspectError": "the image cannot be read",
}
_PULLS: Final = frozenset({"ImagePullBackOff", "ErrImagePull", "RegistryUnavailable"})
_HOPELESS_PULL: Final = (
    "not found",
    "manifest unknown",
    "does not exist",
    "pull access denied",
    "unauthorized",
    "authentication required",
    "forbidden",
    "no such host",
    "no basic auth",
)
"""A registry that says this will say it again; a time-out may not come back."""


_SETTING_UP: Final = frozenset({"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"})
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and whether a person must mend it."""

    reason: str
    is_final: bool


def pod_trouble(pod: KubeObject, events: Sequence[KubeObject], now: datetime) -> Trouble | None:
    """The first thing that keeps a pod from being ready; None while it simply starts."""
    name = name_of(pod).name
    found = (
        _unschedulable(pod, now)
        or _evicted(pod)
        or next(_containers(pod), None)
        or _setting_up(pod, events, now)
        or _probed(pod, events)
    )
    return None if found is None else Trouble(f"pod {name}: {found.reason}", found.is_final)


def restarted_at(pod: KubeObject) -> datetime | None:
    """When a container of the pod was last started after an end; None where none ever was."""
    found = [
        moment
        for status in objects_at(pod, "status", "containerStatuses")
        if number_at(status, "restartCount")
        and (moment := moment_of(text_at(status, "state", "running", "startedAt"))) is not None
    ]
    return max(found, default=None)


def moment_of(text: str) -> datetime | None:
    """A time as the server writes it; None for none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def event_at(event: KubeObject) -> datetime | None:
    """When an event was last told; both kinds of events that there are."""
    for path in (("series", "lastObservedTime"), ("lastTimestamp",), ("eventTime",)):
        found = moment_of(text_at(event, *path))
        if found is not None:
            return found
    return moment_of(text_at(event, "metadata", "creationTimestamp"))


def _unschedulable(pod: KubeObject, now: datetime) -> Trouble | None:
    for condition in objects_at(pod, "status", "conditions"):
        if text_at(condition, "type") == "PodScheduled" and (
            text_at(condition, "reason") == "Unschedulable"
        ):
            since = moment_of(text_at(condition, "lastTransitionTime"))
            long = since is None or now - since >= timedelta(seconds=UNSCHEDULABLE_SECONDS)
            return Trouble(f"no node takes it: {_cut(text_at(condition, 'message'))}", long)
    return None


def _evicted(pod: KubeObject) -> Trouble | None:
    if text_at(pod, "status", "phase") != "Failed":
        return None
    why = text_at(pod, "status", "message") or text_at(pod, "status", "reason")
    # Its controller makes another one; whether that one fares better is that one's story.
    return Trouble(f"it has failed: {_cut(why) or 'a container ended badly'}", is_final=False)


def _containers(pod: KubeObject) -> Iterator[Trouble]:
    for kind, where in (
        ("init container", "initContainerStatuses"),
        ("container", "containerStatuses"),
    ):
        for status in objects_at(pod, "status", where):
            found = _container(status)
            if found is not None:
                yield Trouble(f"{kind} {text_at(status, 'name')}: {found.reason}", found.is_final)


def _container(status: KubeObject) -> Trouble | None:
    reason = text_at(status, "state", "waiting", "reason")
    message = _cut(text_at(status, "state", "waiting", "message"))
    if reason in _PULLS:
        image = text_at(status, "image")
        # Only the second wait is a back-off; but what the registry said settles the first one, too.
        hopeless = reason == "ImagePullBackOff" or any(w in message.lower() for w in _HOPELESS_PULL)
        return Trouble(f"image {image} cannot be pulled: {message}", hopeless)
    if reason in _FINAL_WAITS:
        return Trouble(f"{_FINAL_WAITS[reason]}: {message}", is_final=True)
    restarts = number_at(status, "restartCount")
    ended = _ended(status)
    if reason == "CrashLoopBackOff":
        return Trouble(f"it crashes again and again ({restarts} restarts); {ended}", is_final=True)
    # Down again before the restart was even counted: that is one crash more than restarts.
    crashes = restarts + bool(_code(status, "state"))
    if ended and not _runs(status):
        return Trouble(f"it crashed {crashes} times; {ended}", crashes >= CRASHES_MAX)
    return None


def _runs(status: KubeObject) -> bool:
    return bool(text_at(status, "state", "running", "startedAt"))


def _ended(status: KubeObject) -> str:
    """How the container last ended; empty where it never did, or did well."""
    for place in ("state", "lastState"):
        code = _code(status, place)
        if code is not None:
            return code
    return ""


def _code(status: KubeObject, place: str) -> str | None:
    end = text_at(status, place, "terminated", "reason")
    if not end:
        return None
    code = number_at(status, place, "terminated", "exitCode")
    if code == 0:
        return None
    message = _cut(text_at(status, place, "terminated", "message"))
    signal = f", signal {code - 128}" if 128 < code < 160 else ""
    said = f": {message}" if message else ""
    return f"it ended with {code} ({end}{signal}){said}"


def _setting_up(pod: KubeObject, events: Sequence[KubeObject], now: datetime) -> Trouble | None:
    """A volume, secret or network that does not come: only events tell of these."""
    uid = text_at(pod, "metadata", "uid")
    born = moment_of(text_at(pod, "metadata", "creationTimestamp"))
    if text_at(pod, "status", "phase") not in {"", "Pending"}:
        return None
    mine = [event for event in events if _about(event) == uid]
    last = max(mine, key=lambda event: event_at(event) or _LONG_AGO, default=None)
    # Whatever was told later (a pull, a start) means that this was got over.
    if last is None or text_at(last, "reason") not in _SETTING_UP:
        return None
    message = _cut(text_at(last, "message") or text_at(last, "note"))
    long = born is not None and now - born >= timedelta(seconds=SETTING_UP_SECONDS)
    return Trouble(f"it cannot be set up ({text_at(last, 'reason')}): {message}", long)


def _probed(pod: KubeObject, events: Sequence[KubeObject]) -> Trouble | None:
    """Running and not ready: the last failed probe says why. Time alone decides about this one."""
    if text_at(pod, "status", "phase") != "Running":
        return None
    ready = all(s.get("ready") is True for s in objects_at(pod, "status", "containerStatuses"))
    if ready:
        return None
    uid = text_at(pod, "metadata", "uid")
    said = [
        text_at(event, "message") or text_at(event, "note")
        for event in events
        if _about(event) == uid and text_at(event, "reason") == "Unhealthy"
    ]
    return Trouble(f"it runs and is not ready: {_cut(said[-1])}", is_final=False) if said else None


def _about(event: KubeObject) -> str:
    return text_at(event, "involvedObject", "uid") or text_at(event, "regarding", "uid")


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= WORDS_MAX else f"{flat[: WORDS_MAX - 1]}…"
