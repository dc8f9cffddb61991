"""Ready, progressing or failed: each rule, each correction to kstatus, each reason for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import KubeObject, map_at
from migrator.platform.kubernetes.ready import judge
from migrator.platform.kubernetes.ready_kinds import Readiness, Verdict, Wanted

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
READY, PROGRESSING, FAILED = Verdict.READY, Verdict.PROGRESSING, Verdict.FAILED


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat()


def condition(word: str, status: str = "True", reason: str = "", message: str = "") -> KubeObject:
    return {"type": word, "status": status, "reason": reason, "message": message}


def an_object(kind: str, status: KubeObject | None = None, **spec: Plain) -> KubeObject:
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop", "generation": 2, "uid": "u-web"},
        "spec": {**spec},
        **({"status": status} if status is not None else {}),
    }


def a_deployment(count: int = 2, /, **status: Plain) -> KubeObject:
    """A Deployment that is well, but for what `status` says otherwise."""
    good: KubeObject = {
        "observedGeneration": 2,
        "replicas": count,
        "updatedReplicas": count,
        "readyReplicas": count,
        "availableReplicas": count,
        "conditions": [
            condition("Available"),
            condition("Progressing", reason="NewReplicaSetAvailable"),
        ],
    }
    return an_object("Deployment", {**good, **status}, replicas=count)


def a_container(**state: Plain) -> KubeObject:
    return {"name": "app", "image": "registry.invalid/web:9", "ready": False, **state}


def a_pod(
    *containers: KubeObject, phase: str = "Pending", age: float = 5, **labels: str
) -> KubeObject:
    statuses: list[Plain] = [*containers]
    return {
        "kind": "Pod",
        "metadata": {
            "name": "web-1",
            "namespace": "shop",
            "uid": "u-pod",
            "creationTimestamp": ago(age),
            "labels": {**labels},
        },
        "status": {"phase": phase, "containerStatuses": statuses},
    }


def waiting(reason: str, message: str = "", restarts: int = 0, **last: Plain) -> KubeObject:
    state: KubeObject = {"waiting": {"reason": reason, "message": message}}
    return a_container(state=state, restartCount=restarts, lastState={**last})


def an_event(reason: str, message: str, uid: str = "u-pod", seconds: float = 1) -> KubeObject:
    about: KubeObject = {"uid": uid, "name": "web-5d8f"}
    return {
        "involvedObject": about,
        "reason": reason,
        "message": message,
        "lastTimestamp": ago(seconds),
    }


def look(
    found: KubeObject | None,
    *pods: KubeObject,
    events: tuple[KubeObject, ...] = (),
    wanted: Wanted | None = None,
) -> Readiness:
    return judge(found, pods, events, now=NOW, wanted=wanted)


# Workloads


def test_a_deployment_is_ready_when_everything_says_so() -> None:
    assert look(a_deployment()).is_ready


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"observedGeneration": 1}, "version 1 of 2"),
        ({"observedGeneration": None}, "not seen it yet"),
        ({"replicas": 1}, "1 of 2 pods made"),
        ({"updatedReplicas": 1}, "1 of 2 pods of this version"),
        ({"readyReplicas": 1}, "1 of 2 pods ready"),
        ({"availableReplicas": 0}, "0 of 2 pods available"),
        ({"replicas": 3}, "1 pods of an older version"),
        ({"conditions": [condition("Available", "False")]}, "not called available"),
        ({"conditions": [condition("Progressing", reason="ReplicaSetUpdated")]}, "not yet counted"),
    ],
)
def test_a_deployment_says_what_it_still_waits_for(status: KubeObject, why: str) -> None:
    found = look(a_deployment(**status))
    assert found.verdict is PROGRESSING
    assert why in found.reason


def test_a_deployment_without_a_status_is_not_ready() -> None:
    assert look(an_object("Deployment", replicas=1)).verdict is PROGRESSING


def test_a_deployment_that_ran_out_of_time_says_what_its_pods_suffer_from() -> None:
    late = a_deployment(conditions=[condition("Progressing", "False", "ProgressDeadlineExceeded")])
    found = look(late, a_pod(waiting("ContainerCreating")))
    assert found.verdict is FAILED
    found = look(late, a_pod(waiting("CreateContainerConfigError", 'secret "db" not found')))
    assert 'secret "db" not found' in found.reason


def test_a_deployment_whose_pods_are_refused_says_why_at_once() -> None:
    refused = condition("ReplicaFailure", reason="FailedCreate", message="exceeded quota: pods")
    found = look(a_deployment(readyReplicas=0, conditions=[refused]))
    assert (found.verdict, "exceeded quota" in found.reason) == (FAILED, True)


def test_no_pods_are_ready_only_where_none_were_wanted() -> None:
    empty = a_deployment(0)
    assert look(empty).verdict is PROGRESSING
    assert look(empty, wanted=Wanted(may_be_empty=True)).is_ready
    leaving = a_deployment(0, replicas=1)
    assert look(leaving, wanted=Wanted(may_be_empty=True)).verdict is PROGRESSING


def test_what_is_being_deleted_is_neither_ready_nor_on_its_way() -> None:
    ending = a_deployment()
    map_at(ending, "metadata")["deletionTimestamp"] = ago(1)
    assert look(ending).verdict is Verdict.ENDING


def test_what_is_not_there_is_not_ready() -> None:
    assert look(None).verdict is PROGRESSING


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ({"readyReplicas": 3, "currentRevision": "a", "updateRevision": "a"}, READY),
        ({"readyReplicas": 2, "currentRevision": "a", "updateRevision": "a"}, PROGRESSING),
        ({"readyReplicas": 3, "currentRevision": "a", "updateRevision": "b"}, PROGRESSING),
        (
            {
                "readyReplicas": 3,
                "currentRevision": "a",
                "updateRevision": "b",
                "updatedReplicas": 3,
            },
            READY,
        ),
    ],
)
def test_a_stateful_set_is_ready_when_its_pods_are_of_this_version(
    status: KubeObject, verdict: Verdict
) -> None:
    found = an_object("StatefulSet", {"observedGeneration": 2, **status}, replicas=3)
    assert look(found).verdict is verdict


def test_a_stateful_set_that_waits_for_somebody_to_delete_pods_says_so() -> None:
    status: KubeObject = {
        "observedGeneration": 2,
        "readyReplicas": 3,
        "currentRevision": "a",
        "updateRevision": "b",
    }
    found = an_object("StatefulSet", status, replicas=3, updateStrategy={"type": "OnDelete"})
    assert "OnDelete" in look(found).reason
    assert not look(found).is_ready


def test_a_job_that_has_begun_is_not_done() -> None:
    assert look(an_object("Job", {"active": 1})).verdict is PROGRESSING
    assert look(an_object("Job", {"conditions": [condition("Complete")]})).is_ready
    failed = look(an_object("Job", {"conditions": [condition("Failed", message="BackoffLimit")]}))
    assert (failed.verdict, "BackoffLimit" in failed.reason) == (FAILED, True)


def test_a_pod_that_has_failed_has_failed() -> None:
    assert look(an_object("Pod", {"phase": "Failed", "reason": "Evicted"})).verdict is FAILED
    assert look(an_object("Pod", {"phase": "Succeeded"})).is_ready


def test_a_daemon_set_counts_the_nodes_that_it_is_for() -> None:
    status: KubeObject = {
        "observedGeneration": 2,
        "desiredNumberScheduled": 3,
        "updatedNumberScheduled": 3,
        "numberAvailable": 2,
    }
    assert "2 of 3" in look(an_object("DaemonSet", status)).reason
    assert look(an_object("DaemonSet", {**status, "numberAvailable": 3})).is_ready


# Other kinds


def test_a_load_balancer_is_ready_when_it_has_an_address_outside() -> None:
    inside = an_object("Service", {}, type="LoadBalancer", clusterIP="10.96.0.9")
    assert look(inside).verdict is PROGRESSING
    status: KubeObject = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    assert look(an_object("Service", status, type="LoadBalancer", clusterIP="10.96.0.9")).is_ready


def test_a_service_without_endpoints_is_not_ready_where_they_are_counted() -> None:
    service = an_object("Service", clusterIP="10.96.0.9")
    assert look(service).is_ready
    assert look(service, wanted=Wanted(endpoints=0)).verdict is PROGRESSING
    assert look(service, wanted=Wanted(endpoints=1)).is_ready


def test_a_claim_that_binds_with_its_first_pod_is_not_waited_for_before_it() -> None:
    pending = an_object("PersistentVolumeClaim", {"phase": "Pending"})
    assert look(pending).verdict is PROGRESSING
    assert look(pending, wanted=Wanted(may_be_empty=True)).is_ready
    assert look(an_object("PersistentVolumeClaim", {"phase": "Lost"})).verdict is FAILED


def test_a_custom_resource_without_a_word_of_its_controller_is_not_ready() -> None:
    assert look(an_object("Cache")).verdict is PROGRESSING
    assert look(an_object("Cache", {"observedGeneration": 2})).is_ready
    assert (
        look(an_object("Cache", {"conditions": [condition("Ready", "False")]})).verdict
        is PROGRESSING
    )
    assert look(an_object("Cache", {"conditions": [condition("Ready")]})).is_ready


def test_a_custom_resource_is_judged_by_the_condition_that_was_declared() -> None:
    status: KubeObject = {"conditions": [condition("Ready"), condition("Synced", "False")]}
    found = an_object("Cache", status)
    assert look(found, wanted=Wanted(condition="Synced")).verdict is PROGRESSING


def test_a_controller_that_is_stuck_is_believed() -> None:
    status: KubeObject = {"conditions": [condition("Stalled", message="no licence")]}
    found = look(an_object("Cache", status))
    assert (found.verdict, found.reason) == (FAILED, "no licence")


def test_a_plain_object_is_ready_when_it_is_there() -> None:
    assert look({"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {}}).is_ready
    assert look(an_object("NetworkPolicy")).is_ready


# Pods that a person must hear of


@pytest.mark.parametrize(
    ("container", "why"),
    [
        (
            waiting("ImagePullBackOff", "Back-off pulling"),
            "registry.invalid/web:9 cannot be pulled",
        ),
        (waiting("ErrImagePull", "manifest unknown"), "manifest unknown"),
        (waiting("InvalidImageName"), "no name"),
        (waiting("CreateContainerConfigError", 'secret "db" not found'), 'secret "db" not found'),
        (waiting("CrashLoopBackOff", "back-off", 3), "3 restarts"),
    ],
)
def test_what_waiting_cannot_mend_fails_at_once_with_its_reason(
    container: KubeObject, why: str
) -> None:
    found = look(a_deployment(readyReplicas=0), a_pod(container))
    assert found.verdict is FAILED
    assert found.reason.startswith("pod web-1: container app: ")
    assert why in found.reason


def test_a_registry_that_hiccups_once_fails_nothing() -> None:
    found = look(a_deployment(readyReplicas=0), a_pod(waiting("ErrImagePull", "i/o timeout")))
    assert found.verdict is PROGRESSING
    assert "i/o timeout" in found.reason


def test_a_crash_is_told_with_its_code_and_last_words() -> None:
    end: KubeObject = {"reason": "Error", "exitCode": 137, "message": "out of\n memory"}
    crashed = a_pod(waiting("CrashLoopBackOff", restarts=2, terminated=end))
    found = look(a_deployment(readyReplicas=0), crashed)
    assert "it ended with 137 (Error, signal 9): out of memory" in found.reason


def test_one_crash_is_not_yet_a_loop() -> None:
    end: KubeObject = {"terminated": {"reason": "Error", "exitCode": 1}}
    once = a_pod(a_container(state=end, restartCount=0))
    twice = a_pod(a_container(state=end, restartCount=1, lastState=end))
    assert look(a_deployment(readyReplicas=0), once).verdict is PROGRESSING
    assert look(a_deployment(readyReplicas=0), twice).verdict is FAILED


def test_a_container_that_ended_well_or_runs_again_has_not_crashed() -> None:
    end: KubeObject = {"terminated": {"reason": "Error", "exitCode": 1}}
    well: KubeObject = {"terminated": {"reason": "Completed", "exitCode": 0}}
    up: KubeObject = {"running": {"startedAt": ago(1)}}
    again = a_pod(a_container(state=up, restartCount=3, lastState=end), phase="Running")
    done = a_pod(a_container(state=well, restartCount=3, lastState=well))
    assert look(a_deployment(readyReplicas=0), again).verdict is PROGRESSING
    assert look(a_deployment(readyReplicas=0), done).verdict is PROGRESSING


def unschedulable(seconds: float) -> KubeObject:
    pod = a_pod()
    map_at(pod, "status")["conditions"] = [
        {
            **condition("PodScheduled", "False", "Unschedulable", "0/3 nodes: insufficient memory"),
            "lastTransitionTime": ago(seconds),
        }
    ]
    return pod


def test_a_pod_that_no_node_takes_fails_within_seconds_but_not_at_once() -> None:
    soon = look(a_deployment(readyReplicas=0), unschedulable(3))
    late = look(a_deployment(readyReplicas=0), unschedulable(12))
    assert (soon.verdict, late.verdict) == (PROGRESSING, FAILED)
    assert "insufficient memory" in late.reason


def test_a_volume_that_never_comes_is_told_by_events() -> None:
    event = an_event("FailedMount", 'secret "tls" not found')
    young = look(a_deployment(readyReplicas=0), a_pod(age=5), events=(event,))
    old = look(a_deployment(readyReplicas=0), a_pod(age=30), events=(event,))
    assert (young.verdict, old.verdict) == (PROGRESSING, FAILED)
    assert 'secret "tls" not found' in old.reason


def test_a_volume_that_came_late_fails_nothing() -> None:
    events = (
        an_event("FailedMount", "not yet", seconds=25),
        an_event("Pulling", "pulling", seconds=2),
    )
    found = look(a_deployment(readyReplicas=0), a_pod(age=30), events=events)
    assert found.verdict is PROGRESSING


def test_a_probe_that_fails_is_told_but_only_time_decides() -> None:
    running = a_pod(a_container(state={"running": {"startedAt": ago(60)}}), phase="Running")
    event = an_event("Unhealthy", "Readiness probe failed: 503")
    found = look(a_deployment(readyReplicas=0), running, events=(event,))
    assert found.verdict is PROGRESSING
    assert "503" in found.reason


def test_a_workload_that_can_make_no_pod_fails_while_that_is_news() -> None:
    stateful = an_object("StatefulSet", {"observedGeneration": 2}, replicas=1)
    map_at(stateful, "metadata")["name"] = "web"
    news = an_event("FailedCreate", "forbidden: exceeded quota", uid="u-web")
    old = an_event("FailedCreate", "forbidden: exceeded quota", uid="u-web", seconds=60)
    assert look(stateful, events=(news,)).verdict is FAILED
    assert look(stateful, events=(old,)).verdict is PROGRESSING


def test_pods_of_an_older_version_fail_nothing() -> None:
    broken = a_pod(waiting("ImagePullBackOff"), age=90, **{"pod-template-hash": "old"})
    fresh = a_pod(waiting("ContainerCreating"), age=1, **{"pod-template-hash": "new"})
    on_its_way = a_deployment(updatedReplicas=1, readyReplicas=0)
    assert look(on_its_way, broken, fresh).verdict is PROGRESSING
    nothing_new_yet = a_deployment(updatedReplicas=0, readyReplicas=0)
    assert look(nothing_new_yet, broken).verdict is PROGRESSING


def test_a_container_that_came_back_a_moment_ago_is_not_trusted_yet() -> None:
    def restarted(seconds: float) -> KubeObject:
        state: KubeObject = {"running": {"startedAt": ago(seconds)}}
        return a_pod(a_container(state=state, restartCount=1, ready=True), phase="Running")

    assert look(a_deployment(), restarted(2)).verdict is PROGRESSING
    assert look(a_deployment(), restarted(6)).is_ready
    assert look(a_deployment(), restarted(2), wanted=Wanted(stable_seconds=1)).is_ready
