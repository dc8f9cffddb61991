"""What ready means for each kind, and for kinds that nobody here has heard of.

Called by `ready.py` once what holds for every kind is settled. Pure; each rule looks at one object
alone. A rule that says ready too early lets a wave go on without its subsystem, so where an object
does not say, it is not ready.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from migrator.platform.kubernetes.objects import KubeObject, at, number_at, objects_at, text_at


class Verdict(Enum):
    """What one look says."""

    READY = "ready"
    PROGRESSING = "progressing"
    FAILED = "failed"
    ENDING = "ending"  # it is being deleted: neither ready nor on its way to it


@dataclass(frozen=True, slots=True)
class Readiness:
    """A verdict and the words that a person needs with it."""

    verdict: Verdict
    reason: str

    @property
    def is_ready(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.verdict is Verdict.READY


@dataclass(frozen=True, slots=True)
class Wanted:
    """What ready means for one object, beyond what its kind says.

    `stable_seconds`: so long no container may have restarted. `condition`: for a custom resource,
    the condition that must be true. `may_be_empty`: that nothing runs is what was asked for.
    """

    stable_seconds: float = 5.0
    condition: str = ""
    may_be_empty: bool = False
    endpoints: int | None = None  # ready endpoints in a Service's slices, where the caller counts


Rule: TypeAlias = Callable[[KubeObject, Wanted], Readiness]

_OUT_OF_TIME: Final = "ProgressDeadlineExceeded"


def _deployment(found: KubeObject, wanted: Wanted) -> Readiness:
    if at(found, "status", "observedGeneration") is None:
        # Early reads come before the controller's first write: nothing stands in the status yet.
        return progressing("its controller has not seen it yet")
    progress = condition(found, "Progressing")
    if text_at(progress, "reason") == _OUT_OF_TIME:
        return failed(f"it made no progress in time: {text_at(progress, 'message')}")
    failure = condition(found, "ReplicaFailure")
    if text_at(failure, "status") == "True":
        return failed(f"no pod can be made: {text_at(failure, 'message')}")
    count = number_at(found, "spec", "replicas", default=1)
    if count == 0:
        return _empty(number_at(found, "status", "replicas"), wanted)
    if at(found, "spec", "paused") is True:
        return progressing("it is paused")
    return _rolled_out(found, count, progress)


def _rolled_out(found: KubeObject, count: int, progress: KubeObject) -> Readiness:
    for word, words in (
        ("replicas", "made"),
        ("updatedReplicas", "of this version"),
        ("readyReplicas", "ready"),
        ("availableReplicas", "available"),
    ):
        has = number_at(found, "status", word)
        if has < count:
            return progressing(f"{has} of {count} pods {words}")
    extra = number_at(found, "status", "replicas") - number_at(found, "status", "updatedReplicas")
    if extra > 0:
        return progressing(f"{extra} pods of an older version are still there")
    if progress and text_at(progress, "reason") != "NewReplicaSetAvailable":
        return progressing("the new pods are not yet counted as available")
    if text_at(condition(found, "Available"), "status") != "True":
        return progressing("it is not called available yet")
    return ready(f"{count} of {count} pods available")


def _stateful_set(found: KubeObject, wanted: Wanted) -> Readiness:
    if at(found, "status", "observedGeneration") is None:
        return progressing("its controller has not seen it yet")
    count = number_at(found, "spec", "replicas", default=1)
    if count == 0:
        return _empty(number_at(found, "status", "replicas"), wanted)
    has = number_at(found, "status", "readyReplicas")
    if has < count:
        return progressing(f"{has} of {count} pods ready")
    # With OnDelete nobody replaces the pods, so being of the old version is no progress either.
    current = text_at(found, "status", "currentRevision")
    update = text_at(found, "status", "updateRevision")
    partition = number_at(found, "spec", "updateStrategy", "rollingUpdate", "partition")
    updated = number_at(found, "status", "updatedReplicas")
    if current != update and updated < count - partition:
        if text_at(found, "spec", "updateStrategy", "type") == "OnDelete":
            return progressing(
                f"{count - updated} of {count} pods are of the old version, and with OnDelete "
                "only deleting them brings the new one"
            )
        return progressing(f"{updated} of {count} pods of this version")
    return ready(f"{count} of {count} pods ready")


def _daemon_set(found: KubeObject, wanted: Wanted) -> Readiness:
    if at(found, "status", "observedGeneration") is None:
        return progressing("its controller has not seen it yet")
    count = number_at(found, "status", "desiredNumberScheduled")
    for word, words in (
        ("updatedNumberScheduled", "of this version"),
        ("numberAvailable", "available"),
    ):
        has = number_at(found, "status", word)
        if has < count:
            return progressing(f"{has} of {count} pods {words}")
    return _empty(0, wanted) if count == 0 else ready(f"{count} of {count} pods available")


def _replica_set(found: KubeObject, wanted: Wanted) -> Readiness:
    count = number_at(found, "spec", "replicas", default=1)
    if at(found, "status", "observedGeneration") is None:
        return progressing("its controller has not seen it yet")
    if count == 0:
        return _empty(number_at(found, "status", "replicas"), wanted)
    has = number_at(found, "status", "availableReplicas")
    return ready(f"{count} of {count} pods") if has >= count else progressing(f"{has} of {count}")


def _job(found: KubeObject, _wanted: Wanted) -> Readiness:
    """Ready is finished: a Job that has begun has done nothing yet."""
    bad = condition(found, "Failed")
    if text_at(bad, "status") == "True":
        return failed(f"the job failed: {said(bad)}")
    if text_at(condition(found, "Complete"), "status") == "True":
        return ready("the job is complete")
    if at(found, "spec", "suspend") is True:
        return progressing("the job is suspended")
    done = number_at(found, "status", "succeeded")
    return progressing(f"{done} of {number_at(found, 'spec', 'completions', default=1)} done")


def _pod(found: KubeObject, _wanted: Wanted) -> Readiness:
    phase = text_at(found, "status", "phase")
    if phase == "Succeeded":
        return ready("it has ended well")
    if phase == "Failed":
        why = text_at(found, "status", "message") or text_at(found, "status", "reason")
        return failed(f"it has failed: {why or 'its containers ended with an error'}")
    if text_at(condition(found, "Ready"), "status") == "True":
        return ready("it is ready")
    return progressing(f"phase {phase or 'unknown'}")


def _service(found: KubeObject, wanted: Wanted) -> Readiness:
    kind = text_at(found, "spec", "type")
    if kind == "LoadBalancer" and not objects_at(found, "status", "loadBalancer", "ingress"):
        return progressing("the load balancer has no address yet")
    if kind != "ExternalName" and not text_at(found, "spec", "clusterIP"):
        return progressing("it has no address yet")
    if wanted.endpoints == 0:
        return progressing("no endpoint is ready behind it")
    return ready("it has an address")


def _claim(found: KubeObject, wanted: Wanted) -> Readiness:
    phase = text_at(found, "status", "phase")
    if phase == "Bound":
        return ready("it is bound")
    if phase == "Lost":
        return failed("its volume is lost")
    # Most storage classes bind only when a pod asks; to wait for that before the pod is for ever.
    if wanted.may_be_empty:
        return ready("it waits for its first pod")
    return progressing("it is not bound yet")


def _definition(found: KubeObject, _wanted: Wanted) -> Readiness:
    names = condition(found, "NamesAccepted")
    if text_at(names, "status") == "False":
        return failed(f"its names are taken: {said(names)}")
    if text_at(condition(found, "Established"), "status") == "True":
        return ready("it is established")
    return progressing("it is not established yet")


def _budget(found: KubeObject, _wanted: Wanted) -> Readiness:
    if at(found, "status", "observedGeneration") is None:
        return progressing("its controller has not seen it yet")
    return ready("it is in force")


def _plain(_found: KubeObject, _wanted: Wanted) -> Readiness:
    return ready("it is there")


def by_its_word(found: KubeObject, wanted: Wanted) -> Readiness:
    """A kind that we do not know: without a word of its controller it is not ready."""
    if wanted.condition:
        told = condition(found, wanted.condition)
        if text_at(told, "status") == "True":
            return ready(f"{wanted.condition}: {said(told)}")
        return progressing(f"{wanted.condition} is not true: {said(told) or 'not said'}")
    if "spec" not in found:
        return ready("it is there")
    told = condition(found, "Ready")
    if told:
        return (ready if text_at(told, "status") == "True" else progressing)(said(told))
    if at(found, "status", "observedGeneration") is None:
        return progressing("no controller has said anything about it; declare its condition")
    return ready("its controller has seen it")


RULES: Final[dict[str, Rule]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "ReplicaSet": _replica_set,
    "Job": _job,
    "Pod": _pod,
    "Service": _service,
    "PersistentVolumeClaim": _claim,
    "CustomResourceDefinition": _definition,
    "PodDisruptionBudget": _budget,
    # Kinds with a spec that no controller answers for.
    **dict.fromkeys(
        (
            "Namespace",
            "NetworkPolicy",
            "ResourceQuota",
            "LimitRange",
            "CronJob",
            "StorageClass",
            "PriorityClass",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "Ingress",
            "HorizontalPodAutoscaler",
        ),
        _plain,
    ),
}


def condition(found: KubeObject, word: str) -> KubeObject:
    """The condition of that type; an empty one where there is none."""
    conditions = objects_at(found, "status", "conditions")
    return next((c for c in conditions if text_at(c, "type") == word), {})


def said(told: KubeObject) -> str:
    """What a condition says, or at least its one word."""
    return text_at(told, "message") or text_at(told, "reason")


def _empty(left: int, wanted: Wanted) -> Readiness:
    """Nothing is to run: that is ready only where somebody asked for it."""
    if left:
        return progressing(f"{left} pods are still there")
    if wanted.may_be_empty:
        return ready("nothing is to run")
    return progressing("it has no pods, because 0 are asked for")


def ready(reason: str) -> Readiness:
    """Nothing left to wait for."""
    return Readiness(Verdict.READY, reason)


def progressing(reason: str) -> Readiness:
    """On its way, for all that can be seen."""
    return Readiness(Verdict.PROGRESSING, reason)


def failed(reason: str) -> Readiness:
    """Waiting does not help."""
    return Readiness(Verdict.FAILED, reason)
