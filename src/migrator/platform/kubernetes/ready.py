"""Is it ready? One object, its pods and their events into ready, progressing or failed, with why.

Called with what the watches keep, after every change. Pure: nothing is asked or waited for. It
follows kstatus with corrections, since that library takes a Job that has begun, a pod that has
failed and a custom resource without a status for finished. What can only get worse without a person
(an image that does not exist, a crash loop, no node that fits) fails in seconds, not by time-out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from migrator.platform.kubernetes.objects import KubeObject, at, name_of, number_at, text_at
from migrator.platform.kubernetes.ready_kinds import (
    RULES,
    Readiness,
    Verdict,
    Wanted,
    by_its_word,
    condition,
    failed,
    progressing,
    said,
)
from migrator.platform.kubernetes.ready_pods import (
    Trouble,
    event_at,
    moment_of,
    pod_trouble,
    restarted_at,
)

FRESH_SECONDS: Final = 15.0
"""A controller that fails to make pods tries again, and says so again, within this."""
ACCOUNT_SECONDS: Final = 60.0
"""How long a new namespace may be without its default account, after a restart, too."""


def judge(
    found: KubeObject | None,
    pods: Sequence[KubeObject] = (),
    events: Sequence[KubeObject] = (),
    *,
    now: datetime,
    wanted: Wanted | None = None,
) -> Readiness:
    """Judge one object as it is now. `pods` are its own; `events` those about it and about them."""
    wanted = wanted or Wanted()
    if found is None:
        return progressing("it is not there yet")
    if at(found, "metadata", "deletionTimestamp"):
        return Readiness(Verdict.ENDING, "it is being deleted")
    kind = text_at(found, "kind")
    pods = _of_this_version(found, pods)
    ruled = _general(found) or RULES.get(kind, by_its_word)(found, wanted)
    if ruled.verdict is Verdict.FAILED:
        failure = condition(found, "ReplicaFailure")
        if _account_is_due(failure, moment_of(text_at(failure, "lastTransitionTime")), now):
            return progressing(ruled.reason)
        # A Deployment says only that time ran out; its pods know of what.
        trouble = _worst(pods, events, now)
        return ruled if trouble is None else failed(f"{ruled.reason}: {trouble.reason}")
    if ruled.verdict is Verdict.PROGRESSING:
        return _sooner(ruled, found, pods, events, now)
    if kind == "Pod":
        pods = (found,)
    return _stable(ruled, pods, now, wanted)


def _sooner(
    ruled: Readiness,
    found: KubeObject,
    pods: Sequence[KubeObject],
    events: Sequence[KubeObject],
    now: datetime,
) -> Readiness:
    """Still on its way by its own account; its pods may know better."""
    if text_at(found, "kind") == "Pod":
        pods = (found,)
    trouble = _worst(pods, events, now)
    if trouble is not None and trouble.is_final:
        return failed(trouble.reason)
    for event in events:
        # No pod came about at all: a quota, an admission refusal, a missing account.
        if text_at(event, "reason") == "FailedCreate" and _is_about(event, found, pods, now):
            said = f"no pod can be made: {text_at(event, 'message')}"
            first = moment_of(text_at(event, "firstTimestamp")) or event_at(event)
            return progressing(said) if _account_is_due(event, first, now) else failed(said)
    return ruled if trouble is None else progressing(f"{ruled.reason}; {trouble.reason}")


def _of_this_version(found: KubeObject, pods: Sequence[KubeObject]) -> Sequence[KubeObject]:
    """The pods that the object's newest template made.

    Those of an older one are on their way out, and their trouble was mended by the new one.
    """
    if text_at(found, "kind") == "StatefulSet":
        revision = text_at(found, "status", "updateRevision")
        return [p for p in pods if _label(p, "controller-revision-hash") in {"", revision}]
    if text_at(found, "kind") != "Deployment" or not pods:
        return pods
    if not number_at(found, "status", "updatedReplicas"):
        return ()
    newest = max(pods, key=lambda p: text_at(p, "metadata", "creationTimestamp"))
    version = _label(newest, "pod-template-hash")
    return [p for p in pods if _label(p, "pod-template-hash") == version]


def _label(pod: KubeObject, word: str) -> str:
    return text_at(pod, "metadata", "labels", word)


def _is_about(
    event: KubeObject, found: KubeObject, pods: Sequence[KubeObject], now: datetime
) -> bool:
    """The workload's own event or its replica set's, and still true.

    Events stay for an hour: one from before the quota was raised must fail nothing.
    """
    name = text_at(event, "involvedObject", "name") or text_at(event, "regarding", "name")
    mine = name_of(found).name
    told_at = event_at(event)
    fresh = told_at is not None and now - told_at <= timedelta(seconds=FRESH_SECONDS)
    return fresh and not pods and (name == mine or name.startswith(f"{mine}-"))


def _account_is_due(said: KubeObject, since: datetime | None, now: datetime) -> bool:
    """Whether only the account is missing that every namespace gets a moment after it was made.

    It comes from a controller, which is late where the API server was away. A Deployment says it in
    a condition, everything else in an event.
    """
    message = text_at(said, "message")
    if "error looking up service account" not in message or "/default" not in message:
        return False
    return since is not None and now - since <= timedelta(seconds=ACCOUNT_SECONDS)


def _worst(
    pods: Sequence[KubeObject], events: Sequence[KubeObject], now: datetime
) -> Trouble | None:
    """The trouble that a person must hear of first: what is final, then by name."""
    found = [
        trouble
        for pod in pods
        if not at(pod, "metadata", "deletionTimestamp")
        and (trouble := pod_trouble(pod, events, now)) is not None
    ]
    return min(found, key=lambda t: (not t.is_final, t.reason), default=None)


def _stable(
    ruled: Readiness, pods: Sequence[KubeObject], now: datetime, wanted: Wanted
) -> Readiness:
    """Ready, but not when a container came back a moment ago: it may be about to crash again."""
    for pod in pods:
        back = restarted_at(pod)
        if back is not None and now - back < timedelta(seconds=wanted.stable_seconds):
            return progressing(
                f"pod {name_of(pod).name} restarted at {back:%H:%M:%S}; "
                f"it must run for {wanted.stable_seconds:g} s"
            )
    return ruled


def _general(found: KubeObject) -> Readiness | None:
    """What holds for every kind: its controller has seen this version and is not stuck."""
    generation = number_at(found, "metadata", "generation")
    seen = at(found, "status", "observedGeneration")
    if isinstance(seen, int) and seen < generation:
        return progressing(f"its controller has seen version {seen} of {generation}")
    for word, make in (("Stalled", failed), ("Reconciling", progressing)):
        told = condition(found, word)
        if text_at(told, "status") == "True":
            return make(said(told))
    return None
